"""`rxbotters.testing.conformance`: a whole exchange passes, and each question finds the exchange that is broken there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Ack, Api, Beat, Credentials, Exchange, Feed, Host, LeaseRule, Limit, LoginScript
from rxbotters.errors import LoginRefused
from rxbotters.stores import DataStore, DataStoreCollection, OrderBook
from rxbotters.testing import conformance
from rxbotters.testing.conformance import QUESTIONS, LoginAnswers, NotConforming
from rxbotters.wire import Request, dumps, hmac_sha256, json_body

# ---------------------------------------------------------------------- an exchange as it should be


def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    text = f"{stamp.ms}{request.method}{request.target}".encode() + request.body
    return request.with_headers({"KEY": creds.key, "TIME": str(stamp.ms), "SIGN": hmac_sha256(creds.secret, text)})


def login(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript | None:
    return _login(creds, stamp) if url.path == "/private" else None


def _login(creds: Credentials, stamp: Stamp) -> LoginScript:
    proof = hmac_sha256(creds.secret, str(stamp.ms).encode())
    reply: Any = yield [dumps({"login": creds.key, "proof": proof})]
    while not (isinstance(reply, dict) and "welcome" in reply):
        reply = yield None
    if reply["welcome"] is not True:
        raise LoginRefused("Good", "no welcome")


def sign_message(message: Any, creds: Credentials, stamp: Stamp, url: URL) -> Any:
    return {**message, "at": stamp.ms} if isinstance(message, dict) else message


def ack(message: Any) -> Ack | None:
    return Ack(message["acked"]) if isinstance(message, dict) and "acked" in message else None


def channel_of(message: Any) -> str | None:
    return message["ch"] if isinstance(message, dict) and isinstance(message.get("ch"), str) else None


def split(message: Any, url: URL) -> Sequence[Any]:
    names = message.get("sub") if isinstance(message, dict) else None
    if not isinstance(names, list) or len(names) < 3:
        return [message]
    return [{**message, "sub": names[at : at + 2]} for at in range(0, len(names), 2)]


class Ticks(DataStore):
    _KEYS: ClassVar[Sequence[str]] = ("s",)


class Good(DataStoreCollection):
    """Ticks by symbol, trades, and a book."""

    def _init(self) -> None:
        self.create("tick", datastore_class=Ticks)
        self.create("trade")
        self.create("book", datastore_class=OrderBook)

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        match msg:
            case {"ch": "tick", "data": {} as row}:
                self["tick"]._update([row])
            case {"ch": "trade", "data": [*rows]}:
                self["trade"]._insert(rows)
            case {"ch": "book", "s": str(symbol), "asks": [*asks], "bids": [*bids]}:
                self["book"].apply_levels(symbol, asks, bids)  # type: ignore[attr-defined]
            case _:
                self._unhandled("other")


REST = Host(
    api="good", exchange="Good", sign=sign, encode=json_body, limits=(Limit("ip", 10, 1.0, scope=lambda r: r.method),)
)
WS = Host(
    api="good",
    exchange="Good",
    login=login,
    sign_message=sign_message,
    request_ids=lambda message: message["sub"] if isinstance(message, dict) and "sub" in message else (),
    ack=ack,
    undo=lambda message: {"unsub": message["sub"]} if isinstance(message, dict) and "sub" in message else None,
    split=split,
    beat=lambda url: Beat(every=5.0, silence=12.0),
    channel_of=channel_of,
)
LEASE = LeaseRule(
    base="https://api.good.example",
    create=("POST", "/token"),
    every=600.0,
    read=lambda body: body["token"],
    url=lambda body, text: "wss://ws.good.example/" + body["token"],
)
GOOD = Exchange(
    name="good",
    title="Good",
    apis={"good": Api()},
    rest={"api.good.example": REST},
    ws={"ws.good.example": WS},
    stores=("Good",),
    feeds={
        "book": Feed(
            url="wss://ws.good.example/public",
            subscribe=lambda symbol: [{"sub": [f"book.{symbol}"]}],
            book="book",
            symbol="BTC",
            collection="Good",
        )
    },
    leases={"token": LEASE},
    ping="https://api.good.example/time",
    docs="https://good.example/docs",
)
LOGIN = LoginAnswers("wss://ws.good.example/private", yes={"welcome": True}, no={"welcome": False, "why": "bad proof"})
MESSAGES = [
    *({"ch": "tick", "data": {"s": symbol, "p": price}} for price, symbol in enumerate("ABCDEFABCA")),
    *({"ch": "trade", "data": [{"id": number}, {"id": -number}]} for number in range(4)),
    {"ch": "book", "s": "BTC", "asks": [["101", "1"], ["102", "1"], ["103", "1"], ["104", "1"]], "bids": [["99", "2"]]},
    {"ch": "book", "s": "BTC", "asks": [["101", "0"], ["102", "5"]], "bids": [["99", "0"], ["98", "1"]]},
    {"acked": 1},
]
KNOWN: dict[str, Any] = {
    "collections": [Good],
    "messages": MESSAGES,
    "requests": [("POST", "https://api.good.example/order", {"q": "é 1+1"}, {"size": 1, "legs": [{"a": 1}]})],
    "logins": [LOGIN],
    "subscriptions": [{"sub": ["a", "b", "c", "d", "e"]}],
}

# ---------------------------------------------------------------------- and as it should not be

counter = itertools.count()


def rest(**broken: Any) -> Exchange:
    return replace(GOOD, rest={"api.good.example": replace(REST, **broken)})


def ws(**broken: Any) -> Exchange:
    return replace(GOOD, ws={"ws.good.example": replace(WS, **broken)})


def signs_by_chance(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    return request.with_headers({"SIGN": str(next(counter))})


def signs_in_place(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    request.headers["TIME"] = str(stamp.ms)  # type: ignore[index]
    return request


def signs_for_ever(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    return request.with_headers({"SIGN": hmac_sha256(creds.secret, request.body)})


def signs_with_the_secret(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    return request.with_headers({"TIME": str(stamp.ms), "SIGN": creds.secret.reveal()})


def encodes_in_place(data: Any) -> tuple[bytes, str]:
    if isinstance(data, dict):
        data["time"] = 1
    return json_body(data)


def signs_a_body_nobody_sends(request: Request, creds: Credentials, stamp: Stamp) -> Request:
    return request.with_headers({"TIME": f" {stamp.ms}\t"})  # the wire knows no blanks around a value


def no_generator(creds: Credentials, stamp: Stamp, url: URL) -> Any:
    return [[creds.key]]


def never_ends(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    yield ["login"]
    while True:
        yield None


def says_the_secret(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    reply = yield [creds.key]
    if reply != {"welcome": True}:
        raise LoginRefused("Good", f"{reply} for {creds.secret.reveal()}")


def takes_no_as_yes(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    yield [creds.key]


def believes_its_messages(creds: Credentials, stamp: Stamp, url: URL) -> LoginScript:
    reply = yield [creds.key]
    if not reply["welcome"]:
        raise LoginRefused("Good", "no")


def stamps_in_place(message: Any, creds: Credentials, stamp: Stamp, url: URL) -> Any:
    if isinstance(message, dict):
        message["at"] = stamp.ms
    return message


def splits_for_ever(message: Any, url: URL) -> Sequence[Any]:
    return [message, {"n": next(counter)}]


class Greedy(Good):
    """Takes everything for a tick, and lets out what it cannot read."""

    def onmessage(self, msg: Any, ws: Any = None) -> Any:
        return super()._onmessage(msg, ws) if msg["ch"] else None


class Muttering(Good):
    """Tells errors of its own kind."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        if msg == {"acked": 1}:
            self.errors.emit(OSError("it was not me"))
        super()._onmessage(msg, ws)


