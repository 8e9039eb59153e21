"""The package surface, the life of a client, and its keys."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.credentials import load_credentials
from rxbotters.descriptor import Hosts
from rxbotters.errors import ClientClosed, ConfigError, CredentialError, WrongLoop
from rxbotters.exchanges import all_exchanges
from rxbotters.wire import Secret, redact_text, redact_url
from tests.conftest import KEY, SECRET

KNOWN = Hosts(all_exchanges()).apis


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No apis file of the machine takes part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYBOTTERS_APIS", raising=False)
    monkeypatch.delenv("RXBOTTERS_APIS", raising=False)


def write(path: Path, value: Any) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    path.chmod(0o600)
    return path


# ---------------------------------------------------------------------- surface


def test_every_name_is_there() -> None:
    """C1."""
    for name in [
        "Auth",
        "Client",
        "ClientWebSocketResponse",
        "DataStore",
        "DataStoreCollection",
        "FetchResult",
        "NotJSONContent",
        "StoreChange",
        "StoreStream",
        "WebSocketApp",
        "WebSocketQueue",
        "bitFlyerDataStore",
        "__version__",
    ]:
        assert getattr(rxbotters, name)
        assert name in rxbotters.__all__
    assert rxbotters.helpers
    with pytest.raises(AttributeError, match="nope"):
        rxbotters.nope  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    """C1, G14: no exchange's stores, no aiostream, no CLI, no Hypothesis."""
    code = "import sys, rxbotters; rxbotters.Client; print([m for m in sys.modules if m.split('.')[0] in ('aiostream','rich','cyclopts','hypothesis') or m.endswith('bitflyer.stores')])"
    path = os.pathsep.join(sys.path)

    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": path}
    )

    assert out.stdout.strip() == "[]"


def test_a_foreign_loop_is_refused() -> None:
    """C2."""
    client = rxbotters.Client(apis={}, base_url="http://127.0.0.1:1")

    async def use() -> None:
        await client.get("/x")

    asyncio.run(client.__aenter__())  # type: ignore[arg-type]
    with pytest.raises(WrongLoop, match="one Client per loop"):
        asyncio.run(use())


async def test_closing_is_idempotent_and_final(serve: Any) -> None:
    """C3, C5."""
    server = await serve()
    client = server.client()
    assert (await client.fetch("GET", "/a")).data == {"ok": True}
    await client.close()
    await client.close()

    with pytest.raises(ClientClosed):
        await client.fetch("GET", "/a")
    with pytest.raises(ClientClosed):
        client.ws_connect(server.ws_url)


def test_bad_credentials_open_nothing(tmp_path: Path) -> None:
    """C3: no session to leak; this test runs without a loop."""
    path = write(tmp_path / "bad.json", "{not json")

    with pytest.raises(json.JSONDecodeError):
        rxbotters.Client(apis=path)


@pytest.mark.parametrize("name", ["request_class", "ws_response_class"])
def test_what_the_client_owns_cannot_be_given(name: str) -> None:
    """C4."""
    with pytest.raises(TypeError, match=name):
        rxbotters.Client(apis={}, **{name: object})


async def test_close_wakes_everybody(serve: Any, until: Any) -> None:
    """C5, C77, F23, P10: every await returns or raises, every stream ends once, no task is left."""
    server = await serve()
    before = asyncio.all_tasks()
    client = server.client(apis={})
    store = rxbotters.bitFlyerDataStore()
    queue = rxbotters.WebSocketQueue()
    ws = client.ws_connect(server.ws_url, hdlr_json=[store.onmessage, queue.onmessage])
    lost = client.ws_connect("ws://127.0.0.1:1/never", backoff=(60, 60, 1, 60))
    ends: list[str] = []
    for name, stream in (
        ("frames", ws),
        ("events", ws.events),
        ("states", ws.states),
        ("changes", store.board.changes),
    ):
        stream.subscribe(on_completed=lambda name=name: ends.append(name))
    await ws
    waits = [asyncio.ensure_future(w) for w in (lost._wait_open(), lost.ready(), store.wait(), store.board.wait())]
    waits.append(asyncio.ensure_future(lost.heartbeat()))
    alive, reading = asyncio.ensure_future(ws.wait()), asyncio.ensure_future(anext(aiter(queue)))
    await asyncio.sleep(0.01)

    async with asyncio.timeout(1.0):
        await client.close()

    assert all(isinstance(result, ClientClosed) for result in await asyncio.gather(*waits, return_exceptions=True))
    assert await alive is None
    with pytest.raises(StopAsyncIteration):
        await reading
    assert sorted(ends) == ["changes", "events", "frames", "states"]
    assert asyncio.all_tasks() <= before | {asyncio.current_task()}
    await until(lambda: server.sockets[0].closed)
    assert server.sockets[0].close_code == 1000


async def test_the_user_agent_is_ours_unless_given(serve: Any) -> None:
    """C6."""
    server = await serve()
    for headers in (None, {"user-agent": "mine"}):
        async with server.client(apis={}, **({"headers": headers} if headers else {})) as client:
            await client.fetch("GET", "/a")
    assert [request["headers"]["User-Agent"] for request in server.requests] == [
        f"rxbotters/{rxbotters.__version__}",
        "mine",
    ]


# ---------------------------------------------------------------------- keys


