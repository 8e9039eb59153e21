"""Coincheck. Source: coincheck.com/documents/exchange/api (2026), and the live public stream (2026-09)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit
from rxbotters.wire import Request, form_body

from .session import BOOK, RANGE, channel_of, login, time_of, undo
from .signing import sign

__all__ = ["EXCHANGE"]

_ORDERS = "/api/exchange/orders"


def _new_order(request: Request) -> float:
    return float(request.method == "POST" and request.url.path == _ORDERS)


def _detail(request: Request) -> float:
    head, _, last = request.url.path.rpartition("/")
    return float(request.method == "GET" and head == _ORDERS and last.isdecimal())


def _subscribe(ending: str, pair: str) -> list[dict[str, str]]:
    return [{"type": "subscribe", "channel": pair + ending}]


EXCHANGE = Exchange(
    name="coincheck",
    title="Coincheck",
    apis={"coincheck": Api()},
    rest={
        "coincheck.com": Host(
            api="coincheck",
            exchange="Coincheck",
            sign=sign,
            encode=form_body,
            turn=0.5,
            limits=(
                Limit("orders", 4, 1.0, weigh=_new_order, by_key=True),
                Limit("detail", 1, 1.0, weigh=_detail, by_key=True),
            ),
        )
    },
    ws={
        "ws-api.coincheck.com": Host(api="coincheck", exchange="Coincheck", channel_of=channel_of, time_of=time_of),
        "stream.coincheck.com": Host(
            api="coincheck", exchange="Coincheck", login=login, undo=undo, channel_of=channel_of
        ),
    },
    stores=("CoincheckDataStore", "CoincheckPrivateDataStore"),
    feeds={
        "orderbook": Feed(
            url="wss://ws-api.coincheck.com/",
            subscribe=lambda pair: _subscribe(BOOK, pair),
            collection="CoincheckDataStore",
            book="orderbook",
            symbol="btc_jpy",
        ),
        "limit-range": Feed(
            url="wss://ws-api.coincheck.com/",
            subscribe=lambda pair: _subscribe(RANGE, pair),
            collection="CoincheckDataStore",
            book="orderbook",
            symbol="btc_jpy",
        ),
    },
    ping="https://coincheck.com/api/ticker",
    docs="https://coincheck.com/documents/exchange/api",
)
