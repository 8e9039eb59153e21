"""`Folds`: the way of each channel's messages to its store, found at the first of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["Folds"]

K = TypeVar("K")
F = TypeVar("F")

_MOST = 10_000  # channels whose way is remembered: what an exchange sends must not fill the memory


class Folds(dict[K, F]):
    """A dict from what names a channel to what folds its messages.

    Args:
        bind: Finds the fold of a channel; ``None``, for one that is not known, is not kept.

    Example:
        >>> folds = Folds(lambda channel: channel.upper())
        >>> folds["trades"], list(folds)
        ('TRADES', ['trades'])
    """

    __slots__ = ("_find",)

    def __init__(self, bind: Callable[[K], F]) -> None:
        super().__init__()
        self._find = bind

    def __missing__(self, channel: K) -> F:
        fold = self._find(channel)
        if fold is not None and len(self) < _MOST:
            self[channel] = fold
        return fold
