"""Stream operators that know time and streams, and nothing of exchanges.

Every operator of `reactivex.operators` is here too, so that one import serves a pipeline.
"""

from reactivex import operators as _reactivex
from reactivex.operators import *

from ._aiter import Pull, from_stream, to_aiter, to_stream
from ._backoff import Backoff
from ._bounded import bounded
from ._buffer import Buffer, Overflow
from ._conflate import conflate
from ._fail_on_silence import fail_on_silence
from ._fold import fold
from ._heartbeat import heartbeat
from ._json import json
from ._login import login
from ._map_async import map_async
from ._rate_limit import rate_limit
from ._reconnect import reconnect
from ._retry_backoff import retry_backoff
from ._select import select
from ._staleness import staleness
from ._subscribe import AckRule, subscribe_channels
from .events import Closed, Frame, Live, Opened, Stale, StoreChange, Subscribed, Syncing, Waiting
from .hot import Hot

_OURS = [
    "AckRule",
    "Backoff",
    "Buffer",
    "Closed",
    "Frame",
    "Hot",
    "Live",
    "Opened",
    "Overflow",
    "Pull",
    "Stale",
    "StoreChange",
    "Subscribed",
    "Syncing",
    "Waiting",
    "bounded",
    "conflate",
    "fail_on_silence",
    "fold",
    "from_stream",
    "heartbeat",
    "json",
    "login",
    "map_async",
    "rate_limit",
    "reconnect",
    "retry_backoff",
    "select",
    "staleness",
    "subscribe_channels",
    "to_aiter",
    "to_stream",
]

__all__ = [*_OURS, *_reactivex.__all__]  # pyright: ignore[reportUnsupportedDunderAll]
