"""What a simulated exchange can be told to do wrong, as faults with names: for scripts in virtual time and on real sockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .bitflyer.server import SimExchange

__all__ = ["switches"]


def switches(sim: SimExchange) -> dict[str, Callable[..., int | None]]:
    """Return the switches of an exchange by name, each a function of JSON: give them to ``define``.

    Args:
        sim: The exchange.

    Example:
        >>> from rxbotters.testing import VirtualLoop
        >>> with VirtualLoop() as loop:
        ...     for name, inject in switches(SimExchange(clock=loop.wall)).items():
        ...         loop.faults.define(name, inject)
        ...     [name for name in loop.faults.names if name.startswith("sim_")]
        ['sim_cut', 'sim_mute_login', 'sim_refuse', 'sim_refuse_channel', 'sim_refuse_login', 'sim_rest', 'sim_silence']
    """
    faults = sim.faults

    def cut(*, how: Literal["rst", "close"] = "rst", code: int = 1001) -> int:
        return sim.cut(how, code=code)

    def silence() -> int:
        return sim.silence()

    def mute_login(*, on: bool = True) -> None:
        faults.mute_login = on

    def refuse_login(*, text: str | None = "Invalid signature") -> None:
        faults.refuse_login = text

    def refuse_channel(*, channel: str, on: bool = True) -> None:
        (faults.refuse_channels.add if on else faults.refuse_channels.discard)(channel)

    def refuse(*, status: int | None = 503, headers: Any = None) -> None:
        faults.refuse = None if status is None else (status, dict(headers or {}))

    def rest(*, status: int | None = 503, headers: Any = None) -> None:
        faults.rest_status = None if status is None else (status, dict(headers or {}))

    known = (cut, silence, mute_login, refuse_login, refuse_channel, refuse, rest)
    return {f"sim_{switch.__name__}": switch for switch in known}
