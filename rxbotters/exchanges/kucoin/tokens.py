"""KuCoin's tokens: a "bullet" answer, and the WebSocket url that is made of it.

Source: kucoin.com/docs-new/websocket-api/base-info/introduction (2025-11): a token lives 24 hours, and is asked for on
the host of its product.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote

from yarl import URL

from rxbotters.descriptor import LeaseRule
from rxbotters.wire import fields

__all__ = ["LEASES", "PING_S", "WS_HOSTS", "refusal", "token_of", "url_of"]

WS_HOSTS = ("ws-api-spot.kucoin.com", "ws-api-futures.kucoin.com")
PING_S = 15.0
"""Seconds between two heartbeats; every server seen so far allows 18."""
_DAY = 24 * 3600.0


def refusal(body: Any) -> str | None:
    """Return KuCoin's error text if ``body`` is an error: they come with HTTP 200 too."""
    answer = fields(body)
    if "code" in answer and answer["code"] != "200000":
        return f"{answer.get('msg', 'no reason given')} (code {answer['code']})"
    return None


def token_of(answer: Any) -> str:
    """Return the token of a bullet answer.

    Raises:
        KeyError, TypeError, IndexError: It holds none, or no server to take it to.
    """
    token = answer["data"]["token"]
    server = _server(answer)
    if not isinstance(token, str) or not isinstance(server["endpoint"], str):
        raise TypeError("a token and an endpoint must be texts")
    return token


def url_of(answer: Any, connect_id: str) -> str:
    """Return the url to dial: the first server of a known host, else the first.

    A server that wants heartbeats more often than usual is noted in the fragment, which is never sent:
    ``#ping=9000`` for one in nine seconds.
    """
    server = _server(answer)
    token = quote(token_of(answer), safe="=-_.~")
    interval = server.get("pingInterval")
    hasty = isinstance(interval, int) and 0 < interval < PING_S * 1200
    return (
        f"{server['endpoint']}?token={token}&acceptUserMessage=true&connectId={connect_id}"
        f"{f'#ping={interval}' if hasty else ''}"
    )


def _server(answer: Any) -> Mapping[str, Any]:
    servers = answer["data"]["instanceServers"]
    known = [server for server in servers if URL(server["endpoint"]).host in WS_HOSTS]
    return cast("Mapping[str, Any]", known[0] if known else servers[0])


def _lease(base: str, kind: str) -> LeaseRule:
    return LeaseRule(
        base=base,
        create=("POST", f"/api/v1/bullet-{kind}"),
        every=_DAY - 3600.0,
        once=True,
        read=token_of,
        url=url_of,
        auth=kind == "private",
        refusal=refusal,
    )


LEASES = {
    "public": _lease("https://api.kucoin.com", "public"),
    "private": _lease("https://api.kucoin.com", "private"),
    "futures-public": _lease("https://api-futures.kucoin.com", "public"),
    "futures-private": _lease("https://api-futures.kucoin.com", "private"),
}
