"""`select`: the changes one is interested in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from reactivex import Observable, abc

from .events import Operation, StoreChange
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["select"]

_MISSING = object()
_OPERATIONS = ("insert", "update", "delete")


def select(
    *,
    operation: Operation | Collection[Operation] | None = None,
    query: Mapping[str, Any] | None = None,
    store: object = None,
    reason: str | Collection[str] | None = None,
) -> Callable[[Observable[StoreChange]], Observable[StoreChange]]:
    """Let through the changes of some operations and of the rows that match.

    ::

        source                        --i1--u1--d1--i2-
        select(operation="delete")    ----------d1-----

    Args:
        operation: ``"insert"``, ``"update"``, ``"delete"``, or several of them; ``None``: all.
        query: Fields that ``change.data`` must hold with equal values, as in `DataStore.find`; ``None``: any row.
        store: The store that changed, the very object; ``None``: any.
        reason: ``"evict"``, ``"clear"`` …, or several of them; ``None``: any, and changes made by messages.

    Raises:
        ValueError: At call time, if an operation is unknown, or no operation or reason is named.

    Example:
        >>> import reactivex as rx
        >>> changes = rx.of(StoreChange(None, "insert", None, {"id": 1}), StoreChange(None, "delete", None, {"id": 1}))
        >>> changes.pipe(select(operation="delete", query={"id": 1})).run().operation
        'delete'
    """
    wanted = _named("operation", _OPERATIONS if operation is None else operation)
    unknown = wanted.difference(_OPERATIONS)
    if unknown:
        raise ValueError(f"operation must be among {', '.join(_OPERATIONS)}, got {', '.join(map(repr, unknown))}")
    fields = tuple((query or {}).items())
    reasons = None if reason is None else _named("reason", reason)

    def operator(source: Observable[StoreChange]) -> Observable[StoreChange]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            def forward(change: StoreChange) -> None:
                if change.operation in wanted:
                    if store is not None and change.store is not store:
                        return
                    if reasons is not None and change.reason not in reasons:
                        return
                    row = change.data
                    for field, value in fields:
                        if row.get(field, _MISSING) != value:
                            return
                    on_next(change)

            return source.subscribe(forward, on_error, on_completed, scheduler=given)

        return Lean(run)

    return operator


def _named(what: str, given: str | Collection[str]) -> frozenset[str]:
    names = frozenset((given,) if isinstance(given, str) else given)
    if not names:
        raise ValueError(f"{what} must name at least one, or be None for all")
    return names
