"""Hyperliquid's signatures: known answers of the exchange's SDK, and eth-account as oracle.

Sources: hyperliquid-python-sdk, ``tests/signing_test.py`` (2026-04); eth-account 0.14 where the SDK prints none.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from rxbotters.clock import Clock, Serials, Stamp
from rxbotters.descriptor import Credentials
from rxbotters.errors import ConfigError, CredentialError
from rxbotters.exchanges.hyperliquid import EXCHANGE
from rxbotters.exchanges.hyperliquid.actions import action_hash
from rxbotters.exchanges.hyperliquid.eip712 import typed_digest
from rxbotters.exchanges.hyperliquid.signing import seal
from rxbotters.helpers import hyperliquid as helper
from rxbotters.wire import Request, json_body, loads

KEY = "0x0123456789012345678901234567890123456789012345678901234567890123"
CREDS = Credentials("hyperliquid", KEY)
NOW = 1700000000123
API, TESTNET = URL("https://api.hyperliquid.xyz/exchange"), URL("https://api.hyperliquid-testnet.xyz/exchange")
WS = URL("wss://api.hyperliquid.xyz/ws")
ADDRESS = "0x5e9ee1089755c3435139848e47e6635505d5a13a"
VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"
OLD = 1687816341423

LIMIT = {"a": 1, "b": True, "p": "100", "s": "100", "r": False, "t": {"limit": {"tif": "Gtc"}}}
ORDER = {"type": "order", "orders": [LIMIT], "grouping": "na"}
CLOID = {**ORDER, "orders": [{**LIMIT, "c": "0x00000000000000000000000000000001"}]}
TRIGGER = {**ORDER, "orders": [{**LIMIT, "t": {"trigger": {"isMarket": True, "triggerPx": "103", "tpsl": "sl"}}}]}
DUMMY = {"type": "dummy", "num": 100000000000}
CANCEL = {"type": "cancel", "cancels": [{"a": 1, "o": 123}]}
SUB = {"type": "createSubAccount", "name": "example"}
TRANSFER = {
    "type": "subAccountTransfer",
    "subAccountUser": "0x1d9470d4b963f552e6f671a81619d395877bf409",
    "isDeposit": True,
    "usd": 10,
}
SEND = {
    "type": "usdSend",
    "hyperliquidChain": "Testnet",
    "signatureChainId": "0x66eee",
    "destination": ADDRESS,
    "amount": "1",
    "time": OLD,
}
CLASS = {"type": "usdClassTransfer", "hyperliquidChain": "Testnet", "amount": "1", "toPerp": False, "nonce": OLD}
AGENT = {
    "type": "approveAgent",
    "hyperliquidChain": "Testnet",
    "agentAddress": ADDRESS,
    "agentName": "bot",
    "nonce": OLD,
}


def stamp(ms: int = NOW) -> Stamp:
    return Clock(now=lambda: ms / 1000).stamp(Serials(), "hyperliquid")


def signed(envelope: dict[str, Any], *, mainnet: bool = True, ms: int = NOW) -> dict[str, Any]:
    """The envelope as it goes out by the descriptor's own functions."""
    url = API if mainnet else TESTNET
    sign = EXCHANGE.rest[url.host or ""].sign
    assert sign is not None
    body: dict[str, Any] = loads(sign(Request("POST", url, {}, json_body(envelope)[0]), CREDS, stamp(ms)).body)
    return body


def answer(r: str, s: str, v: int) -> dict[str, Any]:
    return {"r": r, "s": s, "v": v}


# ---------------------------------------------------------------------- known answers

