"""bitFlyer Lightning. Source: lightning.bitflyer.com/docs and bf-lightning-api.readme.io (read 2026-08)."""

from rxbotters.descriptor import Api, Exchange, Host
from rxbotters.wire import json_body

from .session import ack, login, request_id
from .signing import sign

__all__ = ["EXCHANGE"]

EXCHANGE = Exchange(
    name="bitflyer",
    apis={"bitflyer": Api(("key", "secret"))},
    rest={"api.bitflyer.com": Host(api="bitflyer", exchange="bitFlyer", sign=sign, encode=json_body)},
    ws={
        "ws.lightstream.bitflyer.com": Host(
            api="bitflyer", exchange="bitFlyer", login=login, request_id=request_id, ack=ack
        )
    },
    stores="bitFlyerDataStore",
    docs="https://lightning.bitflyer.com/docs",
)
