"""Hyperliquid: the best levels whole in each message; the last one is the truth, and a lost one is made good by the next."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.wire import Packet, Wire
from rxbotters import HyperliquidDataStore


class Hyperliquid(Wire):
    symbols = ("BTC", "ETH")
    url = URL("wss://api.hyperliquid.xyz/ws")
    depth = 2

    def collection(self) -> Any:
        return HyperliquidDataStore()

    def book(self, store: Any) -> Any:
        return store.l2_book

    def subscriptions(self) -> list[Any]:
        return [{"method": "subscribe", "subscription": {"type": "l2Book", "coin": coin}} for coin in self.symbols]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = (
            [{"px": price, "sz": size, "n": 1} for price, size in self.levels(side)]
            for side in self.window(symbol, version)
        )
        data = {"coin": symbol, "time": self.tick(), "levels": [bids[::-1], asks]}
        return [Packet({"channel": "l2Book", "data": data}, symbol, version, whole=True)]

    def subscribed(self, symbol: str) -> list[Packet]:
        return self.diff(symbol, 0, [])

    def quiet(self, symbol: str) -> list[Packet]:
        return self.diff(symbol, 0, [])
