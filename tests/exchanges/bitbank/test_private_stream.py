"""bitbank's private stream, against a PubNub in virtual time: hours of it, and everything that goes wrong with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

import rxbotters
from rxbotters import operators as ops
from rxbotters.errors import (
    ClientClosed,
    ConnectError,
    HandlerError,
    LeaseError,
    LoginRefused,
    ProtocolError,
    SnapshotError,
    VenueError,
)
from rxbotters.helpers import bitbank
from rxbotters.testing import run
from rxbotters_operators.events import Closed, Connecting, Live, Opened, Stale, StoreChange, Subscribed, Waiting
from tests.exchanges.bitbank.pubnub import (
    ROWS,
    SECRET,
    SUBSCRIBE_KEY,
    asset,
    listen,
    servers,
    told,
    words,
    world,
)
from tests.exchanges.common import heard

# ---------------------------------------------------------------------- the way it should be


def test_events_in_order_and_one_token_for_half_a_day() -> None:
    """Every event once, in order; the token is renewed before its 12 hours are over, and nobody notices."""

    async def main() -> None:
        async with world() as (pubnub, client):
            seen, subscription = listen(pubnub, client)
            for number in range(100):
                await asyncio.sleep(1000.0)
                pubnub.say(asset(number), asset(-number))
            await asyncio.sleep(10.0)

            assert told(seen) == [asset(sign * number) for number in range(100) for sign in (1, -1)]
            assert words(seen)[:4] == ["Connecting", "Opened", "Authenticated", "Subscribed"]
            assert len(words(seen)) == 204
            assert pubnub.tokens == 3  # 100,000 seconds, one each 39,600
            assert not client.errors.total
            subscription.dispose()

    run(main())


def test_the_request_of_a_poll() -> None:
    """The sheet's vector."""

    async def main() -> None:
        async with world() as (pubnub, client):
            answers = iter(["17000000000000001", "17000000000000002"])

            async def answer(request: web.Request) -> web.StreamResponse:
                return web.json_response({"t": {"t": next(answers), "r": 33}, "m": []})

            pubnub.answer = answer
            _, subscription = listen(pubnub, client, channel="1234567890", token="qEF2AkF0+ab/cd==_-x")
            await asyncio.sleep(0.05)
            subscription.dispose()

            path = f"/v2/subscribe/{SUBSCRIBE_KEY}/1234567890/0?uuid=1234567890"
            assert [target for _, target in pubnub.polls] == [
                f"{path}&auth=qEF2AkF0%2Bab/cd%3D%3D_-x",
                f"{path}&tt=17000000000000001&tr=33&auth=qEF2AkF0%2Bab/cd%3D%3D_-x",
            ]
            assert not pubnub.tokens

    run(main())


def test_each_subscription_polls_for_itself_and_disposing_ends_it() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            stream = bitbank.private_stream(client, **servers(pubnub))
            await asyncio.sleep(1.0)
            assert not pubnub.polls
            first: list[Any] = []
            second: list[Any] = []
            one = stream.subscribe(first.append)
            two = stream.subscribe(second.append)
            await asyncio.sleep(1.0)
            one.dispose()
            pubnub.say(asset(1))
            await asyncio.sleep(1.0)
            two.dispose()
            polls = len(pubnub.polls)
            await asyncio.sleep(1000.0)

            assert (told(first), told(second)) == ([], [asset(1)])
            assert pubnub.tokens == 1
            assert len(pubnub.polls) == polls

    run(main())


def test_it_ends_with_its_client() -> None:
    """C5, C77: whatever it is doing."""

    async def main() -> None:
        for down in (False, True):
            async with world() as (pubnub, client):
                seen, _ = listen(pubnub, client)
                await asyncio.sleep(5.0)
                if down:
                    pubnub.valid = lambda token: False
                    pubnub.say(asset(1))
                    await asyncio.sleep(1.0)
                await client.close()
                assert words(seen)[-1] == "end"
                assert words(seen).count("end") == 1

    run(main())


# ---------------------------------------------------------------------- the way it goes wrong


