"""Whose order updates and user events a connection brings: the messages do not say, its subscriptions do."""

from __future__ import annotations

from typing import Any, cast

__all__ = ["Users"]

_NAMELESS = frozenset({"orderUpdates", "userEvents"})
_ENOUGH = 16  # the exchange allows 10 users


class Users:
    """The users of each connection, learned from acknowledgements.

    Example:
        >>> users = Users()
        >>> users.note("ws", {"method": "subscribe", "subscription": {"type": "orderUpdates", "user": "0xAB"}})
        >>> users.of("ws", "orderUpdates"), users.of("ws", "userEvents")
        ('0xab', None)
    """

    def __init__(self) -> None:
        self._known: dict[tuple[Any, str], set[str]] = {}

    def note(self, feed: Any, data: Any) -> None:
        """Learn from the acknowledgement of a subscription, or of its end."""
        answer = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        asked: Any = answer.get("subscription")
        if not isinstance(asked, dict):
            return
        subscription = cast("dict[str, Any]", asked)
        kind, user = subscription.get("type"), subscription.get("user")
        if kind not in _NAMELESS or not isinstance(user, str):
            return
        users = self._known.setdefault((feed, str(kind)), set())
        if answer.get("method") == "unsubscribe":
            users.discard(user.lower())
        elif len(users) < _ENOUGH:
            users.add(user.lower())

    def of(self, feed: Any, kind: str) -> str | None:
        """Return the user of a stream; ``None`` if it has several, or nobody said."""
        users = self._known.get((feed, kind))
        return next(iter(users)) if users is not None and len(users) == 1 else None

    def forget(self, feed: Any) -> None:
        """Forget a connection."""
        for key in [key for key in self._known if key[0] is feed]:
            del self._known[key]
