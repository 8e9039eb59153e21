"""GMO Coin: the whole book in each message; the last one is the truth, and a lost one is made good by the next."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.wire import Packet, Wire
from rxbotters import GMOCoinDataStore


class GMOCoin(Wire):
    symbols = ("BTC", "BTC_JPY")
    url = URL("wss://api.coin.z.com/ws/public/v1")

    def collection(self) -> Any:
        return GMOCoinDataStore()

    def book(self, store: Any) -> Any:
        return store.orderbooks

    def subscriptions(self) -> list[Any]:
        return [{"command": "subscribe", "channel": "orderbooks", "symbol": symbol} for symbol in self.symbols]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = (
            [{"price": price, "size": size} for price, size in self.levels(side)] for side in self.market.now(symbol)
        )
        stamp = f"2018-03-30T12:34:56.{self.tick() % 1000:03d}Z"
        message = {"channel": "orderbooks", "asks": asks, "bids": bids, "symbol": symbol, "timestamp": stamp}
        return [Packet(message, symbol, version, whole=True)]
