"""The `rxbotters` command. Nothing heavy is imported before a command runs."""

from __future__ import annotations

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line and exit with its code."""
    from rxbotters.cli.app import run

    raise SystemExit(run(argv))
