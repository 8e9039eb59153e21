"""GMOCoinHelper: tokens by hand, and a manager that nothing but its end ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters.clock import Clock
from rxbotters.errors import ClientClosed, UnsafeRequest
from rxbotters.helpers import GMOCoinHelper, GMOCoinResponseError

KEYS = ["canary-key-7f3a9c", "canary-secret-51d0e8"]
QUICK = (0.01, 0.05, 1.5, 0.01)
PATH = "https://api.coin.z.com/private/v1/ws-auth"
DEAD = {"status": 1, "messages": [{"message_code": "ERR-5106", "message_string": "Invalid request parameter. token"}]}
OK = {"status": 0, "responsetime": "x"}


class FakeClient:
    """Answers each request from a script; the last answer is given for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    async def fetch(self, method: str, url: str, *, data: Any = None) -> Any:
        self.asked.append((method, url, data))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return SimpleNamespace(data=answer, status=200)


async def test_a_token_is_created_and_extended() -> None:
    client = FakeClient({**OK, "data": "token-1"}, OK)
    helper = GMOCoinHelper(client)

    token = await helper.create_access_token()
    await helper.extend_access_token(token)

    assert token == "token-1"
    assert client.asked == [("POST", PATH, None), ("PUT", PATH, {"token": "token-1"})]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (DEAD, r"ERR-5106 Invalid request parameter. token \(status 1\)"),
        ({"status": 5}, r"no reason given \(status 5\)"),
        ({"status": 5, "messages": [1]}, r"no reason given \(status 5\)"),
        ([], "HTTP 200, and no JSON object"),
        (None, "no JSON object"),
    ],
)
async def test_a_refusal_has_its_own_error(answer: Any, words: str) -> None:
    helper = GMOCoinHelper(FakeClient(answer))

    with pytest.raises(GMOCoinResponseError, match=words):
        await helper.create_access_token()
    with pytest.raises(GMOCoinResponseError, match=words):
        await helper.extend_access_token("canary-token")


@pytest.mark.parametrize("data", [None, 5, ""])
async def test_an_answer_without_a_token_is_a_refusal(data: Any) -> None:
    with pytest.raises(GMOCoinResponseError, match="no token"):
        await GMOCoinHelper(FakeClient({**OK, "data": data})).create_access_token()


async def manage(client: FakeClient, until: Any, done: Callable[[], Any], **more: Any) -> tuple[Any, list[Exception]]:
    helper, app, failures = GMOCoinHelper(client), SimpleNamespace(url=None), list[Exception]()
    helper.errors.subscribe(failures.append)
    task = asyncio.create_task(helper.manage_ws_token(app, "token-1", **{"delay": 0.001, **more}))
    try:
        await until(lambda: done() or task.done())
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return app, failures


async def test_a_token_is_extended_at_once_and_then_again(until: Any) -> None:
    client = FakeClient(OK)

    app, failures = await manage(client, until, lambda: len(client.asked) >= 3)

    assert {call[0] for call in client.asked} == {"PUT"}
    assert app.url == "wss://api.coin.z.com/ws/private/v1/token-1"
    assert not failures


async def test_a_token_that_is_not_extended_is_replaced(until: Any) -> None:
    """C29: the next dial goes to the new url."""
    client = FakeClient(DEAD, {**OK, "data": "token-2"}, OK)

    app, failures = await manage(client, until, lambda: len(client.asked) >= 3)

    assert [call[0] for call in client.asked[:3]] == ["PUT", "POST", "PUT"]
    assert client.asked[2][2] == {"token": "token-2"}
    assert app.url == "wss://api.coin.z.com/ws/private/v1/token-2"
    assert not failures


@pytest.mark.parametrize("error", [OSError("reset"), TimeoutError(), ConnectionError(), RuntimeError("odd")])
async def test_a_network_error_is_tried_again(until: Any, error: Exception) -> None:
    """F47: it is told, and never ends the manager; neither does a refusal of both requests."""
    client = FakeClient(error, error, DEAD, DEAD, DEAD, error, DEAD, {**OK, "data": "token-2"}, OK)

    app, failures = await manage(client, until, lambda: len(client.asked) >= 9)

    assert [call[0] for call in client.asked[:9]] == ["PUT"] * 3 + ["POST", "PUT", "POST", "PUT", "POST", "PUT"]
    assert app.url.endswith("/token-2")
    assert [type(failure) for failure in failures] == [type(error)] * 2 + [GMOCoinResponseError, type(error)]


@pytest.mark.parametrize("error", [ClientClosed(), UnsafeRequest("no")])
async def test_what_trying_again_cannot_help_ends_it(error: Exception) -> None:
    helper = GMOCoinHelper(FakeClient(error))

    with pytest.raises(type(error)):
        await helper.manage_ws_token(SimpleNamespace(url=""), "token-1")
    with pytest.raises(ValueError, match="positive"):
        await helper.manage_ws_token(SimpleNamespace(url=""), "token-1", delay=0)


async def test_a_refused_dial_brings_another_token_at_once(serve: Any, until: Any) -> None:
    """Defect 8, over real sockets: not after the next extension, and without ending the connection."""
    alive: set[str] = set()
    dialled: list[str] = []

    async def http(request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path == "/private/v1/ws-auth":
            if request.method == "POST":
                alive.add(f"canary-token-{len(alive) + 2}")
                return web.json_response({**OK, "data": max(alive)})
            return web.json_response(OK)
        dialled.append(request.path.rpartition("/")[2])
        if dialled[-1] not in alive:
            return web.Response(status=404)
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for _ in ws:
            pass
        return ws

    server = await serve(http=http)
    options: dict[str, Any] = {"apis": {"gmocoin": KEYS}, "hosts": {server.host: "gmocoin"}}
    async with rxbotters.Client(**options, clock=Clock(dice=lambda: 0.0)) as client:
        helper = GMOCoinHelper(client, base=server.url)
        ws = client.ws_connect(f"ws://{server.host}/ws/private/v1/canary-token-1", backoff=QUICK)
        ws.errors.subscribe(lambda error: None)
        task = asyncio.create_task(helper.manage_ws_token(ws, "canary-token-1"))
        await ws

        assert dialled[0] == "canary-token-1"
        assert dialled[-1] == "canary-token-2"
        assert ws.url == f"ws://{server.host}/ws/private/v1/canary-token-2"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
