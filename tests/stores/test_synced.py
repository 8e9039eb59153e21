"""Books of numbered streams: every gap noticed, never Live while wrong."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from rxbotters.errors import BookMismatch, SequenceGap
from rxbotters.stores import Ask, DataStore, DataStoreCollection, Diff, SyncedBook, by_previous, by_range, increasing
from rxbotters_operators.events import Answered, Closed, Late, Live, Overdue, Stale, Syncing


class Numbered(DataStoreCollection):
    def _init(self) -> None:
        self.create("book", datastore_class=SyncedBook)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if "snapshot" in msg:
            self["book"].on_snapshot(msg["s"], msg["snapshot"], msg["a"], msg["b"])
        else:
            self["book"].on_diff(msg["s"], Diff(msg["a"], msg["b"], last=msg["n"]))


@pytest.fixture
def numbered() -> Any:
    collection = Numbered()
    collection.seen = []  # type: ignore[attr-defined]
    collection.errors.subscribe(collection.seen.append)  # type: ignore[attr-defined]
    collection.asked = []  # type: ignore[attr-defined]
    collection.asks.subscribe(collection.asked.append)  # type: ignore[attr-defined]
    return collection


def snapshot(number: int, symbol: str = "X") -> dict[str, Any]:
    return {"s": symbol, "snapshot": number, "a": [(101.0, 1.0)], "b": [(99.0, 1.0)]}


def diff(number: int, symbol: str = "X", *, a: Any = (), b: Any = ((98.0, 1.0),)) -> dict[str, Any]:
    return {"s": symbol, "n": number, "a": list(a), "b": list(b)}


def test_diffs_before_the_snapshot_are_held_and_then_replayed(numbered: Any) -> None:
    """F74."""
    for number in (4, 5, 6):
        numbered.onmessage(diff(number, b=[(90.0 + number, 1.0)]))
    assert not len(numbered["book"])
    assert numbered["book"].status_of("X") == Syncing()

    numbered.onmessage(snapshot(5))

    assert [level.price for level in numbered["book"].depth("X").bids] == [99.0, 96.0]
    assert numbered["book"].status_of("X") == Live()
    assert numbered.asked == [Ask(numbered["book"], "X", None)]


@pytest.mark.parametrize("doubt", [Overdue(None, 5.0), Late(None, 40.0)], ids=["overdue", "late"])
def test_a_snapshot_is_no_proof_of_life(numbered: Any, doubt: Any) -> None:
    """A book that had none when its connection fell into doubt is `Live` once that has answered, and not before."""
    numbered.onmessage(diff(6))
    numbered.onevent(doubt)

    numbered.onmessage(snapshot(5))
    numbered.onmessage(diff(7))
    in_doubt = numbered["book"].status_of("X")
    numbered.onevent(Answered(None, 0.1))

    assert isinstance(in_doubt, Stale)
    assert numbered["book"].status_of("X") == Live()


def test_a_gap_in_doubt_stays_when_the_doubt_has_gone(numbered: Any) -> None:
    numbered.seen.clear()
    numbered.onmessage(snapshot(5))
    numbered.onevent(Overdue(None, 5.0))
    numbered.onmessage(diff(9))

    numbered.onevent(Answered(None, 0.1))

    assert numbered["book"].status_of("X") == Stale("gap: expected 6, got 9")


def test_doubt_ends_with_its_connection(numbered: Any) -> None:
    numbered.onevent(Overdue(None, 5.0))
    numbered.onevent(Closed(1006))

    numbered.onmessage(snapshot(5))

    assert numbered["book"].status_of("X") == Live()


def test_a_gap_empties_that_instrument_alone_and_asks_once(numbered: Any) -> None:
    """F68, F71, F76."""
    for symbol in ("X", "Y"):
        numbered.onmessage(snapshot(1, symbol))
    numbered.onmessage(diff(3))
    numbered.onmessage(diff(4))

    book = numbered["book"]
    assert not book.depth("X").bids
    assert isinstance(book.status_of("X"), Stale)
    assert book.status_of("Y") == Live()
    assert book.depth("Y").bids
    (gap,) = numbered.seen
    assert isinstance(gap, SequenceGap)
    assert (gap.expected, gap.got) == (2, 3)
    assert len(numbered.asked) == 1
    numbered.onmessage(snapshot(2))
    assert book.status_of("X") == Live()
    assert book._numbers["X"].last == 4


def test_duplicates_and_old_diffs_change_nothing(numbered: Any) -> None:
    """F70."""
    numbered.onmessage(snapshot(1))
    numbered.onmessage(diff(2))
    version = numbered["book"].version

    numbered.onmessage(diff(2, b=[(98.0, 9.0)]))
    numbered.onmessage(diff(1, b=[(98.0, 9.0)]))

    assert numbered["book"].version == version


def test_a_snapshot_older_than_the_diffs_is_not_taken(numbered: Any) -> None:
    """F74: another is asked for, and the book does not pretend."""
    numbered.onmessage(diff(10))
    numbered.onmessage(snapshot(7))

    assert not numbered["book"].depth("X").asks
    assert not isinstance(numbered["book"].status_of("X"), Live)
    assert len(numbered.asked) == 2
    numbered.onmessage(snapshot(9))
    assert numbered["book"].status_of("X") == Live()


def test_a_crossed_book_is_no_book(numbered: Any) -> None:
    """F69, F73."""
    numbered.onmessage(snapshot(1))
    numbered.onmessage(diff(2, b=[(101.0, 1.0)]))

    assert not numbered["book"].depth("X").bids
    (error,) = numbered.seen
    assert isinstance(error, BookMismatch)
    assert "crossed" in str(error)


def test_a_bad_number_refuses_the_message_and_the_book(numbered: Any) -> None:
    """F79, F80: what the diff would have changed is unknown, so the book is."""
    numbered.onmessage(snapshot(1))
    numbered.onmessage(diff(2, b=[(98.0, float("nan"))]))

    assert not numbered["book"].depth("X").bids
    assert isinstance(numbered["book"].status_of("X"), Stale)
    assert len(numbered.asked) == 1


class Summed(SyncedBook):
    def _checksum(self, symbol: Any) -> int | None:
        return sum(int(level.size) for side in self.depth(symbol) for level in side)


def test_a_wrong_checksum_is_a_gap() -> None:
    """F72."""
    book = Summed()
    errors: list[Exception] = []
    book.errors.subscribe(errors.append)
    book.on_snapshot("X", 1, [(101.0, 1)], [(99.0, 1)], checksum=2)
    assert book.status_of("X") == Live()

    book.on_diff("X", Diff([], [(98.0, 5)], last=2, checksum=7))
    assert book.status_of("X") == Live()
    book.on_diff("X", Diff([], [(97.0, 5)], last=3, checksum=13))

    assert isinstance(book.status_of("X"), Stale)
    assert "expected 13, ours is 12" in str(errors[0])


@pytest.mark.parametrize(
    ("follows", "diffs", "verdicts"),
    [
        (by_range, [(4, 6), (5, 9), (9, 9), (12, 13)], "apply apply skip gap"),
        (by_previous, [(5, 6), (6, 9), (3, 7), (10, 12)], "apply apply skip gap"),
    ],
)
def test_rules_of_succession(follows: Any, diffs: list[tuple[int, int]], verdicts: str) -> None:
    """F68: (first or previous, last) after 5."""
    last = 5
    seen = []
    for first, number in diffs:
        verdict = follows(last, Diff([], [], last=number, first=first, previous=first), False)
        seen.append(verdict)
        if verdict == "apply":
            last = number

    assert " ".join(seen) == verdicts


def test_a_lost_feed_begins_anew(numbered: Any) -> None:
    """F73, D10: numbers of the old connection mean nothing on the new one."""
    from rxbotters_operators.events import Closed

    numbered.onmessage(snapshot(1))
    numbered.onevent(Closed(1006, cause="reset"))
    assert isinstance(numbered["book"].status_of("X"), Stale)

    numbered.onmessage(diff(2))

    assert not numbered["book"].depth("X").bids
    numbered.onmessage(snapshot(2))
    assert numbered["book"].status_of("X") == Live()


class Capped(SyncedBook):
    _MAXLEN: ClassVar[int] = 3  # type: ignore[misc]


def test_a_cap_holds_per_instrument_and_side_and_drops_the_far_end() -> None:
    """F75, F76."""
    book = Capped()
    for symbol in "XYZ":
        book.on_snapshot(symbol, 1, [(100.0 + n, 1) for n in range(9)], [(99.0 - n, 1) for n in range(9)])

    for symbol in "XYZ":
        assert [level.price for level in book.depth(symbol).asks] == [100.0, 101.0, 102.0]
        assert [level.price for level in book.depth(symbol).bids] == [99.0, 98.0, 97.0]


class Counted(SyncedBook):
    _EXTRAS: ClassVar[tuple[str, ...]] = ("orders",)


def test_levels_may_say_more_than_their_size() -> None:
    """D7: what follows price and size is a field of the row, and a change of it is a change."""
    book = Counted()
    book.on_snapshot("X", 1, [["101", "1", 3]], [["99", "2", 1]])
    told: list[Any] = []
    book.changes.subscribe(lambda change: told.append((change.operation, dict(change.data))))

    book.on_diff("X", Diff([["101", "1", 4]], [["99", "0", 0]], last=2))

    assert book.find() == [{"symbol": "X", "side": "asks", "price": "101", "size": "1", "orders": 4}]
    assert told == [
        ("update", {"symbol": "X", "side": "asks", "price": "101", "size": "1", "orders": 4}),
        ("delete", {"symbol": "X", "side": "bids", "price": "99", "size": "2", "orders": 1}),
    ]
    assert book.depth("X").asks == [("101", "1")]
    assert book.sorted({"symbol": "X"})["asks"] == book.find()


@pytest.mark.parametrize("level", [["101", "1", [3]], ["101"], "ab", 5, None])
def test_a_level_that_is_none_empties_a_numbered_book(level: Any) -> None:
    """F79: a diff that was counted and could not be applied leaves no book that looks alive."""
    book = Counted()
    book.on_snapshot("X", 1, [["101", "1", 3]], [])

    with pytest.raises(ValueError, match="refused"):
        book.on_diff("X", Diff([level], [], last=2))

    assert not book.find()
    assert isinstance(book.status_of("X"), Stale)


class Wiped(DataStore):
    _KEYS: ClassVar[list[str]] = ["id"]
    _ON_LOSS = "clear"


def test_rows_that_go_with_their_connection_are_never_told_as_live(numbered: Any) -> None:
    """F68, F73: who hears of a commit asks for the status, and must not be told that an emptied book is true."""
    numbered.create("wiped", datastore_class=Wiped)
    book, wiped = numbered["book"], numbered["wiped"]
    numbered.onmessage(snapshot(1))
    wiped._insert([{"id": 1}])
    alone = SyncedBook()
    alone.errors.subscribe(lambda error: None)
    alone.on_snapshot("X", 1, [(101.0, 1.0)], [(99.0, 1.0)])
    told: list[tuple[Any, Any]] = []
    book.commits.subscribe(lambda commit: told.append((commit.status, book.status_of("X"))))
    wiped.commits.subscribe(lambda commit: told.append((commit.status, wiped.status)))
    alone.commits.subscribe(lambda commit: told.append((commit.status, alone.status_of("X"))))

    numbered.onevent(Closed(1006))
    alone.on_diff("X", Diff([], [(98.0, 1.0)], last=9))

    assert len(told) == 3
    assert all(isinstance(status, Stale) for pair in told for status in pair)


# ---------------------------------------------------------------------- what is said, and what is kept


def test_a_snapshot_that_is_too_old_is_said_and_what_waits_is_kept() -> None:
    """F74: a newer snapshot is all that is missing; the diffs need not come again."""
    book = SyncedBook("ticks")
    errors: list[Any] = []
    book.errors.subscribe(errors.append)
    book.on_diff("X", Diff([], [(98.0, 1.0)], last=10))
    book.on_snapshot("X", 7, [(101.0, 1.0)], [])
    assert book.status_of("X") == Stale("gap: expected a snapshot newer than 7, got an older one")
    book.on_snapshot("X", 9, [(101.0, 1.0)], [])

    assert book.depth("X").bids == [(98.0, 1.0)]
    assert book.status_of("X") == Live()
    (error,) = errors
    assert isinstance(error, SequenceGap)
    assert (error.symbol, error.expected, error.got) == ("X", "a snapshot newer than 7", "an older one")
    assert str(error).startswith("ticks X: ")


@pytest.mark.parametrize(
    ("follows", "diff", "words"),
    [
        (None, Diff([], [], last=9), "gap: expected 6, got 9"),
        (by_range, Diff([], [], last=9, first=8), "gap: expected 6, got 8"),
        (by_previous, Diff([], [], last=9, first=8, previous=7), "gap: expected 6, got 7"),
        (by_previous, Diff([], [], last="i", previous="h"), "gap: expected what follows e, got h"),
    ],
)
def test_a_gap_says_what_was_expected_and_what_came(follows: Any, diff: Diff, words: str) -> None:
    """F68: with the store and the instrument."""

    class Book(SyncedBook):
        _FOLLOWS = follows or SyncedBook._FOLLOWS

    book = Book("ticks")
    errors: list[Any] = []
    told: list[Any] = []
    book.errors.subscribe(errors.append)
    book.on_snapshot("X", 5 if isinstance(diff.last, int) else "e", [(101.0, 1.0)], [])
    book.changes.subscribe(lambda change: told.append((change.operation, change.reason)))
    book.on_diff("X", diff)

    assert book.status_of("X") == Stale(words)
    (error,) = errors
    assert (error.symbol, str(error)[: len("ticks X: ") + len(words)]) == ("X", f"ticks X: {words}")
    assert told == [("delete", "resync")]


def test_a_book_that_cannot_be_right_is_named_with_its_touch_and_is_not_live() -> None:
    """F69, F72: from a snapshot as from a diff, and the numbers begin anew."""
    book = SyncedBook("ticks")
    errors: list[Any] = []
    book.errors.subscribe(errors.append)
    book.on_snapshot("X", 1, [(103.0, 1.0), (101.0, 1.0)], [(99.0, 1.0), (102.0, 1.0)])
    words = "crossed: ask 101.0 at or below bid 102.0"
    assert book.status_of("X") == Stale(words)
    assert str(errors[0]).startswith(f"ticks X: {words}")
    assert errors[0].symbol == "X"

    book.on_diff("X", Diff([], [(98.0, 1.0)], last=2))
    assert not book.depth("X").bids  # held, not applied to what was emptied
    assert book.status_of("X") == Stale(words)
    book.on_snapshot("X", 1, [(101.0, 1.0)], [])
    assert book.depth("X").bids == [(98.0, 1.0)]
    assert book.status_of("X") == Live()


def test_a_checksum_counts_for_the_last_diff_that_was_replayed() -> None:
    """F72: that of the snapshot is for the snapshot alone."""
    for waiting, checksum, right in (
        ([], 2, True),
        ([], 3, False),
        ([Diff([], [(98.0, 5)], last=2, checksum=7)], 2, True),
        ([Diff([], [(98.0, 5)], last=2, checksum=8)], 2, False),
        ([Diff([], [(98.0, 5)], last=2)], 99, True),
    ):
        book = Summed()
        book.errors.subscribe()
        for diff in waiting:
            book.on_diff("X", diff)
        book.on_snapshot("X", 1, [(101.0, 1)], [(99.0, 1)], checksum=checksum)
        assert isinstance(book.status_of("X"), Live) is right
    unsummed = SyncedBook()
    unsummed.on_snapshot("X", 1, [(101.0, 1)], [], checksum=99)
    assert unsummed.status_of("X") == Live()


def test_a_bad_number_that_waited_spoils_the_replay_and_nothing_else(numbered: Any) -> None:
    """F79: the book is asked for anew, its numbers begin anew, and other instruments live on."""
    numbered.onmessage(snapshot(1, "Y"))
    numbered.onmessage(diff(6, b=[(98.0, float("nan"))]))
    numbered.onmessage(snapshot(5))
    book = numbered["book"]

    assert book.status_of("X") == Stale("a message was refused")
    assert book.status_of("Y") == Live()
    assert not book.depth("X").asks
    assert [type(error).__name__ for error in numbered.seen] == ["BadNumber"]
    assert [ask.symbol for ask in numbered.asked] == ["X", "X"]
    numbered.onmessage(snapshot(7))
    assert book.status_of("X") == Live()
    assert not book.wants("X")


def test_a_bad_number_is_no_step_of_the_numbers(numbered: Any) -> None:
    """F79: what follows it is held for the snapshot, as after a gap."""
    numbered.onmessage(snapshot(1))
    numbered.onmessage(diff(2, b=[(98.0, float("nan"))]))
    assert numbered["book"].status_of("X") == Stale("a message was refused")
    numbered.onmessage(diff(3, b=[(97.0, 1.0)]))
    numbered.onmessage(snapshot(2))

    assert [level.price for level in numbered["book"].depth("X").bids] == [99.0, 97.0]


def test_numbers_that_only_grow_show_no_gap() -> None:
    """F70: and what is old is known."""

    class Growing(SyncedBook):
        _FOLLOWS = increasing

    book = Growing("ticks", maxlen=5)
    book.on_snapshot("X", 5, [(101.0, 1.0)], [])
    for number in (5, 4, 9, 9, 7):
        book.on_diff("X", Diff([], [(90.0 + number, 1.0)], last=number))

    assert book.depth("X").bids == [(99.0, 1.0)]
    assert book.status_of("X") == Live()
    assert (book.name, book._MAXLEN) == ("ticks", 5)


def test_what_waits_for_a_snapshot_is_bounded() -> None:
    """F74, C78: the snapshot must then be newer."""

    class Few(SyncedBook):
        _HOLD: ClassVar[int] = 2

    book = Few()
    book.errors.subscribe()
    for number in (2, 3, 4):
        book.on_diff("X", Diff([], [(90.0 + number, 1.0)], last=number))
    book.on_snapshot("X", 1, [(101.0, 1.0)], [])
    assert isinstance(book.status_of("X"), Stale)
    book.on_snapshot("X", 2, [(101.0, 1.0)], [])

    assert book.depth("X").bids == [(94.0, 1.0), (93.0, 1.0)]
    assert book.status_of("X") == Live()


def test_an_auction_may_cross() -> None:
    class Auction(SyncedBook):
        _CROSSES: ClassVar[bool] = True

    book = Auction()
    book.on_snapshot("X", 1, [(99.0, 1.0)], [(101.0, 1.0)])

    assert book.status_of("X") == Live()
