"""OKJ's V5 sessions: those of OKX, whose platform it runs, but for what is here. Source: dev.okj.com/apidoc/v5/en (2026-09)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Beat, Credentials, LoginScript
from rxbotters.exchanges.okx.session import (
    ack,
    ask_for_login,
    channel_of,
    farewell,
    is_private,
    judge_login,
    request_ids,
    split,
    subscriptions,
    time_of,
    undo,
)

from .signing import login_sign

__all__ = [
    "ack",
    "beat",
    "channel_of",
    "farewell",
    "login",
    "needs_login",
    "request_ids",
    "split",
    "subscriptions",
    "time_of",
    "undo",
]

_LATER = frozenset({"50011", "50013", "60014", "63999"})
"""Refusals of a login that say: not now."""

_OPEN = ("candle", "trades-all")


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    """Log in: one ``login`` request, answered by ``login`` or ``error``; what else arrives meanwhile is not ours.

    Raises:
        LoginRefused: With the exchange's own words, without what they repeat of our request.
        SessionError: The exchange could not do it now; the connection is dialled again.

    Source:
        okcoinjapan/V5-Open-API-SDK, ``ws_utils.py``: ``timestamp`` is a number (2026).
    """
    signature = login_sign(creds, str(stamp.seconds))
    passphrase = creds.passphrase.reveal()
    arg = {"apiKey": creds.key, "passphrase": passphrase, "timestamp": stamp.seconds, "sign": signature}
    answer = yield from ask_for_login([arg])
    judge_login("OKJ", answer, (creds.key, passphrase, signature), _LATER)


def needs_login(messages: Sequence[Any], url: URL) -> bool:
    """Whether these subscriptions need a login: on public urls only the books of VIPs do (2026-09)."""
    return is_private(messages, url, _OPEN)


def beat(url: URL) -> Beat:
    """Say ``ping`` every 15 seconds; the exchange cuts what is silent for 30 seconds, with code 4004 (2026-09)."""
    return Beat(every=15.0, silence=30.0)
