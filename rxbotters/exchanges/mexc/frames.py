"""The frames of MEXC's spot stream: answers in JSON text, pushes in Protocol Buffers.

Source: the field numbers of github.com/mexcdevelop/websocket-proto (2026-04). A push of a channel that no store wants is
read as far as its envelope: ``channel``, ``symbol`` and the times.
"""

from __future__ import annotations

from typing import Any

from rxbotters.errors import ProtocolError
from rxbotters.wire import Dialect, loads

from .protobuf import Schema, boolean, integer, many, message, read, text

__all__ = ["BODIES", "PUSH", "PUSHES", "decode"]

_LEVEL: Schema = {1: text("price"), 2: text("quantity")}

_DEPTHS: Schema = {
    1: many("asks", _LEVEL),
    2: many("bids", _LEVEL),
    3: text("eventType"),
    4: text("fromVersion"),
    5: text("toVersion"),
    6: integer("lastOrderCreateTime", optional=True),
}
_DEAL: Schema = {
    1: text("price"),
    2: text("quantity"),
    3: integer("tradeType"),
    4: integer("time"),
    5: text("tradeId", optional=True),
}
_DEALS: Schema = {1: many("deals", _DEAL), 2: text("eventType")}

_ORDER: Schema = {
    1: text("id"),
    2: text("clientId"),
    3: text("price"),
    4: text("quantity"),
    5: text("amount"),
    6: text("avgPrice"),
    7: integer("orderType"),
    8: integer("tradeType"),
    9: boolean("isMaker"),
    10: text("remainAmount"),
    11: text("remainQuantity"),
    12: text("lastDealQuantity", optional=True),
    13: text("cumulativeQuantity"),
    14: text("cumulativeAmount"),
    15: integer("status"),
    16: integer("createTime"),
    17: text("market", optional=True),
    18: integer("triggerType", optional=True),
    19: text("triggerPrice", optional=True),
    20: integer("state", optional=True),
    21: text("ocoId", optional=True),
}
_FILL: Schema = {
    1: text("price"),
    2: text("quantity"),
    3: text("amount"),
    4: integer("tradeType"),
    5: boolean("isMaker"),
    6: boolean("isSelfTrade"),
    7: text("tradeId"),
    8: text("clientOrderId"),
    9: text("orderId"),
    10: text("feeAmount"),
    11: text("feeCurrency"),
    12: integer("time"),
}
_BALANCE: Schema = {
    1: text("vcoinName"),
    2: text("coinId"),
    3: text("balanceAmount"),
    4: text("balanceAmountChange"),
    5: text("frozenAmount"),
    6: text("frozenAmountChange"),
    7: text("type"),
    8: integer("time"),
}

BODIES: Schema = {
    304: message("privateOrders", _ORDER),
    306: message("privateDeals", _FILL),
    307: message("privateAccount", _BALANCE),
    313: message("publicAggreDepths", _DEPTHS),
    314: message("publicAggreDeals", _DEALS),
}
"""What a push may hold, of what the stores want."""

PUSH: Schema = {
    1: text("channel"),
    3: text("symbol", optional=True),
    4: text("symbolId", optional=True),
    5: integer("createTime", optional=True),
    6: integer("sendTime", optional=True),
    **BODIES,
}
"""The envelope of every push."""


def decode(data: str | bytes) -> Any:
    """Return the message of a frame: JSON if it is text, or begins as JSON does; else a push.

    Raises:
        ProtocolError: It is none.
    """
    if isinstance(data, str) or data[:1] == b"{":  # no push begins with this byte: groups are no part of proto3
        return loads(data)
    push = read(data, PUSH)
    if not push["channel"]:
        raise ProtocolError(f"a frame of {len(data)} bytes names no channel")
    return push


PUSHES = Dialect(decode)
