"""G15: what a signature costs, on every exchange; the event loop stands still that long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from rxbotters.descriptor import Credentials, Host
from rxbotters.exchanges import NAMES, exchange_of
from rxbotters.testing.conformance.subject import STAMPS, Asked, Subject, encoded
from tests.exchanges.common import calls

from .case import Case, Sample, Scale

__all__ = ["cases"]

_BUDGET = 0.001  # seconds


def _cost(host: Host, asked: Asked, keys: Credentials, times: int) -> float:
    """Return the CPU seconds of the median signature, each of a request that nobody has looked at before."""
    took: list[float] = []
    sign: Any = host.sign
    for _ in range(times):
        request = encoded(host, asked)
        began = time.process_time()
        sign(request, keys, STAMPS[0])
        took.append(time.process_time() - began)
    return median(took)


def _sign(name: str, times: int) -> Sample:
    """Sign what the tests compare with the reference; what counts is the dearest of it."""
    subject = Subject.of(exchange_of(name), requests=calls(name))
    costs = [
        _cost(host, asked, keys, times)
        for host, asked, request in subject.asked()
        if host.sign is not None
        and host.sign(request, keys := subject.keys_of(host, asked), STAMPS[0]) != request  # it takes a signature
    ]
    return Sample(max(costs), bool(costs))


def cases(scale: Scale) -> Iterator[Case]:
    """One row for each exchange, beside the budget."""
    for name in NAMES:
        ours = partial(_sign, name, scale(300, 5))
        yield Case("G15", f"sign a request, {name}", "≤", 1.0, ours, partial(Sample, _BUDGET, True), peer="the budget")
