"""A simulated exchange: a pure matching engine behind a loopback server that speaks a real exchange's wire format."""

from .bitflyer.server import SimExchange
from .engine import Engine, Product
from .faults import Faults
from .switches import switches

__all__ = ["Engine", "Faults", "Product", "SimExchange", "switches"]
