"""A whole corpus through both libraries: ``pytest tests/exchanges/test_corpus.py --corpus FOLDER``.

The small copies in each exchange's ``data`` always run, in its ``test_against_pybotters.py``. Here is what finds the
differences: that it sees a wrong row, a change too many and a name that the documentation does not tell.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rxbotters
from rxbotters.errors import ConfigError
from tests.exchanges import corpus
from tests.exchanges.compare import Pairing, pairings
from tests.exchanges.differences import difference, told_everywhere, told_of

DATA = Path(__file__).parent / "bitflyer" / "data"
BITFLYER = pairings()["bitflyer"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "recording" not in metafunc.fixturenames:
        return
    folder = metafunc.config.getoption("--corpus")
    found = list(corpus.files(Path(folder))) if folder else []
    absent = pytest.mark.skip(reason="the whole corpus is not part of the repository: give its folder with --corpus")
    metafunc.parametrize(
        "recording",
        [pytest.param(one, id=f"{one[0]}/{one[2].name}") for one in found] or [pytest.param(None, marks=absent)],
    )


@pytest.mark.timeout(900)  # some have 20,000 messages
def test_a_recording_of_the_corpus_is_the_same_in_both(recording: tuple[str, Pairing, Path]) -> None:
    """C1, C65, F65: rows, ``sorted()`` and changes."""
    outcome = corpus.replay(*recording)

    assert not outcome.unexplained


def test_every_exchange_names_its_differences_and_every_name_has_its_reason() -> None:
    for folder, pairing in pairings().items():
        for named in pairing.named():
            told = difference(pairing.page, named)
            assert told.why, f"{folder}: {told}"


def test_every_page_numbers_its_differences_from_one() -> None:
    for path in Path(corpus.__file__).parents[2].glob("docs/exchanges/*.md"):
        numbers = list(told_of(path.stem))
        assert numbers == list(range(1, len(numbers) + 1)), path.name
        assert numbers or "## Differences from pybotters" not in path.read_text(), path.name
    assert {"rows 1", "stores 2", "stores 3", "stores 6"} <= set(told_everywhere())


# ---------------------------------------------------------------------- what finds the differences


class Losing(rxbotters.bitFlyerDataStore):
    """Loses every third message."""

    heard = 0

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        self.heard += 1
        if self.heard % 3:
            super()._onmessage(msg, ws)


class Blinking(rxbotters.bitFlyerDataStore):
    """Tells of a row that comes and goes again: the rows are the same after every message."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        super()._onmessage(msg, ws)
        self.ticker._insert([{"product_code": "GHOST"}])
        self.ticker._delete([{"product_code": "GHOST"}])


def nameless(pairing: Pairing) -> Pairing:
    return replace(pairing, skip=lambda record: True)


def unheard_of(pairing: Pairing) -> Pairing:
    return replace(pairing, differs={})


def unseen(pairing: Pairing) -> Pairing:
    return replace(pairing, apart={})


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda pairing: replace(pairing, ours=Losing), "theirs"),
        (lambda pairing: replace(pairing, ours=Blinking), "changes of ticker"),
        (nameless, "left out without a name"),
        (unheard_of, "childorders are not compared whole"),
        (unseen, "'collateral', 'positions'"),
    ],
    ids=["lost messages", "changes too many", "left out without a name", "cut without a name", "stores forgotten"],
)
def test_what_is_different_without_a_name_is_found(broken: Callable[[Pairing], Pairing], said: str) -> None:
    outcome = corpus.replay("bitflyer", broken(BITFLYER), DATA / "synthetic.jsonl.gz")

    assert said in outcome.unexplained
    assert outcome.cells()[-1] == "DIFFERENT"


# ---------------------------------------------------------------------- what the reference has no stores for

BITTRADE = pairings()["huobi_for_bittrade"]
SAMPLES = DATA.parents[1] / "bittrade" / "data" / "samples-crypto-msg-parser.jsonl.gz"


