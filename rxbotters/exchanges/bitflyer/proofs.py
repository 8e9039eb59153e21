"""What events and answers must have, asked before anything is changed: one fill moves five stores, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rxbotters.errors import BadNumber
from rxbotters.stores.proofs import objects, whole

__all__ = ["amount", "child_events", "named", "parent_events", "traded"]

_CHILD, _PARENT = "child_order_acceptance_id", "parent_order_acceptance_id"
_ENDS = ("CANCEL", "EXPIRE")


def child_events(value: Any) -> list[dict[str, Any]]:
    """Return child order events, whose orders have a name and whose fills have a side and numbers.

    Raises:
        KeyError, TypeError, ValueError: One has not.

    Example:
        >>> event = {"event_type": "CANCEL", "product_code": "BTC_JPY", "child_order_acceptance_id": "JRF1"}
        >>> child_events([event]) == [event]
        True
    """
    events = objects(value)
    for event in events:
        kind = event["event_type"]
        if kind == "EXECUTION":
            traded("childorders", event)
            amount("childorders", event, ("exec_id", "outstanding_size"))
            amount("balance", {"commission": 0, **event}, ("commission",), signed=True)
        if kind in ("ORDER", "EXECUTION", *_ENDS):
            named(event, _CHILD, "product_code")
    return events


def parent_events(value: Any) -> list[dict[str, Any]]:
    """Return parent order events, whose orders have a name and whose legs a number.

    Raises:
        KeyError, TypeError, ValueError: One has not.
    """
    events = objects(value)
    for event in events:
        kind = event["event_type"]
        if kind in ("ORDER", "COMPLETE", *_ENDS):
            named(event, _PARENT)
        if kind == "ORDER":
            named(event, "parent_order_type", "product_code")
        if kind == "COMPLETE":
            whole("parentorders", "parameter_index", event["parameter_index"])
    return events


def traded(store: str, row: Mapping[str, Any]) -> None:
    """Prove that a row has what a position is made of.

    Raises:
        KeyError, TypeError, ValueError: It has not.
    """
    named(row, "product_code")
    if row["side"] not in ("BUY", "SELL"):
        raise ValueError(f"side {row['side']!r} is neither BUY nor SELL")
    amount(store, row, ("price", "size"))


def named(row: Mapping[str, Any], *fields: str) -> None:
    """Prove that fields are text.

    Raises:
        KeyError, TypeError: One is not.
    """
    for field in fields:
        if row[field].__class__ is not str:
            raise TypeError(f"{field} {row[field]!r} is no name")


def amount(store: str, row: Mapping[str, Any], fields: Iterable[str], *, signed: bool = False) -> None:
    """Prove that fields are finite JSON numbers, and not negative unless ``signed``.

    Raises:
        KeyError, BadNumber: One is not.
    """
    for field in fields:
        value = row[field]
        if value.__class__ not in (int, float) or value - value != 0 or (value < 0 and not signed):
            raise BadNumber(store, field, value)
