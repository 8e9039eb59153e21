"""Handlers: the user's callbacks, one failing without the others noticing."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from rxbotters.errors import BufferOverflow, HandlerError
from rxbotters_operators._buffer import Buffer
from rxbotters_operators.events import Frame

from .socket import Connection
from .tasks import Tasks

__all__ = ["Handler", "Handlers", "as_list"]

Handler = Callable[[Any, Any], Any]
_BACKLOG = 10_000  # messages an async handler may be behind


def as_list(value: Any) -> list[Any]:
    """Return ``value`` as a list of its own: one object or an iterable of them."""
    if value is None:
        return []
    if isinstance(value, str | bytes | dict) or not isinstance(value, Iterable):
        return [value]
    return list(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


class Handlers:
    """Calls ``f(message, ws)`` for each frame, in list order, text and bytes before JSON.

    An async handler is awaited message by message by a task of its own, so that it keeps its order and holds nobody up;
    it may be 10,000 messages behind, then the oldest are dropped and counted.

    Args:
        text: Called with each text frame.
        binary: Called with each binary frame.
        json: Called with each decoded frame; all get the same object.
        tasks: Owns the tasks of async handlers.
        report: Hears a `HandlerError` for each exception, a `ProtocolError` for each frame that is not JSON.
    """

    def __init__(
        self,
        text: list[Handler],
        binary: list[Handler],
        json: list[Handler],
        *,
        tasks: Tasks,
        report: Callable[[Exception], None],
    ) -> None:
        for handler in (*text, *binary, *json):
            if not callable(handler):
                raise TypeError(f"a handler must be callable as f(message, ws), got {handler!r}")
        self._tasks = tasks
        self._report = report
        self._buffers: list[Buffer[tuple[Any, Any]]] = []
        self.owners = [owner for handler in (*text, *binary, *json) if (owner := getattr(handler, "__self__", None))]
        self._text = [self._synchronous(handler) for handler in text]
        self._binary = [self._synchronous(handler) for handler in binary]
        self._json = [self._synchronous(handler) for handler in json]

    def __call__(self, frame: Frame) -> None:
        """Hand out one data frame."""
        port: Connection = frame.connection
        ws = port.ws
        for handler in self._text if frame.kind == "text" else self._binary:
            self._call(handler, frame.data, ws, port)
        if self._json:
            try:
                message = frame.message
            except Exception as error:
                if not frame.is_noise:
                    self._report(error)
                return
            for handler in self._json:
                try:
                    pending = handler(message, ws)
                except Exception as error:
                    self._report(HandlerError(handler, error))
                    continue
                if pending is not None and inspect.isawaitable(pending):
                    port.pending.append(self._guarded(handler, pending))

    def _call(self, handler: Handler, message: Any, ws: Any, port: Connection) -> None:
        try:
            pending = handler(message, ws)
        except Exception as error:
            self._report(HandlerError(handler, error))
            return
        if pending is not None and inspect.isawaitable(pending):
            port.pending.append(self._guarded(handler, pending))

    async def _guarded(self, handler: Handler, pending: Awaitable[Any]) -> None:
        try:
            await pending
        except Exception as error:
            self._report(HandlerError(handler, error))

    def _synchronous(self, handler: Handler) -> Handler:
        if not _is_async(handler):
            return handler
        name = getattr(handler, "__qualname__", repr(handler))
        buffer: Buffer[tuple[Any, Any]] = Buffer(_BACKLOG, "drop_oldest", name=f"handler {name}")
        self._buffers.append(buffer)
        late = False

        async def work() -> None:
            async for message, ws in buffer:
                await self._guarded(handler, handler(message, ws))

        def enqueue(message: Any, ws: Any) -> None:
            nonlocal late
            dropped = buffer.dropped
            buffer.push((message, ws))
            if buffer.dropped != dropped and not late:
                self._report(BufferOverflow(f"handler {name}", _BACKLOG, buffer.dropped, "drop_oldest"))
            late = buffer.dropped != dropped

        enqueue.__qualname__ = name
        self._tasks.spawn(work(), f"rxbotters handler {name}")
        return enqueue

    @property
    def dropped(self) -> int:
        """Messages thrown away because async handlers fell behind."""
        return sum(buffer.dropped for buffer in self._buffers)

    def depths(self) -> dict[str, int]:
        """Return how many messages wait for each async handler."""
        return {buffer.name: len(buffer) for buffer in self._buffers}

    def close(self) -> None:
        """End the tasks of async handlers once they have handled what arrived."""
        for buffer in self._buffers:
            buffer.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.owners)


def _is_async(handler: Handler) -> bool:
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004
