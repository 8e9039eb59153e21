"""bitFlyer's words for what the engine says. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from rxbotters.sim.engine import Cancelled, Engine, Event, Expired, Filled, Order, Placed, Product, Refused

__all__ = ["board", "execution", "executions_message", "iso", "mid_price", "num", "order_events", "order_row", "ticker"]


def num(value: Decimal | None) -> float | int | None:
    """Return a JSON number: prices and sizes are numbers on this exchange."""
    return None if value is None else float(value)


def iso(time: float) -> str:
    """Return a time as the exchange writes it."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"


def mid_price(engine: Engine, product: Product) -> float:
    """Return (best bid + best ask) / 2, cut down to the tick."""
    bid, ask = engine.best(product.code)
    if bid is None or ask is None:
        return float(bid or ask or engine.last.get(product.code, Decimal(0)))
    mid = ((bid + ask) / 2 / product.tick).to_integral_value(ROUND_FLOOR) * product.tick
    return float(mid)


def board(engine: Engine, product: Product, depth: int = 300) -> dict[str, Any]:
    """Return a board snapshot."""
    levels = engine.levels(product.code, depth)
    return {
        "mid_price": mid_price(engine, product),
        "bids": [{"price": num(price), "size": num(size)} for price, size in levels["BUY"]],
        "asks": [{"price": num(price), "size": num(size)} for price, size in levels["SELL"]],
    }


def ticker(engine: Engine, product: Product, tick_id: int, time: float) -> dict[str, Any]:
    """Return a ticker."""
    levels = engine.levels(product.code)
    bids, asks = levels["BUY"], levels["SELL"]
    zero = Decimal(0)
    return {
        "product_code": product.code,
        "state": "RUNNING",
        "timestamp": iso(time),
        "tick_id": tick_id,
        "best_bid": num(bids[0][0] if bids else zero),
        "best_ask": num(asks[0][0] if asks else zero),
        "best_bid_size": num(bids[0][1] if bids else zero),
        "best_ask_size": num(asks[0][1] if asks else zero),
        "total_bid_depth": num(sum((size for _, size in bids), zero)),
        "total_ask_depth": num(sum((size for _, size in asks), zero)),
        "market_bid_size": 0.0,
        "market_ask_size": 0.0,
        "ltp": num(engine.last.get(product.code, zero)),
        "volume": num(sum((fill.size for fill in engine.fills if fill.product == product.code), zero)),
        "volume_by_product": num(sum((fill.size for fill in engine.fills if fill.product == product.code), zero)),
    }


def execution(fill: Filled) -> dict[str, Any]:
    """Return a public execution."""
    buyer, seller = (fill.taker, fill.maker) if fill.taker.side == "BUY" else (fill.maker, fill.taker)
    return {
        "id": fill.id,
        "side": fill.taker.side,
        "price": num(fill.price),
        "size": num(fill.size),
        "exec_date": iso(fill.time),
        "buy_child_order_acceptance_id": buyer.id,
        "sell_child_order_acceptance_id": seller.id,
    }


def executions_message(events: list[Event], product: str) -> list[dict[str, Any]]:
    """Return the public executions among some events."""
    return [execution(event) for event in events if isinstance(event, Filled) and event.product == product]


def _common(order: Order, time: float, kind: str) -> dict[str, Any]:
    return {
        "product_code": order.product,
        "child_order_id": order.id.replace("JRF", "JOR"),
        "child_order_acceptance_id": order.id,
        "event_date": iso(time),
        "event_type": kind,
    }


def order_events(event: Event, account: str, fee_rate: Decimal) -> list[dict[str, Any]]:
    """Return what one account hears of one event."""
    match event:
        case Placed(order, time) if order.account == account:
            return [
                {
                    **_common(order, time, "ORDER"),
                    "child_order_type": "MARKET" if order.price is None else "LIMIT",
                    "side": order.side,
                    "price": num(order.price) or 0,
                    "size": num(order.size),
                    "expire_date": iso(time + 30 * 86400),
                }
            ]
        case Filled():
            mine = [(event.taker, event.taker_left), (event.maker, event.maker_left)]
            return [
                {
                    **_common(order, event.time, "EXECUTION"),
                    "exec_id": event.id,
                    "side": order.side,
                    "price": num(event.price),
                    "size": num(event.size),
                    "commission": num(event.size * fee_rate),
                    "sfd": 0,
                    "outstanding_size": num(left) or 0,
                }
                for order, left in mine
                if order.account == account
            ]
        case Cancelled(order, _, time) if order.account == account:
            return [_common(order, time, "CANCEL")]
        case Expired(order, _, time) if order.account == account:
            return [_common(order, time, "EXPIRE")]
        case Refused() if event.account == account:
            return []
        case _:
            return []


def order_row(order: Order) -> dict[str, Any]:
    """Return a row of getchildorders."""
    return {
        "id": int(order.id.rpartition("-")[2] or 0),
        "child_order_id": order.id.replace("JRF", "JOR"),
        "product_code": order.product,
        "side": order.side,
        "child_order_type": "MARKET" if order.price is None else "LIMIT",
        "price": num(order.price) or 0,
        "average_price": num(order.paid / order.filled) if order.filled else 0,
        "size": num(order.size),
        "child_order_state": order.state,
        "expire_date": iso(order.time + 30 * 86400),
        "child_order_date": iso(order.time),
        "child_order_acceptance_id": order.id,
        "outstanding_size": num(order.remaining),
        "cancel_size": 0,
        "executed_size": num(order.filled),
        "total_commission": num(order.fee),
    }
