"""`Pages`: the pages of one snapshot, gathered until the last one is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.wire import dumps

__all__ = ["Pages"]

_MOST = 9999  # rows that wait for the last page


class Pages:
    """The pages of the snapshots of one channel, one snapshot for each subscription.

    Example:
        >>> pages = Pages()
        >>> pages.add({"arg": {}, "curPage": 1, "lastPage": False}, [{"a": 1}])
        >>> pages.add({"arg": {}, "curPage": 2, "lastPage": True}, [{"a": 2}])
        [{'a': 1}, {'a': 2}]
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, list[dict[str, Any]]]] = {}

    def add(self, message: Mapping[str, Any], rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Add a page; return the whole snapshot if it was the last one.

        Raises:
            ProtocolError: A page is missing, or there are too many rows; the snapshot is given up.
        """
        page, is_last = message.get("curPage", 1), message.get("lastPage", True)
        name = dumps(message["arg"])
        before, known = (0, []) if page == 1 else self._known.pop(name, (0, []))
        if page != before + 1:
            raise ProtocolError(f"page {page} of a snapshot came after page {before}")
        if len(known) + len(rows) > _MOST or len(self._known) > _MOST:
            self._known.clear()
            raise ProtocolError(f"a snapshot of more than {_MOST} rows")
        whole = [*known, *rows]
        if is_last:
            self._known.pop(name, None)
            return whole
        self._known[name] = (page, whole)
        return None

    def clear(self) -> None:
        """Forget every snapshot that is not whole."""
        self._known.clear()
