"""`life`: everything one `WebSocketApp` goes through, as one pipeline of operators. Nothing else loops or counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactivex import Observable

from rxbotters_operators import (
    _freshness,
    _heartbeat,
    _keepalive,
    _lateness,
    _login,
    _reconnect,
    _rotate,
    _subscribe,
)
from rxbotters_operators.hot import Hot

from .link import Link
from .socket import connection
from .wiring import Wiring

if TYPE_CHECKING:
    from .websocket import WebSocketApp

__all__ = ["Pacing", "life"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """The durations of one connection, in seconds; `WebSocketApp` says what each means."""

    backoff: Any = None
    heartbeat: float | None = 10.0
    autoping: bool = True
    min_uptime: float = 1.0
    healthy: float = 60.0
    login_timeout: float = 10.0
    ack_timeout: float = 5.0
    send_timeout: float = 5.0
    max_age: float | None = None
    overlap: float = 1.0
    late_after: float | None = 1.0
    fresh_within: Mapping[str, float] | None = None


def life(
    link: Link,
    app: WebSocketApp,
    wiring: Wiring,
    pacing: Pacing,
    *,
    name: str,
    turn: Hot[Any],
    more: Hot[Any],
) -> Observable[Any]:
    """Return the events of one connection after the other, for as long as somebody is subscribed.

    Args:
        link: Where to dial, how to log in, what to subscribe, what an end means.
        app: Whom the connections belong to.
        wiring: What the client lends.
        pacing: Durations.
        name: What to call the destination in events.
        turn: Each item asks for a rotation.
        more: Subscriptions that come or go later.
    """
    stages: list[Callable[[Observable[Any]], Observable[Any]]] = [_keepalive.keepalive(link.beat)]
    if pacing.heartbeat is not None:
        stages.append(_heartbeat.heartbeat(pacing.heartbeat))
    if pacing.late_after is not None:
        stages.append(_lateness.lateness(pacing.late_after))
    stages += [
        _login.login(link.script, timeout=pacing.login_timeout, late=link.login_late),
        _subscribe.subscribe_channels(link.subscriptions, ack=link.ack_rule, timeout=pacing.ack_timeout, more=more),
    ]
    if pacing.fresh_within:
        stages.append(_freshness.freshness(pacing.fresh_within, link.channel_of))
    stages += [
        _rotate.rotate(pacing.max_age or link.max_age, trigger=turn, overlap=pacing.overlap),
        _reconnect.reconnect(
            pacing.backoff,
            min_uptime=pacing.min_uptime,
            healthy=pacing.healthy,
            judge=link.judge,
            dice=wiring.clock.dice,
        ),
    ]
    socket: Observable[Any] = connection(
        lambda: link.dial(app),
        name=name,
        tasks=wiring.tasks,
        autoping=pacing.autoping,
        send_timeout=pacing.send_timeout,
    )
    return socket.pipe(*stages)
