"""The reader of Protocol Buffers, and MEXC's frames: whole, or a typed error, in bounded time."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxbotters.errors import ProtocolError
from rxbotters.exchanges.mexc.frames import PUSHES, decode
from rxbotters.exchanges.mexc.protobuf import BUDGET, Schema, boolean, integer, many, message, read, text
from tests.exchanges.fuzzing import runs

from .frames import DEPTH, balance, deals, depth, fill, levels, order, push, put, varint

ITEM: Schema = {1: text("name"), 2: integer("size")}
SCHEMA: Schema = {
    1: text("text"),
    2: integer("number"),
    3: boolean("flag"),
    4: text("note", optional=True),
    5: integer("time", optional=True),
    6: message("one", ITEM),
    7: many("list", ITEM),
}
EMPTY = {"text": "", "number": 0, "flag": False, "list": []}


# ---------------------------------------------------------------------- the reader


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ("0a0774657374696e67", {"text": "testing"}),
        ("109601", {"number": 150}),
        ("10ffffffffffffffffff01", {"number": -1}),
        ("10ffffffffffffffff7f", {"number": 2**63 - 1}),
        ("1801", {"flag": True}),
        ("1800", {}),
        ("2200", {"note": ""}),
        ("2800", {"time": 0}),
        ("32020803", None),
        ("32040a0161", None),
        ("3a003a021005", {"list": [{"name": "", "size": 0}, {"name": "", "size": 5}]}),
        ("10011002", {"number": 2}),
        ("0ac3a9", None),
    ],
)
def test_the_encodings_of_the_documentation(frame: str, found: dict[str, Any] | None) -> None:
    """protobuf.dev/programming-guides/encoding (2026-04): 150 is ``96 01``, ``testing`` is seven bytes, -1 is ten."""
    if found is None:
        with pytest.raises(ProtocolError):
            read(bytes.fromhex(frame), SCHEMA)
    else:
        assert read(bytes.fromhex(frame), SCHEMA) == {**EMPTY, **found}


def test_fields_that_are_not_known_are_skipped_whatever_they_hold() -> None:
    unknown = [
        put(99, 7),
        put(98, b"\xff\xfe"),
        varint(97 << 3 | 1) + b"12345678",
        varint(96 << 3 | 5) + b"1234",
        put((1 << 29) - 1, "last of all"),
    ]

    found = read(b"".join([unknown[0], put(1, "a"), *unknown[1:], put(2, 5)]), SCHEMA)

    assert found == {**EMPTY, "text": "a", "number": 5}


@pytest.mark.parametrize(
    "frame",
    [
        b"\x0a",
        b"\x0a\x05abc",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x10",
        b"\x10\xff",
        b"\x10" + b"\xff" * 10 + b"\x01",
        b"\x10" + b"\xff" * 9 + b"\x02",
        b"\x00\x01",
        b"\x0b\x0c",
        b"\x0e",
        b"\x0d1234",
        b"\x0912345678",
        b"\x0d123",
        b"\x08\x05",
        b"\x12\x01a",
        b"\x30\x05",
        b"\x0a\x02\xff\xfe",
        b"\x32\x03\x0a\x05a",
        b"\x3a\x02\x0a\x01a",
        b"\x80" * 20,
    ],
)
def test_what_is_no_frame_is_a_typed_error(frame: bytes) -> None:
    """F54, F59: cut, overlong, a group, field 0, another type than the schema's, not UTF-8, inside and out."""
    with pytest.raises(ProtocolError):
        read(frame, SCHEMA)


@runs(300)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_typed_error(frame: bytes) -> None:
    for schema in (SCHEMA, ITEM):
        try:
            found = read(frame, schema)
        except ProtocolError:
            continue
        assert {field.name for field in schema.values()} >= set(found)


@runs(200)
@given(st.data())
def test_a_frame_that_is_cut_or_changed_is_a_message_or_a_typed_error(drawn: st.DataObject) -> None:
    whole = bytearray(depth("BTCUSDT", 5, 6, [("1", "2"), ("3", "4")], [("0.5", "0")]))
    for _ in range(drawn.draw(st.integers(0, 3))):
        whole[drawn.draw(st.integers(0, len(whole) - 1))] = drawn.draw(st.integers(0, 255))

    try:
        decode(bytes(whole[: drawn.draw(st.integers(0, len(whole)))]))
    except ProtocolError:
        pass