ENVELOPES = [
    pytest.param(
        {"action": ORDER, "nonce": 0}, True,
        answer("0xd65369825a9df5d80099e513cce430311d7d26ddf477f5b3a33d2806b100d78e", "0x2b54116ff64054968aa237c20ca9ff68000f977c93289157748a3162b6ea940e", 28), id="H1",
    ),
    pytest.param(
        {"action": ORDER, "nonce": 0}, False,
        answer("0x82b2ba28e76b3d761093aaded1b1cdad4960b3af30212b343fb2e6cdfa4e3d54", "0x6b53878fc99d26047f4d7e8c90eb98955a109f44209163f52d8dc4278cbbd9f5", 27), id="H2",
    ),
    pytest.param(
        {"action": ORDER}, True,
        answer("0x229b135e766be5451db0f3c1195eb4aec94dbeb7864ccd7e0c18d35fa4e3e0f2", "0x5161f4c5cbd9eb1076749cb211c789feb7c0189b84595c374482e5f5e5949b1a", 28), id="H3",
    ),
    pytest.param(
        {"action": ORDER}, False,
        answer("0xa91d49405f537ffc30dac914329c15bc94911f2aee96b3f6adc9b0c296ac4cbf", "0x2d6f861d44446bdf000090f48d4ce529fe2e012304c97dccc3718250cbc2ea19", 28), id="H3-testnet",
    ),
    pytest.param(
        {"action": CANCEL, "vaultAddress": VAULT, "expiresAfter": 1700000060000}, True,
        answer("0x3afec4cdaa5dbb104bc9ab6ea3f03f52289146968043d7f2507550e0b3c7d02d", "0x721c42f5461c8eb582bb764f1d9f6c06d1b6703c65312996090da8e0f9b4e728", 27), id="H4",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0, "vaultAddress": VAULT}, True,
        answer("0x3c548db75e479f8012acf3000ca3a6b05606bc2ec0c29c50c515066a326239", "0x4d402be7396ce74fbba3795769cda45aec00dc3125a984f2a9f23177b190da2c", 28), id="H5",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0, "vaultAddress": VAULT}, False,
        answer("0xe281d2fb5c6e25ca01601f878e4d69c965bb598b88fac58e475dd1f5e56c362b", "0x7ddad27e9a238d045c035bc606349d075d5c5cd00a6cd1da23ab5c39d4ef0f60", 27), id="H5-testnet",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0, "expiresAfter": OLD}, True,
        answer("0x628d5d8421597faa21750d3cb1cd70ef93ff8e9163b89a18939b2bba5e23541b", "0x611cc26b0f7bf2a13d2ad7e3e4b3554392e19da9bb7965bbb0e2da2495d8d1d0", 27), id="H6",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0, "vaultAddress": None, "expiresAfter": None}, True,
        answer("0x53749d5b30552aeb2fca34b530185976545bb22d0b3ce6f62e31be961a59298", "0x755c40ba9bf05223521753995abb2f73ab3229be8ec921f350cb447e384d8ed8", 27), id="dummy",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0}, False,
        answer("0x542af61ef1f429707e3c76c5293c80d01f74ef853e34b76efffcb57e574f9510", "0x17b8b32f086e8cdede991f1e2c529f5dd5297cbe8128500e00cbaf766204a613", 28), id="dummy-testnet",
    ),
    pytest.param(
        {"action": CLOID, "nonce": 0}, True,
        answer("0x41ae18e8239a56cacbc5dad94d45d0b747e5da11ad564077fcac71277a946e3", "0x3c61f667e747404fe7eea8f90ab0e76cc12ce60270438b2058324681a00116da", 27), id="cloid",
    ),
    pytest.param(
        {"action": CLOID, "nonce": 0}, False,
        answer("0xeba0664bed2676fc4e5a743bf89e5c7501aa6d870bdb9446e122c9466c5cd16d", "0x7f3e74825c9114bc59086f1eebea2928c190fdfbfde144827cb02b85bbe90988", 28), id="cloid-testnet",
    ),
    pytest.param(
        {"action": TRIGGER, "nonce": 0}, True,
        answer("0x98343f2b5ae8e26bb2587daad3863bc70d8792b09af1841b6fdd530a2065a3f9", "0x6b5bb6bb0633b710aa22b721dd9dee6d083646a5f8e581a20b545be6c1feb405", 27), id="trigger",
    ),
    pytest.param(
        {"action": TRIGGER, "nonce": 0}, False,
        answer("0x971c554d917c44e0e1b6cc45d8f9404f32172a9d3b3566262347d0302896a2e4", "0x206257b104788f80450f8e786c329daa589aa0b32ba96948201ae556d5637eac", 28), id="trigger-testnet",
    ),
    pytest.param(
        {"action": SUB, "nonce": 0}, True,
        answer("0x51096fe3239421d16b671e192f574ae24ae14329099b6db28e479b86cdd6caa7", "0xb71f7d293af92d3772572afb8b102d167a7cef7473388286bc01f52a5c5b423", 27), id="sub-account",
    ),
    pytest.param(
        {"action": TRANSFER, "nonce": 0}, False,
        answer("0xe26574013395ad55ee2f4e0575310f003c5bb3351b5425482e2969fa51543927", "0xefb08999196366871f919fd0e138b3a7f30ee33e678df7cfaf203e25f0a4278", 28), id="sub-account-transfer",
    ),
    pytest.param(
        {"action": {"type": "scheduleCancel"}, "nonce": 0}, True,
        answer("0x6cdfb286702f5917e76cd9b3b8bf678fcc49aec194c02a73e6d4f16891195df9", "0x6557ac307fa05d25b8d61f21fb8a938e703b3d9bf575f6717ba21ec61261b2a0", 27), id="schedule-cancel",
    ),
    pytest.param(
        {"action": {"type": "scheduleCancel", "time": 123456789}, "nonce": 0}, True,
        answer("0x609cb20c737945d070716dcc696ba030e9976fcf5edad87afa7d877493109d55", "0x16c685d63b5c7a04512d73f183b3d7a00da5406ff1f8aad33f8ae2163bab758b", 28), id="schedule-cancel-time",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0, "vaultAddress": "0x0719884eb866cb12b2287399b15f7db5e7d775ea"}, True,
        answer("0xcf0c625ab45a777a5207f710ae3ff3c64a73047a8972f3aebf3c539f01cb101", "0x6af5ea9d1f0b727a761850c3c4cd1ab7f88979357552ffa25d7b89e8b5784f5", 27), id="X1",
    ),
    pytest.param(
        {"action": DUMMY, "nonce": 0, "vaultAddress": "0x0019884eb866cb12b2287399b15f7db5e7d775ea"}, True,
        answer("0xf8063a4c6e76d5cae91465504496ccd923186e5e041cc2d35338fab83fb61f41", "0xdbb8c56447e270024174c0109f46a6f076fe5d16a76774aa24cbff11ae49f4a", 28), id="X2",
    ),
    pytest.param(
        {"action": SEND}, False,
        answer("0x637b37dd731507cdd24f46532ca8ba6eec616952c56218baeff04144e4a77073", "0x11a6a24900e6e314136d2592e2f8d502cd89b7c15b198e1bee043c9589f9fad7", 27), id="U1",
    ),
    pytest.param(
        {"action": {**SEND, "time": NOW}}, False,
        answer("0x79ec5c4c111b14d582a611439395fed186f1f3a405797ebf581a283788e90b58", "0x6582e493bdb5e090ee0d35e2d94d548604099d5fbb54e8947d714dd9fd330fac", 27), id="U2",
    ),
    pytest.param(
        {"action": {**SEND, "type": "withdraw3"}}, False,
        answer("0x8363524c799e90ce9bc41022f7c39b4e9bdba786e5f9c72b20e43e1462c37cf9", "0x58b1411a775938b83e29182e8ef74975f9054c8e97ebf5ec2dc8d51bfc893881", 28), id="U3",
    ),
    pytest.param(
        {"action": CLASS}, False,
        answer("0x8167f4c2abb35a12492e49105af268f41834c56b3b9e2b4f91820f7fc3c2c908", "0x63d90edcc3d18f9ed6b4f6a081f4f148eb477a7d3792cc2991ef92b2afe19eee", 28), id="U4",
    ),
    pytest.param(
        {"action": AGENT}, False,
        answer("0x620a039a43073d3a4a4a964153f1902ad0d206ffd433fd6f4d726152c24ed4f5", "0x5e71fc08f31ae1b7f12d9fcc2163a62442cb9249c27e61a339c02cf822af34b2", 28), id="U5",
    ),
    pytest.param(
        {"action": {**SEND, "signatureChainId": "0xa4b1"}}, False,
        answer("0xf10b4379d481cd9527b486235b34a454c1d54cae2c2bcc9739c9aa23abf8f617", "0x2df9a7e1aa565d3d0016ec099bf5e517f65fef3ffe36f6530ab62c54781f1be7", 28), id="U6",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("envelope", "mainnet", "signature"), ENVELOPES)
