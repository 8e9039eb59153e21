"""Hyperliquid's stores. Source: hyperliquid-docs, "WebSocket → Subscriptions", "Info endpoint" (2026-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import SnapshotError
from rxbotters.stores import DataStoreCollection, OrderBook

from .accounts import Accounts, AssetData, Clearinghouse, TwapStates
from .book import L2Book
from .histories import Fills, Fundings, History, Trades, TwapSlices
from .orders import Orders
from .rows import AllDexsAssetCtxs, Candle, Events, Log, PerCoin, contexts, events, objects, prove, state
from .users import Users

__all__ = ["HyperliquidDataStore"]

Fold = Callable[[Any], None]
_ANSWERS = frozenset({"pong", "post", "subscriptionResponse"})
_HELD = frozenset({"orderUpdates", "openOrders", "userFills", "clearinghouseState", "spotState"})


class HyperliquidDataStore(DataStoreCollection):
    """Every store of Hyperliquid.

    Order updates and user events do not name their user: give each user a connection of its own, and rows carry it.

    Example:
        >>> store = HyperliquidDataStore()
        >>> store.onmessage({"channel": "l2Book", "data": {"coin": "BTC", "time": 5, "levels": [
        ...     [{"px": "19900", "sz": "1", "n": 1}], [{"px": "20100", "sz": "2", "n": 1}]]}})
        >>> store.l2_book.best("BTC").bid
        {'coin': 'BTC', 'side': 'B', 'px': '19900', 'sz': '1', 'n': 1}
    """

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
        self._users = Users()
        self._folds = self._bind()

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        channel = msg["channel"]
        fold = self._folds.get(channel)
        if fold is not None:
            fold(msg["data"])
        elif channel == "subscriptionResponse":
            self._users.note(self.feeding, msg["data"])
        elif channel not in _ANSWERS:
            self._unhandled(str(channel))

    def _bind(self) -> dict[str, Fold]:
        """Return the fold of each channel."""
        context: Fold = lambda data: self.active_asset_ctx._update([{"coin": data["coin"], **data["ctx"]}])  # noqa: E731
        candle, happened, dexs = self.candle, self.user_events, self.all_dexs_asset_ctxs
        return {
            "allMids": self._all_mids,
            "notification": lambda data: self.notification._insert(objects([data])),
            "webData2": self.web_data2.merge,
            "webData3": lambda data: self.web_data3.put({"user": data["userState"]["user"], **data}),
            "candle": lambda data: candle._insert(objects(data if isinstance(data, list) else [data])),
            "l2Book": self.l2_book.snapshot,
            "trades": self._trades,
            "orderUpdates": lambda data: self.order_updates.fold(data, self._users.of(self.feeding, "orderUpdates")),
            "openOrders": lambda data: self.order_updates.replace(
                data["orders"], data["user"].lower(), data.get("dex")
            ),
            "user": lambda data: happened._insert(events(data, self._users.of(self.feeding, "userEvents"))),
            "userFills": _history(self.user_fills, "fills"),
            "userFundings": _history(self.user_fundings, "fundings"),
            "userNonFundingLedgerUpdates": _history(self.user_non_funding_ledger_updates, "nonFundingLedgerUpdates"),
            "userTwapSliceFills": _history(self.user_twap_slice_fills, "twapSliceFills"),
            "userTwapHistory": _history(self.user_twap_history, "history"),
            "activeAssetCtx": context,
            "activeSpotAssetCtx": context,
            "activeAssetData": self.active_asset_data.merge,
            "bbo": self._bbo,
            "allDexsAssetCtxs": lambda data: dexs._update(contexts(data["ctxs"])),
            "clearinghouseState": lambda data: self.clearinghouse_state.put(state(data, data["clearinghouseState"])),
            "spotState": lambda data: self.spot_state.put({"user": data["user"], **data["spotState"]}),
            "twapStates": lambda data: self.twap_states.replace(data["states"], data["user"], data.get("dex") or ""),
        }

    def _all_mids(self, data: Any) -> None:
        mids: Mapping[str, Any] = data["mids"]
        rows = [{"coin": coin, "px": px} for coin, px in mids.items()]
        prove("allMids", rows, "px")
        self.all_mids._update(rows)

    def _trades(self, data: Any) -> None:
        rows = objects(data)
        prove("trades", rows, "px", "sz")
        self.trades.fold(rows)

    def _bbo(self, data: Any) -> None:
        bid, ask = data["bbo"]
        prove("bbo", [level for level in (bid, ask) if level is not None], "px", "sz")
        self.bbo._update([data])

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Mapping[str, str]], None]]:
        return {"/info": self._info}

    def _info(self, body: Any, query: Mapping[str, str]) -> None:
        """Take the answer to ``POST /info``; what was asked stood in the body of the request."""
        kind = query.get("type", "")
        user = query["user"].lower() if "user" in query else None
        answers: dict[str, Callable[[], None]] = {
            "openOrders": lambda: self.order_updates.replace(body, user, query.get("dex")),
            "frontendOpenOrders": lambda: self.order_updates.replace(body, user, query.get("dex")),
            "userFills": lambda: self.user_fills.fold(body, user, snapshot=True),
            "userFillsByTime": lambda: self.user_fills.fold(body, user),
            "clearinghouseState": lambda: self.clearinghouse_state.put(state({**query, "user": user}, body)),
            "spotClearinghouseState": lambda: self.spot_state.put({"user": user, **body}),
            "l2Book": lambda: self.l2_book.answer(body),
            "allMids": lambda: self._all_mids({"mids": body}),
            "candleSnapshot": lambda: self.candle._insert(objects(body)),
        }
        if kind not in answers:
            known = ", ".join(answers)
            raise SnapshotError("/info", f"no store is filled from type {kind!r}; known: {known}; give client.fetch(…)")
        try:
            answers[kind]()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"/info {kind}", f"{type(error).__name__}: {error}: {str(body)[:100]}") from error

    def _refusal(self, body: Any) -> str | None:
        if isinstance(body, dict) and cast("dict[str, Any]", body).get("status") == "err":
            return str(cast("dict[str, Any]", body).get("response"))
        return None

    def _holds(self, msg: Any) -> bool:
        return isinstance(msg, dict) and cast("dict[str, Any]", msg).get("channel") in _HELD

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        for message in messages:
            if isinstance(message, dict):
                request = cast("dict[str, Any]", message)
                asked: Any = request.get("subscription")
                if request.get("method") == "subscribe" and isinstance(asked, dict):
                    subscription = cast("dict[str, Any]", asked)
                    if subscription.get("type") == "l2Book":
                        yield self.l2_book, subscription.get("coin")

    def release(self, feed: Any, error: Exception) -> None:
        """Forget a connection that ended for good."""
        self._users.forget(feed)
        super().release(feed, error)

    # ------------------------------------------------------------------ stores

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


def _history(store: History, field: str) -> Fold:
    return lambda data: store.fold(data[field], data.get("user"), snapshot=data.get("isSnapshot") is True)
