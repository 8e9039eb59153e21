"""Every exchange and its collections. Written by ``python -m rxbotters.exchanges``; do not edit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .binance.stores import BinanceCOINMDataStore as BinanceCOINMDataStore
    from .binance.stores import BinanceSpotDataStore as BinanceSpotDataStore
    from .binance.stores import BinanceUSDSMDataStore as BinanceUSDSMDataStore
    from .bitbank.stores import bitbankDataStore as bitbankDataStore
    from .bitbank.stores import bitbankPrivateDataStore as bitbankPrivateDataStore
    from .bitflyer.stores import bitFlyerDataStore as bitFlyerDataStore
    from .bitget.stores import BitgetDataStore as BitgetDataStore
    from .bitget.stores import BitgetV2DataStore as BitgetV2DataStore
    from .bitmex.stores import BitMEXDataStore as BitMEXDataStore
    from .bittrade.stores import BitTradeDataStore as BitTradeDataStore
    from .bybit.stores import BybitDataStore as BybitDataStore
    from .coincheck.stores import CoincheckDataStore as CoincheckDataStore
    from .coincheck.stores import CoincheckPrivateDataStore as CoincheckPrivateDataStore
    from .gmocoin.stores import GMOCoinDataStore as GMOCoinDataStore
    from .hyperliquid.stores import HyperliquidDataStore as HyperliquidDataStore
    from .kucoin.stores import KuCoinDataStore as KuCoinDataStore
    from .mexc.stores import MEXCFuturesDataStore as MEXCFuturesDataStore
    from .mexc.stores import MEXCSpotDataStore as MEXCSpotDataStore
    from .okj.stores import OKJDataStore as OKJDataStore
    from .okx.stores import OKXDataStore as OKXDataStore
    from .phemex.stores import PhemexDataStore as PhemexDataStore

NAMES = (
    "binance",
    "bitbank",
    "bitflyer",
    "bitget",
    "bitmex",
    "bittrade",
    "bybit",
    "coincheck",
    "gmocoin",
    "hyperliquid",
    "kucoin",
    "mexc",
    "okj",
    "okx",
    "phemex",
)
"""Every folder beside this file that holds an exchange."""

COLLECTIONS = {
    "BinanceCOINMDataStore": "binance",
    "BinanceSpotDataStore": "binance",
    "BinanceUSDSMDataStore": "binance",
    "BitMEXDataStore": "bitmex",
    "BitTradeDataStore": "bittrade",
    "BitgetDataStore": "bitget",
    "BitgetV2DataStore": "bitget",
    "BybitDataStore": "bybit",
    "CoincheckDataStore": "coincheck",
    "CoincheckPrivateDataStore": "coincheck",
    "GMOCoinDataStore": "gmocoin",
    "HyperliquidDataStore": "hyperliquid",
    "KuCoinDataStore": "kucoin",
    "MEXCFuturesDataStore": "mexc",
    "MEXCSpotDataStore": "mexc",
    "OKJDataStore": "okj",
    "OKXDataStore": "okx",
    "PhemexDataStore": "phemex",
    "bitFlyerDataStore": "bitflyer",
    "bitbankDataStore": "bitbank",
    "bitbankPrivateDataStore": "bitbank",
}
"""Collection class → the folder whose ``stores`` module holds it."""
