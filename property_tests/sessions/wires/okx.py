"""OKX and OKJ: a snapshot, then updates that name the one before them; after maintenance the numbers may begin again lower,
in a chain that does not break. OKX sends a checksum of 0, OKJ a real one, and V3 of OKJ, as OKX before 2023, has a
checksum and no number: a loss shows with the next update, unless a side is empty. ``books5`` and ``bbo-tbt`` are whole in each message."""

from __future__ import annotations

import zlib
from itertools import zip_longest
from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import OKJDataStore, OKXDataStore

_STEP = 64


class OKX(Wire):
    symbols = ("BTC-USDT", "ETH-USDT")
    url = URL("wss://ws.okx.com:8443/ws/v5/public")
    channel = "books"
    numbers_fall = True
    restarts = True

    def __init__(self, market: Any) -> None:
        super().__init__(market)
        self.chain = dict.fromkeys(self.symbols, 0)  # how far the next number jumps, if not as usual
        self.begun = 0

    def collection(self) -> Any:
        return OKXDataStore()

    def book(self, store: Any) -> Any:
        return store.books

    def subscriptions(self) -> list[Any]:
        return [{"op": "subscribe", "args": [self.arg(symbol) for symbol in self.symbols]}]

    def advance(self, symbol: str, changes: list[Any]) -> None:
        self.numbers[symbol].append(self.numbers[symbol][-1])

    def renumber(self, symbol: str, *, lower: bool) -> None:
        """Let the next update have a lower number; it still names the one before it."""
        self.begun += 1  # so that no number comes twice
        self.chain[symbol] = self.begun % _STEP - self.numbers[symbol][-1]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        before = self.numbers[symbol][-1]
        step, self.chain[symbol] = self.chain[symbol] or _STEP, 0
        self.numbers[symbol][-1] = before + step
        new = last_of(changes)
        data = self._data(symbol, self._rows(self.changed(new, ASK)), self._rows(self.changed(new, BID)), before)
        return [Packet(self._message("update", symbol, data), symbol, self.market.version(symbol), since)]

    def quiet(self, symbol: str) -> list[Packet]:
        version = self.market.version(symbol)
        data = self._data(symbol, [], [], self.numbers[symbol][-1])
        return [Packet(self._message("update", symbol, data), symbol, version, version)]

    def subscribed(self, symbol: str) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = self.window(symbol, version)
        data = self._data(symbol, self._rows(self.levels(asks)), self._rows(self.levels(bids)), -1)
        message = self._message("snapshot", symbol, data)
        return [self._ack("subscribe", symbol), Packet(message, symbol, version, whole=True)]

    def resubscribed(self, message: Any) -> list[Packet]:
        ended = [self._ack("unsubscribe", symbol) for symbol in self.symbols if symbol in str(message)]
        return [*ended, *super().resubscribed(message)]

    def arg(self, symbol: str) -> Any:
        """Return the channel of an instrument as a subscription names it."""
        return {"channel": self.channel, "instId": symbol}

    def checksum(self, symbol: str) -> int:
        """Return what the exchange would say the book adds up to."""
        return 0

    def _ack(self, event: str, symbol: str) -> Packet:
        return Packet({"event": event, "arg": self.arg(symbol)})

    def _message(self, action: str, symbol: str, data: Any) -> Any:
        return {"arg": self.arg(symbol), "action": action, "data": [data]}

    def _rows(self, levels: Any) -> list[list[Any]]:
        return [[price, size, "0", "1"] for price, size in levels]

    def _data(self, symbol: str, asks: Any, bids: Any, previous: int) -> dict[str, Any]:
        numbers = {"seqId": self.numbers[symbol][-1], "prevSeqId": previous}
        return {"asks": asks, "bids": bids, "ts": str(self.tick()), "checksum": self.checksum(symbol), **numbers}

    def size(self, size: int) -> Any:
        return str(size / 4) if size else "0"


class OKXTbt(OKX):
    channel = "books-l2-tbt"


class OKX5(OKX):
    channel = "books5"
    depth = 2
    restarts = False

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        self.numbers[symbol][-1] += 3
        version = self.market.version(symbol)
        asks, bids = self.window(symbol, version)
        rows = {"asks": self._rows(self.levels(asks)), "bids": self._rows(self.levels(bids))}
        data = {**rows, "instId": symbol, "ts": str(self.tick()), "seqId": self.numbers[symbol][-1]}
        return [Packet({"arg": self.arg(symbol), "data": [data]}, symbol, version, whole=True)]

    def subscribed(self, symbol: str) -> list[Packet]:
        return [self._ack("subscribe", symbol), *self.diff(symbol, 0, [])]

    def quiet(self, symbol: str) -> list[Packet]:
        return []


class OKXBbo(OKX5):
    channel = "bbo-tbt"
    depth = 1

    def book(self, store: Any) -> Any:
        return store["bbo-tbt"]


class OKJ(OKX):
    symbols = ("BTC-JPY", "ETH-JPY")
    url = URL("wss://connect.okcoin.jp:443/ws/v5/public")
    checks = True

    def collection(self) -> Any:
        return OKJDataStore()

    def checksum(self, symbol: str) -> int:
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


class OKJV3(OKJ):
    url = URL("wss://connect.okcoin.jp:443/ws/v3")
    channel = "spot/depth"
    echoes = False  # an update out of its order may take the book back to what it was, checksum and all
    anchored = True  # a book with asks alone may have the checksum of one with a bid: the sum does not name the sides
    restarts = False
    numbers_fall = False

    def arg(self, symbol: str) -> Any:
        return f"{self.channel}:{symbol}"

    def _ack(self, event: str, symbol: str) -> Packet:
        return Packet({"event": event, "channel": self.arg(symbol)})

    def _message(self, action: str, symbol: str, data: Any) -> Any:
        words = {name: data[name] for name in ("asks", "bids", "checksum")}
        row = {"instrument_id": symbol, "timestamp": "2024-09-01T00:00:00.000Z", **words}
        return {"table": self.channel, "action": action.replace("snapshot", "partial"), "data": [row]}

    def quiet(self, symbol: str) -> list[Packet]:
        return []