def test_empty_answers_at_once_are_asked_for_later_and_later() -> None:
    """F48: 4,348 requests in two seconds is what the reference makes of it."""

    async def main() -> None:
        async with world() as (pubnub, client):
            pubnub.hold = 0.0
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(2.0)
            assert len(pubnub.polls) <= 5
            await asyncio.sleep(3598.0)
            assert len(pubnub.polls) <= 130
            pubnub.say(asset(1))
            await asyncio.sleep(30.5)
            assert told(seen) == [asset(1)]
            assert "Closed" not in words(seen)
            subscription.dispose()

    run(main())


def test_full_answers_at_once_keep_an_interval() -> None:
    """F48: at most ten polls a second, however much there is to say."""

    async def main() -> None:
        async with world() as (pubnub, client):

            async def answer(request: web.Request) -> web.StreamResponse:
                place = int(request.query.get("tt", "0"))
                return pubnub.reply(place + 1, [asset(place)])

            pubnub.answer = answer
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(10.0)
            assert 90 <= len(pubnub.polls) <= 103
            assert told(seen)[:3] == [asset(0), asset(1), asset(2)]
            subscription.dispose()

    run(main())


def test_a_token_that_died_is_replaced_and_nothing_is_lost() -> None:
    """Any 403 will do: the position stands, the connection does not even seem to end."""

    async def main() -> None:
        async with world() as (pubnub, client):
            seen, subscription = listen(pubnub, client)
            pubnub.hold = 20.0
            await asyncio.sleep(5.0)
            dead = f"token+{pubnub.tokens}/=="
            pubnub.valid = lambda token: token != dead
            pubnub.say(asset(1))
            await asyncio.sleep(1.0)
            pubnub.say(asset(2))
            await asyncio.sleep(30.0)

            assert told(seen) == [asset(1), asset(2)]
            assert pubnub.tokens == 2
            assert "Closed" not in words(seen)
            subscription.dispose()

    run(main())


def test_tokens_that_are_always_refused_end_the_stream() -> None:
    """F49: five in a row, not 4,366 in two seconds; an accepted one begins the count anew."""

    async def main() -> None:
        async with world() as (pubnub, client):
            pubnub.valid = lambda token: False
            seen, _ = listen(pubnub, client)
            await asyncio.sleep(2.0)
            assert len(pubnub.polls) <= 3
            await asyncio.sleep(300.0)

            assert len(pubnub.polls) == 5
            assert pubnub.tokens <= 6
            assert isinstance(seen[-1], LeaseError)
            assert "refused 5 tokens in a row" in str(seen[-1])
            assert words(seen).count("Waiting") == 3

        async with world() as (pubnub, client):
            pubnub.valid = lambda token: token == f"token+{pubnub.tokens}/==" and pubnub.tokens % 4 == 0
            seen, subscription = listen(pubnub, client)
            pubnub.hold = 1.0
            await asyncio.sleep(60.0)
            pubnub.tokens += 1
            await asyncio.sleep(60.0)
            assert pubnub.tokens == 8
            assert not any(isinstance(item, LeaseError) for item in seen)
            subscription.dispose()

    run(main())


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, "<html>Service Unavailable</html>"),
        (502, ""),
        (200, "<html>"),
        (200, "[1]"),
        (200, '{"t":1}'),
        (429, "{}"),
    ],
)
def test_an_outage_is_waited_out_and_the_position_kept(status: int, body: str) -> None:
    """F50: growing delays, the events of the outage are not lost, and the stream says what happened."""

    async def main() -> None:
        async with world() as (pubnub, client):
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(5.0)

            async def answer(request: web.Request) -> web.StreamResponse:
                return web.Response(status=status, text=body)

            pubnub.answer = answer
            pubnub.say(asset(1))
            before = len(pubnub.polls)
            await asyncio.sleep(300.0)
            assert len(pubnub.polls) - before <= 31
            pubnub.say(asset(2))
            pubnub.answer = None
            await asyncio.sleep(120.0)

            assert told(seen) == [asset(1), asset(2)]
            end = [item for item in seen if isinstance(item, Closed)]
            assert len(end) == 1
            assert isinstance(end[0].error, ConnectError | ProtocolError)
            delays = [item.delay for item in seen if isinstance(item, Waiting)]
            assert len(delays) > 3
            assert max(delays) <= 300.0
            assert words(seen).count("Subscribed") == 2
            assert SECRET not in str(seen)
            assert "token+" not in str(seen)
            subscription.dispose()

    run(main())


