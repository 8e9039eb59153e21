"""Laws of requests and connections: signed bytes are sent bytes, keys stay home, handlers keep their order."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

import rxbotters
from rxbotters.errors import RxbottersError
from rxbotters.wire import Secret, redact_text, redact_url

KEY, SECRET = "canary-key-0badcafe", "canary-secret-0badcafe"
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
PARAMS = st.dictionaries(TEXT.filter(bool), st.one_of(TEXT, st.integers(-5, 5)), max_size=4)
DATA = st.one_of(
    st.none(),
    st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.lists(TEXT, max_size=2)), max_size=4),
    TEXT,
    st.binary(max_size=20),
)


async def served(
    handle: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]], use: Callable[[str], Awaitable[Any]]
) -> Any:
    """Run ``use(host)`` against a server that answers with ``handle``."""

    async def on(request: web.Request) -> web.StreamResponse:
        return await handle(request, await request.read())

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        return await use(f"127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


def client(host: str) -> rxbotters.Client:
    return rxbotters.Client({"bitflyer": [KEY, SECRET]}, f"http://{host}", hosts={host: "bitflyer"})


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["GET", "POST", "PUT", "DELETE"]), PARAMS, DATA), min_size=1, max_size=6))
def test_what_is_signed_is_what_is_sent(calls: list[Any]) -> None:
    """P7, C20, C23."""

    async def verify(request: web.Request, body: bytes) -> web.Response:
        text = f"{request.headers['ACCESS-TIMESTAMP']}{request.method}{request.raw_path}".encode() + body
        good = hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest() == request.headers["ACCESS-SIGN"]
        return web.json_response({"good": good})

    async def use(host: str) -> None:
        async with client(host) as bot:
            for method, params, data in calls:
                result = await bot.fetch(method, "/v1/x", params=params, data=data)
                assert result.data == {"good": True}, (method, params, data)

    asyncio.run(served(verify, use))


@settings(max_examples=25)
@given(st.sampled_from([301, 302, 303, 307, 308]), st.sampled_from(["GET", "POST", "DELETE"]), st.booleans())
def test_no_proof_leaves_its_origin(status: int, method: str, follow: bool) -> None:
    """P9, C24, F92."""
    stolen: list[Any] = []

    async def thief(request: web.Request, body: bytes) -> web.Response:
        stolen.append(dict(request.headers))
        return web.Response()

    async def use_thief(other: str) -> None:
        async def redirect(request: web.Request, body: bytes) -> web.Response:
            return web.Response(status=status, headers={"Location": f"http://localhost:{other.partition(':')[2]}/x"})

        async def use(host: str) -> None:
            async with client(host) as bot:
                try:
                    await bot.fetch(method, "/a", **({"allow_redirects": True} if follow else {}))
                except RxbottersError:
                    assert follow

        await served(redirect, use)

    asyncio.run(served(thief, use_thief))

    assert not stolen


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), max_size=3), st.integers(2, 3))
def test_signing_twice_gives_two_proofs_and_changes_nothing(data: dict[str, int], times: int) -> None:
    """P12, C23."""
    seen: list[str] = []
    before = dict(data)

    async def note(request: web.Request, body: bytes) -> web.Response:
        seen.append(request.headers["ACCESS-TIMESTAMP"])
        return web.Response()

    async def use(host: str) -> None:
        ticks = iter(range(1_700_000_000, 1_700_001_000))
        clock = rxbotters.client.Clock(now=lambda: float(next(ticks)))
        keys = {"bitflyer": [KEY, SECRET]}
        async with rxbotters.Client(keys, f"http://{host}", hosts={host: "bitflyer"}, clock=clock) as bot:
            fetch = bot.fetch("POST", "/v1/x", data=data)
            for _ in range(times):
                await fetch

    asyncio.run(served(note, use))

    assert data == before
    assert len(set(seen)) == times


@settings(max_examples=20)
@given(st.lists(st.integers(0, 99), max_size=30), st.sets(st.integers(0, 99), max_size=10))
def test_handlers_see_every_frame_in_order_whatever_a_sibling_does(numbers: list[int], hated: set[int]) -> None:
    """P10, P11, C5, C35: and after close no task of the client is alive."""
    calm: list[int] = []
    seen: list[int] = []

    def moody(msg: int, ws: Any) -> None:
        if msg in hated:
            raise RuntimeError("mood")
        seen.append(msg)

    async def send(request: web.Request, body: bytes) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for number in numbers:
            await ws.send_json(number)
        await ws.send_json(-1)
        async for _ in ws:
            pass
        return ws

    async def use(host: str) -> None:
        before = asyncio.all_tasks()
        done = asyncio.Event()
        async with rxbotters.Client({}) as bot:
            app = bot.ws_connect(
                f"ws://{host}/ws",
                hdlr_json=[moody, lambda msg, ws: calm.append(msg), lambda msg, ws: done.set() if msg < 0 else None],
            )
            app.errors.subscribe()
            await asyncio.wait_for(done.wait(), 10)
        late = {task for task in asyncio.all_tasks() - before if "rxbotters" in task.get_name()}
        assert not late

    asyncio.run(served(send, use))

    assert calm == [*numbers, -1]
    assert seen == [number for number in [*numbers, -1] if number not in hated]


@given(
    st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=24, max_size=40),
    st.sampled_from(["token", "listenKey", "signature", "apiKey", "sign"]),
)
def test_no_secret_is_ever_shown(secret: str, field: str) -> None:
    """P8, C15, F94, F95, F96: not by a url, a credential, a client, a request, an error or a log."""
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())

    logger, keep = logging.getLogger("rxbotters"), Keep()
    logger.addHandler(keep)
    try:
        url = f"wss://h.example/ws/{secret}?{field}={secret}&x=1"
        bot = rxbotters.Client({"bitflyer": [secret, secret], "bynance": [secret]})
        shown = [
            repr(Secret(secret.encode())),
            f"{Secret(secret.encode())}",
            redact_url(url),
            redact_text(f"403 at {url}"),
            repr(bot),
            str(vars(bot)),
            repr(bot._wiring),
        ]
        for bad in ({"bitflyer": [secret]}, {"bitflyer": secret}, {"bitflyer": [secret, secret, secret]}):
            try:
                rxbotters.Client(bad)
            except RxbottersError as error:
                shown.append(f"{error!r} {error}")
    finally:
        logger.removeHandler(keep)

    assert not any(secret in text for text in [*shown, *records])
