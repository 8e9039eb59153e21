"""Phemex. Source: phemex-docs.github.io (2026-01)."""

from collections.abc import Sequence

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit
from rxbotters.wire import json_body

from .limits import LIMITS, TESTNET_LIMITS, VIP_LIMITS, WS_SENDS
from .session import ack, beat, channel_of, login, request_ids, time_of, undo
from .signing import sign

__all__ = ["EXCHANGE"]


def _rest(api: str, limits: Sequence[Limit], environment: str = "mainnet") -> Host:
    return Host(api=api, exchange="Phemex", environment=environment, sign=sign, encode=json_body, limits=limits)


def _ws(api: str, environment: str = "mainnet", *, logs_in: bool = True) -> Host:
    return Host(
        api=api,
        exchange="Phemex",
        environment=environment,
        login=login if logs_in else None,
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        beat=beat,
        sends=WS_SENDS,
        channel_of=channel_of,
        time_of=time_of,
    )


def _feed(method: str, symbol: str) -> Feed:
    return Feed(
        url="wss://ws.phemex.com",
        subscribe=lambda name: [{"id": 1, "method": method, "params": [name]}],
        collection="PhemexDataStore",
        book="orderbook",
        symbol=symbol,
    )


EXCHANGE = Exchange(
    name="phemex",
    title="Phemex",
    apis={"phemex": Api(), "phemex_testnet": Api()},
    rest={
        "api.phemex.com": _rest("phemex", LIMITS),
        "vapi.phemex.com": _rest("phemex", VIP_LIMITS),
        "testnet-api.phemex.com": _rest("phemex_testnet", TESTNET_LIMITS, "testnet"),
    },
    ws={
        "ws.phemex.com": _ws("phemex"),
        "phemex.com": _ws("phemex"),
        "vapi.phemex.com": _ws("phemex"),
        "api.phemex.com": _ws("phemex", logs_in=False),
        "testnet-api.phemex.com": _ws("phemex_testnet", "testnet"),
        "testnet.phemex.com": _ws("phemex_testnet", "testnet"),
    },
    stores=("PhemexDataStore",),
    feeds={
        "usdm": _feed("orderbook_p.subscribe", "BTCUSDT"),
        "coinm": _feed("orderbook.subscribe", "BTCUSD"),
        "spot": _feed("orderbook.subscribe", "sBTCUSDT"),
    },
    ping="https://api.phemex.com/public/time",
    docs="https://phemex-docs.github.io/",
)
