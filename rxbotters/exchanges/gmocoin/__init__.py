"""GMO Coin, spot and leverage. Source: api.coin.z.com/docs and its English mirror (2025-11)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Limit, Sends
from rxbotters.wire import Request, json_body

from .session import LEASES, channel_of, farewell, time_of, undo
from .signing import sign

__all__ = ["EXCHANGE"]


def _is(get: bool, request: Request) -> float:
    private = request.url.path.startswith("/private/")
    return float(private and (request.method == "GET") is get)


LIMITS = (
    Limit("get", 20, 1.0, weigh=lambda request: _is(True, request), by_key=True),
    Limit("post", 20, 1.0, weigh=lambda request: _is(False, request), by_key=True),
)

EXCHANGE = Exchange(
    name="gmocoin",
    title="GMO Coin",
    apis={"gmocoin": Api(("key", "secret"))},
    rest={"api.coin.z.com": Host(api="gmocoin", exchange="GMO Coin", sign=sign, encode=json_body, limits=LIMITS)},
    ws={
        "api.coin.z.com": Host(
            api="gmocoin",
            exchange="GMO Coin",
            undo=undo,
            sends=Sends(1, 1.1, shared=True),  # one command a second for each address; public and private alike
            channel_of=channel_of,
            time_of=time_of,
            farewell=farewell,
        )
    },
    stores=("GMOCoinDataStore",),
    feeds={
        "orderbooks": Feed(
            url="wss://api.coin.z.com/ws/public/v1",
            subscribe=lambda symbol: [{"command": "subscribe", "channel": "orderbooks", "symbol": symbol}],
            book="orderbooks",
            symbol="BTC_JPY",
            collection="GMOCoinDataStore",
        )
    },
    leases=LEASES,
    ping="https://api.coin.z.com/public/v1/status",
    docs="https://api.coin.z.com/docs/",
)
