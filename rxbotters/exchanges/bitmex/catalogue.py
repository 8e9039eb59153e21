"""The stores of BitMEX by name: those of its tables."""

from __future__ import annotations

from rxbotters.stores import DataStoreCollection

from .book import Book
from .tables import Orders, Quotes, TableStore, Trades

__all__ = ["Catalogue"]

_USUAL: dict[str, tuple[str, ...]] = {
    "funding": ("timestamp", "symbol"),
    "instrument": ("symbol",),
    "insurance": ("currency", "timestamp"),
    "liquidation": ("orderID",),
    "execution": ("execID",),
    "margin": ("account", "currency"),
    "position": ("account", "symbol", "currency"),
    "wallet": ("account", "currency"),
}
"""What identifies a row, as the exchange usually says."""

_OWN = {"quote": Quotes, "trade": Trades, "order": Orders}
_NAMES = (
    "funding",
    "instrument",
    "insurance",
    "liquidation",
    "quote",
    "quotebin1m",
    "quotebin5m",
    "quotebin1h",
    "quotebin1d",
    "trade",
    "tradebin1m",
    "tradebin5m",
    "tradebin1h",
    "tradebin1d",
    "execution",
    "order",
    "margin",
    "position",
    "wallet",
)


class Catalogue(DataStoreCollection):
    """Which stores there are; `BitMEXDataStore` fills them."""

    def _init(self) -> None:
        self.create("orderBookL2", datastore_class=Book)
        for name in _NAMES:
            self.create(name, datastore_class=_OWN.get(name, TableStore))
            if name in _USUAL:
                self.get(name, TableStore).usual = _USUAL[name]

    @property
    def orderbook(self) -> Book:
        """The order books."""
        return self.get("orderBookL2", Book)

    @property
    def funding(self) -> TableStore:
        """Funding rates."""
        return self.get("funding", TableStore)

    @property
    def instrument(self) -> TableStore:
        """Instruments, with their latest prices."""
        return self.get("instrument", TableStore)

    @property
    def insurance(self) -> TableStore:
        """The insurance fund."""
        return self.get("insurance", TableStore)

    @property
    def liquidation(self) -> TableStore:
        """Liquidation orders that are open."""
        return self.get("liquidation", TableStore)

    @property
    def quote(self) -> Quotes:
        """Best bid and ask, as they came."""
        return self.get("quote", Quotes)

    @property
    def quotebin1m(self) -> TableStore:
        """Quotes of each minute."""
        return self.get("quotebin1m", TableStore)

    @property
    def quotebin5m(self) -> TableStore:
        """Quotes of each five minutes."""
        return self.get("quotebin5m", TableStore)

    @property
    def quotebin1h(self) -> TableStore:
        """Quotes of each hour."""
        return self.get("quotebin1h", TableStore)

    @property
    def quotebin1d(self) -> TableStore:
        """Quotes of each day."""
        return self.get("quotebin1d", TableStore)

    @property
    def trade(self) -> Trades:
        """Public trades."""
        return self.get("trade", Trades)

    @property
    def tradebin1m(self) -> TableStore:
        """Trades of each minute."""
        return self.get("tradebin1m", TableStore)

    @property
    def tradebin5m(self) -> TableStore:
        """Trades of each five minutes."""
        return self.get("tradebin5m", TableStore)

    @property
    def tradebin1h(self) -> TableStore:
        """Trades of each hour."""
        return self.get("tradebin1h", TableStore)

    @property
    def tradebin1d(self) -> TableStore:
        """Trades of each day."""
        return self.get("tradebin1d", TableStore)

    @property
    def execution(self) -> TableStore:
        """Executions: everything that happened to one's orders."""
        return self.get("execution", TableStore)

    @property
    def order(self) -> Orders:
        """Live orders."""
        return self.get("order", Orders)

    @property
    def margin(self) -> TableStore:
        """Margin, by currency."""
        return self.get("margin", TableStore)

    @property
    def position(self) -> TableStore:
        """Positions."""
        return self.get("position", TableStore)

    @property
    def wallet(self) -> TableStore:
        """Wallet balances, by currency."""
        return self.get("wallet", TableStore)
