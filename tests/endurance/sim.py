"""What the endurance runs share: the simulated exchange, a client of it, and how much memory this process has."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import rxbotters
from rxbotters.sim import SimExchange
from rxbotters.testing import current_loop

__all__ = ["SUBSCRIPTIONS", "client_of", "exchange", "memory"]

CHANNELS = ["lightning_board_snapshot_FX_BTC_JPY", "lightning_board_FX_BTC_JPY", "child_order_events"]
SUBSCRIPTIONS = [{"method": "subscribe", "params": {"channel": name}, "id": n} for n, name in enumerate(CHANNELS, 1)]


def exchange(**options: Any) -> SimExchange:
    """Return an exchange that lives in this loop's virtual time."""
    return SimExchange(**{"orders_per_s": 0.0, "clock": current_loop().wall, **options})


def client_of(sim: SimExchange, **options: Any) -> rxbotters.Client:
    """Return a client that takes it for bitFlyer."""
    return rxbotters.Client(sim.apis, sim.rest_url, hosts=sim.hosts, clock=current_loop().clock, **options)


def memory() -> int:
    """Return the bytes of this process that are in memory, once the garbage is gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
