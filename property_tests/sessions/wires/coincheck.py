"""Coincheck: a REST snapshot, then diffs. Plain ones have no number, and trail the REST book: after a snapshot the older
ones still come, and are right again once they have caught up; one that is lost shows only where the book then crosses.
Those of the limit range channel have numbers that grow: what is old shows, what is lost does not."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import CoincheckDataStore


class Coincheck(Wire):
    symbols = ("btc_jpy", "eth_jpy")
    url = URL("wss://ws-api.coincheck.com/")
    channel = "orderbook"
    notices = False
    echoes = False
    hybrid = True
    old_answers = False  # an answer from before the subscription could not be told
    by_itself = False

    def collection(self) -> Any:
        return CoincheckDataStore()

    def subscriptions(self) -> list[Any]:
        return [{"type": "subscribe", "channel": f"{pair}-{self.channel}"} for pair in self.symbols]

    def asked_for(self, path: str, query: Any) -> str:
        return str(query["pair"])

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        new = last_of(changes)
        data = {"bids": self.changed(new, BID), "asks": self.changed(new, ASK), "last_update_at": self._now()}
        return [Packet([symbol, data], symbol, self.market.version(symbol), since)]

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = self.market.history[symbol][version]
        return {
            name: [
                [float(price), float(size)] if index % 2 else [price, size]
                for index, (price, size) in enumerate(levels)
            ]
            for name, levels in (("asks", self.levels(asks)), ("bids", self.levels(bids)))
        }

    def _now(self) -> str:
        return str(self.tick() // 1000)


class CoincheckRange(Coincheck):
    channel = "limit-range-orderbook"
    echoes = True
    hybrid = False
    rewind = "never"

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        version = self.market.version(symbol)
        ticks = sorted({change.tick for change in changes})
        data = self._rows(symbol, version, ticks)
        return [Packet([symbol, data], symbol, version, since)]

    def asked_for(self, path: str, query: Any) -> str:
        assert query["version"] == "1.0"
        return super().asked_for(path, query)

    def answer(self, symbol: str, version: int) -> Any:
        asks, bids = self.market.history[symbol][version]
        return {"pair": symbol, **self._rows(symbol, version, sorted({*asks, *bids}))}

    def _rows(self, symbol: str, version: int, ticks: list[int]) -> dict[str, Any]:
        asks, bids = self.market.history[symbol][version]
        rows = [
            {
                "rate": self.price(tick),
                "ask_amount": self.size(asks.get(tick, 0)),
                "bid_amount": self.size(bids.get(tick, 0)),
            }
            for tick in ticks
        ]
        number = str(self.numbers[symbol][version])
        half = len(rows) // 2
        return {"upper": rows[half:], "lower": rows[:half], "sequence_number": number, "last_update_at": self._now()}
