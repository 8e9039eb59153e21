"""Hyperliquid. Source: hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api (read 2026-08)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit, Sends
from rxbotters.wire import Dialect, json_body, loads

from .session import ack, beat, channel_of, is_noise, request_ids, time_of, undo, weight
from .signing import message_signer, request_signer

__all__ = ["EXCHANGE"]

_NETWORKS = {
    "api.hyperliquid.xyz": ("hyperliquid", "mainnet"),
    "api.hyperliquid-testnet.xyz": ("hyperliquid_testnet", "testnet"),
}


def _rest(api: str, environment: str) -> Host:
    return Host(
        api=api,
        exchange="Hyperliquid",
        environment=environment,
        sign=request_signer(mainnet=environment == "mainnet"),
        encode=json_body,
        limits=(Limit(f"weight {environment}", 1200, 60.0, weigh=weight),),
    )


def _ws(api: str, environment: str) -> Host:
    return Host(
        api=api,
        exchange="Hyperliquid",
        environment=environment,
        sign_message=message_signer(mainnet=environment == "mainnet"),
        request_ids=request_ids,
        ack=ack,
        undo=undo,
        beat=beat,
        sends=Sends(2000, 60.0, shared=True),
        dialect=Dialect(loads, is_noise),
        channel_of=channel_of,
        time_of=time_of,
    )


EXCHANGE = Exchange(
    name="hyperliquid",
    title="Hyperliquid",
    apis={api: Api(("key",)) for api, _ in _NETWORKS.values()},
    rest={host: _rest(*network) for host, network in _NETWORKS.items()},
    ws={host: _ws(*network) for host, network in _NETWORKS.items()},
    stores=("HyperliquidDataStore",),
    feeds={
        "l2Book": Feed(
            url="wss://api.hyperliquid.xyz/ws",
            subscribe=lambda symbol: [{"method": "subscribe", "subscription": {"type": "l2Book", "coin": symbol}}],
            collection="HyperliquidDataStore",
            book="l2Book",
            symbol="BTC",
        )
    },
    ping="https://api.hyperliquid.xyz/info",
    docs="https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api",
)
