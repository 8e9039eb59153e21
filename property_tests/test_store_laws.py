"""Laws of DataStore, for any sequence of calls: it is a plain dict (or list) that tells every change."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rxbotters import DataStore, StoreChange

KEYS = st.sampled_from([-1, -2, 0, 1, 2, 3, 2**61, 0.0, -0.0, 1.0, True, "1", "a", ""])
VALUES = st.one_of(st.integers(0, 3), st.none(), st.lists(st.integers(0, 1), max_size=2))
ROWS = st.fixed_dictionaries({"id": KEYS}, optional={"v": VALUES, "w": VALUES, "s": st.sampled_from("ab")})
BATCHES = st.lists(st.one_of(ROWS, st.just({"v": 1})), max_size=4)
MAXLEN = 5


def mirror(rows: dict[Any, Any], change: StoreChange) -> None:
    """Apply one change to a plain dict, checking that it starts where the last one ended."""
    assert rows.get(change.key) == change.before
    if change.operation == "delete":
        assert change.data == change.before
        del rows[change.key]
    else:
        rows[change.key] = change.data


class Machine(RuleBasedStateMachine):
    """P1–P5, C51–C66: the store against a dict of insertion order."""

    keyed = True

    @initialize(watch=st.booleans())
    def begin(self, watch: bool) -> None:
        self.store = DataStore("s", ["id"] if self.keyed else [], maxlen=MAXLEN, indexes=["s"])
        self.store.errors.subscribe()
        self.model: dict[Any, dict[str, Any]] = {}
        self.serial = 0
        self.folded: dict[Any, Any] = {}
        self.seen: list[StoreChange] = []
        self.store.changes.subscribe(self.seen.append)
        self.seqs: list[int] = []
        assert watch in (True, False)

    def key(self, row: dict[str, Any]) -> Any:
        if not self.keyed:
            self.serial += 1
            return self.serial
        return (row["id"],)

    def usable(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in batch if not self.keyed or "id" in row]

    def trim(self) -> None:
        while len(self.model) > MAXLEN:
            del self.model[next(iter(self.model))]

    def settle(self, before: list[Any]) -> None:
        """P2, P5: what was told is exactly what changed."""
        told, self.seen[:] = list(self.seen), []
        for change in told:
            mirror(self.folded, change)
            self.seqs.append(change.seq)
        if self.store.find() == before and all(change.before == change.data for change in told):
            assert not told

    @rule(batch=BATCHES)
    def insert(self, batch: list[dict[str, Any]]) -> None:
        before = self.store.find()
        given_rows = copy.deepcopy(batch)
        self.store._insert(batch)
        for row in batch:
            row["v"] = ["mutated by the caller"]
        for row in self.usable(given_rows):
            self.model[self.key(row)] = row
        self.trim()
        self.settle(before)

    @rule(batch=BATCHES)
    def update(self, batch: list[dict[str, Any]]) -> None:
        before = self.store.find()
        self.store._update(batch)
        for row in self.usable(batch):
            key = self.key(row)
            self.model[key] = {**self.model.get(key, {}), **row}
        self.trim()
        self.settle(before)

    @rule(batch=BATCHES)
    def delete(self, batch: list[dict[str, Any]]) -> None:
        before = self.store.find()
        self.store._delete(batch)
        if self.keyed:
            for row in self.usable(batch):
                self.model.pop((row["id"],), None)
        else:
            self.model = {key: row for key, row in self.model.items() if row not in batch}
        self.settle(before)

    @rule(query=st.sampled_from([{}, {"s": "a"}, {"v": 1}, {"v": None}, {"id": 1}, {"s": "b", "v": 0}]))
    def find_and_delete(self, query: dict[str, Any]) -> None:
        before = self.store.find()
        found = self.store._find_and_delete(query)
        kept = {k: r for k, r in self.model.items() if not all(f in r and r[f] == v for f, v in query.items())}
        assert found == [row for key, row in self.model.items() if key not in kept]
        self.model = kept
        self.settle(before)

    @rule(query=st.sampled_from([{}, {"s": "a"}, {"id": -1}]))
    def remove(self, query: dict[str, Any]) -> None:
        before = self.store.find()
        self.store._remove(self.store._find_with_uuid(query))
        self.model = {k: r for k, r in self.model.items() if not all(f in r and r[f] == v for f, v in query.items())}
        self.settle(before)

    @rule(key=KEYS)
    def pop(self, key: Any) -> None:
        before = self.store.find()
        assert self.store._pop({"id": key}) == (self.model.pop((key,), None) if self.keyed else None)
        self.settle(before)

    @rule()
    def clear(self) -> None:
        before = self.store.find()
        self.store._clear()
        self.model.clear()
        self.settle(before)

    @invariant()
    def equals_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        rows = list(self.model.values())
        assert self.store.find() == list(self.store) == rows
        assert list(reversed(self.store)) == rows[::-1]
        assert len(self.store) == len(rows) <= MAXLEN
        assert list(self.folded.values()) == rows  # P2
        assert self.seqs == list(range(1, len(self.seqs) + 1))
        for query in ({"s": "a"}, {"v": 1}, {"v": None}, {"s": "b", "v": 0}, {"id": 1}):
            assert self.store.find(query) == [r for r in rows if all(f in r and r[f] == v for f, v in query.items())]
        if self.keyed:
            for key in (-1, -2, 1, 2**61, "1"):
                assert self.store.get({"id": key}) == self.model.get((key,))

    @precondition(lambda self: hasattr(self, "store") and len(self.store))
    @rule()
    def attack_a_row(self) -> None:
        """P4: what is handed out cannot be used to change the store."""
        row: Any = self.store.find()[0]
        for attack in (lambda: row.update(id=9), lambda: row.pop("id"), row.clear, lambda: row["v"].append(1)):
            with pytest.raises((TypeError, KeyError, AttributeError)):
                attack()
        plain = dict(row)
        plain["v"] = "mine"


class KeylessMachine(Machine):
    """The same without keys."""

    keyed = False


TestKeyedStore = Machine.TestCase
TestKeyedStore.settings = settings(max_examples=150, stateful_step_count=30)
TestKeylessStore = KeylessMachine.TestCase
TestKeylessStore.settings = settings(max_examples=80, stateful_step_count=30)


@given(st.lists(st.tuples(KEYS, KEYS), max_size=12))
def test_rows_share_a_place_only_if_their_keys_are_equal(keys: list[tuple[Any, Any]]) -> None:
    """P1, C51, F77."""
    store = DataStore(keys=["a", "b"])
    for number, (a, b) in enumerate(keys):
        store._insert([{"a": a, "b": b, "n": number}])

    assert len(store) == len(dict.fromkeys(keys))
    for a, b in keys:
        assert store.get({"a": a, "b": b}) is not None


@given(st.lists(st.sampled_from([[], [{"id": 1, "v": 0}], [{"id": 1, "v": 1}], [{"x": 1}]]), max_size=8))
def test_only_real_changes_wake_a_waiter(batches: list[Any]) -> None:
    """P5, C64."""

    async def run() -> None:
        store = DataStore(keys=["id"])
        store.errors.subscribe()
        for batch in batches:
            waiting = asyncio.ensure_future(store.wait())
            await asyncio.sleep(0)
            before = store.find()
            store._insert(batch)
            await asyncio.sleep(0)
            assert waiting.done() is (store.find() != before)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert not store._waiters

    asyncio.run(run())


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 9), st.sampled_from([True, True, False])), max_size=40))
def test_survivors_are_the_youngest(maxlen: int, steps: list[tuple[int, bool]]) -> None:
    """P3, C63: a row that goes and comes back is young again."""
    store = DataStore(keys=["id"], maxlen=maxlen)
    model: dict[int, None] = {}
    for key, comes in steps:
        if comes:
            store._update([{"id": key}])
            model.setdefault(key)
        else:
            store._delete([{"id": key}])
            model.pop(key, None)
        while len(model) > maxlen:
            del model[next(iter(model))]
        assert [row["id"] for row in store] == list(model)