def test_what_pubnub_asks_for_is_obeyed() -> None:
    """F18, F102: Retry-After."""

    async def main() -> None:
        async with world() as (pubnub, client):

            async def answer(request: web.Request) -> web.StreamResponse:
                return web.Response(status=503, headers={"Retry-After": "77"})

            pubnub.answer = answer
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(70.0)
            assert len(pubnub.polls) == 1
            assert [item.delay for item in seen if isinstance(item, Waiting)] == [77.0]
            subscription.dispose()

    run(main())


def test_a_peer_that_vanished_is_noticed() -> None:
    """F10, F30: a silent poll is given up after a minute; if nobody answers then, the connection counts as lost."""

    async def main() -> None:
        async with world() as (pubnub, client):
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(5.0)
            forever = asyncio.Event()

            async def answer(request: web.Request) -> web.StreamResponse:
                await forever.wait()
                return web.Response()

            pubnub.answer = answer
            await asyncio.sleep(bitbank.HOLD + 11.0)
            assert "Closed" in words(seen)
            pubnub.answer = None
            pubnub.say(asset(1))
            await asyncio.sleep(60.0)
            assert told(seen) == [asset(1)]
            forever.set()
            subscription.dispose()

    run(main())


def test_a_quiet_hour_is_no_loss() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(3600.0)
            assert words(seen) == ["Connecting", "Opened", "Authenticated", "Subscribed"]
            assert len(pubnub.polls) <= 2 * 3600 / bitbank.HOLD + 2
            subscription.dispose()

    run(main())


def test_a_message_without_a_payload_stops_nothing() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            errors = heard(client)

            async def answer(request: web.Request) -> web.StreamResponse:
                if "tt" not in request.query or request.query["tt"] == "2":
                    return await pubnub.poll(request)
                return web.json_response({"t": {"t": "2", "r": 1}, "m": [{"x": 1}, 5, {"d": asset(1)}]})

            pubnub.answer = answer
            pubnub.log = [1]
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(5.0)
            assert told(seen) == [asset(1)]
            assert [type(error) for error in errors] == [ProtocolError, ProtocolError]
            subscription.dispose()

    run(main())


@pytest.mark.parametrize("code", [20001, 20003, 20005])
def test_bad_keys_end_the_stream_at_once(code: int) -> None:
    """F16."""

    async def main() -> None:
        async with world() as (pubnub, client):
            pubnub.refusal = {"success": 0, "data": {"code": code}}
            client.errors.subscribe(lambda error: None)
            seen, _ = listen(pubnub, client)
            await asyncio.sleep(60.0)
            assert isinstance(seen[-1], LoginRefused)
            assert str(code) in str(seen[-1])
            assert len(pubnub.asked) == 1

    run(main())


def test_maintenance_of_the_rest_api_is_waited_out() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            pubnub.refusal = {"success": 0, "data": {"code": 10007}}
            errors = heard(client)
            seen, subscription = listen(pubnub, client)
            await asyncio.sleep(120.0)
            assert words(seen) == ["Connecting"]
            assert 3 <= len(errors) <= 12
            assert all(isinstance(error, LeaseError) for error in errors)
            pubnub.refusal = None
            await asyncio.sleep(61.0)
            assert isinstance(seen[-1], Subscribed)
            subscription.dispose()

    run(main())


# ---------------------------------------------------------------------- into a collection


