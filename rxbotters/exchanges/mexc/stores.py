"""MEXC's two collections, one for each product. Source: mexc.com/api-docs, spot v3 and futures (2026-04)."""

from .futures import MEXCFuturesDataStore
from .spot import MEXCSpotDataStore

__all__ = ["MEXCFuturesDataStore", "MEXCSpotDataStore"]
