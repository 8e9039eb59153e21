"""What the fuzz tests of the exchanges share: how often they run, JSON of any form, and real messages gone wrong.

Random JSON alone rarely gets past the first look of a store, and real messages alone are all well formed. What finds
mistakes lies between the two: a real message with something else, or nothing, in one or a few of its places. There are
three ways to choose the place, and they find different things:

- `changed_in_some_places` counts every part of the message alike, so most changes fall into its many leaves;
- `changed_at_a_depth` chooses the level first, so the few parts near the top get as much as the many below;
- `changed_on_a_walk` goes down key by key, so each field of an object gets as much as the next, however full it is.

Records, words and invariants are each exchange's own and stand in its ``test_fuzz.py``.
"""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from rxbotters.errors import ProtocolError, StoreError, VenueError
from rxbotters.record import Record
from rxbotters.stores import DataStoreCollection
from rxbotters.wire import dumps
from tests.exchanges.common import heard
from tests.exchanges.compare import Answer, awaitable

BIG = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
"""What Hypothesis says of long lists of large messages; for `runs`."""


def runs(examples: int = 200, *, forgives: Collection[HealthCheck] = ()) -> settings:
    """Return a decorator of tests: so many examples, or 10,000 with ``HYPOTHESIS_PROFILE=deep``, and no deadline.

    Args:
        examples: How many an ordinary run has.
        forgives: Health checks that are not made; without any, the profile says which are.
    """
    deep = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
    chosen = settings(max_examples=10_000 if deep else examples, deadline=None)
    return settings(chosen, suppress_health_check=list(forgives)) if forgives else chosen


def json_values(
    scalars: st.SearchStrategy[Any], names: st.SearchStrategy[str], *, fields: int = 4
) -> st.SearchStrategy[Any]:
    """Return any JSON of these scalars, its objects with these names and at most so many fields."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=fields),
        max_leaves=12,
    )


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every part of a message as what holds it and its key or index there, from the outside in."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield value, key
        yield from places(inner)


@st.composite
def changed_in_some_places(
    draw: st.DrawFn,
    real: Sequence[Any],
    values: st.SearchStrategy[Any],
    *,
    least: int = 0,
    shortens: bool = False,
) -> Any:
    """Return a real message with up to three parts replaced or removed.

    Args:
        real: The messages.
        values: What takes the place of a part.
        least: How many changes there are at least.
        shortens: Whether a list may lose a part too; otherwise only objects lose theirs.
    """
    message = copy.deepcopy(draw(st.sampled_from(real)))
    for _ in range(draw(st.integers(least, 3))):
        found = list(places(message))
        if not found:
            break
        holder, key = draw(st.sampled_from(found))
        if draw(st.booleans()) and (shortens or isinstance(holder, dict)):
            del holder[key]
        else:
            holder[key] = draw(values)
    return message


@st.composite
def changed_at_a_depth(
    draw: st.DrawFn, real: Sequence[Any], values: st.SearchStrategy[Any], *, deepest: int = 5
) -> Any:
    """Return a real message, one place of which, at most so many levels down, holds something else, or nothing."""
    message = copy.deepcopy(draw(st.sampled_from(real)))
    place = message
    for _ in range(draw(st.integers(0, deepest))):
        inner = list(place.values()) if isinstance(place, dict) else place
        containers = [value for value in inner if isinstance(value, dict | list) and value]
        if not containers:
            break
        place = draw(st.sampled_from(containers))
    key = draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
    if draw(st.booleans()):
        place[key] = draw(values)
    else:
        del place[key]
    return message


@st.composite
def changed_on_a_walk(draw: st.DrawFn, real: Sequence[Any], values: st.SearchStrategy[Any]) -> Any:
    """Return a real message, in which one value somewhere is another, or a field is missing; a list keeps its length."""
    message = copy.deepcopy(draw(st.sampled_from(real)))
    place: Any = message
    while place:
        key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 3)):
            place = place[key]
            continue
        if isinstance(place, dict) and draw(st.booleans()):
            del place[key]
        else:
            place[key] = draw(values)
        break
    return message


def give(store: DataStoreCollection, messages: Sequence[Any]) -> None:
    """Give messages to a store: it reads them and changes none, and all that comes out is counted errors of two kinds."""
    errors = heard(store)
    before = repr(messages)  # not the messages themselves: NaN equals nothing
    for message in messages:
        store.onmessage(message)

    assert repr(messages) == before
    assert all(isinstance(error, ProtocolError | StoreError) for error in errors)
    assert store.errors.total == len(errors)


def give_answer(store: DataStoreCollection, url: str, body: Any) -> None:
    """Give a REST answer to `initialize`: it is applied, or refused by name, and then nothing has changed."""
    failures = heard(store)
    before = {name: store[name].find() for name in store}
    try:
        asyncio.run(store.initialize(awaitable(Answer(Record(0.0, "rest", url, dumps(body))))))
    except Exception as error:
        failures.append(error)
        assert {name: store[name].find() for name in store} == before

    for failure in failures:
        assert isinstance(failure, ProtocolError | StoreError | VenueError), repr(failure)


def give_to_every_route(store: DataStoreCollection, body: Any, query: Mapping[str, str]) -> None:
    """Give a REST body to all routes of a store: each takes it or refuses it by name, and no other error gets out."""
    for path in store._routes():
        try:
            store._apply_all([(path, body, query)])  # as `initialize` does with what it has read
        except (ProtocolError, StoreError):
            pass
