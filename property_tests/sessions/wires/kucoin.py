"""KuCoin: the whole book by a REST snapshot and increments whose numbers follow each other: every gap shows. The best 5 or
50 levels come whole in each message."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK
from property_tests.sessions.wire import Packet, Wire
from rxbotters import KuCoinDataStore


class KuCoinSpot(Wire):
    symbols = ("BTC-USDT", "ETH-USDT")
    url = URL("wss://ws-api-spot.kucoin.com/")

    def collection(self) -> Any:
        return KuCoinDataStore()

    def subscriptions(self) -> list[Any]:
        return [{"id": "1", "type": "subscribe", "topic": f"/market/level2:{','.join(self.symbols)}", "response": True}]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        first = self.numbers[symbol][since] + 1
        sides: dict[str, list[Any]] = {"asks": [], "bids": []}
        for place, change in enumerate(changes):
            name = "asks" if change.side == ASK else "bids"
            sides[name].append([self.price(change.tick), self.size(change.size), str(first + place)])
        if len(sides["asks"]) > 1:
            sides["asks"].reverse()  # the order of an array means nothing
        numbers = {"sequenceStart": first, "sequenceEnd": self.numbers[symbol][-1]}
        data = {"changes": sides, **numbers, "symbol": symbol, "time": self.tick()}
        message = {"topic": f"/market/level2:{symbol}", "type": "message", "subject": "trade.l2update", "data": data}
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = (
            [[self.padded(price), size] for price, size in self.levels(side)]
            for side in self.market.history[symbol][version]
        )
        number = self.number(self.numbers[symbol][version])
        return {"code": "200000", "data": {"time": self.tick(), "sequence": number, "bids": bids, "asks": asks}}

    def renumber(self, symbol: str, *, lower: bool) -> None:
        super().renumber(symbol, lower=False)

    def padded(self, price: Any) -> Any:
        """Return a price with other zeros at its end than the stream has."""
        return f"{price}0"

    def number(self, number: int) -> Any:
        return str(number)


class KuCoinFutures(KuCoinSpot):
    symbols = ("XBTUSDTM", "ETHUSDTM")
    url = URL("wss://ws-api-futures.kucoin.com/")

    def subscriptions(self) -> list[Any]:
        return [{"id": "1", "type": "subscribe", "topic": f"/contractMarket/level2:{','.join(self.symbols)}"}]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version, first = self.market.version(symbol), self.numbers[symbol][since] + 1
        packets: list[Packet] = []
        for place, change in enumerate(changes):
            side = "sell" if change.side == ASK else "buy"
            text = f"{self.price(change.tick)},{side},{self.size(change.size)}"
            data = {"sequence": first + place, "change": text, "timestamp": self.tick()}
            message = {
                "topic": f"/contractMarket/level2:{symbol}",
                "type": "message",
                "subject": "level2",
                "data": data,
            }
            packets.append(Packet(message, symbol, version, since, more=place + 1 < len(changes)))
        return packets

    def size(self, size: int) -> Any:
        return size * 10

    def padded(self, price: Any) -> Any:
        return float(price)

    def number(self, number: int) -> Any:
        return number


class KuCoin5(Wire):
    symbols = ("BTC-USDT", "XBTUSDTM")
    url = URL("wss://ws-api-spot.kucoin.com/")
    depth = 2
    name, ending = "orderbook5", "level2Depth5"

    def collection(self) -> Any:
        return KuCoinDataStore()

    def book(self, store: Any) -> Any:
        return store[self.name]

    def subscriptions(self) -> list[Any]:
        return [{"id": "1", "type": "subscribe", "topic": self._topic(symbol)} for symbol in self.symbols]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        asks, bids = self.window(symbol, version)
        data = {"asks": self.levels(asks), "bids": self.levels(bids), "timestamp": self.tick()}
        message = {"type": "message", "topic": self._topic(symbol), "subject": "level2", "data": data}
        return [Packet(message, symbol, version, whole=True)]

    def _topic(self, symbol: str) -> str:
        return f"/{'spotMarket' if '-' in symbol else 'contractMarket'}/{self.ending}:{symbol}"


class KuCoin50(KuCoin5):
    depth = 4
    name, ending = "orderbook50", "level2Depth50"
