"""Questions of the descriptor's facts: is it complete, and can all of it be true?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from yarl import URL

from rxbotters.descriptor import Exchange, Host, Limit
from rxbotters.stores import DataStoreCollection, OrderBook

from .anything import Broken, any_json, first_broken
from .subject import STAMPS, Subject, encoded

__all__ = ["QUESTIONS"]

_FIELDS = {"key", "secret", "passphrase"}
_CLOSES = {"retry", "slow", "fatal"}


def _positive(number: float | None) -> bool:
    return number is None or (number > 0 and math.isfinite(number))


def the_descriptor_is_complete(subject: Subject) -> Iterator[str]:
    """It has a name, a title, apis, hosts, a url to ping and a page to read; its collections are collections."""
    exchange = subject.exchange
    if not exchange.name.isidentifier() or exchange.name != exchange.name.lower():
        yield f"name: {exchange.name!r} is no folder's name"
    for field, what in (("title", "how the exchange writes itself"), ("apis", "the names of its keys"),
                        ("rest", "hosts that answer HTTP"), ("ws", "hosts that speak WebSocket")):  # fmt: skip
        if not getattr(exchange, field):
            yield f"{field} is empty: give {what}"
    for field in ("ping", "docs"):
        if not getattr(exchange, field).startswith("https://"):
            yield f"{field}: {getattr(exchange, field)!r} is no https url"
    if exchange.ping and URL(exchange.ping).host not in exchange.rest:
        yield f"ping: {exchange.ping} goes to no REST host of the exchange"
    for name, api in exchange.apis.items():
        if not api.fields or not set(api.fields) <= _FIELDS:
            yield f"apis: {name!r} has the fields {api.fields}, there are only {sorted(_FIELDS)}"
    for name in (*exchange.rest, *exchange.ws):
        if URL(f"https://{name}").host != name.partition(":")[0] or "/" in name:
            yield f"{name!r} is no host: neither scheme nor path, lower case"
    known = {cls.__name__ for cls in subject.collections}
    if subject.collections and not set(exchange.stores) <= known:
        yield f"stores: {sorted(set(exchange.stores) - known)} are none of the collections that were given"
    for cls in subject.collections:
        if not issubclass(cls, DataStoreCollection):  # pyright: ignore[reportUnnecessaryIsInstance]
            yield f"stores: {cls.__name__} is no DataStoreCollection"


def every_host_has_its_keys_and_its_environment(subject: Subject) -> Iterator[str]:
    """Each host belongs to an api and an environment, and its numbers can be kept to."""
    for name, host in _hosts(subject.exchange):
        if host.api not in subject.exchange.apis:
            yield f"{name}: its api {host.api!r} is none of {sorted(subject.exchange.apis)}"
        if host.api_of is not None and host.api_of({}) not in subject.exchange.apis:
            yield f"{name}: api_of({{}}) is {host.api_of({})!r}, none of {sorted(subject.exchange.apis)}"
        if not host.environment:
            yield f"{name}: environment is empty"
        for field in ("turn", "max_age", "max_msg_size"):
            if not _positive(getattr(host, field)):
                yield f"{name}: {field} is {getattr(host, field)!r}, no positive number"
        for code, rule in host.close_rules.items():
            if not 1000 <= code <= 4999 or rule not in _CLOSES:
                yield f"{name}: close_rules: {code}: {rule!r} is no close code, or none of {sorted(_CLOSES)}"


def every_host_signs_or_says_why_not(subject: Subject) -> Iterator[str]:
    """A REST host has a signing function; one without is named in ``unsigned=``, with the reason."""
    for name, host in subject.exchange.rest.items():
        reason = subject.unsigned.get(name)
        if host.sign is None and not reason:
            yield f"{name} has no sign: give one, or the reason, unsigned={{{name!r}: 'market data only'}}"
        if host.sign is not None and reason is not None:
            yield f"{name} has a sign, and unsigned= says it has none: {reason}"
    for name in set(subject.unsigned) - set(subject.exchange.rest):
        yield f"unsigned= names {name}, which is no REST host of the exchange"


def limits_can_be_kept(subject: Subject) -> Iterator[str]:
    """Weights and times are positive, hosts that share a budget agree on it, and weighing takes any request."""
    shared: dict[tuple[str, ...], tuple[str, float, float]] = {}
    for name, host in _hosts(subject.exchange):
        for limit in host.limits:
            if not limit.name or not (_positive(limit.weight) and _positive(limit.per_s)):
                yield f"{name}: {limit.name!r} allows {limit.weight!r} in {limit.per_s!r} s"
            budget = (host.exchange or host.api, limit.name, host.api if limit.by_key else "")
            first = shared.setdefault(budget, (name, limit.weight, limit.per_s))
            if first[1:] != (limit.weight, limit.per_s):
                yield f"{name} and {first[0]} share {limit.name!r}, but not its size"
            yield from _weighs(subject, name, limit)
        sends = host.sends
        if sends is not None and not (sends.calls > 0 and _positive(sends.per_s)):
            yield f"{name}: sends allows {sends.calls!r} frames in {sends.per_s!r} s"
    for host, url in subject.sockets("beat", "path"):
        beat = host.beat(url) if host.beat is not None else None
        if beat is None:
            continue
        if not (_positive(beat.every) and _positive(beat.silence)):
            yield f"{url}: a beat every {beat.every!r} s, silence after {beat.silence!r} s"
        if beat.every is not None and beat.silence is not None and beat.silence <= beat.every:
            yield f"{url}: a beat every {beat.every:g} s cannot prevent {beat.silence:g} s of silence"
        if not isinstance(beat.text(STAMPS[0]), str):  # pyright: ignore[reportUnnecessaryIsInstance]
            yield f"{url}: the text of a beat is no text"


def _weighs(subject: Subject, name: str, limit: Limit) -> Iterator[str]:
    requests = [encoded(host, asked) for host, asked, _ in subject.asked() if host is subject.exchange.rest.get(name)]
    try:
        for request in requests:
            weight = limit.weigh(request)
            if not (0 <= weight <= limit.weight):
                yield f"{name}: {request} weighs {weight!r} of {limit.weight:g} in {limit.name!r}: it could never be sent"
            if not isinstance(limit.scope(request), str):  # pyright: ignore[reportUnnecessaryIsInstance]
                yield f"{name}: the scope of {request} in {limit.name!r} is no text"
        if limit.used({}) is not None:
            yield f"{name}: {limit.name!r} reads {limit.used({})!r} from no headers"
    except Exception as error:
        yield f"{name}: {limit.name!r} cannot weigh a request: {type(error).__name__}: {error}"


def every_feed_can_be_watched(subject: Subject) -> Iterator[str]:
    """There is a feed; its url is the exchange's, its book is an order book of its collection, what it subscribes is there."""
    exchange = subject.exchange
    if not exchange.feeds:
        yield "feeds is empty: give one, so that its public book can be watched"
    for name, feed in exchange.feeds.items():
        url = feed.url_of(feed.symbol) if feed.url_of is not None else feed.url
        if feed.lease is None and URL(url).host not in exchange.ws:
            yield f"{name}: {url} is no WebSocket of the exchange"
        if feed.lease is not None and feed.lease.removeprefix(f"{exchange.name}.") not in exchange.leases:
            yield f"{name}: there is no lease {feed.lease!r}"
        if feed.collection not in exchange.stores:
            yield f"{name}: {feed.collection} is none of stores"
        messages = list(feed.subscribe(feed.symbol))
        if messages != list(feed.subscribe(feed.symbol)):
            yield f"{name}: subscribing twice says two different things"
        if not messages and feed.url_of is None:
            yield f"{name}: it subscribes to nothing, and its url knows no symbol"
        if messages and feed.symbol.lower() not in f"{messages}{url}".lower():
            yield f"{name}: what it subscribes does not hold its symbol {feed.symbol!r}"
        for cls in subject.collections:
            if cls.__name__ == feed.collection and not isinstance(cls().get(feed.book), OrderBook):
                yield f"{name}: {feed.book!r} is no order book of {feed.collection}"


