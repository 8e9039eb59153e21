"""A bitFlyer on this machine."""

from .server import SimExchange
from .venue import PRODUCTS, Venue

__all__ = ["PRODUCTS", "SimExchange", "Venue"]
