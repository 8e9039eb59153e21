"""`Paths`: routes of paths that hold what is asked for, such as ``/api/v1/contract/depth/BTC_USDT``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rxbotters.stores.collection import Route

__all__ = ["Paths"]


class Paths(Mapping[str, Route]):
    """Path → route; what stands in the place of ``{symbol}`` is given to the route in its query.

    Example:
        >>> seen = []
        >>> paths = Paths({"/ticker": seen.append, "/depth/{symbol}": lambda body, query: seen.append(query)})
        >>> paths["/depth/BTC_USDT"]({}, {"limit": "5"})
        >>> seen, "/depth/" in paths, sorted(paths)
        ([{'limit': '5', 'symbol': 'BTC_USDT'}], False, ['/depth/{symbol}', '/ticker'])
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self._patterns = [
            (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))), route)
            for path, route in routes.items()
            if "{" in path
        ]

    def __getitem__(self, path: str) -> Route:
        for pattern, route in self._patterns:
            found = pattern.fullmatch(path)
            if found is not None:
                return _filled(route, found.groupdict())
        return self._routes[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._routes)

    def __len__(self) -> int:
        return len(self._routes)


def _filled(route: Route, named: Mapping[str, str]) -> Route:
    def filled(body: Any, query: Mapping[str, str]) -> None:
        route(body, {**query, **named})

    return filled
