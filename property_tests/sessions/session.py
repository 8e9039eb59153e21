"""`Session`: one collection on one connection that misbehaves, held against the true books after every message.

Laws
  1. Whenever a book says `Live` it is the true book, both sides, at the point of the stream that it has reached; where the
     protocol cannot show a loss, it is at least not crossed, and right again from the next whole book on.
  2. A wrong checksum is noticed, and so is every loss that the protocol can show: law 1 would break.
  3. A closed connection leaves no book `Live`, and no level; a doubted one no book `Live`.
  4. When the faults are over every book is `Live` and true within the rounds that its wire promises, and stays so.

The road is a connection's own: its events, ``onmessage``, and the asks answered as a connection answers them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from rxbotters_operators.events import Acknowledged, Answered, Closed, Opened, Overdue, Subscribed

from .asks import Asks
from .judge import Broken, Judge
from .model import SIZES, TICKS, Market
from .script import Action
from .wire import Packet, Wire

__all__ = ["Session", "run"]


class _App:
    """Stands for the `WebSocketApp`: it outlives its connections."""

    def __init__(self, url: str) -> None:
        self.url = url

    def attach(self, collection: Any) -> None:
        collection.joined(self)


class _Socket:
    """Stands for one connection."""

    def __init__(self, app: _App, wire: Wire) -> None:
        self.app, self.url, self.post = app, wire.url, wire.sent


class Session:
    """See the module.

    Args:
        wire: The exchange.
        watched: Whether somebody listens to the changes: books have another way then.
    """

    def __init__(self, wire: type[Wire], *, watched: bool = False) -> None:
        self.market = Market(wire.symbols, anchored=wire.anchored)
        self.wire = wire(self.market)
        self.store: Any = self.wire.collection()
        self.errors: list[Exception] = []
        self.store.errors.subscribe(self.errors.append)
        self.book: Any = self.wire.book(self.store)
        self.judge = Judge(self.market, self.wire, self.book, watched=watched)
        self._app = _App(str(self.wire.url))
        self._asks = Asks(self.store, self._app, self.market, self.wire, self.judge, self._resubscribe)
        self._socket: _Socket | None = None
        self._pipe: deque[Packet] = deque()
        self._past: list[Packet] = []  # delivered on this connection
        self._batch: dict[str, int] = {}  # symbol → since which version its changes were not told
        self._wholes = dict.fromkeys(wire.symbols, 0)  # the last whole book that was sent
        self._beat = self._drops = 0
        self._held = self._doubted = self._twice = self._swap = self._spoils = False

    # ------------------------------------------------------------------ what happens

    def do(self, action: Action) -> None:
        """Let one thing happen, and everything that follows from it."""
        verb, *rest = action
        getattr(self, f"_do_{verb}")(*rest)
        self._beat += 1
        self._pump()

    def _do_step(self, which: int, gather: int, *wishes: Any) -> None:
        symbol = self.wire.symbols[which]
        since = self.market.version(symbol)
        changes = self.market.step(symbol, wishes)
        if changes:
            self.wire.advance(symbol, changes)
            self._batch.setdefault(symbol, since)
        if not (gather and self.wire.batches):
            self._send(self._tell(symbol))

    def _tell(self, symbol: str) -> list[Packet]:
        """Return what the exchange says of everything that it has not told yet."""
        since = self._batch.pop(symbol, None)
        if since is None:
            return self.wire.quiet(symbol)
        return self.wire.diff(symbol, since, [one for one in self.market.trail[symbol] if one.version > since])

    def _do_drop(self, count: int) -> None:
        self._drops = count

    def _do_twice(self) -> None:
        self._twice = True

    def _do_again(self, back: int) -> None:
        if self._past:
            packet = self._past[-1 - back % len(self._past)]
            symbol = packet.symbol or ""
            if not self.wire.echoes:
                self.judge.miss(symbol, self.market.version(symbol))
            self._pipe.appendleft(packet._replace(since=-1, spoiled=False))

    def _do_swap(self) -> None:
        self._swap = True

    def _do_spoil(self) -> None:
        self._spoils = self.wire.checks

    def _do_hold(self) -> None:
        self._held = True

    def _do_release(self) -> None:
        self._held = False

    def _do_slow(self, delay: int, age: int) -> None:
        self._asks.delay, self._asks.age = delay, age

    def _do_close(self) -> None:
        if self._socket is None:
            return
        socket, self._socket = self._socket, None
        self._asks.is_open = self._doubted = False
        self._pipe.clear()
        self._past.clear()
        self.judge.lost()
        self.store.onevent(Closed(1006, cause="reset", connection=socket))
        self._asks.lost()
        self.judge.empty()

    def _do_open(self, anew: int) -> None:
        if self._socket is not None:
            return
        for symbol in self.wire.symbols:
            self._tell(symbol)  # nobody hears it: who subscribes gets whole books, and diffs from then on
            if anew:
                self.wire.renumber(symbol, lower=self.wire.numbers_fall)
        self._held = False
        self._socket = _Socket(self._app, self.wire)
        self._asks.is_open = True
        self._app.attach(self.store)
        self.wire.opened()
        messages = self.wire.subscriptions()
        self.store.onevent(Opened(self._socket))
        self.store.onevent(Subscribed(self._socket, messages))
        for message in messages:
            self.store.onevent(Acknowledged(self._socket, message))
        for symbol in self.wire.symbols:
            self._wholes[symbol] = self.market.version(symbol)
            self._send(self.wire.subscribed(symbol))

    def _do_restart(self, which: int) -> None:
        if self.wire.restarts:
            symbol = self.wire.symbols[which]
            if symbol in self._batch:
                self._send(self._tell(symbol))
            self.wire.renumber(symbol, lower=True)
            self._past = [packet for packet in self._past if packet.symbol != symbol]  # two counts cannot be told apart

    def _do_whole(self, which: int, age: int) -> None:
        symbol = self.wire.symbols[which]
        if symbol not in self._batch and self._socket is not None:  # none is older than the one before it
            self._wholes[symbol] = max(self._wholes[symbol], self.market.version(symbol) - age)
            self._send(self.wire.now_and_then(symbol, self._wholes[symbol]))

    def _do_doubt(self) -> None:
        if self._socket is not None:
            self._doubted = True
            self.store.onevent(Overdue(self._socket, 5.0))
            self._look()

    def _do_clear(self) -> None:
        if self._socket is not None:
            self._doubted = False
            self.store.onevent(Answered(self._socket, 0.01))

    def _resubscribe(self, message: Any) -> None:
        for symbol in list(self._batch):  # no whole book is made in the middle of a diff
            self._send(self._tell(symbol))
        self._send(self.wire.resubscribed(message))

    # ------------------------------------------------------------------ the way to the store

    def _send(self, packets: Iterable[Packet]) -> None:
        if self._socket is not None:
            for packet in packets:
                (self._pipe.appendleft if packet.whole and self.wire.overtakes else self._pipe.append)(packet)

    def _pump(self) -> None:
        self._serve()
        while self._pipe and not self._held:
            for packet in self._mistreat(self._pipe.popleft()):
                self._deliver(packet)
            self._serve()

    def _serve(self) -> None:
        if self._asks.serve(self._beat):
            self._look()

    def _mistreat(self, packet: Packet) -> list[Packet]:
        """Return what arrives instead of a message."""
        if packet.symbol is None:
            return [packet]
        may_go = self.wire.drops_whole or not packet.whole
        if self._drops and may_go:
            self._drops -= 1
            self._miss(packet)
            return []
        if self._spoils and packet.since >= 0:
            self._spoils = False
            return [self.wire.spoil(packet)]
        if self._twice:
            self._twice = False
            return [packet, packet._replace(since=-1)]
        if self._swap and may_go:
            later = next((other for other in self._pipe if other.symbol == packet.symbol and not other.whole), None)
            if later is not None:
                self._swap = False
                self._pipe.remove(later)
                self._miss(later if packet.since >= 0 else packet)
                self._disorder(packet, later)
                return [later, packet]
        return [packet]

    def _miss(self, packet: Packet) -> None:
        if packet.symbol is not None and not self.wire.notices:
            self.judge.miss(packet.symbol, packet.version)

    def _disorder(self, packet: Packet, later: Packet) -> None:
        """Excuse what comes out of order, where the protocol has no order to show it."""
        if not self.wire.echoes and packet.symbol is not None:
            self.judge.miss(packet.symbol, max(packet.version, later.version))

    def _deliver(self, packet: Packet) -> None:
        symbol, judge = packet.symbol, self.judge
        if symbol is not None:
            self._past.append(packet)
        waits = self.store._initializing and self.store._holds(packet.message)
        synced = self.book.is_synced(symbol)
        follows = symbol in judge.live and judge.reached.get(symbol or "") == packet.since
        self.store.onmessage(packet.message, self._socket)
        if waits:
            self._asks.waiting.append(packet)
            return
        judge.note(packet, synced=synced)
        self._look()
        if packet.spoiled and follows and symbol in judge.live:
            raise Broken(f"{symbol}: a wrong checksum passed")

    def _look(self) -> None:
        distrust = "while a pong is overdue" if self._doubted else "" if self._socket else "behind a closed connection"
        self.judge.look(distrust, unsure=bool(self._asks.waiting))

    # ------------------------------------------------------------------ the end

    def settle(self) -> None:
        """End every fault, and ask for the promise."""
        self._drops = 0
        self._twice = self._swap = self._spoils = False
        self._asks.hurry()
        self.do(("release",))
        if self._socket is not None and self.judge.is_missing and not self.wire.by_itself:
            self.do(("close",))
        self.do(("open", 0))
        self.do(("clear",))
        for turn in range(self.wire.heals):
            self._round(turn)
        for turn in range(2):
            self.judge.final(self.errors)
            self._round(turn + 1)
        self.judge.final(self.errors)

    def _round(self, turn: int) -> None:
        """Let every book change, and be told whole where it is from time to time."""
        for which, symbol in enumerate(self.wire.symbols):
            _, bids = self.market.now(symbol)
            tick = max(bids, default=1)
            bid, ask = (1, tick, bids.get(tick, 0) % SIZES + 1), (0, TICKS + 1 + turn % 2, turn % SIZES + 1)
            self.do(("step", which, 0, bid, ask))
            self.do(("whole", which, 0))


def run(wire: type[Wire], script: Iterable[Action], *, watched: bool = False) -> Session:
    """Play one script to its end.

    Raises:
        Broken: A law did not hold.
    """
    session = Session(wire, watched=watched)
    session.do(("open", 0))
    for action in script:
        session.do(action)
    session.settle()
    return session