def test_the_collection_is_filled_after_the_position_is_known_and_again_after_a_loss() -> None:
    """Defect 4, D10: an event between position and answer is not lost; a loss makes stale, then true again."""

    async def main() -> None:
        async with world() as (pubnub, client):
            order = {"order_id": 1, "pair": "btc_jpy", "status": "UNFILLED", "remaining_amount": "1"}
            store = rxbotters.bitbankPrivateDataStore()
            answer = pubnub.rest

            def rest(path: str) -> Any:
                assert pubnub.polls, "a snapshot before the position"
                if path.endswith("active_orders") and len(pubnub.log) == 0:
                    pubnub.say({"method": "spot_order_new", "params": [order]})
                return answer(path)

            pubnub.rest = rest
            changes: list[StoreChange] = []
            subscription = bitbank.feed(client, store, **servers(pubnub)).subscribe(changes.append)
            await asyncio.sleep(5.0)
            assert sorted(pubnub.asked[1:]) == sorted(bitbank.SNAPSHOTS)
            assert store.spot_order.find() == [order]
            assert store.asset.find() == [{"asset": "jpy", "free_amount": "100"}]
            assert store.is_live
            assert sorted(change.store.name for change in changes) == ["asset", "margin_payable", "spot_order"]

            async def refuse(request: web.Request) -> web.StreamResponse:
                return web.Response(status=503)

            pubnub.answer = refuse
            pubnub.say(asset(5))
            await asyncio.sleep(1.0)
            assert isinstance(store.spot_order.status, Stale)
            assert store.spot_order.find() == [order]
            ROWS["/v1/user/spot/active_orders"]["orders"].append({**order, "order_id": 2})
            try:
                pubnub.answer = None
                await asyncio.sleep(120.0)
            finally:
                ROWS["/v1/user/spot/active_orders"]["orders"].clear()
            assert store.is_live
            assert [row["order_id"] for row in store.spot_order] == [2]
            assert len(pubnub.asked) == 7

            waiting = asyncio.ensure_future(store.asset.wait())
            await asyncio.sleep(0)
            subscription.dispose()
            assert isinstance(store.asset.status, Stale)
            with pytest.raises(ClientClosed):
                await waiting

    run(main())


def test_a_snapshot_that_cannot_be_had_is_tried_five_times_and_then_said() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            pubnub.rest = lambda path: {"success": 1, "data": {}}
            store = rxbotters.bitbankPrivateDataStore()
            errors = heard(store)
            subscription = bitbank.feed(client, store, snapshots=["/v1/user/assets"], **servers(pubnub)).subscribe()
            await asyncio.sleep(120.0)
            assert pubnub.asked.count("/v1/user/assets") == 5
            assert len(errors) == 1
            assert isinstance(errors[0].__cause__, SnapshotError)
            subscription.dispose()

    run(main())


def test_a_refill_ends_with_its_connection() -> None:
    """Rows that no stream follows are not vouched for."""

    async def main() -> None:
        async with world() as (pubnub, client):
            store = rxbotters.bitbankPrivateDataStore()
            pubnub.gate = asyncio.Event()
            subscription = bitbank.feed(client, store, snapshots=["/v1/user/assets"], **servers(pubnub)).subscribe()
            await asyncio.sleep(5.0)
            assert pubnub.asked[1:] == ["/v1/user/assets"]

            async def refuse(request: web.Request) -> web.StreamResponse:
                return web.Response(status=503)

            pubnub.answer = refuse
            pubnub.say(asset(1))
            await asyncio.sleep(1.0)
            pubnub.gate.set()
            await asyncio.sleep(5.0)
            assert isinstance(store.asset.status, Stale)
            pubnub.answer = None
            await asyncio.sleep(60.0)
            assert store.asset.status == Live()
            subscription.dispose()

    run(main())


def test_the_stream_ends_the_feed() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            client.errors.subscribe(lambda error: None)
            pubnub.valid = lambda token: False
            store = rxbotters.bitbankPrivateDataStore()
            ends: list[Exception] = []
            waiting = asyncio.ensure_future(store.spot_order.wait())
            bitbank.feed(client, store, **servers(pubnub)).subscribe(on_error=ends.append)
            with pytest.raises(LeaseError):
                await waiting
            assert [type(end) for end in ends] == [LeaseError]

        async with world() as (pubnub, client):
            done: list[str] = []
            bitbank.feed(client, store, **servers(pubnub)).subscribe(on_completed=lambda: done.append("end"))
            await asyncio.sleep(1.0)
        assert done == ["end"]

    run(main())


# ---------------------------------------------------------------------- as pybotters has it


