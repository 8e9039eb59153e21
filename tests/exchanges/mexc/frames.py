"""Frames of MEXC's spot stream, written by hand: numbers of fields as MEXC publishes them, nothing of the library's.

Source: github.com/mexcdevelop/websocket-proto (2026-04).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

DEPTH = "spot@public.aggre.depth.v3.api.pb@100ms@"
DEALS = "spot@public.aggre.deals.v3.api.pb@100ms@"
ACCOUNT, ORDERS, FILLS = (f"spot@private.{name}.v3.api.pb" for name in ("account", "orders", "deals"))

_ORDER = {
    "id": 1,
    "clientId": 2,
    "price": 3,
    "quantity": 4,
    "amount": 5,
    "avgPrice": 6,
    "orderType": 7,
    "tradeType": 8,
    "isMaker": 9,
    "remainAmount": 10,
    "remainQuantity": 11,
    "lastDealQuantity": 12,
    "cumulativeQuantity": 13,
    "cumulativeAmount": 14,
    "status": 15,
    "createTime": 16,
    "market": 17,
}
_FILL = {
    "price": 1,
    "quantity": 2,
    "amount": 3,
    "tradeType": 4,
    "isMaker": 5,
    "isSelfTrade": 6,
    "tradeId": 7,
    "clientOrderId": 8,
    "orderId": 9,
    "feeAmount": 10,
    "feeCurrency": 11,
    "time": 12,
}
_BALANCE = {
    "vcoinName": 1,
    "coinId": 2,
    "balanceAmount": 3,
    "balanceAmountChange": 4,
    "frozenAmount": 5,
    "frozenAmountChange": 6,
    "type": 7,
    "time": 8,
}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def put(number: int, value: Any) -> bytes:
    """Return one field: a number, a text, or a message that is bytes already; what is empty is not written."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if not value:
        return b""
    if isinstance(value, str):
        return put(number, value.encode())
    return varint(number << 3) + varint(int(value))


def push(channel: str, number: int, body: bytes, *, symbol: str = "", sent: int = 1736411507002) -> bytes:
    """Return the frame of a push, its body before what describes it, as proto3 writers may do."""
    return put(1, channel) + put(number, body) + put(3, symbol) + put(6, sent)


def levels(number: int, sides: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(put(number, put(1, price) + put(2, size)) for price, size in sides)


def depth(symbol: str, first: int, last: int, asks: Any = (), bids: Any = (), **more: Any) -> bytes:
    body = levels(1, asks) + levels(2, bids) + put(3, DEPTH[:-1]) + put(4, str(first)) + put(5, str(last))
    return push(DEPTH + symbol, 313, body, symbol=symbol, **more)


def deals(symbol: str, rows: Iterable[tuple[str, str, int, int]]) -> bytes:
    body = b"".join(
        put(1, put(1, price) + put(2, size) + put(3, side) + put(4, time)) for price, size, side, time in rows
    )
    return push(DEALS + symbol, 314, body + put(2, DEALS[:-1]), symbol=symbol)


def _fields(numbers: dict[str, int], values: dict[str, Any]) -> bytes:
    return b"".join(put(numbers[name], value) for name, value in values.items())


def order(symbol: str, sent: int = 1736417034281, **values: Any) -> bytes:
    return push(ORDERS, 304, _fields(_ORDER, values), symbol=symbol, sent=sent)


def fill(symbol: str, **values: Any) -> bytes:
    return push(FILLS, 306, _fields(_FILL, values), symbol=symbol, sent=1736417034332)


def balance(**values: Any) -> bytes:
    return push(ACCOUNT, 307, _fields(_BALANCE, values), sent=1736417034307)
