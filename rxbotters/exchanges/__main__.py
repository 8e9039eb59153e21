"""Write the list of exchanges: ``python -m rxbotters.exchanges`` after a folder came or went."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from rxbotters.descriptor import Exchange

__all__ = ["index"]

HERE = Path(__file__).parent


def index() -> str:
    """Return the text of ``index.py``: every folder that holds an exchange, and its collections."""
    names = sorted(path.parent.name for path in HERE.glob("*/__init__.py"))
    exchanges: list[Exchange] = [import_module(f"rxbotters.exchanges.{name}").EXCHANGE for name in names]
    classes = {cls: exchange.name for exchange in exchanges for cls in exchange.stores}
    lines = [
        '"""Every exchange and its collections. Written by ``python -m rxbotters.exchanges``; do not edit."""',
        "",
        "from typing import TYPE_CHECKING",
        "",
        "if TYPE_CHECKING:",
        *(
            f"    from .{exchange.name}.stores import {cls} as {cls}"
            for exchange in exchanges
            for cls in sorted(exchange.stores)
        ),
        "",
        "NAMES = (",
        *(f'    "{name}",' for name in names),
        ")",
        '"""Every folder beside this file that holds an exchange."""',
        "",
        "COLLECTIONS = {",
        *(f'    "{cls}": "{name}",' for cls, name in sorted(classes.items())),
        "}",
        '"""Collection class → the folder whose ``stores`` module holds it."""',
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    (HERE / "index.py").write_text(index())
    sys.stdout.write("index.py written\n")