def names(apis: Any) -> list[str]:
    return sorted(load_credentials(apis, KNOWN))


def test_the_first_source_found_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C7, C8."""
    assert names(None) == []
    old = write(tmp_path / "old.json", {"bybit": ["k", "s"]})
    monkeypatch.setenv("PYBOTTERS_APIS", str(old))
    assert names(None) == ["bybit"]
    new = write(tmp_path / "new.json", {"binance": ["k", "s"]})
    monkeypatch.setenv("RXBOTTERS_APIS", str(new))
    assert names(None) == ["binance"]
    (tmp_path / "apis.json").mkdir()
    assert names(None) == ["binance"]
    (tmp_path / "apis.json").rmdir()
    write(tmp_path / "apis.json", {"bitflyer": ["k", "s"]})
    assert names(None) == ["bitflyer"]
    assert names(str(old)) == names(old) == names(str(old).encode()) == ["bybit"]
    assert names({}) == []


def test_missing_files_and_open_files_are_warned_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """C8, C9, F106."""
    monkeypatch.setenv("PYBOTTERS_APIS", str(tmp_path / "gone.json"))
    assert names(None) == []
    assert names(str(tmp_path / "nofile.json")) == []
    assert names([1, 2]) == []
    path = write(tmp_path / "open.json", {"bybit": ["k", "s"]})
    path.chmod(0o666)
    names(path)

    text = caplog.text
    for words in ("PYBOTTERS_APIS names", "nofile.json does not exist", "must be a dict or a path", "chmod 600"):
        assert words in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"bybit": ["k", "s"],}', "line 1 column"),
        ("\ufeff{}", "byte order mark"),
        ("[1, 2]", "must hold an object"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, content: Any, words: str) -> None:
    """C9, F106."""
    path = tmp_path / "bad.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)

    with pytest.raises(CredentialError, match=words):
        names(path)


@pytest.mark.parametrize(
    ("apis", "words"),
    [
        ({"bybit": []}, "Missing key, secret"),
        ({"bybit": ["k"]}, "Missing secret"),
        ({"bybit": ["k", "s", "p"]}, "3 items"),
        ({"bybit": "ks"}, "must be a list"),
        ({"bybit": {"key": "k"}}, "must be a list"),
        ({"bybit": ["k", 5]}, "non-empty text"),
        ({"okx": ["k", "s"]}, "Missing passphrase for okx"),
        ({"okx_demo": ["k", "s"]}, "Missing passphrase for okx_demo"),
        ({"hyperliquid": ["k", "s"]}, "2 items"),
    ],
)
def test_an_entry_of_the_wrong_shape_is_refused_without_its_value(apis: Any, words: str) -> None:
    """C9, C11, C12, F107."""
    with pytest.raises(CredentialError, match=words) as caught:
        names({"binance": [KEY, SECRET], **apis})

    assert SECRET not in str(caught.value)


def test_unknown_names_are_ignored_with_a_hint(caplog: pytest.LogCaptureFixture) -> None:
    """C13, C14."""
    assert names({"bynance": ["k", "s"], "bybit": ["k", "s"], "hyperliquid": ["k"], "okx": ["k", "s", "p"]}) == [
        "bybit",
        "hyperliquid",
        "okx",
    ]
    assert "did you mean 'binance'" in caplog.text


def test_the_callers_dict_may_change_later() -> None:
    """C10."""
    apis = {"bybit": ["k", "s"]}
    loaded = load_credentials(apis, KNOWN)
    apis["bybit"][1] = "changed"

    assert loaded["bybit"].secret == b"s"


def test_secrets_never_print(caplog: pytest.LogCaptureFixture) -> None:
    """C15, F96, P8."""
    caplog.set_level(logging.DEBUG)
    client = rxbotters.Client(apis={"bitflyer": [KEY, SECRET]})
    credentials = client._wiring.credentials["bitflyer"]
    shown = [
        repr(credentials),
        repr(client),
        str(vars(client)),
        repr(client._wiring),
        f"{credentials.secret}",
        caplog.text,
    ]

    assert not any(SECRET in text or KEY in text for text in shown)
    assert credentials.secret.reveal() == SECRET
    assert isinstance(credentials.secret, Secret)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://u:p@h.example/ws?token=abc&x=1", "wss://h.example/ws?token=***&x=1"),
        ("wss://h.example/ws/pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65", "wss://h.example/ws/***"),
        (
            "https://h.example/a?signature=00ff&timestamp=1&apiKey=k",
            "https://h.example/a?signature=***&timestamp=1&apiKey=***",
        ),
    ],
)
def test_urls_are_shown_without_their_secrets(url: str, shown: str) -> None:
    """C15, F94, F95."""
    assert redact_url(url) == shown
    assert redact_text(f"403 at {url} !") == f"403 at {shown} !"


async def test_bad_urls_are_refused_at_the_door() -> None:
    """C19, C27, F108."""
    async with rxbotters.Client(apis={}) as client:
        for url in ("nonsense", "ftp://x", "ws://", "", 5):
            with pytest.raises(ConfigError):
                client.ws_connect(url)
        with pytest.raises(ConfigError, match="base_url"):
            client.get("/relative")
        with pytest.raises(ValueError, match="nope"):
            rxbotters.Client(apis={}, hosts={"127.0.0.1:1": "nope"})
