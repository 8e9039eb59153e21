"""Which connection feeds what, and what a store makes of its coming and going: never trusted for longer than it is true."""

from __future__ import annotations

from typing import Any

import pytest
from reactivex.subject import Subject
from yarl import URL

from rxbotters import DataStore, DataStoreCollection, OrderBook
from rxbotters import operators as ops
from rxbotters.stores import Diff, SyncedBook
from rxbotters_operators.events import (
    Answered,
    Closed,
    Frame,
    Late,
    Live,
    Opened,
    Overdue,
    Quiet,
    Stale,
    Status,
    Subscribed,
    Syncing,
)


class Orders(DataStore):
    _KEYS = ("id",)
    _ON_LOSS = "refetch"


class Positions(DataStore):
    _KEYS = ("id",)
    _ON_LOSS = "clear"


class Three(DataStoreCollection):
    """A book, orders and ticks; each message names the store it is for."""

    def _init(self) -> None:
        self.create("book", datastore_class=OrderBook)
        self.create("order", datastore_class=Orders)
        self.create("tick", keys=["id"])

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        name, number = msg
        if name == "book":
            self["book"].apply_levels(number, [(101.0, 1.0)], [(99.0, 1.0)])  # type: ignore[attr-defined]
            self["book"].mark(number, Live())  # type: ignore[attr-defined]
        else:
            self[name]._insert([{"id": number}])


class Wire:
    """A bare connection, without an app."""


def statuses(collection: DataStoreCollection) -> dict[str, type[Status]]:
    return {name: type(collection[name].status) for name in collection}


# ---------------------------------------------------------------------- a store of its own


@pytest.mark.parametrize("kind", [DataStore, Orders, Positions])
def test_a_store_at_the_end_of_a_pipeline_knows_what_its_rows_are_worth(kind: type[DataStore]) -> None:
    """D10, F10, F29, F73: stale while a pong is overdue, or after a pause, until the next proof of life."""
    store = kind(keys=["id"])
    source = Subject[Any]()
    source.pipe(ops.fold(store)).subscribe()
    told: list[str] = []
    store.statuses.subscribe(lambda status: told.append(getattr(status, "reason", type(status).__name__)))

    for event in (
        Opened(None),
        Subscribed(None),
        [{"id": 1}],
        Answered(None, 0.1),
        Overdue(None, 5.0),
        Late(None, 12.0),
        Answered(None, 0.1),
        Late(None, 12.0),
        Closed(1006, cause="reset"),
        Answered(None, 0.1),
        Subscribed(None),
    ):
        source.on_next(event)

    back = [] if kind is Orders else ["Live"]
    assert told == ["Live", "pong overdue", "Live", "this process stood still", "closed: reset", *back]
    assert len(store) == (0 if kind is Positions else 1)
    store.refetched()
    assert store.status == Live()


# ---------------------------------------------------------------------- a collection


def test_doubt_is_per_connection_and_names_its_reason() -> None:
    """F10, F11, F29: what another connection feeds stays live; what nobody is known to feed is doubted with it."""
    three, one, other = Three(), Wire(), Wire()
    three.onmessage(("tick", 1), one)
    three.onmessage(("order", 1), other)
    three.onmessage(("book", "X"), other)

    three.onevent(Quiet(one, "ticker", 30.0))
    assert statuses(three) == {"book": Live, "order": Live, "tick": Stale}
    assert three["tick"].status == Stale("ticker silent for 30.0 s")
    three.onevent(Late(other, 2.5))
    assert three["order"].status == Stale("this process stood still for 2.5 s")
    assert three["book"].status == Stale("this process stood still for 2.5 s")
    assert not three.is_live
    three.onevent(Answered(one, 0.1))
    three.onevent(Overdue(other, 5.0))  # doubted already: the first reason stands
    assert statuses(three) == {"book": Stale, "order": Stale, "tick": Live}
    three.onevent(Answered(other, 0.1))

    assert three.is_live
    three.onevent(Overdue(None, 5.0))  # nobody knows whose: everybody's
    assert not any(isinstance(three[name].status, Live) for name in three)


def test_what_a_book_becomes_while_it_is_doubted_counts_when_the_doubt_is_gone() -> None:
    """F10: a book that was emptied meanwhile does not come back live; one that was confirmed does."""
    book = OrderBook()
    told: list[Any] = []
    book.instrument_statuses.subscribe(told.append)
    for symbol in ("kept", "emptied"):
        book.apply_levels(symbol, [(101.0, 1.0)], [])
        book.mark(symbol, Live())
    book.onevent(Overdue(None, 5.0))
    book.mark("kept", Live())
    assert isinstance(book.status_of("kept"), Stale)
    book.lose("emptied", Stale("gap"))
    book.onevent(Answered(None, 0.1))
    book.onevent(Answered(None, 0.1))

    assert book.instruments == {"kept": Live(), "emptied": Stale("gap")}
    assert book.status == Stale("gap")
    assert told[-2:] == [("emptied", Stale("gap")), ("kept", Live())]
    assert book.depth("emptied").asks == []


