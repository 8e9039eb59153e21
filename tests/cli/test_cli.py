"""The rxbotters command: what it prints and how it exits."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rxbotters.cli.app import CONFIG, FAILED, OK, USAGE, run
from rxbotters.sim import SimExchange

RECORDED = Path(__file__).parents[1] / "exchanges" / "bitflyer" / "data" / "recorded.jsonl.gz"


def last_json(text: str) -> Any:
    return json.loads(text.strip().splitlines()[-1])


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYBOTTERS_APIS", raising=False)
    monkeypatch.delenv("RXBOTTERS_APIS", raising=False)


def test_the_demo_ends_with_every_invariant_true(capsys: Any) -> None:
    code = run(["demo", "--seconds", "3", "--speed", "3", "--seed", "7", "--json"])

    summary = last_json(capsys.readouterr().out)
    assert all(summary["invariants"].values()), summary
    assert summary["connections"] == 3
    assert summary["orders_sent"] > 0
    assert code == OK


def test_the_demo_speaks_in_plain_lines_without_a_terminal(capsys: Any) -> None:
    assert run(["demo", "--seconds", "2", "--speed", "3"]) == OK

    out = capsys.readouterr().out
    assert "no fill missed" in out
    assert "\x1b[" not in out


def test_the_demo_draws_its_own_picture(tmp_path: Path) -> None:
    assert run(["demo", "--seconds", "2", "--svg", "demo.svg"]) == OK

    picture = (tmp_path / "demo.svg").read_text()
    assert picture.startswith("<svg")
    assert "book" in picture


def test_replay_shows_a_recording(capsys: Any) -> None:
    assert run(["replay", str(RECORDED), "--json"]) == OK

    result = last_json(capsys.readouterr().out)
    assert (result["frames"], result["errors"]) == (662, 0)
    assert result["rows"]["board"] > 100


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["watch", "nosuch", "X"], CONFIG, "bitflyer"),
        (["replay", "missing.jsonl"], CONFIG, "does not exist"),
        (["demo", "--seconds", "0"], CONFIG, "--seconds"),
        (["bogus"], USAGE, ""),
        (["watch"], USAGE, ""),
    ],
)
def test_mistakes_have_their_exit_codes(capsys: Any, argv: list[str], code: int, words: str) -> None:
    assert run(argv) == code
    assert words in capsys.readouterr().err


def test_a_bad_recording_names_the_line(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "bad.jsonl").write_text('{"t": 1}\n')

    assert run(["replay", "bad.jsonl"]) == CONFIG
    assert "line 1" in capsys.readouterr().err


async def test_watch_and_doctor_against_a_test_server(capsys: Any) -> None:
    async with SimExchange(seed=3, orders_per_s=0) as exchange:
        watch = ["watch", "bitflyer", "FX_BTC_JPY", "--url", exchange.ws_url, "--seconds", "3", "--json"]
        assert await asyncio.to_thread(run, watch) == OK
        seen = last_json(capsys.readouterr().out)
        assert seen["best_bid"] < seen["best_ask"]
        assert await asyncio.to_thread(run, ["doctor", "--url", exchange.rest_url, "--json"]) == OK
        checks = {check["name"]: check for check in last_json(capsys.readouterr().out)["checks"]}
        assert checks["given url clock"]["ok"]


def test_doctor_finds_bad_credentials_and_unreachable_hosts(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "apis.json").write_text('{"bitflyer": ["canary-key"]}')

    assert run(["doctor", "--url", "http://127.0.0.1:1", "--json"]) == FAILED

    checks = {check["name"]: check for check in last_json(capsys.readouterr().out)["checks"]}
    assert "Missing secret" in checks["credentials"]["text"]
    assert not checks["given url reachable"]["ok"]


def test_the_command_is_installed() -> None:
    out = subprocess.run([sys.executable, "-m", "rxbotters", "--version"], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "0.1.0"
