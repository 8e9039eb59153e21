"""Helpers for what an exchange asks of its users by hand; heavy ones are imported by their own name."""

from .gmocoin import GMOCoinHelper, GMOCoinResponseError

__all__ = ["GMOCoinHelper", "GMOCoinResponseError"]
