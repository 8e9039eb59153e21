"""Bybit: a snapshot in the stream, then deltas whose ``u`` counts by one; ``u`` = 1 begins anew. ``orderbook.full`` has its
snapshot from REST: an answer from before a restart that arrives after it cannot be told, so answers are not held back
there. ``orderbook.1`` is whole in each message."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import BybitDataStore


class Bybit(Wire):
    symbols = ("BTCUSDT", "ETHUSDT")
    url = URL("wss://stream.bybit.com/v5/public/linear")
    topic = "orderbook.50"
    numbers_fall = True
    restarts = True

    def collection(self) -> Any:
        return BybitDataStore()

    def subscriptions(self) -> list[Any]:
        return [{"op": "subscribe", "args": [f"{self.topic}.{symbol}" for symbol in self.symbols], "req_id": "1"}]

    def advance(self, symbol: str, changes: list[Any]) -> None:
        self.numbers[symbol].append(self.numbers[symbol][-1])

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        self.numbers[symbol][-1] += 1
        if self.numbers[symbol][-1] == 1:
            return self.subscribed(symbol)
        new = last_of(changes)
        message = self._message("delta", symbol, self.changed(new, ASK), self.changed(new, BID))
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def renumber(self, symbol: str, *, lower: bool) -> None:
        if self.numbers[symbol][-1] > 99:  # two counts that begin anew within a moment cannot be told apart
            self.numbers[symbol][-1] = 0

    def subscribed(self, symbol: str) -> list[Packet]:
        version = self.market.version(symbol)
        self.numbers[symbol][-1] = max(1, self.numbers[symbol][-1])
        asks, bids = self.window(symbol, version)
        message = self._message("snapshot", symbol, self.levels(asks), self.levels(bids))
        return [Packet(message, symbol, version, whole=True)]

    def resubscribed(self, message: Any) -> list[Packet]:
        acks = [Packet({"success": True, "ret_msg": "", "op": op}) for op in ("unsubscribe", "subscribe")]
        return [*acks, *super().resubscribed(message)]

    def _message(self, kind: str, symbol: str, asks: Any, bids: Any) -> Any:
        data = {"s": symbol, "b": bids, "a": asks, "u": self.numbers[symbol][-1], "seq": self.clock}
        return {"topic": f"{self.topic}.{symbol}", "type": kind, "ts": self.tick(), "data": data}


class Bybit1(Bybit):
    topic = "orderbook.1"
    depth = 1

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        self.numbers[symbol][-1] += 1
        return self.subscribed(symbol)


class BybitFull(Bybit):
    url = URL("wss://stream.bybit.com/v5/public/spot")
    topic = "orderbook.full"
    restarts = False
    numbers_fall = False

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        self.numbers[symbol][-1] += 1
        new = last_of(changes)
        message = self._message("delta", symbol, self.changed(new, ASK), self.changed(new, BID))
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def renumber(self, symbol: str, *, lower: bool) -> None:
        self.numbers[symbol][-1] += 1000

    def subscribed(self, symbol: str) -> list[Packet]:
        return []

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = self.market.history[symbol][version]
        number = self.numbers[symbol][version]
        result = {"s": symbol, "b": self.levels(bids), "a": self.levels(asks), "u": number, "seq": 1}
        return {"retCode": 0, "retMsg": "OK", "result": result}
