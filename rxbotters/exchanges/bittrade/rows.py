"""Reading BitTrade's channels and rows: topics, decimal texts, ids, numbers that may be text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, InvalidOperation
from typing import Any, NamedTuple

from rxbotters.errors import BadNumber, ProtocolError

__all__ = ["EXACT", "Query", "Topic", "check", "decimal", "plain", "present", "serial", "topic_of"]

Query = Mapping[str, str]

EXACT = Context(prec=120)
"""Amounts have up to 36 digits behind the point: sums of them are exact here."""

_KINDS = (str, int, float)
_LARGEST = 60  # powers of ten an amount may reach, either way
_KINDS_OF_TOPIC = {"bbo": "bbo", "trade.detail": "trade", "detail": "detail", "detail.merged": "detail"}


class Topic(NamedTuple):
    """What a public channel is about: ``kind`` (``depth``, ``kline``, ``bbo``, ``trade``, ``detail``), symbol, and the
    step of grouping or the period of candles."""

    kind: str
    symbol: str
    part: Any = None


def topic_of(channel: Any) -> Topic | None:
    """Read a public channel; ``None``: no store knows it.

    Example:
        >>> topic_of("market.btcjpy.depth.step0"), topic_of("market.btcjpy.kline.1min").part
        (Topic(kind='depth', symbol='btcjpy', part=0), '1min')
    """
    parts = channel.split(".", 2) if isinstance(channel, str) else []
    if len(parts) != 3 or parts[0] != "market" or not parts[1]:
        return None
    name, _, part = parts[2].partition(".")
    if name == "depth" and part[:4] == "step" and part[4:] in ("0", "1", "2", "3", "4", "5"):
        return Topic("depth", parts[1], int(part[4:]))
    if name == "kline" and part:
        return Topic("kline", parts[1], part)
    kind = _KINDS_OF_TOPIC.get(parts[2])
    return None if kind is None else Topic(kind, parts[1])


def decimal(store: str, what: str, value: Any) -> Decimal:
    """Return an amount exactly; it may be negative.

    Raises:
        BadNumber: It is no finite number, or none that an amount can be.
    """
    try:
        number = Decimal(str(value)) if value.__class__ in _KINDS else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST:
        raise BadNumber(store, what, value)
    return number


def check(store: str, rows: Iterable[Mapping[str, Any]], fields: Iterable[str], *, signed: bool = False) -> None:
    """Prove that fields of rows are numbers, where a row has them.

    Raises:
        BadNumber: One is none, or negative where it may not be.
    """
    for row in rows:
        for field in fields:
            value = row.get(field)
            if value is not None and value != "" and decimal(store, field, value) < 0 and not signed:
                raise BadNumber(store, field, value)


def plain(number: Decimal) -> str:
    """Return an amount as text without an exponent."""
    return f"{number:f}"


def present(row: Mapping[str, Any], names: Sequence[str]) -> None:
    """Prove that a row has its keys, each a text or a whole number.

    Raises:
        ProtocolError: One is missing, or something else.
    """
    for name in names:
        if row.get(name).__class__ not in (str, int):
            raise ProtocolError(f"a row without {name}", str(row)[:200])


def serial(store: str, what: str, value: Any) -> int | None:
    """Return a number that counts upwards, whether it came as a number or as text; ``None``: there is none.

    Raises:
        BadNumber: It is no whole number.
    """
    if value is None or value.__class__ is int:
        return value
    if value.__class__ is str and value.isascii() and value.isdecimal() and len(value) < 30:
        return int(value)
    raise BadNumber(store, what, value)
