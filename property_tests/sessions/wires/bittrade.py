"""BitTrade: the whole book in each message, and a message older than the last is ignored; a lost one is made good by the
next."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.wire import Packet, Wire
from rxbotters import BitTradeDataStore  # type: ignore[attr-defined, unused-ignore]


class BitTrade(Wire):
    symbols = ("btcjpy", "ethjpy")
    url = URL("wss://api-cloud.bittrade.co.jp/ws")
    rewind = "when lost"

    def collection(self) -> Any:
        return BitTradeDataStore()

    def book(self, store: Any) -> Any:
        return store.depth

    def subscriptions(self) -> list[Any]:
        topics = [f"market.{symbol}.depth.step0" for symbol in self.symbols]
        return [{"sub": topic, "id": topic} for topic in topics]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version, stamp = self.market.version(symbol), self.tick()
        asks, bids = (self.levels(side) for side in self.market.now(symbol))
        tick = {"asks": asks, "bids": bids, "ts": stamp, "version": self.numbers[symbol][version]}
        message = {"ch": f"market.{symbol}.depth.step0", "ts": stamp, "tick": tick}
        return [Packet(message, symbol, version, whole=True)]

    def subscribed(self, symbol: str) -> list[Packet]:
        topic = f"market.{symbol}.depth.step0"
        answer = Packet({"id": topic, "subbed": topic, "status": "ok", "ts": self.tick()})
        return [answer, *self.diff(symbol, 0, [])]

    def price(self, tick: int) -> Any:
        return 100 + tick / 2

    def size(self, size: int) -> Any:
        return size / 4