def test_the_worst_instrument_is_the_status_of_a_book() -> None:
    """F76: any stale one before any that waits before those that live."""
    book = OrderBook()
    assert book.status_of("nobody asked for") == Syncing()
    for symbol, status, worst in (
        ("a", Live(), Live),
        ("b", Syncing(), Syncing),
        ("c", Live(), Syncing),
        ("d", Stale("x"), Stale),
        ("e", Syncing(), Stale),
        ("d", Live(), Syncing),
        ("b", Live(), Syncing),
        ("e", Live(), Live),
    ):
        book.mark(symbol, status)
        assert isinstance(book.status, worst)


def test_a_snapshot_that_is_awaited_does_not_make_a_live_book_wait() -> None:
    book = OrderBook()
    book.await_snapshot("new")
    book.mark("known", Live())
    book.await_snapshot("known")

    assert book.instruments == {"new": Syncing(), "known": Live()}


def test_a_book_belongs_to_the_connection_that_made_it_live() -> None:
    """F73: two connections, one store: the loss of one empties its instruments and no others."""
    three, one, other = Three(), Wire(), Wire()
    three.onmessage(("book", "X"), one)
    three.onmessage(("book", "Y"), other)

    three.onevent(Closed(1006, connection=one))

    book: Any = three["book"]
    assert not book.depth("X").asks
    assert book.depth("Y").asks
    assert (type(book.status_of("X")), book.status_of("Y")) == (Stale, Live())


def test_without_a_word_of_the_exchange_nothing_can_be_asked_for() -> None:
    """C69: what a collection of the user's own need not say."""
    three = Three()
    book: Any = three["book"]
    url = URL("wss://stream.example/ws?a=1")

    assert three._snapshot_request(book, "X", url) is None
    assert three._subscription(book, "X") is None
    assert three._rest(url) == "wss://stream.example"
    assert list(three._expects([{"sub": "X"}])) == []


def test_a_collection_folds_frames_of_nobody() -> None:
    """C76: messages without a connection change rows, and nobody feeds them."""
    three = Three()
    assert [change.data for change in three.apply(("tick", 1))] == [{"id": 1}]
    assert three._fed == {}
    source = Subject[Any]()
    seen: list[Any] = []
    source.pipe(ops.fold(three)).subscribe(seen.append)
    source.on_next(Frame("text", '["tick", 2]'))

    assert [change.data for change in seen] == [{"id": 2}]


class Accounts(DataStoreCollection):
    """What a bot with a public and a private connection has."""

    def _init(self) -> None:
        self.create("position", datastore_class=Positions)
        self.create("tick", keys=["id"])
        self.create("book", datastore_class=OrderBook)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg[0] == "book":
            self["book"].apply_levels("X", [(101.0, 1.0)], [(99.0, 1.0)])  # type: ignore[attr-defined]
        else:
            self[msg[0]]._insert([{"id": msg[1]}])


@pytest.mark.parametrize("watched", [False, True])
def test_the_loss_of_one_connection_is_no_loss_of_what_another_feeds(watched: bool) -> None:
    """F73, D10: whether anybody listens to the stores or only reads them."""
    accounts, public, private = Accounts(), Wire(), Wire()
    if watched:
        for name in accounts:
            accounts[name].changes.subscribe(lambda change: None)
    for message, wire in (
        (("tick", 1), public),
        (("book", "X"), public),
        (("position", 1), private),
        (("tick", 2), public),
    ):
        accounts.onmessage(message, wire)

    accounts.onevent(Closed(1006, connection=public))
    assert accounts["position"].find() == [{"id": 1}]
    assert statuses(accounts) | {"book": None} == {"position": Live, "tick": Stale, "book": None}
    accounts.onevent(Closed(1006, connection=private))
    accounts.onevent(Subscribed(public))

    assert not len(accounts["position"])
    assert isinstance(accounts["position"].status, Stale)  # its own connection is not back
    assert accounts["tick"].status == Live()


