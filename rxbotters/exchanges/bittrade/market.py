"""BitTrade's public stores beside the books. Source: BitTrade-Inc/BitTrade-api-docs, ``websocket-api.md`` (2024-04)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStore
from rxbotters.stores.proofs import numbers, objects

from .counted import Counted
from .rows import present

__all__ = ["Bbo", "Detail", "Kline", "Offers", "Trades"]

_CANDLE = ("open", "close", "low", "high", "amount", "vol", "count")


class Kline(DataStore):
    """Candles by ``symbol``, ``period`` and ``id``, which is when a candle begins: Unix time in seconds."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol", "period", "id")

    def fold(self, symbol: str, period: str, ticks: Iterable[Mapping[str, Any]]) -> None:
        """Apply candles of the stream.

        Raises:
            BadNumber, ProtocolError: One cannot be read; nothing was applied.
        """
        self._update(self._read(symbol, period, ticks))

    def fill(self, symbol: str, period: str, ticks: Iterable[Mapping[str, Any]]) -> None:
        """Apply candles of an answer, the newest first; the stream may know one of them better: with more trades.

        Raises:
            BadNumber, ProtocolError: One cannot be read; nothing was applied.
        """
        rows = self._read(symbol, period, ticks)
        self._update(sorted((row for row in rows if not self._is_older(row)), key=_begins), reason="resync")

    def _read(self, symbol: str, period: str, ticks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        rows = [{"symbol": symbol, "period": period, **tick} for tick in ticks]
        numbers(self.name, rows, _CANDLE)
        for row in rows:
            if row.get("id").__class__ is not int:
                raise ProtocolError("a candle without id", str(row)[:200])
        return rows

    def _is_older(self, row: Mapping[str, Any]) -> bool:
        known = self.get(row)
        return known is not None and _count(row) < _count(known)


def _count(row: Mapping[str, Any]) -> float:
    return float(row.get("count") or 0)


def _begins(row: Mapping[str, Any]) -> int:
    return int(row["id"])


class Bbo(Counted):
    """The best bid and ask of each ``symbol``; on one connection ``seqId`` only grows."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)
    _NUMBER = "seqId"

    def fold(self, symbol: str, tick: Mapping[str, Any]) -> None:
        """Apply a message unless a newer one was there.

        Raises:
            BadNumber: It cannot be read.
        """
        row = {**tick, "symbol": symbol}
        numbers(self.name, [row], ("ask", "askSize", "bid", "bidSize"))
        number, old = self._numbers(symbol, row)
        if number is None or old is None or number > old:
            self._update([row])
            self._counted.add(symbol)


class Trades(DataStore):
    """Public trades by ``tradeId`` and ``symbol``, oldest first; the last 99,999 are kept.

    ``id`` has more digits than a float can hold, and answers of requests write it as one: ``tradeId`` is exact.
    """

    _KEYS: ClassVar[Sequence[str]] = ("tradeId", "symbol")
    _MAXLEN = 99999

    def fold(self, symbol: str, data: Any) -> None:
        """Add the trades of a message.

        Raises:
            BadNumber, ProtocolError, TypeError: One cannot be read; nothing was applied.
        """
        self._insert(self._read(symbol, objects(data)))

    def fill(self, symbol: str, ticks: Any) -> None:
        """Add the trades of an answer, newest first, that are not known yet.

        Raises:
            BadNumber, ProtocolError, TypeError, KeyError: One cannot be read; nothing was applied.
        """
        trades = [trade for tick in objects(ticks) for trade in (objects(tick["data"]) if "data" in tick else [tick])]
        rows = [row for row in self._read(symbol, trades) if self.get(row) is None]
        self._insert(rows[::-1], reason="resync")

    def _read(self, symbol: str, trades: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for trade in trades:
            row = {"symbol": symbol, **{("tradeId" if name == "trade-id" else name): trade[name] for name in trade}}
            present(row, ("tradeId",))
            rows.append(row)
        numbers(self.name, rows, ("price", "amount"), may_lack=False)
        return rows


class Detail(DataStore):
    """What the last 24 hours were for each ``symbol``."""

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)

    def fold(self, symbol: str, tick: Mapping[str, Any]) -> None:
        """Apply a message or an answer.

        Raises:
            BadNumber: It cannot be read.
        """
        row = {"symbol": symbol, **tick}
        numbers(self.name, [row], _CANDLE)
        self._update([row])


class Offers(DataStore):
    """What the dealer (販売所) buys and sells at, by ``symbol``: an order to it names the ``id`` of an offer.

    ``ts`` is when the prices were made, Unix time in seconds. After a lost connection there are none.
    """

    _KEYS: ClassVar[Sequence[str]] = ("symbol",)
    _ON_LOSS = "clear"

    def fold(self, data: Mapping[str, Any]) -> None:
        """Apply a message.

        Raises:
            BadNumber, ProtocolError, TypeError: It cannot be read; nothing was applied.
        """
        rows = [{**offer, "ts": data.get("ts")} for offer in objects(data["offer"])]
        for row in rows:
            present(row, ("symbol", "id"))
        numbers(self.name, rows, ("buy_price", "sell_price", "market_price"))
        self._update(rows)
