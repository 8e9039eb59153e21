"""Hyperliquid's messages and answers, folded into its stores. Source: hyperliquid-docs, "WebSocket → Subscriptions", "Info endpoint" (2026-08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import SnapshotError
from rxbotters.stores import OrderBook
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields
from rxbotters_operators.events import Stale

from .catalogue import Catalogue
from .histories import History
from .rows import contexts, events, prove, state
from .users import Users

__all__ = ["HyperliquidDataStore"]

Fold = Callable[[Any], None]
_ANSWERS = frozenset({"pong", "post", "subscriptionResponse"})
_HELD = frozenset({"orderUpdates", "openOrders", "userFills", "clearinghouseState", "spotState"})


class HyperliquidDataStore(Catalogue):
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
        super()._init()
        self._users = Users()
        self._folds = self._bind()

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        channel = msg["channel"]
        fold = self._folds.get(channel)
        if fold is not None:
            fold(msg["data"])
        elif channel == "subscriptionResponse":
            self._acknowledged(msg["data"])
        elif channel not in _ANSWERS:
            self._unhandled(str(channel))

    def _acknowledged(self, data: Any) -> None:
        """Learn whose stream this is, and which book is followed no longer."""
        self._users.note(self.feeding, data)
        if fields(data).get("method") == "unsubscribe":
            for book, coin in self._books([{**data, "method": "subscribe"}]):
                if coin in book.instruments:
                    book.lose(coin, Stale("unsubscribed"))

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
        answer = fields(body)
        return str(answer.get("response")) if answer.get("status") == "err" else None

    def _holds(self, msg: Any) -> bool:
        return fields(msg).get("channel") in _HELD

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        return self._books(messages)

    def _books(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        """Return the book of each subscription that is one of a book."""
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


def _history(store: History, field: str) -> Fold:
    return lambda data: store.fold(data[field], data.get("user"), snapshot=data.get("isSnapshot") is True)
