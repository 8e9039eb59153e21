"""`Asks`: answers what a collection asks for as `rxbotters.net.resync.Resyncer` does, in beats instead of seconds.

One answer at a time for each book, several tries, and none that outlives its connection. While a REST answer is under way
the collection holds what it holds during ``initialize``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rxbotters.errors import RxbottersError
from rxbotters_operators.events import Live

from .judge import Judge
from .model import Market
from .wire import Packet, Wire

__all__ = ["Asks"]

_TRIES = 5
_AGAIN = 3  # beats after which a resubscription that brought no snapshot is made again


class _Request:
    """An ask on its way."""

    __slots__ = ("asked", "body", "book", "due", "symbol", "tries", "version")

    def __init__(self, book: Any, symbol: Any) -> None:
        self.book, self.symbol = book, symbol
        self.tries = 0
        self.due = -1  # not begun
        self.asked: Any = None  # path and query; None: a subscription made again
        self.body: Any = None
        self.version = -1

    @property
    def is_done(self) -> bool:
        """Whether nothing more is needed."""
        return isinstance(self.book.status_of(self.symbol), Live) or not self.book.wants(self.symbol)


class Asks:
    """See the module.

    Args:
        store: Who asks.
        app: For which connection.
        market: The truth.
        wire: Who answers.
        judge: Hears of every answer.
        resubscribe: Ends a subscription and makes it again.

    Attributes:
        delay: Beats that an answer takes.
        age: How old it is when it was asked for: 0 is made at the last moment, 1 when it is asked for, 2 a version before.
        waiting: Messages that the collection holds.
    """

    def __init__(
        self, store: Any, app: Any, market: Market, wire: Wire, judge: Judge, resubscribe: Callable[[Any], None]
    ) -> None:
        self._store, self._app, self._market, self._wire, self._judge = store, app, market, wire, judge
        self._resubscribe = resubscribe
        self._requests: dict[Any, _Request] = {}
        self.waiting: list[Packet] = []
        self.is_open = False
        self.delay = self.age = 0
        store.asks.subscribe(self._hear)

    def _hear(self, ask: Any) -> None:
        key = (ask.store, ask.symbol)
        if ask.store is None or ask.feed is not self._app or key in self._requests:
            return
        if self.is_open:
            self._requests[key] = _Request(ask.store, ask.symbol)
        else:
            ask.store.forget_ask(ask.symbol)

    def lost(self) -> None:
        """Give up what is under way: the connection ended."""
        requests, self._requests = self._requests, {}
        self.waiting.clear()
        for request in requests.values():
            if request.asked is not None:
                self._store._end_initialize()

    def hurry(self) -> None:
        """Let everything be answered at once from now on."""
        self.delay = self.age = 0
        for request in self._requests.values():
            request.due = min(request.due, 0)

    def serve(self, beat: int) -> bool:
        """Do what is due; return whether an answer was applied."""
        applied = False
        for key, request in list(self._requests.items()):
            if request.due < 0:
                self._begin(request, beat)
            if request.due > beat:
                continue
            if request.asked is not None:
                self._finish(request)
                applied = True
            if request.is_done:
                del self._requests[key]
            elif request.tries >= _TRIES:
                request.book.forget_ask(request.symbol)
                del self._requests[key]
            else:
                request.due = -1
        return applied

    def _begin(self, request: _Request, beat: int) -> None:
        request.tries += 1
        request.due = beat + self.delay + request.tries - 1
        request.asked = self._store._snapshot_request(request.book, request.symbol, self._wire.url)
        if request.asked is not None:
            if self.age:
                older = self.age - 1 if self._wire.old_answers else 0
                self._make(request, older)
            self._store._initializing += 1
            return
        message = self._store._subscription(request.book, request.symbol)
        if message is None:
            request.book.forget_ask(request.symbol)  # a whole book comes by itself
        else:
            request.due = beat + _AGAIN
            self._resubscribe(message)

    def _make(self, request: _Request, older: int) -> None:
        symbol = self._wire.asked_for(*request.asked)
        request.version = max(0, self._market.version(symbol) - older)
        request.body = self._wire.answer(symbol, request.version)

    def _finish(self, request: _Request) -> None:
        if request.body is None:
            self._make(request, 0)
        path, query = request.asked
        try:
            self._store._apply_all([(path, request.body, query)])
        except RxbottersError as error:
            self._store.errors.emit(error)
        else:
            self._judge.answered(self._wire.asked_for(path, query), request.version)
        request.asked = request.body = None
        if self._store._initializing == 1:
            for packet in self.waiting:
                self._judge.note(packet, synced=False)
            self.waiting.clear()
        self._store._end_initialize()