class Waiting(Good):
    """Waits while it folds a message."""

    async def _onmessage(self, msg: Any, ws: Any = None) -> None:
        class Pause:
            def __await__(self) -> Generator[None]:
                yield

        await Pause()


class Writing(Good):
    """Writes into messages."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        super()._onmessage(msg, ws)
        if isinstance(msg, dict):
            msg["seen"] = True


class Hoarding(Good):
    """Forgets its cap."""

    def _init(self) -> None:
        class Endless(DataStore):
            def _trim(self) -> None:
                pass

        super()._init()
        self.create("trade", datastore_class=Endless)


class Whispering(Good):
    """Changes rows behind the back of those who watch."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        super()._onmessage(msg, ws)
        store: Any = self["tick"]
        store._rows.pop(("A",) if store._many else "A", None)


class Dicing(Good):
    """Adds what no message says."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        super()._onmessage(msg, ws)
        self["trade"]._insert([{"id": next(counter)}])


Broken = tuple[str, Exchange | None, Mapping[str, Any], str]


def collected(cls: type[DataStoreCollection]) -> Mapping[str, Any]:
    named = type("Good", (cls,), {})
    return {"collections": [named]}


BROKEN: list[Broken] = [
    ("the_descriptor_is_complete", replace(GOOD, title=""), {}, "title is empty"),
    ("the_descriptor_is_complete", replace(GOOD, ping="https://elsewhere.example/"), {}, "no REST host"),
    ("the_descriptor_is_complete", replace(GOOD, stores=("Bad",)), {}, "['Bad']"),
    ("the_descriptor_is_complete", replace(GOOD, rest={"https://api.good.example": REST}), {}, "is no host"),
    ("every_host_has_its_keys_and_its_environment", rest(api="bad"), {}, "its api 'bad'"),
    ("every_host_has_its_keys_and_its_environment", ws(environment=""), {}, "environment is empty"),
    ("every_host_has_its_keys_and_its_environment", ws(max_age=-1.0), {}, "max_age"),
    ("every_host_signs_or_says_why_not", rest(sign=None), {}, "has no sign"),
    ("every_host_signs_or_says_why_not", None, {"unsigned": {"api.good.example": "public"}}, "has a sign"),
    ("limits_can_be_kept", rest(limits=(Limit("ip", 0, 1.0),)), {}, "allows 0"),
    ("limits_can_be_kept", rest(limits=(Limit("ip", 5, 1.0, weigh=lambda request: 6.0),)), {}, "could never be sent"),
    ("limits_can_be_kept", ws(beat=lambda url: Beat(every=20.0, silence=15.0)), {}, "cannot prevent"),
    ("every_feed_can_be_watched", replace(GOOD, feeds={}), {}, "feeds is empty"),
    (
        "every_feed_can_be_watched",
        replace(GOOD, feeds={"book": replace(GOOD.feeds["book"], book="tick")}),
        {},
        "no order book",
    ),
    (
        "leases_lead_to_hosts_of_the_exchange",
        replace(GOOD, leases={"token": replace(LEASE, read=lambda body: body.token)}),
        {},
        "AttributeError",
    ),
    ("every_signing_function_signs_something", rest(sign=lambda request, creds, stamp: request), {}, "give private"),
    ("signing_is_pure", rest(sign=signs_by_chance), {}, "it differs: headers"),
    ("signing_is_pure", rest(sign=signs_in_place), {}, "headers that were given were changed"),
    ("two_moments_sign_differently", rest(sign=signs_for_ever), {}, "never ends"),
    ("no_secret_is_sent_or_shown", rest(sign=signs_with_the_secret), {}, "the secret itself is sent"),
    ("bodies_are_made_without_changing_what_was_given", rest(encode=encodes_in_place), {}, "it was changed"),
    ("what_is_signed_is_what_is_sent", rest(sign=signs_a_body_nobody_sends), {}, "signed TIME"),
    ("every_login_is_asked", None, {"logins": []}, "nobody says"),
    ("every_login_is_asked", ws(login=no_generator), {}, "no generator"),
    ("logins_end_when_the_exchange_says_yes", ws(login=never_ends), {}, "at yes it goes on"),
    ("refused_logins_raise_and_tell_no_secret", ws(login=takes_no_as_yes), {}, "StopIteration"),
    ("refused_logins_raise_and_tell_no_secret", ws(login=says_the_secret), {}, "holds a secret"),
    ("logins_leave_all_other_messages_alone", ws(login=believes_its_messages), {}, "TypeError"),
    ("what_is_sent_is_made_of_copies", ws(sign_message=stamps_in_place), {}, "sign_message changed"),
    ("what_is_sent_is_made_of_copies", ws(undo=lambda message: {"unsub": message["sub"]}), {}, "undo"),
    ("no_message_breaks_a_reader", ws(channel_of=lambda message: message["ch"]), {}, "channel_of"),
    ("no_message_breaks_a_reader", ws(channel_of=lambda message: 7), {}, "is 7"),
    ("subscriptions_are_cut_without_loss", ws(split=splits_for_ever), {}, "cut twice"),
    ("no_message_breaks_a_collection", None, collected(Greedy), "out of onmessage"),
    ("no_message_breaks_a_collection", None, collected(Muttering), "tells a OSError"),
    ("no_message_breaks_a_collection", None, collected(Waiting), "its handler waits"),
    ("messages_are_read_never_changed", None, collected(Writing), "it changed"),
    ("every_store_keeps_to_its_cap", None, collected(Hoarding), "under a cap of 3"),
    ("changes_alone_rebuild_every_store", None, collected(Whispering), "tick"),
    ("the_same_messages_give_the_same_rows_and_changes", None, collected(Dicing), "the second time"),
]


def findings(question: str, exchange: Exchange | None, known: Mapping[str, Any]) -> list[str]:
    asked = conformance.questions(exchange or GOOD, **{**KNOWN, **known}, examples=30)
    return next(one for one in asked if one.name == question).findings()


def test_a_whole_exchange_passes() -> None:
    conformance.check(GOOD, **KNOWN)


@pytest.mark.parametrize(
    ("question", "exchange", "known", "said"), BROKEN, ids=[f"{one[0]}: {one[3]}" for one in BROKEN]
)
def test_each_question_finds_what_is_broken(
    question: str, exchange: Exchange | None, known: Mapping[str, Any], said: str
) -> None:
    assert any(said in found for found in findings(question, exchange, known))


def test_every_question_has_its_broken_exchange() -> None:
    assert {one[0] for one in BROKEN} == set(QUESTIONS)


def test_one_error_tells_everything_that_was_found() -> None:
    with pytest.raises(NotConforming, match="good does not conform, 2 findings") as told:
        conformance.check(replace(GOOD, title="", docs=""), **KNOWN)

    assert [question for question, _ in told.value.findings] == ["the_descriptor_is_complete"] * 2
    assert "title is empty" in str(told.value)


def test_what_breaks_a_question_is_told_as_a_finding() -> None:
    def fails(url: URL) -> Beat:
        raise OSError("no beat today")

    assert findings("limits_can_be_kept", ws(beat=fails), {}) == ["OSError: no beat today"]


def test_nothing_but_the_exchange_need_be_known() -> None:
    """What a default cannot know is a finding that says what to give."""
    with pytest.raises(NotConforming) as told:
        conformance.check(GOOD)

    assert {question for question, _ in told.value.findings} == {"every_login_is_asked"}
    assert "logins=[LoginAnswers(" in str(told.value)


def test_the_canaries_are_used_unless_keys_are_given() -> None:
    seen: list[str] = []

    def noting(request: Request, creds: Credentials, stamp: Stamp) -> Request:
        seen.append(creds.secret.reveal())
        return sign(request, creds, stamp)

    findings("signing_is_pure", rest(sign=noting), {"apis": {"good": ["mine", "of no account"]}})

    assert set(seen) == {"of no account"}


@pytest.mark.parametrize("question", conformance.questions(GOOD, **KNOWN), ids=str)
def test_questions_are_asked_one_by_one(question: Callable[[], None]) -> None:
    question()
