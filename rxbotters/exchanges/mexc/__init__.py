"""MEXC, spot and futures. Source: mexc.com/api-docs, spot v3 and futures (2026-04)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Sends

from . import session, streams
from .frames import PUSHES
from .limits import LIMITS
from .signing import encode_of, sign

__all__ = ["EXCHANGE"]

_REST = Host(api="mexc", exchange="MEXC", sign=sign, encode_of=encode_of, limits=LIMITS)

_FUTURES = Host(
    api="mexc",
    exchange="MEXC",
    login=session.login,
    request_ids=session.request_ids,
    ack=session.ack,
    undo=session.undo,
    beat=session.beat,
    channel_of=session.channel_of,
    time_of=session.time_of,
)

_SPOT = Host(
    api="mexc",
    exchange="MEXC",
    request_ids=streams.request_ids,
    ack=streams.ack,
    undo=streams.undo,
    split=streams.split,
    beat=streams.beat,
    sends=Sends(90, 1.0),  # beyond 100 a second the connection is cut
    dialect=PUSHES,
    channel_of=streams.channel_of,
    time_of=streams.time_of,
    max_age=23.5 * 3600,  # a connection is valid for 24 hours
    max_msg_size=4 * 1024 * 1024,
)

EXCHANGE = Exchange(
    name="mexc",
    title="MEXC",
    apis={"mexc": Api()},
    rest={"api.mexc.com": _REST, "contract.mexc.com": _REST, "www.mexc.com": _REST},
    ws={"wbs-api.mexc.com": _SPOT, "wbs.mexc.com": _SPOT, "contract.mexc.com": _FUTURES},
    stores=("MEXCFuturesDataStore", "MEXCSpotDataStore"),
    feeds={
        "futures": Feed(
            url="wss://contract.mexc.com/edge",
            subscribe=lambda symbol: [{"method": "sub.depth", "param": {"symbol": symbol}}],
            book="depth",
            symbol="BTC_USDT",
            collection="MEXCFuturesDataStore",
        ),
        "spot": Feed(
            url="wss://wbs-api.mexc.com/ws",
            subscribe=lambda symbol: [{"method": "SUBSCRIPTION", "params": [f"{streams.DEPTH}@100ms@{symbol}"]}],
            book="depth",
            symbol="BTCUSDT",
            collection="MEXCSpotDataStore",
        ),
    },
    leases={"spot": streams.SPOT_LEASE},
    ping="https://api.mexc.com/api/v3/ping",
    docs="https://www.mexc.com/api-docs",
)