def test_known_answers(envelope: dict[str, Any], mainnet: bool, signature: dict[str, Any]) -> None:
    """C23: X1, X2, U5 and U6 are where the reference signs something else (defects 4, 5, 6)."""
    assert signed(envelope, mainnet=mainnet)["signature"] == signature


def test_hashes_on_the_way() -> None:
    """The msgpack, the connection ids and the digests of H1, H3, H4, H7 and U1."""
    order = {**ORDER, "orders": [{**LIMIT, "a": 4, "p": "1670.1", "s": "0.0147", "t": {"limit": {"tif": "Ioc"}}}]}

    ids = [
        action_hash(ORDER, 0),
        action_hash(ORDER, NOW),
        action_hash(CANCEL, NOW, VAULT, 1700000060000),
        action_hash(order, 1677777606040),
    ]

    assert [each.hex() for each in ids] == [
        "884f2c32bb6dbdd65f6033e32fb28c0cb6f5b345db0f6471fd3366d85c9252c1",
        "4233542ba3281e83b3c6514ff25b8eeaa21d0e3c99ef605947cb99eacf6ebebf",
        "78077a444ca650c845e2f47b7f5cfad274e904832a096d2799a617bd7917e9ca",
        "0fcbeda5ae3c4950a548021552a4fea2226858c4453571bf3f24ba017eac2908",
    ]
    digest = typed_digest(*helper.construct_l1_action(ORDER, 0, True))
    assert digest.hex() == "a5cfed1f2d7948de30aecacc7fea3c5e05c1e759020e96239847879b906f801e"
    digest = typed_digest(*helper.construct_user_signed_action(SEND))
    assert digest.hex() == "cacf7585cc49ca60c6c5fb3001e226c0ca03c46252c893eea574c78907b7cebe"


