"""Phemex: a snapshot, increments whose ``sequence`` grows and jumps, and a snapshot again every minute. What is old shows,
what is lost does not: the next snapshot repairs it. A book of N levels is cut to N after every message, for levels that
are pushed out are not taken back."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire
from rxbotters import PhemexDataStore


class Phemex(Wire):
    symbols = ("BTCUSDT", "ETHUSDT")
    url = URL("wss://ws.phemex.com")
    field, method = "orderbook_p", "orderbook_p.subscribe"
    depth = 3
    notices = False
    rewind = "when lost"
    numbers_fall = True

    def collection(self) -> Any:
        return PhemexDataStore()

    def subscriptions(self) -> list[Any]:
        return [{"id": 1, "method": self.method, "params": [symbol, False, self.depth]} for symbol in self.symbols]

    def advance(self, symbol: str, changes: list[Any]) -> None:
        self.numbers[symbol].append(self.numbers[symbol][-1] + 2 + len(changes))

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        now = self.market.now(symbol)
        new = [(side, tick, size) for side, tick, size in self.moved(symbol, since) if size or tick not in now[side]]
        asks, bids = self.changed(new, ASK), self.changed(new, BID)
        return [Packet(self._message("incremental", symbol, version, asks, bids), symbol, version, since)]

    def subscribed(self, symbol: str) -> list[Packet]:
        return self.now_and_then(symbol, self.market.version(symbol))

    def resubscribed(self, message: Any) -> list[Packet]:
        answers = [Packet({"error": None, "id": number, "result": {"status": "success"}}) for number in (2, 3)]
        return [*answers, *super().resubscribed(message)]

    def now_and_then(self, symbol: str, version: int) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = (self.levels(side) for side in self.window(symbol, version))
        return [Packet(self._message("snapshot", symbol, version, asks, bids), symbol, version, whole=True)]

    def _message(self, kind: str, symbol: str, version: int, asks: Any, bids: Any) -> Any:
        words = {"depth": self.depth, "sequence": self.numbers[symbol][version], "symbol": symbol, "type": kind}
        return {self.field: {"asks": asks, "bids": bids}, **words, "timestamp": self.tick() * 1_000_000}


class PhemexCoin(Phemex):
    symbols = ("BTCUSD", "ETHUSD")
    field, method = "book", "orderbook.subscribe"

    def price(self, tick: int) -> Any:
        return 58_000_000 + tick * 5000

    def size(self, size: int) -> Any:
        return size * 7
