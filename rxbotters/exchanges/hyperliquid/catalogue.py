"""The stores of Hyperliquid by name: those of the subscriptions they are filled from."""

from __future__ import annotations

from rxbotters.stores import DataStoreCollection

from .accounts import Accounts, AssetData, Clearinghouse, TwapStates
from .book import L2Book
from .histories import Fills, Fundings, History, Trades, TwapSlices
from .orders import Orders
from .rows import AllDexsAssetCtxs, Candle, Events, Log, PerCoin

__all__ = ["Catalogue"]


class Catalogue(DataStoreCollection):
    """Which stores there are; `HyperliquidDataStore` fills them."""

    def _init(self) -> None:
        self.create("allMids", datastore_class=PerCoin)
        self.create("notification", datastore_class=Log)
        self.create("webData2", datastore_class=Accounts)
        self.create("webData3", datastore_class=Accounts)
        self.create("candle", datastore_class=Candle)
        self.create("l2Book", datastore_class=L2Book)
        self.create("trades", datastore_class=Trades)
        self.create("orderUpdates", datastore_class=Orders)
        self.create("userEvents", datastore_class=Events)
        self.create("userFills", datastore_class=Fills)
        self.create("userFundings", datastore_class=Fundings)
        self.create("userNonFundingLedgerUpdates", datastore_class=History)
        self.create("activeAssetCtx", datastore_class=PerCoin)
        self.create("activeAssetData", datastore_class=AssetData)
        self.create("userTwapSliceFills", datastore_class=TwapSlices)
        self.create("userTwapHistory", datastore_class=History)
        self.create("bbo", datastore_class=PerCoin)
        self.create("allDexsAssetCtxs", datastore_class=AllDexsAssetCtxs)
        self.create("clearinghouseState", datastore_class=Clearinghouse)
        self.create("spotState", datastore_class=Accounts)
        self.create("twapStates", datastore_class=TwapStates)

    @property
    def all_mids(self) -> PerCoin:
        """Mid prices."""
        return self.get("allMids", PerCoin)

    @property
    def notification(self) -> Log:
        """Notifications as they came."""
        return self.get("notification", Log)

    @property
    def web_data2(self) -> Accounts:
        """All about a user, and the market, in one row."""
        return self.get("webData2", Accounts)

    @property
    def web_data3(self) -> Accounts:
        """All about a user in one row: ``userState`` and ``perpDexStates``."""
        return self.get("webData3", Accounts)

    @property
    def candle(self) -> Candle:
        """Candles."""
        return self.get("candle", Candle)

    @property
    def l2_book(self) -> L2Book:
        """The order book."""
        return self.get("l2Book", L2Book)

    @property
    def trades(self) -> Trades:
        """Public trades."""
        return self.get("trades", Trades)

    @property
    def order_updates(self) -> Orders:
        """Live orders."""
        return self.get("orderUpdates", Orders)

    @property
    def user_events(self) -> Events:
        """Fills, fundings, liquidations and cancellations by others, as they came."""
        return self.get("userEvents", Events)

    @property
    def user_fills(self) -> Fills:
        """One's own fills."""
        return self.get("userFills", Fills)

    @property
    def user_fundings(self) -> Fundings:
        """Funding payments."""
        return self.get("userFundings", Fundings)

    @property
    def user_non_funding_ledger_updates(self) -> History:
        """Deposits, withdrawals, transfers."""
        return self.get("userNonFundingLedgerUpdates", History)

    @property
    def active_asset_ctx(self) -> PerCoin:
        """Funding, open interest and prices of perpetuals and spot."""
        return self.get("activeAssetCtx", PerCoin)

    @property
    def active_asset_data(self) -> AssetData:
        """Leverage and limits of a user for a coin."""
        return self.get("activeAssetData", AssetData)

    @property
    def user_twap_slice_fills(self) -> TwapSlices:
        """Fills of TWAP orders."""
        return self.get("userTwapSliceFills", TwapSlices)

    @property
    def user_twap_history(self) -> History:
        """What became of TWAP orders."""
        return self.get("userTwapHistory", History)

    @property
    def bbo(self) -> PerCoin:
        """Best bid and ask: ``bbo`` is ``[bid, ask]``, each may be missing."""
        return self.get("bbo", PerCoin)

    @property
    def all_dexs_asset_ctxs(self) -> AllDexsAssetCtxs:
        """Contexts of the perpetuals of every dex."""
        return self.get("allDexsAssetCtxs", AllDexsAssetCtxs)

    @property
    def clearinghouse_state(self) -> Clearinghouse:
        """Margin and positions."""
        return self.get("clearinghouseState", Clearinghouse)

    @property
    def spot_state(self) -> Accounts:
        """Spot balances."""
        return self.get("spotState", Accounts)

    @property
    def twap_states(self) -> TwapStates:
        """Running TWAP orders."""
        return self.get("twapStates", TwapStates)