def test_a_store_that_two_connections_feed_is_lost_with_either() -> None:
    """F73: and a connection that ended for good is remembered by nobody."""
    accounts, one, other = Accounts(), Wire(), Wire()
    for wire in (one, other, one):
        accounts.joined(wire)
        accounts.onmessage(("tick", id(wire)), wire)
    accounts.onevent(Closed(1006, connection=one))
    assert isinstance(accounts["tick"].status, Stale)
    accounts.onevent(Subscribed(one))
    accounts.onevent(Closed(1006, connection=other))
    assert isinstance(accounts["tick"].status, Stale)

    for wire in (one, other):
        accounts.release(wire, ConnectionError("closed"))
    assert accounts["tick"]._fed_by is None
    assert accounts._fed == {}


def test_a_book_asks_who_feeds_it_and_once() -> None:
    """D10, F68: the connection whose message showed the gap, else the one that brought the book."""

    class Numbered(DataStoreCollection):
        def _init(self) -> None:
            self.create("book", datastore_class=SyncedBook)

        def _onmessage(self, msg: Any, ws: Any = None) -> None:
            symbol, number = msg
            self["book"].on_diff(symbol, Diff([], [], last=number))  # type: ignore[attr-defined]

    numbered, one, other = Numbered(), Wire(), Wire()
    asks: list[Any] = []
    numbered.asks.subscribe(asks.append)
    book: Any = numbered["book"]
    book.await_snapshot("X", one)
    book.on_diff("X", Diff([], [], last=1))
    numbered.onmessage(("Y", 1), other)
    numbered.onmessage(("Y", 2), other)

    assert [(ask.store, ask.symbol, ask.feed) for ask in asks] == [(book, "X", one), (book, "Y", other)]
    assert book.wants("X")
    book.forget_ask("X")
    assert not book.wants("X")
    numbered.onmessage(("X", 2), other)
    assert (asks[-1].symbol, asks[-1].feed, len(asks)) == ("X", other, 3)
    SyncedBook().on_diff("X", Diff([], [], last=1))  # alone it has nobody to ask


def test_a_book_that_is_lost_while_it_is_doubted_is_not_revived_by_a_pong() -> None:
    """F10, F73."""
    book = OrderBook()
    book.apply_levels("X", [(101.0, 1.0)], [])
    book.mark("X", Live())
    book.onevent(Overdue(None, 5.0))
    book.onevent(Closed(1006, cause="heartbeat"))
    book.onevent(Answered(None, 0.1))

    assert book.status_of("X") == Stale("closed: heartbeat")
    assert book.find() == []


def test_a_book_of_two_connections_is_doubted_instrument_by_instrument() -> None:
    """F10, F29: and revived so; an instrument of which nobody knows the connection goes with either."""
    accounts, one, other = Three(), Wire(), Wire()
    accounts.onmessage(("book", "X"), one)
    accounts.onmessage(("book", "Y"), other)
    book: Any = accounts["book"]
    book.apply_levels("Z", [(101.0, 1.0)], [])
    accounts.feeding = None
    book.mark("Z", Live())

    accounts.onevent(Overdue(one, 5.0))
    assert {symbol: type(status) for symbol, status in book.instruments.items()} == {"X": Stale, "Y": Live, "Z": Stale}
    accounts.onevent(Overdue(other, 5.0))
    accounts.onevent(Answered(one, 0.1))
    assert {symbol: type(status) for symbol, status in book.instruments.items()} == {"X": Live, "Y": Stale, "Z": Live}
    accounts.onevent(Answered(other, 0.1))

    assert accounts.is_live


# ---------------------------------------------------------------------- an answer in doubt


def test_an_answer_that_comes_while_its_connection_is_in_doubt_is_live_after_the_proof_of_life() -> None:
    """D10, F10: the rows are the exchange's own, and what followed them may still be on its way."""
    store, public, private = Three(), Wire(), Wire()
    store.onmessage(("order", 1), private)
    store.onmessage(("tick", 1), public)
    order, tick = store["order"], store["tick"]
    store.onevent(Closed(1006, connection=private))
    store.onevent(Subscribed(private))
    store.onevent(Overdue(private, 5.0))

    order.refetched()
    assert order.status == Stale("pong overdue by 5 s")
    assert tick.status == Live()

    store.onevent(Answered(private, 0.1))
    assert order.status == Live()


def test_a_doubt_ends_for_who_was_told_of_it_before_it_was_known_who_feeds_it() -> None:
    """F10: a store that another connection feeds meanwhile is not left in doubt."""
    store, one, other = Three(), Wire(), Wire()
    store.onmessage(("tick", 1), one)
    store.onevent(Overdue(one, 5.0))
    assert isinstance(store["order"].status, Stale)
    store.onmessage(("order", 1), other)

    store.onevent(Answered(one, 0.1))

    assert store["order"].status == Live()