# ---------------------------------------------------------------------- the envelope


def test_the_callers_envelope_is_left_alone_and_signed_afresh() -> None:
    """P12, C23, F99: defects 2 and 3: two orders in one millisecond have two nonces, also when the clock goes back."""
    envelope = {"action": copy.deepcopy(ORDER)}
    serials = Serials()
    times = iter((NOW, NOW, NOW - 5000))

    nonces = []
    for _ in range(3):
        now = next(times)
        sealed = seal(envelope, KEY, lambda now=now: serials.next("hyperliquid", now), mainnet=True)
        nonces.append(sealed["nonce"])

    assert envelope == {"action": ORDER}
    assert nonces == [NOW, NOW + 1, NOW + 2]
    assert signed(envelope) == signed(envelope)


def test_the_request_is_left_alone_and_stays_json() -> None:
    request = Request("POST", API, {"Content-Type": "application/json"}, json_body({"action": ORDER})[0])
    sign = EXCHANGE.rest["api.hyperliquid.xyz"].sign
    assert sign is not None

    sent = sign(request, CREDS, stamp())

    assert request.body == json_body({"action": ORDER})[0]
    assert sent.headers == {"Content-Type": "application/json"}
    assert list(loads(sent.body)) == ["action", "nonce", "signature"]
    assert sign(Request("POST", API, {}, request.body), CREDS, stamp()).headers == {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/info", b'{"action": {"type": "order"}}'),
        ("/ws", b'{"action": {"type": "order"}}'),
        ("/exchange", b""),
        ("/exchange", b"[1]"),
        ("/exchange", b'{"type": "openOrders"}'),
        ("/exchange", b'{"action": "order"}'),
        ("/exchange", b'{"action": {"type": "order"}, "nonce": 1, "signature": {"r": "0x1", "s": "0x1", "v": 27}}'),
    ],
)
def test_what_needs_no_signature_goes_out_untouched(path: str, body: bytes) -> None:
    """Defect 9: a body without an action is not signed."""
    request = Request("POST", API.with_path(path), {}, body)
    sign = EXCHANGE.rest["api.hyperliquid.xyz"].sign
    assert sign is not None

    assert sign(request, CREDS, stamp()) is request


