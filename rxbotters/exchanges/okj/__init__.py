"""OKJ (OKCoin Japan), V5, and V3 as long as it answers. Source: dev.okj.com/apidoc (read 2026-09)."""

from collections.abc import Callable

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit
from rxbotters.wire import Request, json_body

from . import legacy, session
from .frames import DEFLATED
from .signing import sign

__all__ = ["EXCHANGE"]


def _counts(*paths: str) -> Callable[[Request], float]:
    known = frozenset(f"/api/v5/{path}" for path in paths)
    return lambda request: float(request.url.path in known)


def _path(request: Request) -> str:
    return request.url.path


LIMITS = (
    Limit("ip 10", 10, 2.0, weigh=_counts("market/books-full", "public/time"), scope=_path),
    Limit("ip 20", 20, 2.0, weigh=_counts("market/ticker", "market/tickers", "public/instruments"), scope=_path),
    Limit("ip 40", 40, 2.0, weigh=_counts("market/books"), scope=_path),
)
"""Calls in two seconds by address and path, of V5's public endpoints; no others are known (2026-09)."""

_REST_V3 = Host(api="okj", exchange="OKJ", sign=sign, encode=json_body)
_REST_V5 = Host(api="okj", exchange="OKJ", sign=sign, encode=json_body, limits=LIMITS)
_WS_V5 = Host(
    api="okj",
    exchange="OKJ",
    login=session.login,
    needs_login=session.needs_login,
    request_ids=session.request_ids,
    ack=session.ack,
    undo=session.undo,
    split=session.split,
    beat=session.beat,
    channel_of=session.channel_of,
    time_of=session.time_of,
    farewell=session.farewell,
)
_WS_V3 = Host(
    api="okj",
    exchange="OKJ",
    login=legacy.login,
    needs_login=legacy.needs_login,
    request_ids=legacy.request_ids,
    ack=legacy.ack,
    undo=legacy.undo,
    split=legacy.split,
    beat=session.beat,
    dialect=DEFLATED,
    channel_of=legacy.channel_of,
    time_of=legacy.time_of,
    max_msg_size=1024 * 1024,
)

EXCHANGE = Exchange(
    name="okj",
    title="OKJ",
    apis={"okj": Api(("key", "secret", "passphrase"))},
    rest={"api.okj.com": _REST_V5, "www.okj.com": _REST_V3, "www.okcoin.jp": _REST_V3},
    ws={"ws.okj.com": _WS_V5, "connect.okj.com": _WS_V3, "connect.okcoin.jp": _WS_V3},
    stores=("OKJDataStore",),
    feeds={
        "books": Feed(
            url="wss://ws.okj.com:443/ws/v5/public",
            subscribe=lambda symbol: [{"op": "subscribe", "args": [{"channel": "books", "instId": symbol}]}],
            collection="OKJDataStore",
            book="books",
            symbol="BTC-JPY",
        ),
        "depth": Feed(
            url="wss://connect.okj.com:443/ws/v3",
            subscribe=lambda symbol: [{"op": "subscribe", "args": [f"spot/depth:{symbol}"]}],
            collection="OKJDataStore",
            book="books",
            symbol="BTC-JPY",
        ),
    },
    ping="https://api.okj.com/api/v5/public/time",
    docs="https://dev.okj.com/apidoc/v5/en/",
)
