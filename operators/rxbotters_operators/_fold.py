"""`fold`: messages go in, the changes they make come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from reactivex import Observable, abc

from .errors import ProtocolError
from .events import (
    Acknowledged,
    Answered,
    Authenticated,
    Closed,
    Connecting,
    Frame,
    Opened,
    Overdue,
    Refused,
    Rotated,
    StoreChange,
    Subscribed,
    Waiting,
)
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Foldable", "fold"]

_EVENTS = (
    Acknowledged, Answered, Authenticated, Closed, Connecting, Opened, Overdue, Refused, Rotated, Subscribed, Waiting,
)  # fmt: skip


class Foldable(Protocol):
    """What `fold` folds into: a store or a collection of stores."""

    def apply(self, message: Any, ws: Any = None) -> Sequence[StoreChange]: ...
    def onevent(self, event: Any) -> None: ...


def fold(target: Foldable) -> Callable[[Observable[Any]], Observable[StoreChange]]:
    """Fold every message into ``target`` and emit the changes that makes, in their order.

    ::

        source        --m1-----m2--C--m3-      m message or frame   C Closed
        fold(store)   --ab-----c---d--e--      a…e StoreChange

    Frames are decoded; the other events of a connection tell the stores when to distrust what they have. What cannot be
    folded goes to ``target.errors``, and the stream goes on.

    Args:
        target: A `DataStore` or a `DataStoreCollection`.

    Example:
        >>> import reactivex as rx
        >>> from rxbotters.stores import DataStore
        >>> store = DataStore(keys=["id"])
        >>> rx.of({"id": 1, "size": 2.0}).pipe(fold(store)).run().data
        {'id': 1, 'size': 2.0}
    """

    def operator(source: Observable[Any]) -> Observable[StoreChange]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            errors = getattr(target, "errors", None)

            def forward(item: Any) -> None:
                ws: Any = None
                message = item
                if item.__class__ is Frame:
                    if item.kind == "ping" or item.kind == "pong":
                        return
                    try:
                        message = item.message
                    except ProtocolError as error:
                        if errors is not None and item.data not in ("ping", "pong"):
                            errors.emit(error)
                        return
                    ws = getattr(item.connection, "ws", None)
                elif isinstance(item, _EVENTS):
                    for change in _changes_of(item):
                        on_next(change)
                    return
                for change in target.apply(message, ws):
                    on_next(change)

            def _changes_of(event: Any) -> Sequence[StoreChange]:
                taped = getattr(target, "taped", None)
                if taped is None:
                    target.onevent(event)
                    return ()
                return taped(lambda: target.onevent(event))  # type: ignore[no-any-return]

            return source.subscribe(forward, on_error, on_completed, scheduler=given)

        return Lean(run)

    return operator