def test_addresses_are_signed_and_sent_in_lower_case() -> None:
    mixed = "0x1719884EB866cb12b2287399b15f7db5e7d775ea"

    sent = signed({"action": {"type": "vaultTransfer", "vaultAddress": mixed}, "vaultAddress": mixed})
    plain = signed({"action": {"type": "vaultTransfer", "vaultAddress": VAULT}, "vaultAddress": VAULT})

    assert sent == plain
    assert signed({"action": {**SEND, "destination": ADDRESS.upper().replace("X", "x")}}, mainnet=False) == signed(
        {"action": SEND}, mainnet=False
    )


def test_the_order_of_fields_is_the_exchanges() -> None:
    """Defect 7: a reordered usdSend has the same signature; unknown types are signed in the caller's order."""
    backwards = dict(reversed(SEND.items()))
    odd = {"type": "newThing2", "hyperliquidChain": "Testnet", "amount": "1", "on": True, "nonce": 5}

    assert (
        signed({"action": backwards}, mainnet=False)["signature"]
        == signed({"action": SEND}, mainnet=False)["signature"]
    )
    types = helper.generate_message_types(odd)
    assert types == {
        "HyperliquidTransaction:NewThing": [
            {"name": "hyperliquidChain", "type": "string"},
            {"name": "amount", "type": "string"},
            {"name": "on", "type": "bool"},
            {"name": "nonce", "type": "uint64"},
        ]
    }
    sent = signed({"action": odd}, mainnet=False)
    assert sent["nonce"] == 5
    assert sent["signature"] == eth_signature(*helper.construct_user_signed_action(odd))


def test_the_outer_nonce_is_the_actions_own() -> None:
    """Defect 8."""
    assert signed({"action": SEND}, mainnet=False)["nonce"] == OLD
    assert signed({"action": CLASS}, mainnet=False)["nonce"] == OLD
    bare = {name: value for name, value in SEND.items() if name != "time"}
    assert signed({"action": bare}, mainnet=False)["action"]["time"] == NOW
    assert signed({"action": bare, "nonce": 7}, mainnet=False)["action"]["time"] == 7
    with pytest.raises(ConfigError, match="nonce 1 differs from the action's time"):
        signed({"action": SEND, "nonce": 1}, mainnet=False)


def test_a_user_signed_action_needs_no_boilerplate() -> None:
    bare = {"type": "usdSend", "destination": ADDRESS, "amount": "1", "time": OLD}

    sent = signed({"action": bare}, mainnet=False)

    assert sent["action"] == SEND
    assert sent["signature"] == signed({"action": SEND}, mainnet=False)["signature"]


def test_a_nameless_agent_is_signed_with_an_empty_name_that_is_not_sent() -> None:
    nameless = {name: value for name, value in AGENT.items() if name != "agentName"}

    sent = signed({"action": nameless}, mainnet=False)

    assert "agentName" not in sent["action"]
    assert sent["signature"] == signed({"action": {**AGENT, "agentName": ""}}, mainnet=False)["signature"]


def test_a_multi_signature_envelope_is_no_l1_action() -> None:
    """Defect 15: the outer signer signs the hash of the action without its type."""
    action = {"type": "multiSig", "signatureChainId": "0x66eee", "signatures": [], "payload": {"action": ORDER}}
    bare = {name: value for name, value in action.items() if name != "type"}
    fields = [("hyperliquidChain", "string"), ("multiSigActionHash", "bytes32"), ("nonce", "uint64")]
    types = {"HyperliquidTransaction:SendMultiSig": [{"name": name, "type": kind} for name, kind in fields]}
    message = {"hyperliquidChain": "Mainnet", "multiSigActionHash": action_hash(bare, NOW, VAULT, 5), "nonce": NOW}
    domain = helper.construct_user_signed_action(SEND)[0]

    sent = signed({"action": action, "vaultAddress": VAULT, "expiresAfter": 5})

    assert sent["signature"] == eth_signature(domain, types, message)