def test_the_callback_of_pybotters() -> None:
    """A drop-in: a collection's own onmessage, which hears of losses too."""

    async def main() -> None:
        async with world() as (pubnub, client):
            store = rxbotters.bitbankPrivateDataStore()
            task = asyncio.ensure_future(bitbank.subscribe_with_callback(client, store.onmessage, **servers(pubnub)))
            await asyncio.sleep(1.0)
            await store.initialize(client.fetch("GET", f"{pubnub.url}/v1/user/assets"))
            pubnub.say(asset(7))
            await asyncio.sleep(1.0)
            assert store.asset.find() == [{"asset": "jpy", "free_amount": "7"}]
            assert store.asset.status == Live()

            async def refuse(request: web.Request) -> web.StreamResponse:
                return web.Response(status=503)

            pubnub.answer = refuse
            pubnub.say(asset(8))
            await asyncio.sleep(1.0)
            assert isinstance(store.asset.status, Stale)
            pubnub.answer = None
            await asyncio.sleep(60.0)
            assert pubnub.asked.count("/v1/user/assets") == 2
            assert store.asset.status == Live()
            assert store.asset.find() == [{"asset": "jpy", "free_amount": "100"}]  # the answer is the truth
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert isinstance(store.asset.status, Stale)

    run(main())


def test_a_callback_that_raises_or_is_async() -> None:
    """Defect 4, F85, F86."""

    async def main() -> None:
        async with world() as (pubnub, client):
            errors: list[Exception] = []
            heard: list[Any] = []
            client.errors.subscribe(errors.append)

            async def callback(event: Any) -> None:
                await asyncio.sleep(0.01)
                heard.append(event)
                if event == asset(1):
                    raise ValueError("mine")

            task = asyncio.ensure_future(bitbank.subscribe_with_callback(client, callback, **servers(pubnub)))
            await asyncio.sleep(1.0)
            pubnub.say(asset(1), asset(2))
            await asyncio.sleep(1.0)
            assert heard == [asset(1), asset(2)]
            assert [type(error) for error in errors] == [HandlerError]
            await client.close()
            await task

    run(main())


def test_subscribe_yields_answers_and_the_two_requests_work_alone() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            answers: list[Any] = []

            async def read() -> None:
                async for answer in bitbank.subscribe(client, **servers(pubnub)):
                    answers.append(answer)
                    if answer["m"]:
                        break

            task = asyncio.ensure_future(read())
            await asyncio.sleep(1.0)
            pubnub.say(asset(1))
            await task
            assert answers[0] == {"t": {"t": "0", "r": 33}, "m": []}
            assert [message["d"] for message in answers[-1]["m"]] == [asset(1)]

            body = await bitbank.fetch_channel_and_token(client, bitbank_server=pubnub.url)
            channel, token = body["data"]["pubnub_channel"], body["data"]["pubnub_token"]
            reply = await bitbank.fetch_subscribe(client, channel, token, "0", "33", pubnub_server=pubnub.url)
            assert reply["t"] == {"t": "1", "r": 33}
            pubnub.refusal = {"success": 0, "data": {"code": 20003}}
            with pytest.raises(VenueError, match="20003"):
                await bitbank.fetch_channel_and_token(client, bitbank_server=pubnub.url)
            with pytest.raises(ConnectError, match="403"):
                await bitbank.fetch_subscribe(client, channel, "bad", pubnub_server=pubnub.url)

    run(main())


def test_it_is_a_stream_as_any_other() -> None:
    async def main() -> None:
        async with world() as (pubnub, client):
            stream = bitbank.private_stream(client, **servers(pubnub)).pipe(
                ops.filter(lambda item: isinstance(item, dict)), ops.take(1)
            )
            first = asyncio.ensure_future(_first(stream))
            await asyncio.sleep(1.0)
            pubnub.say(asset(1), asset(2))
            assert await first == asset(1)
            seen: list[Any] = []
            bitbank.private_stream(client, **servers(pubnub)).pipe(ops.take(2)).subscribe(seen.append)
            await asyncio.sleep(1.0)
            assert [type(item) for item in seen] == [Connecting, Opened]

    run(main())


async def _first(stream: Any) -> Any:
    return await stream
