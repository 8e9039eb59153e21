"""bitbank. Source: bitbankinc/bitbank-api-docs (2025-12-25) and a survey of the live stream (2026-09)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, LeaseRule, Limit
from rxbotters.wire import Request, json_body

from .session import DIALECT, beat, channel_of, greet, join, poll_url, refusal, time_of, token_of, undo
from .signing import sign

__all__ = ["EXCHANGE"]

_UPDATES = (
    "/v1/user/spot/order",
    "/v1/user/spot/cancel_order",
    "/v1/user/spot/cancel_orders",
    "/v1/user/request_withdrawal",
)


def _updates(request: Request) -> float:
    return float(request.method == "POST" and request.url.path in _UPDATES)


def _queries(request: Request) -> float:
    return float(request.url.path.startswith("/v1/user/")) - _updates(request)


LIMITS = (
    Limit("query", 10, 1.0, weigh=_queries, by_key=True),
    Limit("update", 6, 1.0, weigh=_updates, by_key=True),
)

EXCHANGE = Exchange(
    name="bitbank",
    title="bitbank",
    apis={"bitbank": Api()},
    rest={
        "api.bitbank.cc": Host(api="bitbank", exchange="bitbank", sign=sign, encode=json_body, limits=LIMITS),
        "public.bitbank.cc": Host(api="bitbank", exchange="bitbank public", encode=json_body),
        "ps.pndsn.com": Host(api="bitbank", exchange="bitbank PubNub", encode=json_body),
    },
    ws={
        "stream.bitbank.cc": Host(
            api="bitbank",
            exchange="bitbank",
            greet=greet,
            undo=undo,
            beat=beat,
            dialect=DIALECT,
            channel_of=channel_of,
            time_of=time_of,
        )
    },
    stores=("bitbankDataStore", "bitbankPrivateDataStore"),
    feeds={
        "depth": Feed(
            url="wss://stream.bitbank.cc/socket.io/?EIO=4&transport=websocket",
            subscribe=lambda pair: [join(f"depth_whole_{pair}"), join(f"depth_diff_{pair}")],
            collection="bitbankDataStore",
            book="depth",
            symbol="btc_jpy",
            handler="hdlr_str",
        )
    },
    leases={
        "private": LeaseRule(
            base="https://api.bitbank.cc",
            create=("GET", "/v1/user/subscribe"),
            every=11 * 3600.0,
            read=token_of,
            url=poll_url,
            refusal=refusal,
        )
    },
    ping="https://api.bitbank.cc/v1/spot/status",
    docs="https://github.com/bitbankinc/bitbank-api-docs",
)
