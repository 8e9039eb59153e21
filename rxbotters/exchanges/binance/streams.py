"""Which streams a Binance connection carries, as its url and its subscriptions say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from yarl import URL

__all__ = ["DIFF", "PARTIAL", "depth_kind", "named", "named_in_url", "rest_of", "symbol_of"]

DIFF, PARTIAL = "diff", "partial"
_SPEEDS = frozenset({"", "@0ms", "@100ms", "@250ms", "@500ms", "@1000ms"})

_REST: Mapping[str, str] = {
    "stream.binance.com": "https://api.binance.com",
    "data-stream.binance.vision": "https://data-api.binance.vision",
    "stream.testnet.binance.vision": "https://testnet.binance.vision",
    "testnet.binance.vision": "https://testnet.binance.vision",
    "demo-stream.binance.com": "https://demo-api.binance.com",
    "fstream.binance.com": "https://fapi.binance.com",
    "fstream-mm.binance.com": "https://fapi.binance.com",
    "dstream.binance.com": "https://dapi.binance.com",
    "dstream-auth.binance.com": "https://dapi.binance.com",
    "fstream.binancefuture.com": "https://testnet.binancefuture.com",
    "stream.binancefuture.com": "https://testnet.binancefuture.com",
    "dstream.binancefuture.com": "https://testnet.binancefuture.com",
    "demo-fstream.binance.com": "https://demo-fapi.binance.com",
    "demo-dstream.binance.com": "https://demo-dapi.binance.com",
}


def rest_of(url: URL) -> str | None:
    """Return the origin of the REST api that has the books of a stream; ``None`` for strangers."""
    return _REST.get(url.host or "")


def named(messages: Iterable[Any], method: str = "SUBSCRIBE") -> Iterator[str]:
    """Yield the streams that messages subscribe to."""
    for message in messages:
        call: Mapping[str, Any] = cast("Mapping[str, Any]", message) if isinstance(message, Mapping) else {}
        params = call.get("params")
        if call.get("method") == method and isinstance(params, list | tuple):
            yield from (name for name in cast("Sequence[Any]", params) if isinstance(name, str))


def named_in_url(url: Any) -> list[str]:
    """Return the streams in a url: those after ``/ws/``, or in the query of ``/stream``."""
    if not isinstance(url, str | URL):
        return []
    parsed = URL(url)
    _, found, path = parsed.path.partition("/ws/")
    names = path.split("/") if found else parsed.query.get("streams", "").split("/")
    return [name for name in names if name]


def symbol_of(stream: str) -> str:
    """Return the symbol of a stream as messages write it."""
    return stream.partition("@")[0].upper()


def depth_kind(stream: str) -> str | None:
    """Return what a stream says of a book: `DIFF`, `PARTIAL`, or ``None``."""
    _, _, kind = stream.partition("@")
    if not kind.startswith("depth"):
        return None
    if kind[5:] in _SPEEDS:
        return DIFF
    return PARTIAL if kind[5:].partition("@")[0].isdigit() else None
