"""Mistakes made on purpose: each must be noticed by the sessions, or by the test it names.

``python -m property_tests.mutants`` applies each in a copy of the tree, runs what should notice it, and tells which did
not. ``test_mutants.py`` sees to it that each still says what to change.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

__all__ = ["MUTANTS", "ROOT", "Mutant"]

ROOT = Path(__file__).parent.parent
_SESSIONS = 400  # of each exchange, at most
_FOLDERS = ("rxbotters", "operators", "property_tests", "tests", "pyproject.toml")


class Mutant(NamedTuple):
    """One mistake.

    Attributes:
        what: In words.
        file: Where, from the root of the tree.
        old: What stands there, exactly once.
        new: What would be wrong.
        by: Who notices it: names of wires, or the path of a test.
    """

    what: str
    file: str
    old: str
    new: str
    by: Sequence[str]


_BOOK, _SYNCED = "rxbotters/stores/book.py", "rxbotters/stores/synced.py"
_FETCHED = "rxbotters/stores/fetched.py"
_CONTINUITY = "operators/rxbotters_operators/_continuity.py"
_AT = "rxbotters/exchanges"
_ALARM = "property_tests/test_session_laws.py::test_without_a_fault_there_is_no_alarm"

MUTANTS = (
    Mutant(
        "a gap in ranges is no gap",
        _SYNCED,
        'else "apply" if diff.first <= last + 1 else "gap"',
        'else "apply" if diff.first <= last + 1 else "apply"',
        ("BinanceSpot", "KuCoinSpot"),
    ),
    Mutant(
        "ranges may begin one later",
        _SYNCED,
        "if diff.first <= last + 1 else",
        "if diff.first <= last + 2 else",
        ("KuCoinFutures", "BinanceSpot"),
    ),
    Mutant(
        "an old range is applied",
        _SYNCED,
        'return "skip" if diff.last <= last else "apply" if',
        'return "apply" if',
        ("BinanceSpot", "KuCoinSpot"),
    ),
    Mutant(
        "a missing number is no gap",
        _SYNCED,
        'return "apply" if diff.last == last + 1 else "skip" if diff.last <= last else "gap"',
        'return "apply" if diff.last > last else "skip"',
        ("Bybit", "BybitFull"),
    ),
    Mutant(
        "a gap leaves the book as it was, Live",
        _SYNCED,
        'self.mark(symbol, Stale(error.what if error is not None else "a message was refused"))',
        "pass",
        ("BinanceSpot", "OKX"),
    ),
    Mutant(
        "what a book asks for is never heard",
        _BOOK,
        "            self._group.ask_for(self, symbol, feed)\n",
        "",
        ("OKX", "Bybit"),
    ),
    Mutant(
        "a checksum is not compared",
        _SYNCED,
        "if ours is not None and ours != checksum:",
        "if ours is None:",
        ("OKJ", "OKJV3"),
    ),
    Mutant(
        "Live before the snapshot",
        _SYNCED,
        "self.mark(symbol, self._instruments.get(symbol, Syncing()))",
        "self.mark(symbol, Live())",
        ("BinanceSpot", "KuCoinSpot"),
    ),
    Mutant(
        "a lost book keeps its number",
        _SYNCED,
        "        self._numbers_of(symbol).reset()\n        self._asked.discard(symbol)\n",
        "        self._asked.discard(symbol)\n",
        ("KuCoinFutures", "BybitFull"),
    ),
    Mutant(
        "a lost book is still waited for",
        _SYNCED,
        "        self._numbers_of(symbol).reset()\n        self._asked.discard(symbol)\n",
        "        self._numbers_of(symbol).reset()\n",
        ("BinanceSpot", "KuCoinSpot"),
    ),
    Mutant(
        "diffs that the snapshot covers are applied to it",
        _CONTINUITY,
        '            if verdict == "apply":\n                replay',
        '            if verdict != "gap":\n                replay',
        ("BinanceSpot", "KuCoinSpot"),
    ),
    Mutant(
        "a snapshot older than what was held is taken",
        _CONTINUITY,
        '            if verdict == "gap":\n                return None',
        '            if verdict == "gap":\n                verdict = "apply"',
        ("BinanceSpot", "KuCoinSpot"),
    ),
    Mutant(
        "the diff that showed a gap is forgotten",
        _CONTINUITY,
        "            self.reset()\n            self._hold(diff)\n",
        "            self.reset()\n            self.last = self._number(diff)\n",
        ("BinanceSpot", "BinanceUSDM"),
    ),
    Mutant(
        "a snapshot leaves the old levels",
        _BOOK,
        "gone = [price for price in ladder.prices if price not in kept]",
        "gone: list[Any] = []",
        ("GMOCoin", "Hyperliquid"),
    ),
    Mutant(
        "a closed connection leaves its levels",
        _BOOK,
        'told that they went `Live`\n        self.drop_instrument(symbol, reason="resync")\n',
        "told that they went `Live`\n",
        ("GMOCoin", "OKX"),
    ),
    Mutant(
        "one instrument is forgotten when the connection ends",
        _BOOK,
        "for symbol in self._fed_from(feed):\n            self.lose(symbol, status)",
        "for symbol in self._fed_from(feed)[1:]:\n            self.lose(symbol, status)",
        ("GMOCoin", "OKX"),
    ),
    Mutant(
        "a doubted connection leaves its books Live",
        _BOOK,
        "                self.mark(symbol, status)\n                self._doubted[symbol] = Live()\n",
        "                self._doubted[symbol] = Live()\n",
        ("GMOCoin", "BinanceSpot"),
    ),
    Mutant(
        "a snapshot ends the doubt",
        _BOOK,
        "doubt = self._doubt_about(symbol) if self._suspects and isinstance(status, Live) else None",
        "doubt = None",
        ("GMOCoin", "BinanceSpot"),
    ),
    Mutant(
        "a level that goes stays in the sorted prices of text",
        "rxbotters/stores/ladder.py",
        "        del ranks[index]\n        del self.prices[index]\n",
        "        del ranks[index]\n        del self.prices[index - 1]\n",
        ("BinanceSpot", "OKX"),
    ),
    Mutant(
        "futures diffs need not name the one before",
        f"{_AT}/binance/books.py",
        'return "apply" if diff.previous == last else "skip" if diff.last <= last else "gap"',
        'return "apply" if diff.last > last else "skip"',
        ("BinanceUSDM", "BinanceCOINM"),
    ),
    Mutant(
        "a first diff that names the snapshot is a gap",
        f"{_AT}/binance/books.py",
        'return "apply" if diff.first <= last or diff.previous == last else "gap"',
        'return "apply" if diff.first <= last else "gap"',
        (_ALARM,),
    ),
    Mutant(
        "older best levels replace younger ones",
        _FETCHED,
        "if number < self._seen.get(symbol, 0):",
        "if number < 0:",
        ("BinancePartial",),
    ),
    Mutant(
        "younger diffs are not applied to a whole book once more",
        f"{_AT}/bitbank/depth.py",
        "later = [diff for diff in known.diffs if diff.number > number]",
        "later: list[_Diff] = []",
        ("Bitbank",),
    ),
    Mutant(
        "diffs are ignored in doubt",
        f"{_AT}/bitflyer/board.py",
        "if not self.is_synced(product):",
        "if not isinstance(self._instruments.get(product), Live):",
        ("BitFlyer",),
    ),
    Mutant(
        "the bid at the mid price is cut",
        _BOOK,
        "high = bisect_right(bids.prices, mid)",
        "high = max(bisect_right(bids.prices, mid) - 1, 0)",
        ("BitFlyer",),
    ),
    Mutant(
        "asks are bids",
        f"{_AT}/hyperliquid/book.py",
        'bids, asks = data["levels"]',
        'asks, bids = data["levels"]',
        ("Hyperliquid",),
    ),
    Mutant(
        "buyers are asks",
        f"{_AT}/kucoin/books.py",
        '"bids" if side == "buy" else "asks"',
        '"asks" if side == "buy" else "bids"',
        ("KuCoinFutures",),
    ),
    Mutant(
        "one price has two spellings",
        _FETCHED,
        'return price.rstrip("0").rstrip(".") if "." in price else price',
        "return price",
        ("KuCoinSpot",),
    ),
    Mutant(
        "a chain may break",
        f"{_AT}/okx/board.py",
        "    if diff.previous == last:\n",
        "    if diff.previous is not None:\n",
        ("OKX", "OKXTbt"),
    ),
    Mutant(
        "levels outside the window stay",
        f"{_AT}/phemex/board.py",
        "if depth and (len(asks.prices) > depth or len(bids.prices) > depth):",
        "if depth > 1000:",
        ("Phemex", "PhemexCoin"),
    ),
    Mutant(
        "an old increment is applied",
        f"{_AT}/phemex/board.py",
        "            if number <= numbers.last:\n                return\n",
        "            number = max(number, numbers.last + 1)\n",
        ("Phemex", "PhemexCoin"),
    ),
    Mutant(
        "a delta of a new count is old",
        f"{_AT}/bybit/board.py",
        "if last is not None and number <= last and self._is_later(symbol, msg):",
        "if last is not None and number < 0:",
        ("Bybit",),
    ),
    Mutant(
        "the snapshot of one connection is good for the next",
        f"{_AT}/coincheck/orderbook.py",
        "        self._pairs[symbol] = _Pair()\n        self._pairs[symbol].ranged = ranged\n",
        "        self._pairs[symbol].ranged = ranged\n",
        ("Coincheck", "CoincheckRange"),
    ),
    Mutant(
        "the fast way leaves sizes as they were",
        f"{_AT}/bitmex/book.py",
        "            levels[price] = level\n",
        "            levels[price] = levels[price]\n",
        ("BitMEX", "BitMEX25"),
    ),
    Mutant(
        "an image is not asked for again",
        f"{_AT}/bitmex/book.py",
        "        self._report(error)\n        self._ask(symbol)\n",
        "        self._report(error)\n",
        ("BitMEX", "BitMEX25"),
    ),
    Mutant(
        "an answer outlives its connection",
        "rxbotters/net/resync.py",
        "        for task in under_way.values():\n            task.cancel()\n",
        "",
        ("tests/net/test_resync.py",),
    ),
)


def main() -> int:
    """Try every mutant, or those whose words hold the arguments; return how many lived."""
    console = Console(soft_wrap=True)
    words = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if all(word in f"{mutant.what} {mutant.file}" for word in words)]
    everybody = tuple(dict.fromkeys(who for mutant in chosen for who in mutant.by))
    control = Mutant("nothing", __file__, "", "", everybody)
    table = Table("mutant", "file", "noticed by", "after", title="Mistakes made on purpose")
    lived = 0
    for mutant in track([control, *chosen], description="mutants", console=console, transient=True):
        began = time.perf_counter()
        noticed = _try(mutant)
        took = f"{time.perf_counter() - began:.1f} s"
        if mutant is control:
            if noticed:
                console.print(f"[red]without any mistake {noticed} finds one[/]")
                return 1
            table.add_row("none, as a control", "", "nobody", took)
            continue
        lived += not noticed
        file = mutant.file.removeprefix("rxbotters/").removeprefix("operators/rxbotters_operators/")
        table.add_row(mutant.what, file, noticed or "[red]nobody[/]", took)
    console.print(table)
    console.print(f"{len(chosen) - lived} of {len(chosen)} mutants were noticed")
    return lived


def _try(mutant: Mutant) -> str:
    """Return who noticed a mutant; empty: nobody.

    Raises:
        ValueError: Its old text is not there exactly once, or who should notice it cannot run.
    """
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for name in _FOLDERS:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
            else:
                shutil.copy(source, copy / name)
        if mutant.old:
            _spoil(copy, mutant)
        for who in mutant.by:
            done = subprocess.run(
                [sys.executable, *_command(who)],
                cwd=copy,
                env={**os.environ, "PYTHONPATH": os.pathsep.join((".", "operators")), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=600,
                check=False,
            )
            if done.returncode == 1:
                return who
            if done.returncode:
                raise ValueError(f"{mutant.what}: {who} broke: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    return ""


def _spoil(copy: Path, mutant: Mutant) -> None:
    text = (copy / mutant.file).read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.what}: its old text stands {text.count(mutant.old)} times in {mutant.file}")
    (copy / mutant.file).write_text(text.replace(mutant.old, mutant.new))


def _command(who: str) -> list[str]:
    if "/" in who:
        return ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", who]
    return ["-m", "property_tests.sessions", "--exchange", who, "--sessions", str(_SESSIONS), "--stop"]


if __name__ == "__main__":
    sys.exit(min(main(), 1))
