"""bitFlyer Lightning. Source: lightning.bitflyer.com/docs and bf-lightning-api.readme.io (read 2026-08)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit
from rxbotters.wire import json_body

from .session import ack, channel_of, login, request_ids, time_of, undo
from .signing import sign

__all__ = ["EXCHANGE"]

_ORDERS = ("/v1/me/sendchildorder", "/v1/me/sendparentorder", "/v1/me/cancelallchildorders")

LIMITS = (
    Limit("ip", 500, 300.0),
    Limit("private", 500, 300.0, weigh=lambda request: float("/me/" in request.url.path), by_key=True),
    Limit("orders", 300, 300.0, weigh=lambda request: float(request.url.path in _ORDERS), by_key=True),
)

EXCHANGE = Exchange(
    name="bitflyer",
    title="bitFlyer",
    apis={"bitflyer": Api(("key", "secret"))},
    rest={"api.bitflyer.com": Host(api="bitflyer", exchange="bitFlyer", sign=sign, encode=json_body, limits=LIMITS)},
    ws={
        "ws.lightstream.bitflyer.com": Host(
            api="bitflyer",
            exchange="bitFlyer",
            login=login,
            request_ids=request_ids,
            ack=ack,
            undo=undo,
            channel_of=channel_of,
            time_of=time_of,
        )
    },
    stores=("bitFlyerDataStore",),
    feeds={
        "board": Feed(
            url="wss://ws.lightstream.bitflyer.com/json-rpc",
            subscribe=lambda symbol: [
                {"method": "subscribe", "params": {"channel": f"{prefix}{symbol}"}, "id": number}
                for number, prefix in enumerate(("lightning_board_snapshot_", "lightning_board_"), 1)
            ],
            collection="bitFlyerDataStore",
            book="board",
            symbol="FX_BTC_JPY",
        )
    },
    ping="https://api.bitflyer.com/v1/gethealth",
    docs="https://lightning.bitflyer.com/docs",
)
