"""G11: `Hot` beside reactivex's `Subject`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from reactivex import Observable
from reactivex import operators as stock
from reactivex.subject import Subject

from rxbotters_operators.hot import Hot

from .case import Case, Sample, Scale, stopwatch

__all__ = ["cases"]


def _hot() -> tuple[Observable[int], Any]:
    source: Hot[int] = Hot()
    return source, source.emit


def _subject() -> tuple[Observable[int], Any]:
    source: Subject[int] = Subject()
    return source, source.on_next


def _emit(make: Any, count: int, subscribers: int, operators: int) -> Sample:
    """Emit ``count`` numbers to ``subscribers`` functions, each behind ``operators`` stock maps."""
    source, emit = make()
    seen = 0

    def hear(number: int) -> None:
        nonlocal seen
        seen += number

    for _ in range(subscribers):
        source.pipe(*(stock.map(_more) for _ in range(operators))).subscribe(hear)
    with stopwatch() as watch:
        for number in range(count):
            emit(number)
    return Sample(watch.seconds / count, seen)


def _more(number: int) -> int:
    return number + 1


def cases(scale: Scale) -> Iterator[Case]:
    """Subscribers first, then one subscriber behind a pipeline of reactivex's own operators."""
    for subscribers, limit in ((0, 6), (1, 4), (3, None), (10, 2)):
        yield _case(f"Hot, {subscribers} subscriber{'s' * (subscribers != 1)}", limit, scale, subscribers, 0)
    for operators, limit in ((1, None), (3, 2), (10, None)):
        yield _case(
            f"Hot, 1 subscriber behind {operators} stock map{'s' * (operators > 1)}", limit, scale, 1, operators
        )


def _case(what: str, limit: float | None, scale: Scale, subscribers: int, operators: int) -> Case:
    work = scale(30_000, 500), subscribers, operators
    sides = partial(_emit, _hot, *work), partial(_emit, _subject, *work)
    return Case("G11", what, "≥", limit, *sides, peer="reactivex")
