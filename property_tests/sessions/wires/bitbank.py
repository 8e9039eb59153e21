"""bitbank: numbers of all pairs from one counter, never consecutive: a lost diff does not show. The whole book that comes
every 15 seconds repairs it; it may be older than the diffs before it, and then they are applied to it once more."""

from __future__ import annotations

from typing import Any

from yarl import URL

from property_tests.sessions.model import ASK, BID
from property_tests.sessions.wire import Packet, Wire, last_of
from rxbotters import bitbankDataStore


class Bitbank(Wire):
    symbols = ("btc_jpy", "eth_jpy")
    url = URL("wss://stream.bitbank.cc/socket.io/?EIO=4&transport=websocket")
    notices = False
    rewind = "never"

    def __init__(self, market: Any) -> None:
        super().__init__(market)
        self.counter = 1000

    def collection(self) -> Any:
        return bitbankDataStore()

    def book(self, store: Any) -> Any:
        return store.depth

    def subscriptions(self) -> list[Any]:
        return [f'42["join-room","depth_{kind}_{pair}"]' for kind in ("whole", "diff") for pair in self.symbols]

    def advance(self, symbol: str, changes: list[Any]) -> None:
        self.counter += 3 + len(changes)
        self.numbers[symbol].append(self.counter)

    def renumber(self, symbol: str, *, lower: bool) -> None:
        """The counter goes on."""

    def diff(self, symbol: str, since: int, changes: list[Any]) -> list[Packet]:
        new = last_of(changes)
        sides = {"a": self.changed(new, ASK), "b": self.changed(new, BID)}
        data = {**sides, "t": self.tick(), "s": str(self.numbers[symbol][-1])}
        return [Packet(_room("diff", symbol, data), symbol, self.market.version(symbol), since)]

    def subscribed(self, symbol: str) -> list[Packet]:
        return self.now_and_then(symbol, self.market.version(symbol))

    def now_and_then(self, symbol: str, version: int) -> list[Packet]:
        asks, bids = self.market.history[symbol][version]
        number = str(self.numbers[symbol][version])
        levels = {"asks": self.levels(asks), "bids": self.levels(bids)}
        data = {**levels, "timestamp": self.tick(), "sequenceId": number}
        return [Packet(_room("whole", symbol, data), symbol, version, whole=True)]


def _room(kind: str, pair: str, data: Any) -> Any:
    return ["message", {"room_name": f"depth_{kind}_{pair}", "message": {"data": data}}]
