"""Binance: spot, USDⓈ-M, COIN-M and their WebSocket APIs. Source: developers.binance.com (2026-06)."""

from collections.abc import Sequence
from typing import Any

from rxbotters.descriptor import Api, Exchange, Feed, Host, LeaseRule, Limit, Sends

from .limits import FUTURES, PORTFOLIO, SPOT
from .session import ack, channel_of, farewell, refusal, request_ids, split, time_of, undo
from .signing import sign, sign_message

__all__ = ["EXCHANGE"]

_MAX_AGE = 23.5 * 3600  # seconds; connections are cut after 24 hours


def _rest(api: str, exchange: str, limits: Sequence[Limit], environment: str = "mainnet", *, keys: bool = True) -> Host:
    return Host(api=api, exchange=exchange, environment=environment, sign=sign if keys else None, limits=limits)


def _ws(api: str, environment: str = "mainnet", sends: Sends | None = None, *, signs: bool = False) -> Host:
    return Host(
        api=api,
        exchange="Binance",
        environment=environment,
        sign_message=sign_message if signs else None,
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        split=split,
        sends=sends,
        channel_of=channel_of,
        time_of=time_of,
        farewell=farewell,
        close_rules={1008: "slow"},  # too many messages, or a pong that came too late: not the keys' fault
        max_age=_MAX_AGE,
    )


_SPOT_SENDS = Sends(1, 0.25)  # 5 frames a second are allowed, pings and pongs included: as even as this, and below it
_FUTURES_SENDS = Sends(1, 0.125)  # of 10

_SPOT = _rest("binance", "Binance", SPOT)
_FUTURES = _rest("binance", "Binance futures", FUTURES)
_SPOT_TESTNET = _rest("binancespot_testnet", "Binance spot testnet", SPOT, "testnet")
_FUTURES_TESTNET = _rest("binancefuture_testnet", "Binance futures testnet", FUTURES, "testnet")
_FUTURES_DEMO = _rest("binance_demo", "Binance futures demo", FUTURES, "demo")

_SPOT_WS = _ws("binance", sends=_SPOT_SENDS)
_FUTURES_WS = _ws("binance", sends=_FUTURES_SENDS)
_FUTURES_TESTNET_WS = _ws("binancefuture_testnet", "testnet", _FUTURES_SENDS)
_FUTURES_DEMO_WS = _ws("binance_demo", "demo", _FUTURES_SENDS)
_OPTIONS_TESTNET_WS = _ws("binance", "testnet", _FUTURES_SENDS)
_WS_API = _ws("binance", signs=True)


def _lease(base: str, path: str, url: str) -> LeaseRule:
    """A listen key: it lives for 60 minutes after the last POST or PUT, one for each account and product."""
    return LeaseRule(
        base=base,
        create=("POST", path),
        renew=("PUT", path),
        every=1800.0,
        read=lambda body: body["listenKey"],
        url=lambda body, fresh: url + body["listenKey"],
        refusal=refusal,
    )


def _subscribe(symbol: str) -> Sequence[Any]:
    return [{"method": "SUBSCRIBE", "params": [f"{symbol.lower()}@depth@100ms"], "id": 1}]


def _feed(url: str, collection: str, symbol: str) -> Feed:
    return Feed(url=url, subscribe=_subscribe, book="orderbook", symbol=symbol, collection=collection)


EXCHANGE = Exchange(
    name="binance",
    title="Binance",
    apis={name: Api() for name in ("binance", "binancespot_testnet", "binancefuture_testnet", "binance_demo")},
    rest={
        "api.binance.com": _SPOT,
        "api-gcp.binance.com": _SPOT,
        **{f"api{number}.binance.com": _SPOT for number in (1, 2, 3, 4)},
        "data-api.binance.vision": _rest("binance", "Binance", SPOT, keys=False),
        "fapi.binance.com": _FUTURES,
        "dapi.binance.com": _FUTURES,
        "papi.binance.com": _rest("binance", "Binance portfolio margin", PORTFOLIO),
        "testnet.binance.vision": _SPOT_TESTNET,
        "api1.testnet.binance.vision": _SPOT_TESTNET,
        "testnet.binancefuture.com": _FUTURES_TESTNET,
        "demo-api.binance.com": _rest("binance_demo", "Binance spot demo", SPOT, "demo"),
        "demo-fapi.binance.com": _FUTURES_DEMO,
        "demo-dapi.binance.com": _FUTURES_DEMO,
    },
    ws={
        "stream.binance.com": _SPOT_WS,
        "data-stream.binance.vision": _SPOT_WS,
        "fstream.binance.com": _FUTURES_WS,
        "fstream-mm.binance.com": _FUTURES_WS,
        "dstream.binance.com": _FUTURES_WS,
        "dstream-auth.binance.com": _FUTURES_WS,
        "vstream.binance.com": _FUTURES_WS,
        "ws-api.binance.com": _WS_API,
        "ws-fapi.binance.com": _WS_API,
        "ws-dapi.binance.com": _WS_API,
        "stream.testnet.binance.vision": _ws("binancespot_testnet", "testnet", _SPOT_SENDS),
        "ws-api.testnet.binance.vision": _ws("binancespot_testnet", "testnet", signs=True),
        "testnet.binance.vision": _ws("binancespot_testnet", "testnet", _SPOT_SENDS, signs=True),
        "fstream.binancefuture.com": _FUTURES_TESTNET_WS,
        "stream.binancefuture.com": _FUTURES_TESTNET_WS,
        "dstream.binancefuture.com": _FUTURES_TESTNET_WS,
        "testnet.binancefuture.com": _ws("binancefuture_testnet", "testnet", signs=True),
        "testnet.binanceops.com": _OPTIONS_TESTNET_WS,
        "testnetws.binanceops.com": _OPTIONS_TESTNET_WS,
        "demo-stream.binance.com": _ws("binance_demo", "demo", _SPOT_SENDS),
        "demo-ws-api.binance.com": _ws("binance_demo", "demo", signs=True),
        "demo-fstream.binance.com": _FUTURES_DEMO_WS,
        "demo-dstream.binance.com": _FUTURES_DEMO_WS,
    },
    stores=("BinanceSpotDataStore", "BinanceUSDSMDataStore", "BinanceCOINMDataStore"),
    feeds={
        "spot": _feed("wss://stream.binance.com:9443/stream", "BinanceSpotDataStore", "BTCUSDT"),
        "usdm": _feed("wss://fstream.binance.com/public/stream", "BinanceUSDSMDataStore", "BTCUSDT"),
        "coinm": _feed("wss://dstream.binance.com/stream", "BinanceCOINMDataStore", "BTCUSD_PERP"),
    },
    leases={
        "usdm": _lease("https://fapi.binance.com", "/fapi/v1/listenKey", "wss://fstream.binance.com/private/ws/"),
        "coinm": _lease("https://dapi.binance.com", "/dapi/v1/listenKey", "wss://dstream.binance.com/ws/"),
    },
    ping="https://api.binance.com/api/v3/ping",
    docs="https://developers.binance.com/docs",
)