def leases_lead_to_hosts_of_the_exchange(subject: Subject) -> Iterator[str]:
    """A lease is asked from a REST host, renewed in time, and refuses what holds no token with `KeyError` or `TypeError`."""
    for name, rule in subject.exchange.leases.items():
        if URL(rule.base).host not in subject.exchange.rest:
            yield f"{name}: {rule.base} is no REST host of the exchange"
        if not _positive(rule.every):
            yield f"{name}: renewed every {rule.every!r} s"

        def look(body: Any, read: Any = rule.read) -> None:
            try:
                read(body)
            except (KeyError, TypeError):
                pass
            except Exception as error:
                raise Broken(f"read({body!r}) raises {type(error).__name__}: {error}") from error

        found = first_broken(any_json(), look, subject.examples)
        if found is not None:
            yield f"{name}: {found}"


def _hosts(exchange: Exchange) -> Iterator[tuple[str, Host]]:
    maps: tuple[Mapping[str, Host], ...] = (exchange.rest, exchange.ws)
    for hosts in maps:
        yield from hosts.items()


QUESTIONS = (
    the_descriptor_is_complete,
    every_host_has_its_keys_and_its_environment,
    every_host_signs_or_says_why_not,
    limits_can_be_kept,
    every_feed_can_be_watched,
    leases_lead_to_hosts_of_the_exchange,
)
