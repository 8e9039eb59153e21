"""Bitget: V2, the retired V1, and what V3 (unified accounts) shares with them. Source: bitget.com/api-doc (2025-10)."""

from collections.abc import Mapping

from rxbotters.descriptor import Api, Exchange, Feed, Host, Sends
from rxbotters.wire import json_body

from .limits import LIMITS
from .session import ack, beat, channel_of, login, request_ids, split, time_of, undo
from .signing import DEMO, DEMO_API, sign

__all__ = ["EXCHANGE"]

_FIELDS = ("key", "secret", "passphrase")


def _api_of(headers: Mapping[str, str]) -> str:
    return DEMO_API if headers.get(DEMO) == "1" else "bitget"


def _ws(api: str, environment: str) -> Host:
    return Host(
        api=api,
        exchange="Bitget",
        environment=environment,
        login=login,
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        split=split,
        beat=beat,
        sends=Sends(10, 1.0),
        channel_of=channel_of,
        time_of=time_of,
        max_age=23.5 * 3600.0,
    )


def _feed(market: str) -> Feed:
    return Feed(
        url="wss://ws.bitget.com/v2/ws/public",
        subscribe=lambda symbol: [
            {"op": "subscribe", "args": [{"instType": market, "channel": "books", "instId": symbol}]}
        ],
        collection="BitgetV2DataStore",
        book="book",
        symbol="BTCUSDT",
        instrument=lambda symbol: (market, symbol),
    )


EXCHANGE = Exchange(
    name="bitget",
    title="Bitget",
    apis={"bitget": Api(_FIELDS), DEMO_API: Api(_FIELDS)},
    rest={
        "api.bitget.com": Host(
            api="bitget", api_of=_api_of, exchange="Bitget", sign=sign, encode=json_body, limits=LIMITS
        )
    },
    ws={"ws.bitget.com": _ws("bitget", "mainnet"), "wspap.bitget.com": _ws(DEMO_API, "demo")},
    stores=("BitgetV2DataStore", "BitgetDataStore"),
    feeds={"futures": _feed("USDT-FUTURES"), "spot": _feed("SPOT")},
    ping="https://api.bitget.com/api/v2/public/time",
    docs="https://www.bitget.com/api-doc/common/intro",
)