def test_what_the_reference_has_no_stores_for_goes_through_ours_and_is_called_so() -> None:
    """Derivatives, which BitTrade does not have, are refused by name."""
    outcome = corpus.replay("huobi_for_bittrade", BITTRADE, SAMPLES)

    assert (outcome.records, outcome.compared, outcome.seen.changes) == (28, 0, 0)
    assert outcome.cells()[-2:] == (
        "28× 8",
        "no counterpart: missing in the reference; 43 changes of ours; refused: 1× BadNumber, 5× ProtocolError",
    )
    assert corpus.legend([outcome]) == "bittrade.md 8: stores — missing in the reference"


def test_every_exchange_without_a_counterpart_says_so_by_number() -> None:
    without = {folder for folder, pairing in pairings().items() if pairing.theirs is None}

    assert without == {"huobi_for_bittrade", "mexc", "okj_standin_okex_v3"}
    assert without == {folder for folder, pairing in pairings().items() if pairing.alone is not None}


class Raising(rxbotters.BitTradeDataStore):
    """Lets an error out that is of no kind a collection may tell."""

    def onmessage(self, msg: Any, ws: Any = None) -> None:
        raise LookupError("a mistake of ours")


class Telling(rxbotters.BitTradeDataStore):
    """Tells an error of the wrong kind."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        raise ConfigError("this is nobody's configuration")


class Silent(rxbotters.BitTradeDataStore):
    """Changes a row and tells nobody."""

    def _onmessage(self, msg: Any, ws: Any = None) -> None:
        super()._onmessage(msg, ws)
        self.bbo._rows[("ghost",)] = {"symbol": "ghost"}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda pairing: replace(pairing, ours=Raising), "a mistake of ours"),
        (lambda pairing: replace(pairing, ours=Telling), "it tells a ConfigError"),
        (lambda pairing: replace(pairing, ours=Silent), "bbo: its changes make"),
        (lambda pairing: replace(pairing, alone=None), "no difference says"),
    ],
    ids=["an error that got out", "an error of the wrong kind", "a change untold", "alone without a name"],
)
def test_what_ours_does_wrong_alone_is_found(broken: Callable[[Pairing], Pairing], said: str) -> None:
    outcome = corpus.replay("huobi_for_bittrade", broken(BITTRADE), SAMPLES)

    assert said in outcome.unexplained
    assert outcome.cells()[-1] == "DIFFERENT"


def test_a_name_that_no_page_tells_is_refused() -> None:
    with pytest.raises(KeyError):
        corpus.replay("bitflyer", replace(BITFLYER, skip=lambda record: "rows 99"), DATA / "synthetic.jsonl.gz")


def test_the_command_prints_one_table_and_fails_if_anything_is_unexplained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("bitflyer", "unknown"):
        (tmp_path / folder).mkdir()
        shutil.copy(DATA / "samples.jsonl", tmp_path / folder)

    assert corpus.main(tmp_path) == 0
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.splitlines()[:2]] == [
        ["folder", "file", "records", "compared", "stores", "changes", "named", "differences", "result"],
        ["bitflyer", "samples.jsonl", "3", "3", "8", "6", "–", "equal"],
    ]
    assert "bitflyer.md 1: `childorders`: after a fill" in printed
    assert "1 files, 3 records, 3 compared, 6 equal changes, 0 unexplained" in printed
    assert "no exchange reads: unknown" in printed

    monkeypatch.setattr(corpus, "pairings", lambda: {"bitflyer": replace(BITFLYER, ours=Losing)})
    assert corpus.main(tmp_path) == 1
    assert "1 files, 0 records, 0 compared, 0 equal changes, 1 unexplained" in capsys.readouterr().out


def test_a_corpus_without_a_recording_is_no_success(tmp_path: Path) -> None:
    assert corpus.main(tmp_path) == 1