@pytest.mark.parametrize(
    ("envelope", "words"),
    [
        ({"action": {**SEND, "hyperliquidChain": "Mainnet"}}, "could use the signature on the other network"),
        ({"action": SEND, "expiresAfter": 5}, "expiresAfter is not allowed"),
        ({"action": ORDER, "vaultAddress": "0x1719"}, "no address"),
        ({"action": ORDER, "nonce": "1"}, "cannot be signed"),
        ({"action": ORDER, "nonce": -1}, "cannot be signed"),
        ({"action": {"type": "order", "a": 2**64}}, "cannot be signed"),
        ({"action": {"type": "usdSend", "time": 5}}, "'destination' is missing"),
        ({"action": {**SEND, "amount": 1}}, "string was expected"),
        ({"action": {**SEND, "time": 1.5}}, "uint64 was expected"),
        ({"action": {**SEND, "time": True}}, "uint64 was expected"),
        ({"action": {**SEND, "signatureChainId": "chain"}}, "signatureChainId"),
        ({"action": {**AGENT, "agentAddress": "0x12"}}, "address was expected"),
        ({"action": {"hyperliquidChain": "Testnet"}}, "needs a type"),
    ],
)
def test_what_cannot_be_signed_is_not_sent(envelope: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        signed(envelope, mainnet=False)


def test_a_broken_body_is_refused() -> None:
    sign = EXCHANGE.rest["api.hyperliquid.xyz"].sign
    assert sign is not None
    with pytest.raises(ConfigError, match="not JSON"):
        sign(Request("POST", API, {}, b'{"action": '), CREDS, stamp())


# ---------------------------------------------------------------------- post frames


def post(payload: Any, kind: str = "action") -> dict[str, Any]:
    return {"method": "post", "id": 256, "request": {"type": kind, "payload": payload}}


@pytest.mark.parametrize(("ms", "vector"), [(NOW, "H3"), (0, "H1")])
def test_a_post_frame_is_signed(ms: int, vector: str) -> None:
    """C23, C33: a copy, with the nonce of its moment."""
    frame = post({"action": copy.deepcopy(ORDER)})
    sign_message = EXCHANGE.ws["api.hyperliquid.xyz"].sign_message
    assert sign_message is not None

    sent = sign_message(frame, CREDS, stamp(ms), WS)

    assert frame == post({"action": ORDER})
    expected = next(param.values[2] for param in ENVELOPES if param.id == vector)
    assert sent == post({"action": ORDER, "nonce": ms, "signature": expected})


@pytest.mark.parametrize(
    "message",
    [
        {"method": "subscribe", "subscription": {"type": "allMids"}},
        {"method": "ping"},
        post({"type": "openOrders"}, "info"),
        post({"action": ORDER, "signature": {}}),
        post({}),
        post([1]),
        {"method": "post", "request": "action"},
        "ping",
        [1],
        None,
    ],
)
def test_other_frames_are_untouched(message: Any) -> None:
    sign_message = EXCHANGE.ws["api.hyperliquid-testnet.xyz"].sign_message
    assert sign_message is not None

    assert sign_message(message, CREDS, stamp(), WS) is message


# ---------------------------------------------------------------------- helpers, oracle, dependencies


def eth_signature(domain: Any, types: Any, message: Any) -> dict[str, Any]:
    """What eth-account signs."""
    names = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    full = {
        "domain": domain,
        "types": {"EIP712Domain": [{"name": name, "type": names[name]} for name in domain], **types},
        "primaryType": next(iter(types)),
        "message": {field["name"]: message[field["name"]] for field in next(iter(types.values()))},
    }
    made = Account.from_key(KEY).sign_message(encode_typed_data(full_message=full))
    return {"r": hex(made.r), "s": hex(made.s), "v": made.v}


WORDS = st.text(max_size=12)
UINT = st.integers(0, 2**64 - 1)
PLACES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
VALUES = {"string": WORDS, "uint64": UINT, "bool": st.booleans(), "address": PLACES}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_user_signed_actions_agree_with_eth_account(data: st.DataObject) -> None:
    from rxbotters.exchanges.hyperliquid.actions import FIELDS

    kind = data.draw(st.sampled_from(sorted(FIELDS)))
    action = {name: data.draw(VALUES[type_]) for name, type_ in FIELDS[kind][1]}
    action |= {"type": kind, "signatureChainId": hex(data.draw(st.integers(1, 2**32)))}

    typed = helper.construct_user_signed_action(action)

    assert helper.sign_typed_data(KEY, *typed) == eth_signature(*typed)


ATOMS = {
    "uint8": st.integers(0, 255),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes": st.binary(max_size=40),
    "string": WORDS,
    "bool": st.booleans(),
    "address": PLACES,
}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_typed_data_of_any_shape_agrees_with_eth_account(data: st.DataObject) -> None:
    """Structs in structs and in lists, sized and not."""
    inner = data.draw(st.lists(st.sampled_from(sorted(ATOMS)), min_size=1, max_size=4))
    types = {
        "Outer": [{"name": "one", "type": "Inner"}, {"name": "many", "type": "Inner[]"}, {"name": "pair", "type": "uint8[2]"}],
        "Inner": [{"name": f"f{index}", "type": kind} for index, kind in enumerate(inner)],
    }  # fmt: skip

    def draw() -> dict[str, Any]:
        return {f"f{index}": data.draw(ATOMS[kind]) for index, kind in enumerate(inner)}

    message = {"one": draw(), "many": [draw() for _ in range(data.draw(st.integers(0, 2)))], "pair": [1, 2]}
    domain = {"name": "d", "version": "1", "chainId": 5, "verifyingContract": ADDRESS}

    assert helper.sign_typed_data(KEY, domain, types, message) == eth_signature(domain, types, message)


ACTIONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


def packed_alike(action: Any) -> None:
    """Shortest integers, text as text, in the order given, after its way through JSON."""
    import msgspec
    from pybotters.helpers.hyperliquid import msgpack

    assert msgspec.msgpack.encode(loads(json_body({"a": action})[0])) == msgpack.packb({"a": action})


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_actions_are_packed_as_msgpack_packs_them(action: Any) -> None:
    """P7."""
    packed_alike(action)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536])
