"""DataStore: the clauses of the contract, one by one."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from typing import Any

import pytest

from rxbotters import DataStore, DataStoreCollection, StoreChange
from rxbotters.errors import BadNumber, BufferOverflow, MissingKey, UnhashableKey
from rxbotters_operators.events import Live


class Recorder(list[tuple[str, Any, Any]]):
    """What a store told."""

    def __init__(self, store: DataStore) -> None:
        store.changes.subscribe(lambda change: self.append((change.operation, change.source, dict(change.data))))


def ids(store: DataStore) -> list[Any]:
    return [row["id"] for row in store]


def test_data_is_inserted_after_init_and_keys_and_maxlen_are_arguments() -> None:
    """C50, C67."""

    class Own(DataStore):
        _KEYS = ("id",)

        def _init(self) -> None:
            self.ready = True

        def _insert(self, items: Any, **kwargs: Any) -> None:
            assert self.ready
            super()._insert(items, **kwargs)

    assert ids(Own(data=[{"id": 1}])) == [1]
    assert DataStore()._MAXLEN == 9999
    assert len(DataStore("log", data=[{"n": n} for n in range(5)], maxlen=3)) == 3
    with pytest.raises(ValueError, match="maxlen"):
        DataStore(maxlen=0)


def test_keys_with_equal_hashes_are_two_rows() -> None:
    """C51, F77: identity is the key tuple, not its hash."""
    store = DataStore(keys=["id"], data=[{"id": -1, "v": "a"}, {"id": -2, "v": "b"}, {"id": 1}, {"id": 2**61}])

    assert len(store) == 4
    assert store.get({"id": -1}) == {"id": -1, "v": "a"}
    store._delete([{"id": -2}])
    assert ids(store) == [-1, 1, 2**61]


def test_equal_keys_of_other_types_are_one_row() -> None:
    """C51: Python equality decides."""
    store = DataStore(keys=["id"], data=[{"id": 1}, {"id": 1.0}, {"id": True}])

    assert len(store) == 1


def test_a_row_without_its_key_is_skipped_counted_and_reported() -> None:
    """C51, F78."""
    store = DataStore(keys=["id"])
    errors: list[Exception] = []
    store.errors.subscribe(errors.append)

    store._insert([{"x": 1}, {"id": 1}])
    store._delete([{"x": 1}])

    assert ids(store) == [1]
    assert store.skipped == 2
    assert all(isinstance(error, MissingKey) and "id" in str(error) for error in errors)


def test_an_unhashable_key_refuses_the_whole_batch() -> None:
    """C51, F78: atomic."""
    store = DataStore(keys=["id"])
    seen = Recorder(store)

    with pytest.raises(UnhashableKey, match="not hashable"):
        store._insert([{"id": 1}, {"id": [2]}])

    assert not store.find()
    assert not seen


def test_insert_replaces_in_place_and_tells_what_stood_there() -> None:
    """C52."""
    store = DataStore(keys=["id"], data=[{"id": 1, "v": 1, "old": True}, {"id": 2}])
    changes: list[StoreChange] = []
    store.changes.subscribe(changes.append)

    store._insert([{"id": 1, "v": 2}])

    assert store.find() == [{"id": 1, "v": 2}, {"id": 2}]
    assert (changes[0].operation, changes[0].source) == ("insert", None)
    assert changes[0].before == {"id": 1, "v": 1, "old": True}
    assert changes[0].key == (1,)


def test_update_merges_and_never_touches_a_row_that_was_handed_out() -> None:
    """C53."""
    store = DataStore(keys=["id"], data=[{"id": 1, "v": 1, "w": 1}])
    old = store.find()[0]
    seen = Recorder(store)

    store._update([{"id": 1, "v": 2}, {"id": 2, "v": 9}])

    assert old == {"id": 1, "v": 1, "w": 1}
    assert seen == [
        ("update", {"id": 1, "v": 2}, {"id": 1, "v": 2, "w": 1}),
        ("update", None, {"id": 2, "v": 9}),
    ]


def test_delete_by_key_and_for_a_keyless_store_by_equality() -> None:
    """C54."""
    store = DataStore(keys=["id"], data=[{"id": 1, "v": 1}])
    seen = Recorder(store)
    store._delete([{"id": 1, "v": "other"}, {"id": 7}])

    assert seen == [("delete", {"id": 1, "v": "other"}, {"id": 1, "v": 1})]
    log = DataStore(data=[{"n": 1}, {"n": 2}, {"n": 1}])
    log._delete([{"n": 1}])
    assert log.find() == [{"n": 2}]


def test_remove_by_internal_id_keyed_or_not() -> None:
    """C55, C60."""
    for store in (DataStore(keys=["id"], data=[{"id": 1}, {"id": 2}]), DataStore(data=[{"id": 1}, {"id": 2}])):
        found = store._find_with_uuid({"id": 2})
        assert list(found.values()) == [{"id": 2}]
        seen = Recorder(store)
        store._remove([*found, *found])
        assert store.find() == [{"id": 1}]
        assert seen == [("delete", None, {"id": 2})]


def test_clear_pop_and_find_and_delete_tell_everything() -> None:
    """C56, C57, C60."""
    store = DataStore(keys=["id"], data=[{"id": n, "even": n % 2 == 0} for n in range(5)])
    changes: list[StoreChange] = []
    store.changes.subscribe(changes.append)

    assert store._pop({"id": 3}) == {"id": 3, "even": False}
    assert store._pop({"id": 3}) is None
    assert [row["id"] for row in store._find_and_delete({"even": True})] == [0, 2, 4]
    store._clear()

    assert [(change.operation, change.data["id"]) for change in changes] == [("delete", n) for n in (3, 0, 2, 4, 1)]
    assert [change.reason for change in changes] == ["pop", None, None, None, "clear"]
    log = DataStore(data=[{"n": 1}])
    assert log._find_and_delete() == [{"n": 1}]
    assert len(log) == 0


def test_get_and_find() -> None:
    """C58, C59."""
    store = DataStore(keys=["a", "b"], data=[{"a": 1, "b": 2, "c": None}, {"a": 1, "b": 3}])

    assert store.get({"a": 1, "b": 3, "extra": 0}) == {"a": 1, "b": 3}
    assert store.get({"a": 1}) is None
    assert DataStore(data=[{"a": 1}]).get({"a": 1}) is None
    assert store.find({"c": None}) == [{"a": 1, "b": 2, "c": None}]
    assert store.find({"a": 1, "b": 2}) == [{"a": 1, "b": 2, "c": None}]
    assert store.find({}) == store.find() == list(store)
    indexed = DataStore(keys=["id"], indexes=["s"], data=[{"id": n, "s": "ab"[n % 2]} for n in range(6)])
    assert [row["id"] for row in indexed.find({"s": "b"})] == [1, 3, 5]


def test_rows_are_read_only_all_the_way_down_and_copied_on_the_way_in() -> None:
    """C58, C59, F81, F83."""
    item = {"id": 1, "legs": [{"size": 1}]}
    store = DataStore(keys=["id"], data=[item])
    item["legs"].append("mine")  # type: ignore[attr-defined]
    row: Any = store.get({"id": 1})

    for attack in (
        lambda: row.__setitem__("id", 2),
        lambda: row.update(id=2),
        lambda: row.pop("id"),
        lambda: row["legs"].append(1),
        lambda: row["legs"][0].__setitem__("size", 9),
    ):
        with pytest.raises(TypeError, match="read-only"):
            attack()
    assert store.find() == [{"id": 1, "legs": [{"size": 1}]}]


def test_a_row_is_a_plain_dict_to_everybody_else() -> None:
    """C59: prints, matches, serialises, copies."""
    row: Any = DataStore(keys=["id"], data=[{"id": 1, "l": [1]}]).get({"id": 1})

    assert json.loads(json.dumps(row)) == {"id": 1, "l": [1]}
    assert repr(row) == "{'id': 1, 'l': [1]}"
    assert pickle.loads(pickle.dumps(row)) == row
    plain = copy.deepcopy(row)
    plain["l"].append(2)
    assert (plain | {"x": 1})["l"] == [1, 2]
    match row:
        case {"id": int(number)}:
            assert number == 1


def test_sorted_splits_sorts_and_limits() -> None:
    """C61."""
    rows = [{"s": s, "p": p} for s in ("asks", "bids", "other") for p in ("10.5", "9", "100")]
    store = DataStore(data=rows)

    def prices(limit: int | None = None) -> dict[str, list[str]]:
        both = store._sorted("s", "asks", "bids", "p", limit=limit)
        return {side: [row["p"] for row in rows] for side, rows in both.items()}

    assert prices() == {"asks": ["9", "10.5", "100"], "bids": ["100", "10.5", "9"]}
    assert prices(1) == {"asks": ["9"], "bids": ["100"]}
    assert prices(0) == {"asks": [], "bids": []}
    with pytest.raises(ValueError, match="limit"):
        prices(-1)
    store._insert([{"s": "asks", "p": "x"}])
    with pytest.raises(BadNumber):
        prices()


def test_iteration_is_over_a_snapshot() -> None:
    """C62, F82."""
    store = DataStore(keys=["id"], data=[{"id": 1}, {"id": 2}])

    for row in store:
        store._insert([{"id": row["id"] + 10}])

    assert ids(store) == [1, 2, 11, 12]
    assert [row["id"] for row in reversed(store)] == [12, 11, 2, 1]
    assert not DataStore()


def test_the_oldest_rows_are_evicted_and_that_is_told() -> None:
    """C63: age is the first insertion; a re-inserted key is young again."""
    store = DataStore(keys=["id"], maxlen=3)
    changes: list[StoreChange] = []
    store.changes.subscribe(changes.append)

    store._insert([{"id": 1}, {"id": 2}, {"id": 3}])
    store._update([{"id": 1, "v": 1}])
    store._insert([{"id": 4}])
    store._delete([{"id": 2}])
    store._insert([{"id": 2}])
    store._insert([{"id": 5}])

    assert ids(store) == [4, 2, 5]
    assert [(c.data["id"], c.reason) for c in changes if c.operation == "delete"] == [
        (1, "evict"),
        (2, None),
        (3, "evict"),
    ]


def test_a_long_log_evicts_in_order() -> None:
    """C63: past the handful of oldest keys that is kept at hand."""
    log = DataStore(maxlen=50)
    for number in range(1000):
        log._insert([{"n": number}])

    assert [row["n"] for row in log] == list(range(950, 1000))


async def test_wait_wakes_on_real_changes_only_and_loses_none() -> None:
    """C64, F84."""
    store = DataStore(keys=["id"], data=[{"id": 1, "v": 1}])
    waiting = asyncio.ensure_future(store.wait())
    await asyncio.sleep(0)
    store._insert([])
    store._delete([{"id": 7}])
    store._insert([{"id": 1, "v": 1}])
    await asyncio.sleep(0)
    assert not waiting.done()
    version = store.version
    store._update([{"id": 1, "v": 2}])
    assert await waiting == version + 1
    store._update([{"id": 1, "v": 3}])
    assert await store.wait(since=version + 1) == version + 2  # the change between two waits is not lost
    for _ in range(100):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await store.wait()
    assert not store._waiters


async def test_watch_queues_every_change_and_ends_when_closed() -> None:
    """C65."""
    store = DataStore(keys=["id"])
    with store.watch() as stream:
        store._insert([{"id": 1}])
        store._update([{"id": 1, "v": 2}])
        store._delete([{"id": 1}])
        assert [(await stream.get()).operation for _ in range(3)] == ["insert", "update", "delete"]
        reader = asyncio.ensure_future(anext(aiter(stream)))
        await asyncio.sleep(0)
        stream.close()
        stream.close()
        with pytest.raises(StopAsyncIteration):
            await reader
    assert not store.commits.observed


async def test_a_watcher_that_sleeps_is_bounded_and_told() -> None:
    """C65, C78, F88, F89."""
    store = DataStore(keys=["id"])
    stream = store.watch(maxsize=10)
    forgetful = store.watch(maxsize=3, overflow="drop_oldest")
    for number in range(100):
        store._insert([{"id": number}])

    read = []
    with pytest.raises(BufferOverflow, match="10 items behind"):
        async for change in stream:
            read.append(change.data["id"])
    assert read == list(range(10))
    assert (await forgetful.get()).data == {"id": 97}
    assert forgetful.dropped == 97
    forgetful.close()


def test_changes_come_in_order_with_the_row_already_there() -> None:
    """C66."""
    store = DataStore(keys=["id"])
    seen: list[bool] = []
    store.changes.subscribe(
        lambda change: seen.append((store.get(change.data) is not None) == (change.operation != "delete"))
    )

    store._insert([{"id": 1}, {"id": 2}])
    store._delete([{"id": 1}])

    assert seen == [True, True, True]


def test_a_commit_is_one_call_and_reentrant_changes_keep_one_order() -> None:
    """C66: a subscriber that changes the store does not reorder what its siblings see."""
    store = DataStore(keys=["id"])
    first: list[int] = []
    second: list[int] = []

    def reacting(commit: tuple[StoreChange, ...]) -> None:
        first.append(commit[0].data["id"])
        if commit[0].data["id"] == 1:
            store._insert([{"id": 2}])

    store.commits.subscribe(reacting)
    store.commits.subscribe(lambda commit: second.append(commit[0].data["id"]))

    store._insert([{"id": 1}])

    assert first == second == [1, 2]


def test_at_streams_one_row() -> None:
    """The row as it is, then each new version, None when it goes."""
    store = DataStore(keys=["id"], data=[{"id": 1, "v": 1}])
    seen: list[Any] = []
    subscription = store.at({"id": 1}).subscribe(seen.append)

    store._update([{"id": 1, "v": 2}, {"id": 2, "v": 0}])
    store._delete([{"id": 1}])
    subscription.dispose()
    store._insert([{"id": 1, "v": 9}])

    assert seen == [{"id": 1, "v": 1}, {"id": 1, "v": 2}, None]
    with pytest.raises(ValueError, match="id"):
        store.at({"x": 1})


def test_apply_is_the_pure_reducer() -> None:
    """C76: messages in, changes out, no loop."""
    store = DataStore(keys=["id"])

    changes = store.apply([{"id": 1}, {"id": 2}])

    assert [change.data for change in changes] == [{"id": 1}, {"id": 2}]
    assert store.status == Live()


def test_a_raising_subscriber_is_detached_and_reported() -> None:
    """F85: its siblings notice nothing."""
    store = DataStore(keys=["id"])
    errors: list[Exception] = []
    seen: list[Any] = []
    store.errors.subscribe(errors.append)
    store.changes.subscribe(lambda change: 1 / 0)
    store.changes.subscribe(seen.append)

    store._insert([{"id": 1}, {"id": 2}])

    assert len(seen) == 2
    assert len(errors) == 1
    assert isinstance(errors[0].__cause__, ZeroDivisionError)


# ---------------------------------------------------------------------- rows, streams, waiting


def test_copies_of_a_row_are_the_callers_to_change() -> None:
    """C58, C59, P4: copy, deepcopy and pickle, with what is nested."""
    import copy
    import pickle

    store = DataStore(keys=["id"], data=[{"id": 1, "legs": [{"q": 1}, [2]], "meta": {"a": [3]}}])
    (row,) = store.find()
    for made in (copy.deepcopy(row), copy.deepcopy(dict(row))):
        made["legs"][0]["q"] = 9
        made["legs"][1].append(9)
        made["meta"]["a"].append(9)
        made["id"] = 9
    for made in (row.copy(), copy.copy(row)):
        made["id"] = 9
    legs = copy.deepcopy(row["legs"])
    legs.append(9)
    assert pickle.loads(pickle.dumps(row)) == row
    assert type(pickle.loads(pickle.dumps(row["legs"]))) is type(row["legs"])

    assert store.find() == [{"id": 1, "legs": [{"q": 1}, [2]], "meta": {"a": [3]}}]


def test_a_row_that_was_a_row_already_is_not_copied_again() -> None:
    """F83: what is frozen can be shared; what is not is copied to the bottom."""
    one, other = DataStore(keys=["id"]), DataStore(keys=["id"])
    one._insert([{"id": 1, "legs": [1]}])
    (row,) = one.find()
    other._insert([row])

    assert other.find() == [row]
    assert other.find()[0]["legs"] is row["legs"]
    keyless = DataStore(data=[{"v": 1}])
    key, stored = next(iter(keyless._find_with_uuid().items()))
    keyless._amend(key.key, {"v": 1})  # type: ignore[attr-defined]
    assert keyless.find()[0] is stored
    keyless._amend(key.key, {"w": [2]})  # type: ignore[attr-defined]
    assert keyless.find() == [{"v": 1, "w": [2]}]


async def test_a_stream_counts_what_waits_and_what_was_lost_and_is_true_when_empty() -> None:
    """C65, C78."""
    store = DataStore(keys=["id"])
    with store.watch(maxsize=2, overflow="drop_oldest") as stream:
        assert stream
        assert len(stream) == 0
        store._insert([{"id": number} for number in range(5)])
        assert (len(stream), stream.dropped) == (2, 3)
    assert [change.data["id"] async for change in stream] == [3, 4]


async def test_who_waits_may_leave_and_who_watched_is_let_go() -> None:
    """C64, F23, F26: a waiter that was cancelled is no waiter; at the end the others are told why."""
    collection = DataStoreCollection()
    collection.create("tick", keys=["id"])
    store = collection["tick"]
    rows: list[Any] = []
    ends: list[str] = []
    store.at({"id": 1}).subscribe(rows.append, on_completed=lambda: ends.append("row"))
    store.changes.subscribe(on_completed=lambda: ends.append("changes"))
    waiting = [asyncio.ensure_future(one) for one in (store.wait(), store.wait(), collection.wait(), collection.wait())]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[2].cancel()
    feed = object()
    collection.joined(feed)
    collection.release(feed, ConnectionError("closed"))
    told = await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(error) for error in told] == [asyncio.CancelledError, ConnectionError] * 2
    assert ends == ["row", "changes"]


def test_a_watched_row_is_told_as_it_is_and_forgotten_with_its_last_reader() -> None:
    """C65: a second reader of one row shares the first one's dispatch."""
    store = DataStore(keys=["id"])
    one: list[Any] = []
    other: list[Any] = []
    first = store.at({"id": 1}).subscribe(one.append)
    store._insert([{"id": 1, "v": "a"}])
    second = store.at({"id": 1}).subscribe(other.append)
    first.dispose()
    store._insert([{"id": 1, "v": "b"}])
    second.dispose()
    store._insert([{"id": 1, "v": "c"}])

    assert one == [{"id": 1, "v": "a"}]
    assert other == [{"id": 1, "v": "a"}, {"id": 1, "v": "b"}]
    assert not store._at
    for bad, words in (({"v": 1}, "id is missing"), ({}, "id is missing")):
        with pytest.raises(ValueError, match=words):
            store.at(bad)
    with pytest.raises(ValueError, match="has no keys"):
        DataStore().at({"id": 1})


def test_an_error_of_a_store_is_told_by_its_collection_and_by_itself_if_one_listens() -> None:
    """C51, F78."""
    collection = DataStoreCollection()
    collection.create("tick", keys=["id"])
    group: list[Exception] = []
    own: list[Exception] = []
    collection.errors.subscribe(group.append)
    collection["tick"]._insert([{"no": "key"}])
    collection["tick"].errors.subscribe(own.append)
    collection["tick"]._insert([{"no": "key"}])

    assert (len(group), len(own)) == (2, 1)
    assert collection["tick"].skipped == 2
