"""BitMEX. Source: bitmex.com/app/apiOverview, /app/wsAPI, /app/restAPI (read 2026-08)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit

from .session import (
    PER_MINUTE,
    PER_SECOND,
    ack,
    beat,
    channel_of,
    is_order,
    login,
    request_ids,
    split,
    time_of,
    undo,
    used,
    used_1s,
)
from .signing import encode, sign

__all__ = ["EXCHANGE"]


def _rest(api: str, environment: str) -> Host:
    return Host(
        api=api,
        exchange="BitMEX",
        environment=environment,
        sign=sign,
        encode=encode,
        limits=(
            Limit(f"minute {environment}", PER_MINUTE, 60.0, by_key=True, used=used),
            Limit(
                f"orders {environment}",
                PER_SECOND,
                1.0,
                weigh=lambda request: float(is_order(request)),
                by_key=True,
                used=used_1s,
            ),
        ),
    )


def _ws(api: str, environment: str) -> Host:
    return Host(
        api=api,
        exchange="BitMEX",
        environment=environment,
        login=login,
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        split=split,
        beat=beat,
        channel_of=channel_of,
        time_of=time_of,
    )


EXCHANGE = Exchange(
    name="bitmex",
    title="BitMEX",
    apis={"bitmex": Api(), "bitmex_testnet": Api()},
    rest={
        "www.bitmex.com": _rest("bitmex", "mainnet"),
        "testnet.bitmex.com": _rest("bitmex_testnet", "testnet"),
    },
    ws={
        "ws.bitmex.com": _ws("bitmex", "mainnet"),
        "www.bitmex.com": _ws("bitmex", "mainnet"),
        "ws.testnet.bitmex.com": _ws("bitmex_testnet", "testnet"),
        "testnet.bitmex.com": _ws("bitmex_testnet", "testnet"),
    },
    stores=("BitMEXDataStore",),
    feeds={
        "orderBookL2_25": Feed(
            url="wss://ws.bitmex.com/realtime",
            subscribe=lambda symbol: [{"op": "subscribe", "args": [f"orderBookL2_25:{symbol}"]}],
            collection="BitMEXDataStore",
            book="orderBookL2",
            symbol="XBTUSD",
        )
    },
    ping="https://www.bitmex.com/api/v1",
    docs="https://www.bitmex.com/app/apiOverview",
)
