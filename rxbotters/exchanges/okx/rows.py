"""Reading OKX's rows: which of them a request asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Query", "matches"]

Query = Mapping[str, str]


def matches(row: Mapping[str, Any], query: Query) -> bool:
    """Whether a row is one that a request with this query asks for; several values are parted by commas."""
    family = query.get("instFamily", query.get("uly"))
    if family is not None and not str(row.get("instId")).startswith(f"{family}-"):
        return False
    return all(
        name not in query or query[name] == "ANY" or row.get(name) in query[name].split(",")
        for name in ("instType", "instId", "ordType", "state")
    )
