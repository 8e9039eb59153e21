"""`json`: frames become messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable

from . import codec
from .errors import ProtocolError
from .events import PLAIN, Frame
from .hot import Lean, OnCompleted, OnError, OnNext, nothing

__all__ = ["json"]


def json(
    *, loads: Callable[[str | bytes], Any] | None = None, on_bad: Callable[[ProtocolError], None] | None = nothing
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Decode frames, texts and bytes as strict JSON.

    ::

        source   --{"a":1}--ping--oops--[2]--
        json()   --{'a':1}--------------[2]--      oops goes to on_bad

    A frame is decoded once, however many pipelines ask for it. Control frames and the bare texts ``ping`` and ``pong``
    are dropped; so is everything of a connection that is no frame.

    Args:
        loads: Another decoder, such as one that gives `decimal.Decimal`; each frame is then decoded by it.
        on_bad: Hears what is not JSON, and the stream goes on; ``Errors(…).emit`` also counts it. ``None``: the stream
            fails.

    Errors:
        ProtocolError: With ``on_bad=None``, at the first item that is not JSON.

    Example:
        >>> import reactivex as rx
        >>> rx.of(Frame("text", '{"price": 101.5}')).pipe(json()).run()
        {'price': 101.5}
    """

    def decode(item: Any) -> Any:
        if item.__class__ is Frame:
            return item.message if loads is None else _checked(loads, item.data)
        return codec.loads(item) if loads is None else _checked(loads, item)

    def operator(source: Observable[Any]) -> Observable[Any]:
        def run(
            on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
        ) -> abc.DisposableBase:
            upstream = SerialDisposable()
            over = False

            def stop() -> None:
                nonlocal over
                over = True
                upstream.dispose()

            def forward(item: Any) -> None:
                if over:
                    return
                if item.__class__ is Frame:
                    if item.kind == "ping" or item.kind == "pong":
                        return
                elif not isinstance(item, str | bytes):
                    return
                try:
                    message = decode(item)
                except ProtocolError as error:
                    if item.is_noise if isinstance(item, Frame) else PLAIN.is_noise(item):
                        return
                    if on_bad is not None:
                        on_bad(error)
                    else:
                        fail(error)
                    return
                on_next(message)

            def fail(error: Exception) -> None:
                if not over:
                    stop()
                    on_error(error)

            def complete() -> None:
                if not over:
                    stop()
                    on_completed()

            upstream.disposable = source.subscribe(forward, fail, complete, scheduler=given)
            return Disposable(stop)

        return Lean(run)

    return operator


def _checked(loads: Callable[[str | bytes], Any], data: str | bytes) -> Any:
    try:
        return loads(data)
    except Exception as error:  # a decoder of the user's raises what it likes
        raise ProtocolError(f"not JSON ({error})", data) from error
