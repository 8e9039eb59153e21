"""`fold`: messages go in, the changes they make come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable

from .errors import ProtocolError
from .events import (
    Acknowledged,
    Answered,
    Authenticated,
    Closed,
    Connecting,
    Frame,
    Late,
    Opened,
    Overdue,
    Quiet,
    Refused,
    Rotated,
    StoreChange,
    Subscribed,
    Waiting,
)
from .hot import Lean, OnCompleted, OnError, OnNext

__all__ = ["Foldable", "fold"]

_EVENTS = (
    Acknowledged, Answered, Authenticated, Closed, Connecting, Late, Opened, Overdue, Quiet, Refused, Rotated,
    Subscribed, Waiting,
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

    Frames are decoded; the other events of a connection tell the stores when to distrust what they have, and to give up
    what they cannot keep. What cannot be folded goes to ``target.errors``, and the stream goes on; it fails if the
    target has no ``errors``.

    Args:
        target: A `DataStore` or a `DataStoreCollection`.

    Errors:
        ProtocolError: A frame is not JSON and ``target`` has no ``errors``.

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
            upstream = SerialDisposable()
            over = False

            def stop() -> None:
                nonlocal over
                over = True
                upstream.dispose()

            def fail(error: Exception) -> None:
                if not over:
                    stop()
                    on_error(error)

            def complete() -> None:
                if not over:
                    stop()
                    on_completed()

            def forward(item: Any) -> None:
                if over:
                    return
                if item.__class__ is not Frame:
                    changes = _changes_of(item) if isinstance(item, _EVENTS) else target.apply(item)
                elif item.kind == "ping" or item.kind == "pong":
                    return
                else:
                    try:
                        message = item.message
                    except ProtocolError as error:
                        if item.is_noise:
                            return
                        if errors is None:
                            fail(error)
                        else:
                            errors.emit(error)
                        return
                    changes = target.apply(message, getattr(item.connection, "ws", None))
                for change in changes:
                    if over:
                        return
                    on_next(change)

            def _changes_of(event: Any) -> Sequence[StoreChange]:
                taped = getattr(target, "taped", None)
                if taped is None:
                    target.onevent(event)
                    return ()
                return taped(lambda: target.onevent(event))  # type: ignore[no-any-return]

            upstream.disposable = source.subscribe(forward, fail, complete, scheduler=given)
            return Disposable(stop)

        return Lean(run)

    return operator