def test_long_actions_too(size: int) -> None:
    packed_alike(["x" * size, ["é"] * size, dict.fromkeys(map(str, range(size)), 1), size, -size, float(size)])


def test_the_helpers_have_the_references_shapes() -> None:
    from pybotters.helpers import hyperliquid as other

    mine, theirs = (module.construct_l1_action(ORDER, NOW, False, VAULT, 5) for module in (helper, other))
    assert mine == theirs
    assert helper.construct_user_signed_action(SEND) == other.construct_user_signed_action(dict(SEND))
    assert helper.construct_user_signed_action(SEND, {"X": []})[1] == {"X": []}
    assert helper.generate_message_types(CLASS) == other.generate_message_types(dict(CLASS))
    assert helper.sign_typed_data(KEY, *mine) == other.sign_typed_data(KEY, *theirs)
    assert abs(helper.get_timestamp_ms() - other.get_timestamp_ms()) < 60_000
    with pytest.raises(ValueError, match="type"):
        helper.generate_message_types({"a": 1})
    with pytest.raises(TypeError, match="float"):
        helper.generate_message_types({"type": "x", "a": 1.5})


@pytest.mark.parametrize("key", ["0x12", "no key", "0x" + "0" * 64, "0x" + "f" * 64, "0x" + "é" * 64])
def test_a_key_that_is_none_is_never_shown(key: str) -> None:
    """C15."""
    with pytest.raises(CredentialError) as caught:
        seal({"action": ORDER}, key, lambda: 1, mainnet=True)

    assert key not in str(caught.value)
    assert caught.value.__cause__ is None
    assert KEY not in repr(CREDS)


@pytest.mark.parametrize("module", ["coincurve", "Crypto.Hash.keccak"])
def test_a_missing_extra_is_named_and_only_when_it_is_needed(module: str) -> None:
    """Importing the exchange, and asking public questions, needs neither."""
    code = f"""
import sys
sys.modules[{module!r}] = None
import rxbotters
from rxbotters.exchanges import all_exchanges
from rxbotters.exchanges.hyperliquid.signing import seal
from rxbotters.errors import ConfigError
all_exchanges(), rxbotters.HyperliquidDataStore()
try:
    seal({{"action": {{"type": "scheduleCancel"}}}}, {KEY!r}, lambda: 1, mainnet=True)
except ConfigError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)

    assert "rxbotters[hyperliquid]" in done.stdout, done.stderr
