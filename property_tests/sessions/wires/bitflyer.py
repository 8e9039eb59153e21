"""bitFlyer: a snapshot, then diffs without number or checksum: what is lost stays lost until the next connection, only
that each message's mid price keeps the book from crossing. A snapshot is a little ahead of the diffs that follow it."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import bitFlyerDataStore


class BitFlyer(Wire):
    symbols = ("BTC_JPY", "FX_BTC_JPY")
    url = URL("wss://ws.lightstream.bitflyer.com/json-rpc")
    notices = False
    echoes = False
    hybrid = True
    overtakes = True
    by_itself = False
    drops_whole = False

    def __init__(self, market: Any) -> None:
        super().__init__(market)
        self.joined: set[str] = set()

    def collection(self) -> Any:
        return bitFlyerDataStore()

    def book(self, store: Any) -> Any:
        return store.board

    def subscriptions(self) -> list[Any]:
        return [
            {"method": "subscribe", "params": {"channel": f"lightning_board_{kind}{symbol}"}}
            for kind in ("snapshot_", "")
            for symbol in self.symbols
        ]

    def opened(self) -> None:
        self.joined = set(self.symbols)

    def sent(self, message: Any) -> None:
        self.joined -= {symbol for symbol in self.symbols if f'"lightning_board_snapshot_{symbol}"' in str(message)}

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        new = last_of(changes)
        message = self._message("", symbol, -1, self.changed(new, ASK), self.changed(new, BID))
        return [Packet(message, symbol, self.market.version(symbol), since)]

    def subscribed(self, symbol: str) -> list[Packet]:
        return self.now_and_then(symbol, self.market.version(symbol))

    def now_and_then(self, symbol: str, version: int) -> list[Packet]:
        if symbol not in self.joined:
            return []
        version = self.market.version(symbol)
        asks, bids = self.market.now(symbol)
        message = self._message("snapshot_", symbol, version, self.levels(asks), self.levels(bids))
        return [Packet(message, symbol, version, whole=True)]

    def _message(self, kind: str, symbol: str, version: int, asks: Any, bids: Any) -> Any:
        all_asks, all_bids = self.market.history[symbol][version]
        ask = min(all_asks) if all_asks else max(all_bids, default=0) + 1
        bid = max(all_bids) if all_bids else ask - 1
        sides = {
            name: [{"price": price, "size": size} for price, size in levels]
            for name, levels in (("asks", asks), ("bids", bids))
        }
        body = {"mid_price": float((self.price(ask) + self.price(bid)) // 2), **sides}
        params = {"channel": f"lightning_board_{kind}{symbol}", "message": body}
        return {"jsonrpc": "2.0", "method": "channelMessage", "params": params}

    def price(self, tick: int) -> Any:
        return 100.0 + tick

    def size(self, size: int) -> Any:
        return size / 4
