"""The demo's strategy: a market maker, as a pipeline from the book to orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable

from rxbotters import Client, bitFlyerDataStore
from rxbotters import operators as ops

__all__ = ["market_maker"]

Quotes = tuple[tuple[str, int], tuple[str, int]]


# [market-maker]
def market_maker(
    client: Client, store: bitFlyerDataStore, product: str, until: Observable[Any], count: Callable[[str], None]
) -> Observable[Any]:
    """Quote both sides of the mid price, one requote at a time, only while the book is live."""
    size = 0.01

    def position() -> float:
        return sum(float(lot["size"]) * (1 if lot["side"] == "BUY" else -1) for lot in store.positions)

    def is_live(_: Any) -> bool:
        return isinstance(store.board.status_of(product), ops.Live)

    def quotes(_: Any) -> Quotes:
        base = round(store.board.mid_price[product] / 10) * 10
        skew = round(position() / size) * 3  # lean against what we hold
        return ("BUY", base - 12 - skew), ("SELL", base + 12 - skew)

    async def requote(targets: Quotes) -> None:
        await client.fetch("POST", "/v1/me/cancelallchildorders", data={"product_code": product})
        for side, price in targets:
            if position() * (1 if side == "BUY" else -1) < 10 * size:
                order = {"product_code": product, "side": side, "price": price, "size": size}
                order["child_order_type"] = "LIMIT"
                answer = await client.fetch("POST", "/v1/me/sendchildorder", data=order)
                count("sent" if answer.ok else "refused")

    commits: Any = store.board.commits
    orders: Observable[Any] = commits.pipe(
        ops.take_until(until),
        ops.conflate(every=0.25),  # the newest book, four times a second at most
        ops.filter(is_live),
        ops.map(quotes),
        ops.distinct_until_changed(),
        ops.map_async(requote, buffer=1, overflow="drop_oldest"),
    )
    return orders


# [/market-maker]
