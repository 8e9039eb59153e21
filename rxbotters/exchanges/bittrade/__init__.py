"""BitTrade, formerly Huobi Japan. Source: api-doc.bittrade.co.jp, BitTrade-Inc/BitTrade-api-docs (2024-04)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Sends
from rxbotters.wire import json_body

from . import session
from .frames import GZIPPED
from .limits import LIMITS
from .signing import sign

__all__ = ["EXCHANGE"]

_HOST = "api-cloud.bittrade.co.jp"

EXCHANGE = Exchange(
    name="bittrade",
    title="BitTrade",
    apis={"bittrade": Api()},
    rest={_HOST: Host(api="bittrade", exchange="BitTrade", sign=sign, encode=json_body, limits=LIMITS)},
    ws={
        _HOST: Host(
            api="bittrade",
            exchange="BitTrade",
            login=session.login,
            request_ids=session.request_ids,
            ack=session.ack,
            undo=session.undo,
            split=session.split,
            beat=session.beat,
            sends=Sends(45, 1.0, shared=True),  # of 50 connections and requests a second together
            dialect=GZIPPED,
            channel_of=session.channel_of,
            time_of=session.time_of,
            max_msg_size=1024 * 1024,
        )
    },
    stores=("BitTradeDataStore",),
    feeds={
        "depth": Feed(
            url=f"wss://{_HOST}/ws",
            subscribe=lambda symbol: [{"sub": f"market.{symbol}.depth.step0", "id": f"market.{symbol}.depth.step0"}],
            book="depth",
            symbol="btcjpy",
            collection="BitTradeDataStore",
        )
    },
    ping=f"https://{_HOST}/v1/common/timestamp",
    docs="https://api-doc.bittrade.co.jp/",
)
