"""KuCoin, spot, margin and futures. Source: kucoin.com/docs-new and its machine-readable description (2025-11)."""

from rxbotters.descriptor import Api, Exchange, Feed, Host, Sends

from .limits import FUTURES_LIMITS, SPOT_LIMITS, compact
from .session import ack, beat, channel_of, farewell, greet, request_ids, split, time_of, undo
from .signing import sign
from .tokens import LEASES, WS_HOSTS

__all__ = ["EXCHANGE"]

_SOCKET = Host(
    api="kucoin",
    exchange="KuCoin",
    greet=greet,
    request_ids=request_ids,
    ack=ack,
    undo=undo,
    split=split,
    beat=beat,
    sends=Sends(100, 10.0),
    channel_of=channel_of,
    time_of=time_of,
    farewell=farewell,
    max_age=23.5 * 3600,  # a connection is expected to be cut after 24 hours
)


def _book(topic: str, lease: str, host: str, symbol: str) -> Feed:
    return Feed(
        url=f"wss://{host}/",
        subscribe=lambda symbol: [
            {"id": 1, "type": "subscribe", "topic": f"{topic}:{symbol}", "privateChannel": False, "response": True}
        ],
        book="orderbook50",
        symbol=symbol,
        collection="KuCoinDataStore",
        lease=f"kucoin.{lease}",
    )


EXCHANGE = Exchange(
    name="kucoin",
    title="KuCoin",
    apis={"kucoin": Api(("key", "secret", "passphrase"))},
    rest={
        "api.kucoin.com": Host(api="kucoin", exchange="KuCoin", sign=sign, encode=compact, limits=SPOT_LIMITS),
        "api-futures.kucoin.com": Host(
            api="kucoin", exchange="KuCoin", sign=sign, encode=compact, limits=FUTURES_LIMITS
        ),
    },
    ws=dict.fromkeys(WS_HOSTS, _SOCKET),
    stores=("KuCoinDataStore",),
    feeds={
        "spot": _book("/spotMarket/level2Depth50", "public", WS_HOSTS[0], "BTC-USDT"),
        "futures": _book("/contractMarket/level2Depth50", "futures-public", WS_HOSTS[1], "XBTUSDTM"),
    },
    leases=LEASES,
    ping="https://api.kucoin.com/api/v1/timestamp",
    docs="https://www.kucoin.com/docs-new",
)
