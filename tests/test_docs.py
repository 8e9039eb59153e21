"""Every program in README and docs runs and prints what stands below it, in both languages."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "README.ja.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs").glob("exchanges/*.md")),
]
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+(?:[^\n`][^\n]*\n+)?```text\n(.*?)```)?", re.DOTALL)
PROGRAMS = [
    pytest.param(code, output, id=f"{page.name}-{number}")
    for page in PAGES
    for number, (code, output) in enumerate(BLOCK.findall(page.read_text()))
]
FAULT = re.compile(r"\bF\d+\b")


@pytest.mark.parametrize(("code", "output"), PROGRAMS)
def test_a_program_prints_what_the_page_says(code: str, output: str) -> None:
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(compile(code, "<docs>", "exec"), {"__name__": "docs"})

    assert printed.getvalue() == output


def test_there_are_programs_and_both_readmes_show_the_same() -> None:
    assert len(PROGRAMS) >= 7
    english, japanese = ((ROOT / name).read_text() for name in ("README.md", "README.ja.md"))
    assert BLOCK.findall(english) == BLOCK.findall(japanese)
    commands = re.findall(r"```bash\n(.*?)```", english, re.DOTALL)
    assert commands == re.findall(r"```bash\n(.*?)```", japanese, re.DOTALL)
    assert commands == [
        "python3 -m pip install uv && uv run --no-dev rxbotters demo\n",
        "python3 -m pip install uv && uv run pytest\n",
    ]


def test_the_strategy_the_readme_links_to_is_at_most_40_lines() -> None:
    source = (ROOT / "rxbotters" / "cli" / "strategy.py").read_text()
    body = source.split("# [market-maker]\n")[1].split("# [/market-maker]")[0]

    assert len(body.strip().splitlines()) <= 40


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_table_of_exchanges_is_what_the_descriptors_say(name: str) -> None:
    """``rxbotters exchanges --markdown`` prints it."""
    from rxbotters.cli.exchanges import as_markdown

    table = (ROOT / name).read_text().split("<!-- [exchanges] -->\n")[1].split("\n<!-- [/exchanges] -->")[0]

    assert table == as_markdown()


def test_pybotters_and_rxbotters_side_by_side() -> None:
    """F68, F72, F73: the program prints what both READMEs show."""
    program = ROOT / "docs" / "examples" / "side_by_side.py"
    done = subprocess.run([sys.executable, "-W", "ignore", program], capture_output=True, text=True, timeout=100)

    assert done.returncode == 0, done.stderr
    for name in ("README.md", "README.ja.md"):
        shown = (ROOT / name).read_text().split("<!-- [side by side] -->\n```text\n")[1].split("```")[0]
        assert done.stdout == shown


def test_the_list_of_exchanges_is_up_to_date() -> None:
    """``python -m rxbotters.exchanges`` writes it."""
    from rxbotters.exchanges.__main__ import index

    assert (ROOT / "rxbotters" / "exchanges" / "index.py").read_text() == index()


def test_the_whole_documentation_is_translated(tmp_path: Path) -> None:
    """No Japanese page falls back to English prose, and no translation is left of what a page no longer says.

    Figures and the names of faults need none. The reference is not asked: it is made of docstrings, which stay English.
    """
    translations = ROOT / "docs" / "locale" / "ja" / "LC_MESSAGES"
    strings = tmp_path / "strings"
    build = ["-m", "sphinx", "-q", "-b", "gettext", "-D", "exclude_patterns=_build,locale,reference.md", "-d", tmp_path]
    done = subprocess.run([sys.executable, *build, ROOT / "docs", strings], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr

    pages = {page.relative_to(strings).with_suffix("") for page in strings.rglob("*.pot")}
    translated = {page.relative_to(translations).with_suffix("") for page in translations.rglob("*.po")}
    assert translated - pages == {Path("reference")}
    missing: set[tuple[str, str]] = set()
    stale: set[tuple[str, str]] = set()
    for page in pages:
        said = _translations(strings / f"{page}.pot").keys()
        japanese = _translations(translations / f"{page}.po")
        wanted = {text for text in said if any(map(str.isalpha, FAULT.sub("", text)))}
        missing |= {(str(page), text) for text in wanted if not japanese.get(text)}
        stale |= {(str(page), text) for text in japanese.keys() - said}

    assert missing == set()
    assert stale == set()


def _translations(catalog: Path) -> dict[str, str]:
    """What a catalogue holds; Sphinx shows no translation that is marked as fuzzy."""
    from babel.messages.pofile import read_po

    if not catalog.exists():
        return {}
    with catalog.open("rb") as file:
        return {str(entry.id): "" if entry.fuzzy else str(entry.string) for entry in read_po(file) if entry.id}
