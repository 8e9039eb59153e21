"""OKX, API V5. Source: okx.com/docs-v5 (read 2026-07)."""

from collections.abc import Mapping

from rxbotters.descriptor import Api, CloseRule, Exchange, Feed, Host
from rxbotters.wire import json_body

from .limits import LIMITS
from .session import (
    ack,
    beat,
    channel_of,
    farewell,
    login,
    needs_login,
    request_ids,
    split,
    time_of,
    undo,
)
from .signing import DEMO, sign

__all__ = ["EXCHANGE"]

_FIELDS = ("key", "secret", "passphrase")
_CLOSE_RULES: Mapping[int, CloseRule] = {
    1009: "slow",  # the request was too long
    4001: "slow",  # login failed
    4002: "slow",  # invalid request
    4003: "slow",  # too many accounts
    4008: "slow",  # too many channels
    4009: "slow",  # too many channels on this connection
}
"""Closes that the same requests would bring again; 4004 (silence), 4005 (slow reader), 4006 and 4007 (key changed) are
dialled again at once. Source: okx.com/docs-v5, "Error Code", "Close Frame" (2026-07)."""


def _api_of(headers: Mapping[str, str]) -> str:
    return "okx_demo" if headers.get(DEMO) == "1" else "okx"


_REST = Host(api="okx", api_of=_api_of, exchange="OKX", sign=sign, encode=json_body, limits=LIMITS)


def _ws(api: str, environment: str) -> Host:
    return Host(
        api=api,
        exchange="OKX",
        environment=environment,
        login=login,
        needs_login=needs_login,
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        split=split,
        beat=beat,
        channel_of=channel_of,
        time_of=time_of,
        farewell=farewell,
        close_rules=_CLOSE_RULES,
    )


EXCHANGE = Exchange(
    name="okx",
    title="OKX",
    apis={"okx": Api(_FIELDS), "okx_demo": Api(_FIELDS)},
    rest={f"{name}.okx.com": _REST for name in ("www", "aws", "openapi", "eea", "us")},
    ws={
        **{f"{name}.okx.com": _ws("okx", "mainnet") for name in ("ws", "wsaws", "wseea", "wsus")},
        **{f"{name}.okx.com": _ws("okx_demo", "demo") for name in ("wspap", "wseeapap", "wsuspap")},
    },
    stores=("OKXDataStore",),
    feeds={
        "books": Feed(
            url="wss://ws.okx.com:8443/ws/v5/public",
            subscribe=lambda symbol: [{"op": "subscribe", "args": [{"channel": "books", "instId": symbol}]}],
            collection="OKXDataStore",
            book="books",
            symbol="BTC-USDT",
        ),
        "bbo": Feed(
            url="wss://ws.okx.com:8443/ws/v5/public",
            subscribe=lambda symbol: [{"op": "subscribe", "args": [{"channel": "bbo-tbt", "instId": symbol}]}],
            collection="OKXDataStore",
            book="bbo-tbt",
            symbol="BTC-USDT",
        ),
    },
    ping="https://www.okx.com/api/v5/public/time",
    docs="https://www.okx.com/docs-v5/en/",
)
