"""Binance: a REST snapshot and numbered diffs. On spot each diff begins right after the one before it; on futures it names
the one before it (``pu``) and its numbers jump. Every gap shows. Partial depth is whole in each message."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import BinanceCOINMDataStore, BinanceSpotDataStore, BinanceUSDSMDataStore


class BinanceSpot(Wire):
    symbols = ("BTCUSDT", "ETHUSDT")
    url = URL("wss://stream.binance.com:9443/ws")

    def collection(self) -> Any:
        return BinanceSpotDataStore()

    def subscriptions(self) -> list[Any]:
        streams = [f"{symbol.lower()}@depth@100ms" for symbol in self.symbols]
        return [{"method": "SUBSCRIBE", "params": streams, "id": 1}]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        first, last = self.numbers[symbol][since] + 1, self.numbers[symbol][-1]
        new = last_of(changes)
        event = {
            "e": "depthUpdate",
            "E": self.tick(),
            "s": symbol,
            "U": first,
            "u": last,
            "b": self.changed(new, BID),
            "a": self.changed(new, ASK),
        }
        return [Packet(event, symbol, self.market.version(symbol), since)]

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = self.market.history[symbol][version]
        number = self.numbers[symbol][version]
        return {"lastUpdateId": number, "bids": self.levels(bids), "asks": self.levels(asks)}

    def renumber(self, symbol: str, *, lower: bool) -> None:
        super().renumber(symbol, lower=False)


class _Futures(BinanceSpot):
    symbols = ("BTCUSDT", "ETHUSDT")

    def subscriptions(self) -> list[Any]:
        return [{"method": "SUBSCRIBE", "params": [f"{symbol.lower()}@depth" for symbol in self.symbols], "id": 1}]

    def advance(self, symbol: str, changes: list[Any]) -> None:
        self.numbers[symbol].append(self.numbers[symbol][-1] + len(changes) + 4)

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        (packet,) = super().diff(symbol, since, changes)
        before = self.numbers[symbol][since]
        jumped = {"U": before + 3, "pu": before, "T": self.clock}
        stream = f"{symbol.lower()}@depth"
        return [packet._replace(message={"stream": stream, "data": {**packet.message, **jumped}})]


class BinanceUSDM(_Futures):
    url = URL("wss://fstream.binance.com/stream")

    def collection(self) -> Any:
        return BinanceUSDSMDataStore()


class BinanceCOINM(_Futures):
    symbols = ("BTCUSD_PERP", "ETHUSD_PERP")
    url = URL("wss://dstream.binance.com/stream")

    def collection(self) -> Any:
        return BinanceCOINMDataStore()


class BinancePartial(Wire):
    """The best levels of spot, whole; a message older than the last is ignored."""

    symbols = ("BTCUSDT", "ETHUSDT")
    url = URL("wss://stream.binance.com:9443/stream")
    depth = 2
    rewind = "never"

    def collection(self) -> Any:
        return BinanceSpotDataStore()

    def book(self, store: Any) -> Any:
        return store.partialdepth

    def subscriptions(self) -> list[Any]:
        return [{"method": "SUBSCRIBE", "params": [f"{symbol.lower()}@depth5" for symbol in self.symbols], "id": 1}]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = self.window(symbol, version)
        levels = {"bids": self.levels(bids), "asks": self.levels(asks)}
        data = {"lastUpdateId": self.numbers[symbol][version], **levels}
        return [Packet({"stream": f"{symbol.lower()}@depth5", "data": data}, symbol, version, whole=True)]

    def subscribed(self, symbol: str) -> list[Packet]:
        return self.diff(symbol, 0, [])
