"""`rxbotters exchanges`: what is supported, read from the descriptors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rxbotters.descriptor import Exchange, Host
from rxbotters.exchanges import all_exchanges

__all__ = ["as_markdown", "describe"]


def describe(exchange: Exchange) -> dict[str, Any]:
    """Return one exchange as plain data."""
    hosts = [*exchange.rest.values(), *exchange.ws.values()]
    return {
        "name": exchange.name,
        "title": exchange.title or exchange.name,
        "credentials": {name: list(api.fields) for name, api in exchange.apis.items()},
        "environments": _unique(host.environment for host in hosts),
        "rest_signing": any(host.sign is not None for host in exchange.rest.values()),
        "websocket_login": any(host.login is not None for host in exchange.ws.values()),
        "message_signing": any(host.sign_message is not None for host in exchange.ws.values()),
        "leases": [f"{exchange.name}.{kind}" for kind in exchange.leases],
        "collections": list(exchange.stores),
        "stores": {name: _stores(name) for name in exchange.stores},
        "feeds": {kind: feed.symbol for kind, feed in exchange.feeds.items()},
        "hosts": {"rest": list(exchange.rest), "websocket": list(exchange.ws)},
        "docs": exchange.docs,
    }


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _stores(collection: str) -> list[str]:
    import rxbotters

    return list(getattr(rxbotters, collection)())


def _private(exchange: Exchange, hosts: Iterable[Host]) -> str:
    if any(host.login is not None for host in hosts):
        return "login"
    if exchange.leases:
        return "token in the url"
    return "by address" if any(len(api.fields) == 1 for api in exchange.apis.values()) else "–"


def as_markdown() -> str:
    """Return the table of the README."""
    lines = [
        "| exchange | environments | private stream | signed messages | collections | stores |",
        "|---|---|---|---|---|---|",
    ]
    for exchange in all_exchanges():
        known = describe(exchange)
        lines.append(
            f"| {known['title']} | {', '.join(known['environments'])} | {_private(exchange, exchange.ws.values())} "
            f"| {'yes' if known['message_signing'] else '–'} "
            f"| {', '.join(f'`{name}`' for name in known['collections'])} "
            f"| {sum(len(names) for names in known['stores'].values())} |"
        )
    return "\n".join(lines)
