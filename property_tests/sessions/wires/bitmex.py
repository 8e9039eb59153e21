"""BitMEX: an image, then deletes, updates and inserts by id, each kind a message of its own, not numbered. A loss shows
where a change speaks of a level that is not there, or where the book stays crossed; else it stays until the next image."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK
from property_tests.sessions.wire import Packet, Wire
from rxbotters import BitMEXDataStore


class BitMEX(Wire):
    symbols = ("XBTUSD", "ETHUSD")
    url = URL("wss://ws.bitmex.com/realtime")
    table = "orderBookL2"
    notices = False
    echoes = False
    by_itself = False
    drops_whole = False

    def collection(self) -> Any:
        return BitMEXDataStore()

    def subscriptions(self) -> list[Any]:
        return [{"op": "subscribe", "args": [f"{self.table}:{symbol}" for symbol in self.symbols]}]

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        before, version = self.window(symbol, since), self.market.version(symbol)
        kinds: dict[str, list[Any]] = {"delete": [], "update": [], "insert": []}
        for side, tick, size in self.moved(symbol, since):
            row = self._row(symbol, side, tick, size)
            if not size:
                kinds["delete"].append({name: row[name] for name in ("symbol", "id", "side")})
            elif tick in before[side]:
                kinds["update"].append({name: row[name] for name in row if name != "price" or tick % 2})
            else:
                kinds["insert"].append(row)
        told = [(action, rows) for action, rows in kinds.items() if rows]
        return [
            Packet(self._table(action, rows), symbol, version, since, more=index + 1 < len(told))
            for index, (action, rows) in enumerate(told)
        ]

    def subscribed(self, symbol: str) -> list[Packet]:
        version = self.market.version(symbol)
        sides = self.window(symbol, version)
        rows = [self._row(symbol, side, *level) for side in (0, 1) for level in sides[side].items()]
        keys = {"keys": ["symbol", "id", "side"], "filter": {"symbol": symbol}}
        return [
            Packet({"success": True, "subscribe": f"{self.table}:{symbol}"}),
            Packet({**self._table("partial", rows), **keys}, symbol, version, whole=True),
        ]

    def resubscribed(self, message: Any) -> list[Packet]:
        (topic,) = message["args"]
        ended = Packet({"success": True, "unsubscribe": topic, "request": {"op": "unsubscribe", "args": [topic]}})
        return [ended, *super().resubscribed(message)]

    def _table(self, action: str, rows: Any) -> dict[str, Any]:
        return {"table": self.table, "action": action, "data": rows}

    def _row(self, symbol: str, side: int, tick: int, size: int) -> dict[str, Any]:
        sides = "Sell" if side == ASK else "Buy"
        names = {"symbol": symbol, "id": 8_799_000_000 - tick * 50, "side": sides}
        return {**names, "size": self.size(size), "price": self.price(tick)}

    def price(self, tick: int) -> Any:
        return 100 + tick / 2

    def size(self, size: int) -> Any:
        return size * 100


class BitMEX25(BitMEX):
    """The best levels: what leaves the window is deleted, what enters is inserted."""

    table = "orderBookL2_25"
    depth = 2