def test_a_frame_of_countless_fields_is_refused_within_its_budget() -> None:
    """F52: four million empty levels in the largest frame a connection takes."""
    bomb = push(DEPTH, 313, b"\x0a\x00" * 2_000_000)
    tracemalloc.start()

    for frame in (bomb, b"\x98\x06\x01" * 1_000_000):
        with pytest.raises(ProtocolError, match="more fields"):
            decode(frame)

    assert tracemalloc.get_traced_memory()[1] < 120_000_000
    tracemalloc.stop()
    assert len(decode(push(DEPTH, 313, b"\x0a\x00" * (BUDGET - 4)))["publicAggreDepths"]["asks"]) == BUDGET - 4


# ---------------------------------------------------------------------- MEXC's frames


def test_a_book_and_trades() -> None:
    """mexc.com/api-docs/spot-v3/websocket-market-streams (2026-04), "Diff.Depth Stream" and "Trade Streams"."""
    assert decode(depth("BTCUSDT", 10589632359, 10589632360, [], [("92877.58", "0.00000000")])) == {
        "channel": "spot@public.aggre.depth.v3.api.pb@100ms@BTCUSDT",
        "symbol": "BTCUSDT",
        "sendTime": 1736411507002,
        "publicAggreDepths": {
            "asks": [],
            "bids": [{"price": "92877.58", "quantity": "0.00000000"}],
            "eventType": "spot@public.aggre.depth.v3.api.pb@100ms",
            "fromVersion": "10589632359",
            "toVersion": "10589632360",
        },
    }
    (deal,) = decode(deals("BTCUSDT", [("93220.00", "0.04438243", 2, 1736409765051)]))["publicAggreDeals"]["deals"]
    assert deal == {"price": "93220.00", "quantity": "0.04438243", "tradeType": 2, "time": 1736409765051}


def test_the_account() -> None:
    """mexc.com/api-docs/spot-v3/websocket-user-data-streams (2026-04); what is not sent has the default of proto3."""
    values = {"id": "C02__505979017439002624115", "price": "3.5121", "quantity": "1", "status": 2, "tradeType": 2}
    found = decode(order("MXUSDT", **values, createTime=1736417034259))
    assert (found["symbol"], found["sendTime"]) == ("MXUSDT", 1736417034281)
    assert {name: found["privateOrders"][name] for name in values} == values
    assert found["privateOrders"]["isMaker"] is False
    assert found["privateOrders"]["clientId"] == ""
    assert "market" not in found["privateOrders"]
    found = decode(fill("MXUSDT", tradeId="505979017439002624X1", price="3.6962", isMaker=True))["privateDeals"]
    assert (found["tradeId"], found["isMaker"], found["isSelfTrade"]) == ("505979017439002624X1", True, False)
    found = decode(balance(vcoinName="USDT", balanceAmount="21.94210356004384", frozenAmount="0", time=5))
    assert "symbol" not in found
    assert found["privateAccount"]["balanceAmount"] == "21.94210356004384"


def test_a_push_that_no_store_wants_is_read_as_far_as_its_envelope() -> None:
    frame = push("spot@public.limit.depth.v3.api.pb@BTCUSDT@5", 303, levels(1, [("1", "2")]), symbol="BTCUSDT")

    assert decode(frame) == {
        "channel": "spot@public.limit.depth.v3.api.pb@BTCUSDT@5",
        "symbol": "BTCUSDT",
        "sendTime": 1736411507002,
    }


def test_answers_are_json_in_either_kind_of_frame() -> None:
    answer = '{"id":0,"code":0,"msg":"PONG"}'

    assert PUSHES.decode(answer) == PUSHES.decode(answer.encode()) == {"id": 0, "code": 0, "msg": "PONG"}
    for wrong in ('{"id":', b'{"id":', "", "\x0a\x01a", b"{\x00", b"", put(3, "BTCUSDT")):
        with pytest.raises(ProtocolError):
            PUSHES.decode(wrong)
    assert not PUSHES.is_noise(answer)
