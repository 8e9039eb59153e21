"""bitbank's session: Engine.IO's frames, the namespace, rooms, and the token of the private stream."""

from __future__ import annotations

from typing import Any

import pytest
from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.errors import LoginRefused, ProtocolError
from rxbotters.exchanges.bitbank import EXCHANGE
from rxbotters.exchanges.bitbank.session import (
    DIALECT,
    beat,
    channel_of,
    greet,
    join,
    poll_url,
    refusal,
    room_of,
    time_of,
    token_of,
    undo,
)
from rxbotters.wire import Frame

NEW = URL("wss://stream.bitbank.cc/socket.io/?EIO=4&transport=websocket")
OLD = URL("wss://stream.bitbank.cc/socket.io/?EIO=3&transport=websocket")
STAMP = Stamp(1700000000123, lambda: "")
OPEN = '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
TICKER: Any = ["message", {"room_name": "ticker_btc_jpy", "message": {"data": {"timestamp": 1570080042822}}}]
ANSWER: Any = {"success": 1, "data": {"pubnub_channel": "1234567890", "pubnub_token": "qEF2AkF0+ab/cd==_-x"}}


def test_the_namespace_is_opened_and_other_frames_are_not_the_greetings() -> None:
    """Defect 5: version 4 closes a socket that does not say 40."""
    script = greet(NEW)

    assert list(next(script) or ()) == []
    assert script.send("2") is None
    assert script.send([1]) is None
    assert list(script.send(OPEN) or ()) == ["40"]
    assert script.send("2") is None
    with pytest.raises(StopIteration):
        script.send('40{"sid":"b"}')


def test_version_3_opens_the_namespace_by_itself() -> None:
    script = greet(OLD)
    next(script)

    assert list(script.send(OPEN) or ()) == []
    with pytest.raises(StopIteration):
        script.send("40")


def test_heartbeats_of_both_versions() -> None:
    new, old = beat(NEW), beat(OLD)

    assert (new.every, new.silence) == (None, 45.0)
    assert (old.every, old.silence, old.text(STAMP)) == (15.0, 45.0, "2")
    assert new.answer is not None
    assert old.answer is not None
    assert new.answer(Frame("text", "2"), STAMP) == "3"
    assert old.answer(Frame("text", "2"), STAMP) is None
    for data in ("3", "6", "40", OPEN, join("x"), '42["message",1]', b"2"):
        assert new.answer(Frame("text", data), STAMP) is None


@pytest.mark.parametrize("data", ["1", "41", '44{"message":"no"}'])
def test_a_session_that_the_server_ends_is_not_mistaken_for_a_quiet_one(data: str) -> None:
    for url in (NEW, OLD):
        answer = beat(url).answer
        assert answer is not None
        with pytest.raises(ProtocolError, match=r"ended the session"):
            answer(Frame("text", data), STAMP)


def test_the_dialect_reads_events_and_knows_noise() -> None:
    assert DIALECT.decode('42["message",{"room_name":"x"}]') == ["message", {"room_name": "x"}]
    for data in ("2", "3", "40", "41", OPEN, "oops", "42[", b"42["):
        with pytest.raises(ProtocolError):
            DIALECT.decode(data)
    assert [data for data in ("0{}", "2", "3", "40{}", "41", "43[]", "44{}", "6") if not DIALECT.is_noise(data)] == []
    assert [data for data in ("42[]", "oops", "", "5", b"2") if DIALECT.is_noise(data)] == []


def test_rooms_are_joined_and_left() -> None:
    text = join("depth_whole_btc_jpy")

    assert text == '42["join-room","depth_whole_btc_jpy"]'
    assert room_of(text) == "depth_whole_btc_jpy"
    assert undo(text) == '42["leave-room","depth_whole_btc_jpy"]'
    for other in ("42[", '42["leave-room","x"]', '42["join-room",1]', "40", ["join-room", "x"], None):
        assert room_of(other) is None
        assert undo(other) is None


def test_channel_and_time_of_a_message() -> None:
    diff: Any = ["message", {"room_name": "depth_diff_xrp_jpy", "message": {"data": {"t": 1570080269609}}}]

    assert (channel_of(TICKER), time_of(TICKER)) == ("ticker_btc_jpy", 1570080042.822)
    assert (channel_of(diff), time_of(diff)) == ("depth_diff_xrp_jpy", 1570080269.609)
    for other in (None, [], ["message"], ["message", {}], {"room_name": "x"}, "x"):
        assert channel_of(other) is None
        assert time_of(other) is None


def test_the_lease_of_the_private_stream() -> None:
    """The sheet's vector, without the position."""
    rule = EXCHANGE.leases["private"]

    assert rule.create == ("GET", "/v1/user/subscribe")
    assert rule.every < 12 * 3600
    assert token_of(ANSWER) == "qEF2AkF0+ab/cd==_-x"
    assert poll_url(ANSWER, "") == (
        "https://ps.pndsn.com/v2/subscribe/sub-c-ecebae8e-dd60-11e6-b6b1-02ee2ddab7fe/1234567890/0"
        "?uuid=1234567890&auth=qEF2AkF0%2Bab/cd%3D%3D_-x"
    )
    with pytest.raises(KeyError):
        token_of({"success": 1, "data": {}})


def test_bad_keys_end_the_lease_and_other_errors_do_not() -> None:
    """F16: what no retry can change is not retried."""
    assert refusal(ANSWER) is None
    assert "code 10007" in str(refusal({"success": 0, "data": {"code": 10007}}))
    assert "code None" in str(refusal({"success": 0}))
    assert refusal([1]) is None
    with pytest.raises(LoginRefused, match="20003"):
        refusal({"success": 0, "data": {"code": 20003}})


def test_the_feed_joins_both_rooms() -> None:
    feed = EXCHANGE.feeds["depth"]

    assert feed.subscribe("xrp_jpy") == [join("depth_whole_xrp_jpy"), join("depth_diff_xrp_jpy")]
    assert (feed.handler, feed.book, feed.collection) == ("hdlr_str", "depth", "bitbankDataStore")
