"""Where a task waits, in words a person can click on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import PurePath
from types import FrameType
from typing import Any

from .cancel import Stepped

__all__ = ["describe", "describe_all", "waits_at"]

_SHOWN = 5  # places of one task that are shown at most: where it began, and the last ones
_PYTHON = str(PurePath(asyncio.__file__).parents[1])


def _link(awaited: Any) -> tuple[FrameType | None, Any]:
    """Return the frame of one awaitable and what it awaits itself."""
    for kind in ("cr", "gi", "ag"):
        frame = getattr(awaited, f"{kind}_frame", None)
        if frame is not None:
            return frame, getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await", None)
    return None, None


def waits_at(task: asyncio.Task[Any]) -> list[str]:
    """Return the places a task waits at, the outermost first: ``bot.py:12 in main``.

    Of Python's own places only the innermost is shown.
    """
    places: list[str] = []
    inner: str | None = None
    awaited: Any = task.get_coro()
    while awaited is not None:
        if isinstance(awaited, Stepped):
            awaited = awaited.work  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        frame, awaited = _link(awaited)
        if frame is not None:
            path = PurePath(frame.f_code.co_filename)
            name = path.name if path.name != "__init__.py" else f"{path.parent.name}/{path.name}"
            place = f"{name}:{frame.f_lineno} in {frame.f_code.co_name}"
            inner = place if str(path).startswith(_PYTHON) and "site-packages" not in path.parts else None
            if inner is None:
                places.append(place)
    if inner is not None:
        places.append(inner)
    if len(places) > _SHOWN:
        places[1 : 1 - _SHOWN] = ["…"]
    return places


def describe(task: asyncio.Task[Any]) -> str:
    """Return one line on a pending task: its name, and where it waits."""
    return f"{task.get_name()!r} waits at {' → '.join(waits_at(task)) or 'its first line'}"


def describe_all(tasks: Iterable[asyncio.Task[Any]]) -> list[str]:
    """Return one line for each task, sorted."""
    return sorted(describe(task) for task in tasks)
