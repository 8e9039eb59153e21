"""What the commands show: a live screen in a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rxbotters.stores import Price

__all__ = ["JsonView", "LinesView", "PictureView", "ScreenView", "View", "make_view"]

State = Mapping[str, Any]


class View(Protocol):
    """Shows a state, again and again."""

    def __enter__(self) -> View: ...
    def __exit__(self, *details: Any) -> None: ...
    def show(self, state: State) -> None: ...
    def say(self, what: str, **details: Any) -> None: ...


def make_view(*, as_json: bool, console: Console | None = None) -> View:
    """Return the view that fits where the output goes."""
    console = console or Console(highlight=False)
    if as_json:
        return JsonView(console)
    return ScreenView(console) if console.is_terminal else LinesView(console)


class JsonView:
    """One JSON object per line."""

    def __init__(self, console: Console) -> None:
        self._file = console.file

    def __enter__(self) -> JsonView:
        return self

    def __exit__(self, *details: Any) -> None:
        self._file.flush()

    def show(self, state: State) -> None:
        """Screens are for people."""

    def say(self, what: str, **details: Any) -> None:
        print(json.dumps({"event": what, **details}, default=str), file=self._file, flush=True)


class LinesView:
    """Plain lines, no cursor movements."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def __enter__(self) -> LinesView:
        return self

    def __exit__(self, *details: Any) -> None:
        pass

    def show(self, state: State) -> None:
        best = _touch(state)
        line = f"{state['clock']:>6} {state['connection']:<13} {best}  {state['summary']}"
        if line != self._last:
            self._last = line
            self._console.print(line, soft_wrap=True)

    def say(self, what: str, **details: Any) -> None:
        text = " ".join(f"{name}={value}" for name, value in details.items())
        self._console.print(f"{what}: {text}" if text else what, soft_wrap=True)


class PictureView:
    """Remembers the last screen, to be saved as a picture."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._view = ScreenView(Console(file=StringIO()))
        self._state: State | None = None

    def __enter__(self) -> PictureView:
        return self

    def __exit__(self, *details: Any) -> None:
        if self._state is not None:
            console = Console(record=True, width=118, file=StringIO())
            console.print(self._view.draw(self._state))
            console.save_svg(str(self._file), title="rxbotters demo")

    def show(self, state: State) -> None:
        self._state = state

    def say(self, what: str, **details: Any) -> None:
        self._view.say(what, **details)


class ScreenView:
    """A screen that is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._screen = Screen(console=console, refresh_per_second=8, transient=False)
        self._said: list[str] = []

    def __enter__(self) -> ScreenView:
        self._screen.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._screen.stop()

    def show(self, state: State) -> None:
        self._screen.update(self.draw(state))

    def draw(self, state: State) -> RenderableType:
        """Draw a state and what was said last."""
        return draw({**state, "log": self._said[-6:]})

    def say(self, what: str, **details: Any) -> None:
        text = " ".join(f"{name}={value}" for name, value in details.items())
        self._said.append(f"{what} {text}".strip())
        del self._said[:-100]


def draw(state: State) -> RenderableType:
    """Draw one screen."""
    live = state["status"] == "Live"
    head = Text.assemble(
        (f" {state['title']} ", "bold reverse"),
        f"  {state['clock']}  ",
        (state["connection"], "green" if state["connection"] == "Subscribed" else "yellow"),
        "  book ",
        (state["status"], "green" if live else "red"),
        f"  {state['summary']}",
    )
    panels = [_ladder(state["asks"], state["bids"])]
    if "orders" in state:
        panels.append(_rows("open orders", ("side", "price", "size"), state["orders"]))
    if "fills" in state:
        panels.append(_rows("fills", ("side", "price", "size"), state["fills"]))
    log = [Text(line, style="dim") for line in state.get("log", ())]
    return Group(head, Columns(panels), *log)


def _ladder(asks: Sequence[Price], bids: Sequence[Price]) -> Panel:
    table = Table("bid size", "price", "ask size", box=None, padding=(0, 1))
    for column in table.columns:
        column.justify = "right"
    widest = max([float(level.size) for level in (*asks, *bids)], default=1.0) or 1.0
    for level in reversed(asks[:6]):
        table.add_row("", Text(_price(level.price), "red"), Text(_bar(float(level.size), widest), "red"))
    for level in bids[:6]:
        table.add_row(Text(_bar(float(level.size), widest), "green"), Text(_price(level.price), "green"), "")
    return Panel(table, title="book", width=44, height=16)


def _price(price: Any) -> str:
    return price if isinstance(price, str) else f"{price:,.12g}"


def _bar(size: float, widest: float) -> str:
    return f"{'█' * max(1, round(8 * size / widest))} {size:.3f}"


def _rows(title: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Panel:
    table = Table(*names, box=None, padding=(0, 1))
    for row in rows[-12:]:
        style = "green" if row["side"] == "BUY" else "red"
        table.add_row(*(Text(f"{row[name]:,g}" if name != "side" else row[name], style) for name in names))
    return Panel(table, title=title, width=34, height=16)


def _touch(state: State) -> str:
    bid = state["bids"][0].price if state["bids"] else None
    ask = state["asks"][0].price if state["asks"] else None
    return f"bid {bid} ask {ask}" if bid is not None and ask is not None else f"book {state['status']}"
