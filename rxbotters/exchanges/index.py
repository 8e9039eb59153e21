"""Every exchange and its collections. Written by ``python -m rxbotters.exchanges``; do not edit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bitflyer.stores import bitFlyerDataStore as bitFlyerDataStore

NAMES = ("bitflyer",)
"""Every folder beside this file that holds an exchange."""

COLLECTIONS = {
    "bitFlyerDataStore": "bitflyer",
}
"""Collection class → the folder whose ``stores`` module holds it."""
