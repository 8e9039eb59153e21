"""Bitget: a snapshot, then updates. The numbers of V2 grow by more than one: only its checksum, where it sends one, shows
that something was lost; without one a loss stays until the next snapshot. Updates of V3 name the one before them."""

from __future__ import annotations

import zlib
from itertools import zip_longest
from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import BitgetV2DataStore  # type: ignore[attr-defined, unused-ignore]


class Bitget(Wire):
    symbols = (("USDT-FUTURES", "BTCUSDT"), ("SPOT", "BTCUSDT"))
    url = URL("wss://ws.bitget.com/v2/ws/public")
    notices = False
    by_itself = False
    rewind = "when lost"
    drops_whole = False

    def collection(self) -> Any:
        return BitgetV2DataStore()

    def book(self, store: Any) -> Any:
        return store.book

    def subscriptions(self) -> list[Any]:
        return [{"op": "subscribe", "args": [self.arg(symbol) for symbol in self.symbols]}]

    def arg(self, symbol: Any) -> Any:
        """Return the channel of an instrument as a subscription names it."""
        return {"instType": symbol[0], "channel": "books", "instId": symbol[1]}

    def advance(self, symbol: Any, changes: list[Any]) -> None:
        self.numbers[symbol].append(self.numbers[symbol][-1] + 2 + len(changes))

    def diff(self, symbol: Any, since: int, changes: list[Any]) -> list[Packet]:
        new = last_of(changes)
        data = self.data(symbol, since, self.changed(new, ASK), self.changed(new, BID))
        message = {"action": "update", "arg": self.arg(symbol), "data": [data], "ts": self.clock}
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def subscribed(self, symbol: Any) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = (self.levels(side) for side in self.market.now(symbol))
        data = self.data(symbol, -1, asks, bids)
        message = {"action": "snapshot", "arg": self.arg(symbol), "data": [data], "ts": self.clock}
        answer = Packet({"event": "subscribe", "arg": self.arg(symbol)})
        return [answer, Packet(message, symbol, version, whole=True)]

    def resubscribed(self, message: Any) -> list[Packet]:
        (arg,) = message["args"]
        (symbol,) = [symbol for symbol in self.symbols if self.arg(symbol) == arg]
        return [Packet({"event": "unsubscribe", "arg": arg}), *self.subscribed(symbol)]

    def data(self, symbol: Any, since: int, asks: Any, bids: Any) -> dict[str, Any]:
        """Return the body of a message."""
        numbers = {"seq": self.numbers[symbol][-1], "ts": str(self.tick()), "checksum": self.checksum(symbol)}
        return {"asks": asks, "bids": bids, **numbers}

    def checksum(self, symbol: Any) -> int:
        """Return what the exchange would say the book adds up to."""
        return 0

    def size(self, size: int) -> Any:
        return str(size / 4) if size else "0"


class BitgetSum(Bitget):
    notices = True
    by_itself = True
    checks = True
    anchored = True  # a book with asks alone may have the checksum of one with a bid: the sum does not name the sides

    def checksum(self, symbol: Any) -> int:
        asks, bids = self.market.now(symbol)
        parts: list[str] = []
        for ask, bid in zip_longest(sorted(asks), sorted(bids, reverse=True)):
            for tick, side in ((bid, bids), (ask, asks)):
                parts += [] if tick is None else [self.price(tick), self.size(side[tick])]
        crc = zlib.crc32(":".join(parts).encode())
        return crc - (1 << 32) if crc >> 31 else crc

    def spoil(self, packet: Packet) -> Packet:
        (data,) = packet.message["data"]
        spoiled = {**packet.message, "data": [{**data, "checksum": data["checksum"] ^ 4 or 4}]}
        return packet._replace(message=spoiled, spoiled=True)


class BitgetV3(Bitget):
    symbols = (("usdt-futures", "BTCUSDT"), ("spot", "BTCUSDT"))
    url = URL("wss://ws.bitget.com/v3/ws/public")
    notices = True
    by_itself = True

    def arg(self, symbol: Any) -> Any:
        return {"instType": symbol[0], "topic": "books", "symbol": symbol[1]}

    def data(self, symbol: Any, since: int, asks: Any, bids: Any) -> dict[str, Any]:
        previous = 0 if since < 0 else self.numbers[symbol][since]
        numbers = {"seq": str(self.numbers[symbol][-1]), "pseq": previous, "ts": str(self.tick()), "checksum": 0}
        return {"a": asks, "b": bids, **numbers}
