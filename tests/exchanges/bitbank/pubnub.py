"""A PubNub, and bitbank's REST api behind it, on loopback or in virtual time: the other side of its private stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from reactivex import abc

import rxbotters
from rxbotters.helpers import bitbank
from rxbotters.testing import current_loop

KEY, SECRET = "canary-key-7f3a9c", "canary-secret-51d0e8"
SUBSCRIBE_KEY = "sub-c-ecebae8e-dd60-11e6-b6b1-02ee2ddab7fe"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PubNub:
    """The private stream and the REST api behind it: events have a position, and are kept."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.news = asyncio.Event()
        self.polls: list[tuple[float, str]] = []
        self.asked: list[str] = []
        self.tokens = 0
        self.valid = lambda token: token == f"token+{self.tokens}/=="
        self.answer: Answer | None = None
        self.rest: Callable[[str], Any] = lambda path: {"success": 1, "data": ROWS[path]}
        self.refusal: Any = None
        self.gate: asyncio.Event | None = None
        self.hold = 280.0
        self.url = ""

    def say(self, *events: Any) -> None:
        self.log += events
        self.news.set()
        self.news = asyncio.Event()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/v1/"):
            assert request.headers["ACCESS-KEY"] == KEY
            self.asked.append(request.path)
            if request.path != "/v1/user/subscribe":
                if self.gate is not None:
                    await self.gate.wait()
                return web.json_response(self.rest(request.path))
            if self.refusal is not None:
                return web.json_response(self.refusal)
            self.tokens += 1
            token = f"token+{self.tokens}/=="
            return web.json_response({"success": 1, "data": {"pubnub_channel": "1234567890", "pubnub_token": token}})
        assert "ACCESS-KEY" not in request.headers
        self.polls.append((current_loop().time(), request.raw_path))
        if self.answer is not None:
            return await self.answer(request)
        return await self.poll(request)

    async def poll(self, request: web.Request) -> web.StreamResponse:
        if not self.valid(request.query["auth"]):
            body = {"message": "Token is expired.", "error": True, "service": "Access Manager", "status": 403}
            return web.json_response(body, status=403)
        if "tt" not in request.query:
            return self.reply(len(self.log), [])
        place = int(request.query["tt"])
        if place >= len(self.log):
            try:
                await asyncio.wait_for(self.news.wait(), self.hold)
            except TimeoutError:
                pass
        return self.reply(len(self.log), self.log[place:])

    def reply(self, place: int, events: list[Any]) -> web.StreamResponse:
        messages = [{"a": "1", "f": 0, "c": "1234567890", "d": event} for event in events]
        return web.json_response({"t": {"t": str(place), "r": 33}, "m": messages})


ROWS: dict[str, Any] = {
    "/v1/user/assets": {"assets": [{"asset": "jpy", "free_amount": "100"}]},
    "/v1/user/spot/active_orders": {"orders": []},
    "/v1/user/margin/positions": {"positions": [], "payables": {"amount": "0"}, "notice": {}},
}


@asynccontextmanager
async def world(**options: Any) -> AsyncIterator[tuple[PubNub, rxbotters.Client]]:
    """A PubNub, and a client that takes it for bitbank."""
    pubnub = PubNub()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", pubnub.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    pubnub.url = f"http://{host}"
    loop = current_loop()
    try:
        async with rxbotters.Client(
            {"bitbank": [KEY, SECRET]}, hosts={host: "bitbank"}, clock=loop.clock, **options
        ) as client:
            yield pubnub, client
    finally:
        pubnub.say()  # lets those go who still wait for an answer
        await asyncio.sleep(1.0)
        await runner.cleanup()


def servers(pubnub: PubNub) -> dict[str, Any]:
    return {"bitbank_server": pubnub.url, "pubnub_server": pubnub.url}


def listen(pubnub: PubNub, client: rxbotters.Client, **options: Any) -> tuple[list[Any], abc.DisposableBase]:
    seen: list[Any] = []
    stream = bitbank.private_stream(client, **servers(pubnub), **options)
    return seen, stream.subscribe(seen.append, seen.append, lambda: seen.append("end"))


def told(seen: list[Any]) -> list[Any]:
    return [item for item in seen if isinstance(item, dict)]


def words(seen: list[Any]) -> list[str]:
    return [item if isinstance(item, str) else type(item).__name__ for item in seen]


def asset(number: int) -> Any:
    return {"method": "asset_update", "params": [{"asset": "jpy", "free_amount": str(number)}]}
