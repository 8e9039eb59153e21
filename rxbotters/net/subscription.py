"""Subscriptions that come later, and can go again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from reactivex import abc

from rxbotters.errors import SubscriptionError
from rxbotters_operators._subscribe import More
from rxbotters_operators.events import Acknowledged, Closed, Event, Joined, Left, Refused
from rxbotters_operators.hot import Errors, Hot

from .link import Link, decoded, outgoing
from .tasks import Gate

__all__ = ["Added", "Subscriptions"]


class Added(abc.DisposableBase):
    """Subscriptions made by `WebSocketApp.add`: await it for the exchange's answer, dispose it to end them.

    It is remembered over reconnections until it is disposed.

    Attributes:
        messages: What is sent on every connection.
        errors: `SubscriptionError` for each refusal; logged if nobody is subscribed. Nobody else hears of them.
    """

    def __init__(self, messages: Sequence[Any], leave: Callable[[Added], None]) -> None:
        self.messages = tuple(messages)
        self.errors = Errors("subscription errors")
        self.refused: SubscriptionError | None = None
        self._leave = leave
        self._gate = Gate()
        self._missing = 0
        self._disposed = False

    def sent(self, answers: int) -> None:
        """Note that the messages went out, and how many answers must come."""
        self._missing = answers
        self.refused = None
        if not answers:
            self._gate.open()

    def answered(self, refused: SubscriptionError | None) -> None:
        """Note one answer."""
        self._missing -= 1
        if refused is not None:
            self.refused = refused
            self.errors.emit(refused)
        if self._missing <= 0:
            if self.refused is None:
                self._gate.open()
            else:
                self._gate.refuse(self.refused)

    def lost(self) -> None:
        """Note that the connection ended: the answers must come again."""
        self._gate.shut()

    def fail(self, error: Exception) -> None:
        """Note that no connection will come any more."""
        self._gate.fail(error)
        self.errors.complete()

    def dispose(self) -> None:
        """End the subscriptions: the exchange is told, and they are not made again."""
        if not self._disposed:
            self._disposed = True
            self._leave(self)

    def __await__(self) -> Generator[Any, None, Added]:
        return self._wait().__await__()

    async def _wait(self) -> Added:
        if self.refused is not None and self._missing <= 0:
            raise self.refused
        await self._gate
        return self

    def __repr__(self) -> str:
        return f"<Added {len(self.messages)} messages{', refused' if self.refused else ''}>"


class Subscriptions:
    """The added subscriptions of one `WebSocketApp`.

    Attributes:
        more: What must be sent now on the open connection.
    """

    def __init__(self, link: Link, app: Any, tell: Callable[[Joined | Left], None]) -> None:
        self.more: Hot[More] = Hot("subscriptions")
        self._link, self._app, self._tell = link, app, tell

    def add(self, send_json: Any, send_str: Any, undo_json: Any) -> Added:
        """Subscribe now and on every connection to come."""
        messages = [message for make in outgoing(send_str, None, send_json) for message in make()]
        ends = [end for make in outgoing(None, None, undo_json) for end in make()] if undo_json is not None else None
        added = Added(messages, lambda gone: self._remove(gone, ends))
        self._link.added.append(added)
        self._tell(Joined(self._app, [decoded(message) for message in messages]))
        self.more.emit(self._link.more(messages, added))
        return added

    def _remove(self, added: Added, ends: Sequence[Any] | None) -> None:
        if added in self._link.added:
            self._link.added.remove(added)
            undo = ends if ends is not None else self._link.undo(added.messages)
            if undo:
                self._tell(Left(self._app, [decoded(message) for message in added.messages]))
                self.more.emit(self._link.more(undo))

    def again(self, message: Any) -> None:
        """End a subscription and make it again: that brings a new snapshot."""
        self.more.emit(self._link.more([*self._link.undo([message]), message]))

    def hear(self, event: Event) -> None:
        """Follow the connection."""
        match event:
            case Closed():
                for added in self._link.added:
                    added.lost()
            case Acknowledged(owner=Added() as added):
                added.answered(None)
            case Refused(_, request, text, Added() as added):
                added.answered(SubscriptionError(request, text))
            case _:
                pass

    def fail(self, error: Exception) -> None:
        """End: no connection will come any more."""
        for added in self._link.added:
            added.fail(error)
        self._link.added.clear()
