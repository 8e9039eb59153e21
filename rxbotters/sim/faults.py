"""What a simulated exchange can be told to do wrong, each switch by name, each counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Faults"]


@dataclass(slots=True)
class Faults:
    """The switches of one exchange; assign to them at any time.

    Attributes:
        refuse: (HTTP status, headers) for the next upgrades; ``None``: accept.
        mute_login: Never answer a login.
        refuse_login: Answer logins with this error text.
        hold_login: Answer logins once this event is set.
        refuse_channels: Refuse subscriptions to these channels.
        rest_status: (HTTP status, headers) for the next REST requests.
        happened: How often each fault took effect.
    """

    refuse: tuple[int, Mapping[str, str]] | None = None
    mute_login: bool = False
    refuse_login: str | None = None
    hold_login: asyncio.Event | None = None
    refuse_channels: set[str] = field(default_factory=set[str])
    rest_status: tuple[int, Mapping[str, str]] | None = None
    happened: Counter[str] = field(default_factory=Counter[str])
