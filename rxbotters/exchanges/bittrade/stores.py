"""BitTrade's collection: which message feeds which store. Source: BitTrade-Inc/BitTrade-api-docs (2024-04)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from rxbotters.errors import ProtocolError
from rxbotters.stores import DataStoreCollection, OrderBook
from rxbotters.stores.folds import Folds
from rxbotters.stores.proofs import objects
from rxbotters.wire import fields

from . import session
from .account import Accounts, Clearing
from .board import Depth, Steps
from .market import Bbo, Detail, Kline, Offers, Trades
from .orders import Orders
from .rows import Query, Topic, topic_of

__all__ = ["BitTradeDataStore"]

Fold = Callable[[Mapping[str, Any]], None]
_PRIVATE = ("orders#", "trade.clearing#", "accounts.update#")
_BALANCE = "/v1/account/accounts/{account-id}/balance"


class BitTradeDataStore(DataStoreCollection):
    """Every store of BitTrade: `kline`, `depth`, `bbo`, `trade`, `detail`, `orders`, `clearing`, `accounts`, `offers`.

    Example:
        >>> store = BitTradeDataStore()
        >>> store.onmessage({
        ...     "ch": "market.btcjpy.depth.step0", "ts": 1489474082831,
        ...     "tick": {"bids": [[9999.39, 0.0098]], "asks": [[10010.98, 0.0099]]}})
        >>> store.depth.best("btcjpy").bid
        {'symbol': 'btcjpy', 'side': 'bids', 'price': 9999.39, 'amount': 0.0098}
    """

    def _init(self) -> None:
        self.create("kline", datastore_class=Kline)
        self.create("depth", datastore_class=Depth)
        self.create("bbo", datastore_class=Bbo)
        self.create("trade", datastore_class=Trades)
        self.create("detail", datastore_class=Detail)
        self.create("orders", datastore_class=Orders)
        self.create("clearing", datastore_class=Clearing)
        self.create("accounts", datastore_class=Accounts)
        self.create("offers", datastore_class=Offers)
        self._folds = Folds(self._bind)
        self._steps = Steps(self, self.depth)

    # ------------------------------------------------------------------ messages

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        channel = msg.get("ch")
        if channel is None:
            self._unnamed(msg)
            return
        if msg.get("action", "push") != "push" or not ("tick" in msg or "data" in msg):
            self._refused(msg)
            return
        self._folds[channel](msg)

    def _bind(self, channel: str) -> Fold:
        """Return the fold of a channel."""
        topic = topic_of(channel)
        if topic is not None:
            return self._public(topic)
        match channel.partition("#")[0]:
            case "orders":
                return lambda msg: self.orders.fold(_object(msg["data"]))
            case "trade.clearing":
                return lambda msg: self.clearing.fold(_object(msg["data"]))
            case "accounts.update":
                return lambda msg: self.accounts.fold(_object(msg["data"]))
            case _:
                return lambda msg: self._unhandled(channel)

    def _public(self, topic: Topic) -> Fold:
        """Return the fold of what the public stream pushes."""
        kind, symbol, part = topic
        match kind:
            case "depth":
                return lambda msg: self._steps.store(symbol, part).take(symbol, _body(msg), msg.get("ts"))
            case "kline":
                return lambda msg: self.kline.fold(symbol, part, [_object(_body(msg))])
            case "bbo":
                return lambda msg: self.bbo.fold(symbol, _object(_body(msg)))
            case "trade":
                return lambda msg: self.trade.fold(symbol, _object(_body(msg))["data"])
            case _:
                return lambda msg: self.detail.fold(symbol, _object(_body(msg)))

    def _unnamed(self, msg: Mapping[str, Any]) -> None:
        """Hear what is no push of a channel: answers to one-time requests, the dealer's prices, acknowledgements."""
        if "rep" in msg:
            if msg.get("status") == "ok":
                self._answer(msg["rep"], msg)
            return
        data = msg.get("data")
        if isinstance(data, dict) and "topic" in data:
            told = fields(data)
            if "offer" in told:
                self.offers.fold(told)
            else:
                self._unhandled(f"retail {told['topic']}")
            return
        self._refused(msg)

    def _refused(self, msg: Mapping[str, Any]) -> None:
        """Hear errors; whoever made the request hears of a refusal that names it."""
        is_error = msg.get("status") == "error" or msg.get("code", 200) != 200
        if is_error:
            self._unhandled("error")
            if session.ack(msg) is None and msg.get("ch") != "auth":
                what = msg.get("err-msg") or msg.get("message") or "no reason given"
                raise ProtocolError(f"BitTrade says: {what} (code {msg.get('err-code', msg.get('code'))})")

    def _answer(self, channel: Any, body: Mapping[str, Any]) -> None:
        """Apply the answer to a request of market data, over REST or the public stream: both are written alike."""
        topic = topic_of(channel)
        match topic:
            case Topic("depth", symbol, step):
                self._steps.store(symbol, step).take(symbol, _body(body), body.get("ts"), answer=True)
            case Topic("kline", symbol, period):
                self.kline.fill(symbol, period, objects(body["data"]))
            case Topic("trade", symbol):
                self.trade.fill(symbol, body["data"] if "data" in body else [body["tick"]])
            case Topic("detail", symbol):
                self.detail.fold(symbol, _object(_body(body)))
            case _:
                self._unhandled(str(channel))

    # ------------------------------------------------------------------ snapshots

    def _routes(self) -> Mapping[str, Callable[[Any, Query], None]]:
        market = ("history/kline", "depth", "history/trade", "trade", "detail", "detail/merged")
        return {
            **{f"/market/{path}": lambda body, query: self._answer(body["ch"], body) for path in market},
            "/v1/order/openOrders": lambda body, query: self.orders.replace(objects(body["data"]), query),
            "/v1/order/matchresults": lambda body, query: self.clearing.fill(objects(body["data"])),
            _BALANCE: lambda body, query: self.accounts.replace(_object(body["data"])),
        }

    def _refusal(self, body: Any) -> str | None:
        """Read ``{"status": "error", "err-code": …, "err-msg": …}``, and the dealer's ``{"success": false, …}``."""
        answer = fields(body)
        if answer.get("status", "ok") == "ok" and answer.get("success", True) is True:
            return None
        what = answer.get("err-msg") or answer.get("message") or "no reason given"
        return f"{what} (code {answer.get('err-code', answer.get('code'))})"

    def _repeats(self, path: str) -> bool:
        return not path.startswith("/market/")

    def _holds(self, msg: Any) -> bool:
        channel = fields(msg).get("ch")
        return isinstance(channel, str) and channel.startswith(_PRIVATE)

    # ------------------------------------------------------------------ the connection

    def _expects(self, messages: Sequence[Any]) -> Iterable[tuple[OrderBook, Any]]:
        return self._steps.expect(messages)

    def _subscription(self, book: OrderBook, symbol: Any) -> Any:
        return self._steps.subscription(book, symbol)

    # ------------------------------------------------------------------ stores

    @property
    def kline(self) -> Kline:
        """Candles."""
        return self.get("kline", Kline)

    @property
    def depth(self) -> Depth:
        """The order book: the finest step of each symbol."""
        return self.get("depth", Depth)

    @property
    def bbo(self) -> Bbo:
        """Best bid and ask."""
        return self.get("bbo", Bbo)

    @property
    def trade(self) -> Trades:
        """Public trades."""
        return self.get("trade", Trades)

    @property
    def detail(self) -> Detail:
        """The last 24 hours."""
        return self.get("detail", Detail)

    @property
    def orders(self) -> Orders:
        """Live orders."""
        return self.get("orders", Orders)

    @property
    def clearing(self) -> Clearing:
        """Fills."""
        return self.get("clearing", Clearing)

    @property
    def accounts(self) -> Accounts:
        """Balances."""
        return self.get("accounts", Accounts)

    @property
    def offers(self) -> Offers:
        """The dealer's prices."""
        return self.get("offers", Offers)


def _body(msg: Mapping[str, Any]) -> Any:
    """Return what a message of market data holds: ``tick``, or ``data`` where the documentation writes that."""
    return msg["tick"] if "tick" in msg else msg["data"]


def _object(value: Any) -> Mapping[str, Any]:
    """Return ``value``, proved to be an object.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, dict):
        raise TypeError(f"an object was expected, not {str(value)[:100]}")
    return cast("dict[str, Any]", value)
