"""Bybit API V5. Source: bybit-exchange.github.io/docs/v5 (2026-07)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit
from rxbotters.wire import json_body

from .session import (
    ack,
    beat,
    channel_of,
    farewell,
    login,
    request_ids,
    sign_message,
    split,
    time_of,
    undo,
)
from .signing import sign

__all__ = ["EXCHANGE"]

LIMITS = (Limit("ip", 600, 5.0),)
"""By address. Each key has limits by endpoint too, told in ``X-Bapi-Limit`` headers, and by code 10006 when exceeded."""

_REGIONS = (  # an account trades on the hosts of the region it was opened in
    "bybit.nl",
    "bybit.tr",
    "bybit.kz",
    "bybit.ae",
    "bybit.eu",
    "bybit.id",
    "bybitgeorgia.ge",
    "manepa.jp",
    "spark-fintech.com",
)
_STREAMING = ("bybit.tr", "bybit.kz", "bybit.id", "bybit.eu", "bybitgeorgia.ge", "manepa.jp")


def _rest(api: str, environment: str = "mainnet") -> Host:
    return Host(api=api, exchange="Bybit", environment=environment, sign=sign, encode=json_body, limits=LIMITS)


def _ws(api: str, environment: str = "mainnet") -> Host:
    return Host(
        api=api,
        exchange="Bybit",
        environment=environment,
        login=login,
        sign_message=sign_message,
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        split=split,
        beat=beat,
        channel_of=channel_of,
        time_of=time_of,
        farewell=farewell,
    )


def _feed(category: str, depth: int, symbol: str) -> Feed:
    return Feed(
        url=f"wss://stream.bybit.com/v5/public/{category}",
        subscribe=lambda name: [{"op": "subscribe", "args": [f"orderbook.{depth}.{name}"]}],
        collection="BybitDataStore",
        book="orderbook",
        symbol=symbol,
    )


EXCHANGE = Exchange(
    name="bybit",
    title="Bybit",
    apis={"bybit": Api(), "bybit_demo": Api(), "bybit_testnet": Api()},
    rest={
        "api.bybit.com": _rest("bybit"),
        "api.bytick.com": _rest("bybit"),
        **{f"api.{region}": _rest("bybit") for region in _REGIONS},
        "api-demo.bybit.com": _rest("bybit_demo", "demo"),
        "api-testnet.bybit.com": _rest("bybit_testnet", "testnet"),
        "api-testnet.manepa.jp": _rest("bybit_testnet", "testnet"),
    },
    ws={
        "stream.bybit.com": _ws("bybit"),
        "stream.bytick.com": _ws("bybit"),
        **{f"stream.{region}": _ws("bybit") for region in _STREAMING},
        "stream-demo.bybit.com": _ws("bybit_demo", "demo"),
        "stream-testnet.bybit.com": _ws("bybit_testnet", "testnet"),
    },
    stores=("BybitDataStore",),
    feeds={
        "linear": _feed("linear", 50, "BTCUSDT"),
        "spot": _feed("spot", 50, "BTCUSDT"),
        "inverse": _feed("inverse", 50, "BTCUSD"),
    },
    ping="https://api.bybit.com/v5/market/time",
    docs="https://bybit-exchange.github.io/docs/v5/intro",
)
