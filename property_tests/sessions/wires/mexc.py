"""MEXC: a REST snapshot and changes that each span a range of versions and follow each other: every gap shows. The best
levels of futures come whole in each message, and an older one is ignored."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import MEXCFuturesDataStore, MEXCSpotDataStore  # type: ignore[attr-defined, unused-ignore]


class MEXCSpot(Wire):
    symbols = ("BTCUSDT", "ETHUSDT")
    url = URL("wss://wbs-api.mexc.com/ws")

    def collection(self) -> Any:
        return MEXCSpotDataStore()

    def book(self, store: Any) -> Any:
        return store.depth

    def subscriptions(self) -> list[Any]:
        names = [f"spot@public.aggre.depth.v3.api.pb@100ms@{symbol}" for symbol in self.symbols]
        return [{"method": "SUBSCRIPTION", "params": names}]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        new = last_of(changes)
        asks, bids = (
            [{"price": price, "quantity": size} for price, size in self.changed(new, side)] for side in (ASK, BID)
        )
        first, last = str(self.numbers[symbol][since] + 1), str(self.numbers[symbol][-1])
        depths = {"asks": asks, "bids": bids, "eventType": "x", "fromVersion": first, "toVersion": last}
        channel = f"spot@public.aggre.depth.v3.api.pb@100ms@{symbol}"
        message = {"channel": channel, "symbol": symbol, "sendTime": self.tick(), "publicAggreDepths": depths}
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = (
            [[f"{price}0", size] for price, size in self.levels(side)] for side in self.market.history[symbol][version]
        )
        return {"lastUpdateId": self.numbers[symbol][version], "asks": asks, "bids": bids}

    def renumber(self, symbol: str, *, lower: bool) -> None:
        super().renumber(symbol, lower=False)


class MEXCFutures(MEXCSpot):
    symbols = ("BTC_USDT", "ETH_USDT")
    url = URL("wss://contract.mexc.com/edge")

    def collection(self) -> Any:
        return MEXCFuturesDataStore()

    def subscriptions(self) -> list[Any]:
        return [{"method": "sub.depth", "param": {"symbol": symbol}} for symbol in self.symbols]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        new = last_of(changes)
        asks, bids = ([[*level, 1] for level in self.changed(new, side)] for side in (ASK, BID))
        first, last = self.numbers[symbol][since] + 1, self.numbers[symbol][-1]
        data = {"asks": asks, "bids": bids, "begin": first, "end": last, "version": last}
        message = {"channel": "push.depth", "symbol": symbol, "ts": self.tick(), "data": data}
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = ([[*level, 1] for level in self.levels(side)] for side in self.market.history[symbol][version])
        data = {"asks": asks, "bids": bids, "version": self.numbers[symbol][version], "timestamp": self.tick()}
        return {"success": True, "code": 0, "data": data}

    def asked_for(self, path: str, query: Any) -> str:
        return path.rpartition("/")[2]

    def price(self, tick: int) -> Any:
        return 100 + tick / 2

    def size(self, size: int) -> Any:
        return size * 10


class MEXCFull(MEXCFutures):
    depth = 2
    rewind = "never"

    def book(self, store: Any) -> Any:
        return store.depth_full

    def subscriptions(self) -> list[Any]:
        return [{"method": "sub.depth.full", "param": {"symbol": symbol, "limit": 5}} for symbol in self.symbols]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = ([[*level, 1] for level in self.levels(side)] for side in self.window(symbol, version))
        data = {"asks": asks, "bids": bids, "version": self.numbers[symbol][version]}
        message = {"channel": "push.depth.full", "symbol": symbol, "ts": self.tick(), "data": data}
        return [Packet(message, symbol, version, whole=True)]
