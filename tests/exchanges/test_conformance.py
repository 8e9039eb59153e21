"""The same questions to every exchange of the index: `rxbotters.testing.conformance`.

A new exchange is asked as soon as it is in the index. Its messages are those of ``tests/exchanges/<name>/data``, its
requests the ``CALLS`` of its ``test_against_pybotters``; how it answers a login stands here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from rxbotters.exchanges import NAMES, collection, exchange_of
from rxbotters.record import Record, read_records
from rxbotters.testing import conformance
from rxbotters.testing.conformance import LoginAnswers, Question
from rxbotters.wire import loads
from tests.exchanges.common import calls

HERE = Path(__file__).parent
MOST = 2000
RANDOM = "no_message_breaks_a_collection"

UNSIGNED = {
    "binance": {"data-api.binance.vision": "market data only"},
    "bitbank": {"public.bitbank.cc": "market data only", "ps.pndsn.com": "PubNub: the token stands in the query"},
}


def echoed(sent: Any, **answer: Any) -> dict[str, Any]:
    """An answer that repeats the request."""
    return {**answer, "request": loads(sent[0])}


OKX_LIKE = {
    "yes": {"event": "login", "code": "0", "msg": ""},
    "no": {"event": "error", "code": "60009", "msg": "Login failed."},
}
LOGINS = {
    "bitflyer": [
        LoginAnswers(
            "wss://ws.lightstream.bitflyer.com/json-rpc",
            yes={"jsonrpc": "2.0", "id": "auth", "result": True},
            no={"jsonrpc": "2.0", "id": "auth", "error": {"code": -32001, "message": "Invalid credentials"}},
        )
    ],
    "bitget": [LoginAnswers("wss://ws.bitget.com/v2/ws/private", **OKX_LIKE)],
    "bitmex": [
        LoginAnswers(
            "wss://ws.bitmex.com/realtime",
            yes=lambda sent: echoed(sent, success=True),
            no=lambda sent: echoed(sent, status=401, error="Signature not valid."),
        )
    ],
    "bittrade": [
        LoginAnswers(
            "wss://api-cloud.bittrade.co.jp/ws/v2",
            yes={"action": "req", "code": 200, "ch": "auth", "data": {}},
            no={"action": "req", "code": 2002, "ch": "auth", "message": "auth.fail"},
        )
    ],
    "bybit": [
        LoginAnswers(
            "wss://stream.bybit.com/v5/private",
            yes={"op": "auth", "success": True, "ret_msg": "", "conn_id": "x"},
            no={"op": "auth", "success": False, "ret_msg": "error:request expired"},
        )
    ],
    "coincheck": [
        LoginAnswers(
            "wss://stream.coincheck.com/",
            yes={"success": True},
            no={"success": False, "error": "invalid authentication"},
        )
    ],
    "mexc": [
        LoginAnswers(
            "wss://contract.mexc.com/edge",
            yes={"channel": "rs.login", "data": "success", "ts": 1},
            no={"channel": "rs.error", "data": "Sign error", "ts": 1},
        )
    ],
    "okj": [
        LoginAnswers("wss://ws.okj.com:443/ws/v5/private", **OKX_LIKE),
        LoginAnswers(
            "wss://connect.okj.com:443/ws/v3",
            yes={"event": "login", "success": True},
            no={"event": "error", "message": "Invalid sign", "errorCode": 30013},
        ),
    ],
    "okx": [LoginAnswers("wss://ws.okx.com:8443/ws/v5/private", **OKX_LIKE)],
    "phemex": [
        LoginAnswers(
            "wss://ws.phemex.com/",
            yes=lambda sent: {"id": loads(sent[0])["id"], "error": None, "result": {"status": "success"}},
            no=lambda sent: {"id": loads(sent[0])["id"], "error": {"code": 6012, "message": "invalid login"}},
        )
    ],
}


def recorded(name: str) -> Iterator[Record]:
    """The beginning of each recording of an exchange."""
    paths = sorted((HERE / name / "data").glob("*.jsonl*"))
    for path in paths:
        yield from islice(read_records(path), MOST // len(paths))


@cache
def asked_of(name: str, examples: int = 50) -> list[Question]:
    exchange = exchange_of(name)
    return conformance.questions(
        exchange,
        collections=[collection(cls) for cls in exchange.stores],
        messages=recorded(name),
        requests=calls(name),
        logins=LOGINS.get(name, ()),
        unsigned=UNSIGNED.get(name),
        examples=examples,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("question", conformance.QUESTIONS)
def test_every_exchange_has_the_answer(name: str, question: str) -> None:
    """Any JSON is tried 10,000 times for each collection with ``HYPOTHESIS_PROFILE=deep``."""
    deep = os.environ.get("HYPOTHESIS_PROFILE") == "deep" and question == RANDOM
    asked = asked_of(name, 10_000) if deep else asked_of(name)

    next(one for one in asked if one.name == question)()
