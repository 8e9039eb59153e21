"""bitbank's private stream: PubNub's long polls as one supervised stream.

::

    private_stream   --K-O-A-S-e-e---e----C-W-K-O-A-S-e-      K Connecting  O Opened  A Authenticated  S Subscribed
                                                              e event  C Closed  W Waiting(delay)

Rules
  1. A life begins with a poll that answers at once: it proves token and connection, and tells the position.
  2. A later life goes on where the last one stopped: PubNub keeps what was sent meanwhile, for a while.
  3. A poll that was silent for `HOLD` seconds is given up, and life is proved again; nothing is lost by that.
  4. Answers that come at once are not asked for faster than every 0.1 s, empty ones later and later.
  5. A token that is refused is replaced; `REFUSALS` in a row end the stream. Everything else is tried again, later and
     later, at most 30 times in any 5 minutes.
  6. The stream ends with its client.

Source: bitbankinc/bitbank-api-docs, ``private-stream.md`` (2025-12-25); pubnub.com/docs/sdks/rest-api/subscribe-v-2.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, cast

import reactivex as rx
from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from rxbotters import operators as ops
from rxbotters.errors import ClientClosed, HandlerError, VenueError
from rxbotters.stores import DataStoreCollection
from rxbotters_operators.events import (
    Authenticated,
    Closed,
    Connecting,
    Opened,
    StoreChange,
    Subscribed,
    Waiting,
)
from rxbotters_operators.hot import Lean, OnCompleted, OnError, OnNext

from ._pubnub import BITBANK, HOLD, KEY, PUBNUB, REFUSALS, Client, Place, ask, events, lives, read

__all__ = [
    "HOLD",
    "REFUSALS",
    "SNAPSHOTS",
    "feed",
    "fetch_channel_and_token",
    "fetch_subscribe",
    "private_stream",
    "subscribe",
    "subscribe_with_callback",
]

SNAPSHOTS = ("/v1/user/assets", "/v1/user/spot/active_orders", "/v1/user/margin/positions")
"""The requests that fill a `bitbankPrivateDataStore`."""

_SAID = (Connecting, Opened, Authenticated, Subscribed, Closed, Waiting)

# ---------------------------------------------------------------------- the stream


def private_stream(
    client: Client,
    *,
    channel: str | None = None,
    token: str | None = None,
    tt: str | None = None,
    tr: str | None = None,
    bitbank_server: str = BITBANK,
    pubnub_server: str = PUBNUB,
    subscribe_key: str = KEY,
    backoff: ops.Backoff | tuple[float, float, float, float] | None = None,
) -> Observable[Any]:
    """Return the private events as a cold observable: each subscription polls for itself.

    Between the words of the connection (see the module) stand the events as bitbank made them: ``{"method": …,
    "params": …}``. The order of events is not guaranteed, and some may come twice; `bitbankPrivateDataStore` copes.

    Args:
        client: Has the keys of ``bitbank``.
        channel: A channel that is known already, with its ``token``; else both are asked for.
        token: Its token; replaced once it is refused.
        tt: The position to begin at, with its region ``tr``; ``None``: now.
        tr: See ``tt``.
        bitbank_server: Where tokens come from.
        pubnub_server: Where events come from.
        subscribe_key: PubNub's name of the stream.
        backoff: Delays after failures, in seconds; default `Backoff` and at most 30 tries in 5 minutes.

    Errors:
        LoginRefused: bitbank refuses the keys. LeaseError: PubNub refused `REFUSALS` tokens in a row.
    """
    place = Place(channel, token, tt, tr, bitbank_server, pubnub_server, subscribe_key)
    return lives(client, place, backoff, lambda reply: events(client, reply))


# ---------------------------------------------------------------------- into a collection


def feed(
    client: Client, store: DataStoreCollection, *, snapshots: Iterable[str] = SNAPSHOTS, **options: Any
) -> Observable[StoreChange]:
    """Keep a `bitbankPrivateDataStore` true: fold the private stream into it, and emit every change of its stores.

    The requests for ``snapshots`` are made once the position in the stream is known, so that no event falls between,
    and again after every loss: until they are answered, what they fill is `Stale`. Requests that were given to
    ``store.initialize`` are repeated too. If they fail five times in a row, ``store.errors`` says so.

    Args:
        client: Has the keys of ``bitbank``.
        store: What to keep true.
        snapshots: Paths of REST answers.
        options: As for `private_stream`.

    Errors:
        As `private_stream`.
    """
    paths = tuple(snapshots)
    server = str(options.get("bitbank_server", BITBANK))

    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, given: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        keeper = _Keeper(client, store, [server + path for path in paths])

        def fail(error: Exception) -> None:
            keeper.close(error)
            on_error(error)

        def complete() -> None:
            keeper.close()
            on_completed()

        def forward(item: Any) -> None:
            if isinstance(item, _SAID):
                keeper.hear(item)
            else:
                store.onmessage(item)

        changes = CompositeDisposable([store[name].changes.subscribe(on_next) for name in store])
        stream = private_stream(client, **options).subscribe(forward, fail, complete, scheduler=given)
        return CompositeDisposable(stream, changes, Disposable(keeper.close))

    return Lean(run)


class _Keeper:
    """Fetches what a stream cannot bring, each time it begins."""

    def __init__(self, client: Client, store: DataStoreCollection, urls: Iterable[str]) -> None:
        self._client, self._store, self._urls = client, store, tuple(urls)
        self._filled = not self._urls
        self._work = SerialDisposable()
        self._over = False
        store.joined(self)

    def hear(self, item: Any) -> None:
        """Follow the connection, and let the collection follow it."""
        self._store.onevent(item)
        if isinstance(item, Closed):
            self._work.disposable = None  # what is under way would vouch for rows that no stream follows
        elif isinstance(item, Subscribed):
            work = rx.just(None).pipe(ops.map_async(lambda _: self._fill()), ops.retry_backoff(attempts=5))
            self._work.disposable = work.subscribe(on_error=self._store.errors.emit)

    async def _fill(self) -> None:
        if self._filled:
            await self._store.reinitialize()
        else:
            await self._store.initialize(*(self._client.fetch("GET", url) for url in self._urls))
            self._filled = True

    def close(self, error: Exception | None = None) -> None:
        """Let go of the store: nothing will come any more."""
        if not self._over:
            self._over = True
            self._work.dispose()
            self._store.onevent(Closed(1000 if error is None else 1006, str(error or ""), "client", error=error))
            self._store.release(self, error or ClientClosed("the private stream of bitbank"))


# ---------------------------------------------------------------------- as pybotters has it


async def fetch_channel_and_token(client: Client, /, *, bitbank_server: str = BITBANK) -> dict[str, Any]:
    """Return the answer of ``GET /v1/user/subscribe``: ``data.pubnub_channel`` and ``data.pubnub_token``.

    Raises:
        VenueError: It is an error.
    """
    result = await client.fetch("GET", f"{bitbank_server}/v1/user/subscribe")
    body = result.data
    if not isinstance(body, dict) or cast("dict[str, Any]", body).get("success") != 1:
        raise VenueError("/v1/user/subscribe", result.status, result.text)
    return cast("dict[str, Any]", body)


async def fetch_subscribe(
    client: Client,
    /,
    channel: str,
    token: str | None = None,
    tt: str | None = None,
    tr: str | None = None,
    *,
    pubnub_server: str = PUBNUB,
    subscribe_key: str = KEY,
) -> dict[str, Any]:
    """Poll once, and return the answer: ``{"t": position, "m": messages}``.

    Raises:
        ConnectError: It is an error of HTTP.
        ProtocolError: It has no position.
    """
    place = Place(pubnub_server=pubnub_server, subscribe_key=subscribe_key)
    position = None if tt is None else (tt, tr)
    return dict(read(pubnub_server, await ask(client, place, channel, token, position, 330.0), token))


async def subscribe(
    client: Client,
    /,
    channel: str | None = None,
    token: str | None = None,
    tt: str | None = None,
    tr: str | None = None,
    *,
    bitbank_server: str = BITBANK,
    pubnub_server: str = PUBNUB,
    subscribe_key: str = KEY,
) -> AsyncGenerator[dict[str, Any]]:
    """Yield the answers to the polls of a supervised stream; ``answer["m"]`` holds the messages.

    Raises:
        RxbottersError: As `private_stream`.
    """
    place = Place(channel, token, tt, tr, bitbank_server, pubnub_server, subscribe_key)
    async with ops.to_aiter(lives(client, place, None, lambda reply: (reply,))) as items:
        async for item in items:
            if not isinstance(item, _SAID):
                yield item


async def subscribe_with_callback(
    client: Client,
    callback: Callable[[Any], object],
    /,
    channel: str | None = None,
    token: str | None = None,
    tt: str | None = None,
    tr: str | None = None,
    *,
    bitbank_server: str = BITBANK,
    pubnub_server: str = PUBNUB,
    subscribe_key: str = KEY,
) -> None:
    """Call ``callback(event)`` for each private event, until the client is closed.

    Where the callback is the ``onmessage`` of a collection, the collection hears of the connection too, and requests
    that were given to its ``initialize`` are repeated after every loss. An async callback is awaited. What a callback
    raises goes to ``client.errors``.

    Raises:
        RxbottersError: As `private_stream`.
    """
    options: dict[str, Any] = {
        "channel": channel,
        "token": token,
        "tt": tt,
        "tr": tr,
        "bitbank_server": bitbank_server,
        "pubnub_server": pubnub_server,
        "subscribe_key": subscribe_key,
    }
    owner = getattr(callback, "__self__", None)
    keeper = _Keeper(client, owner, ()) if isinstance(owner, DataStoreCollection) else None
    failure: Exception | None = None
    try:
        async with ops.to_aiter(private_stream(client, **options)) as items:
            async for item in items:
                if not isinstance(item, _SAID):
                    await _call(client, callback, item)
                elif keeper is not None:
                    keeper.hear(item)
    except Exception as error:
        failure = error
        raise
    finally:
        if keeper is not None:
            keeper.close(failure)


async def _call(client: Client, callback: Callable[[Any], object], event: Any) -> None:
    try:
        pending = callback(event)
        if inspect.isawaitable(pending):
            await pending
    except Exception as error:
        client.errors.emit(HandlerError(callback, error))
