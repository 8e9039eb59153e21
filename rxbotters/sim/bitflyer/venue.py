"""The exchange behind the wire: engine, background flow, and who is told what."""

from __future__ import annotations

import time as _time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rxbotters.sim.engine import Cancelled, Engine, Event, Filled, Order, Placed, Product, Side, Tif
from rxbotters.sim.flow import Flow, Intent
from rxbotters.wire import dumps

from . import wire

if TYPE_CHECKING:
    from .stream import Stream

__all__ = ["PRODUCTS", "Venue"]

PRODUCTS = {
    "FX_BTC_JPY": Product("FX_BTC_JPY", lot=Decimal("0.001")),
    "BTC_JPY": Product("BTC_JPY", lot=Decimal("0.001"), fee=Decimal("0.0015"), margin=False),
}
_START = 5_000_000  # JPY, where prices begin


class Venue:
    """Turns requests into engine events, and events into messages for every stream that subscribed to them.

    Args:
        products: Codes, of `PRODUCTS`.
        accounts: Names of the users' accounts.
        seed: For the background flow.
        clock: Unix time in seconds.
    """

    def __init__(
        self, products: Iterable[str], accounts: Iterable[str], *, seed: int, clock: Callable[[], float] = _time.time
    ) -> None:
        self.clock = clock
        self.engine = Engine([PRODUCTS[code] for code in products])
        self.flows = {code: Flow(code, seed=seed, price=_START) for code in self.engine.products}
        self.streams: list[Stream] = []
        self.own_fills: dict[str, list[Filled]] = {name: [] for name in accounts}
        self.history: dict[str, list[Order]] = {name: [] for name in accounts}
        self.sent: Counter[str] = Counter()
        self._ids = 0
        self._ticks = 0
        for name in accounts:
            self.engine.open_account(name, {"JPY": Decimal(10_000_000), "BTC": Decimal(10)})
        for name in (Flow.MAKER, Flow.TAKER):
            self.engine.open_account(name, house=True)
        for flow in self.flows.values():
            for intent in flow.opening():
                flow.happened(self._do(intent))

    # ------------------------------------------------------------------ orders

    def step(self, count: int = 1) -> None:
        """Let the background flow act ``count`` times in every market."""
        for _ in range(count):
            for flow in self.flows.values():
                events = self._do(flow.next(self.engine))
                flow.happened(events)
                self.publish(events, flow.product)

    def _do(self, intent: Intent) -> list[Event]:
        if intent.cancel is not None:
            return self.engine.cancel(intent.cancel, time=self.clock())
        return self.engine.place(
            intent.account,
            intent.product,
            intent.side,
            intent.size,
            price=intent.price,
            time=self.clock(),
            order_id=self._new_id(),
        )

    def _new_id(self) -> str:
        self._ids += 1
        stamp = wire.iso(self.clock())
        return f"JRF{stamp[:10].replace('-', '')}-{stamp[11:19].replace(':', '')}-{self._ids:06d}"

    def place(
        self, account: str, product: str, side: Side, size: Decimal, price: Decimal | None, tif: Tif
    ) -> tuple[str, list[Event]]:
        """Place a user's order; tell everybody; return its acceptance id and what happened."""
        order_id = self._new_id()
        events = self.engine.place(
            account, product, side, size, price=price, tif=tif, time=self.clock(), order_id=order_id
        )
        self.publish(events, product)
        return order_id, events

    def cancel(self, account: str, product: str, order_id: str | None) -> list[Event]:
        """Cancel one of a user's orders, or all of them in a product."""
        events = (
            self.engine.cancel_all(account, product, time=self.clock())
            if order_id is None
            else self.engine.cancel(order_id, time=self.clock(), account=account)
        )
        self.publish(events, product)
        return events

    # ------------------------------------------------------------------ telling

    def publish(self, events: list[Event], product: str) -> None:
        """Tell every stream what it subscribed to, in the order it happened."""
        self._remember(events)
        if not self.streams:
            return
        self._tell_accounts(events)
        fills = wire.executions_message(events, product)
        if fills:
            self._tell(f"lightning_executions_{product}", fills)
        diff = self._diff(events, product)
        if diff is not None:
            self._tell(f"lightning_board_{product}", diff)
            self._ticks += 1
            name = f"lightning_ticker_{product}"
            if any(name in stream.channels for stream in self.streams):
                self._tell(name, wire.ticker(self.engine, self.engine.products[product], self._ticks, self.clock()))

    def _remember(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Filled):
                for account in {event.taker.account, event.maker.account} & self.own_fills.keys():
                    self.own_fills[account].append(event)
            elif isinstance(event, Placed) and event.order.account in self.history:
                self.history[event.order.account].append(event.order)

    def _tell_accounts(self, events: list[Event]) -> None:
        for account in self.own_fills:
            message = [row for event in events for row in wire.order_events(event, account, self._fee(event))]
            if message:
                self._tell("child_order_events", message, account)

    def _fee(self, event: Event) -> Decimal:
        return self.engine.products[event.product].fee if isinstance(event, Filled) else Decimal(0)

    def _diff(self, events: list[Event], product: str) -> dict[str, Any] | None:
        touched: dict[tuple[Side, Decimal], None] = {}
        for event in events:
            match event:
                case Filled(price=price, maker=maker):
                    touched[maker.side, price] = None
                case Placed(order) | Cancelled(order) if order.price is not None:
                    touched[order.side, order.price] = None
                case _:
                    pass
        if not touched:
            return None
        books = self.engine.books[product]

        def rows(side: Side) -> list[dict[str, Any]]:
            return [
                {"price": wire.num(price), "size": wire.num(books[side].size_at(price))}
                for which, price in touched
                if which == side
            ]

        mid = wire.mid_price(self.engine, self.engine.products[product])
        return {"mid_price": mid, "bids": rows("BUY"), "asks": rows("SELL")}

    def snapshot(self, product: str) -> Mapping[str, Any]:
        """Return the board snapshot of a product."""
        return wire.board(self.engine, self.engine.products[product])

    def _tell(self, channel: str, message: Any, account: str | None = None) -> None:
        text: str | None = None
        for stream in self.streams:
            if channel in stream.channels and (account is None or stream.account == account):
                if text is None:
                    text = dumps(
                        {
                            "jsonrpc": "2.0",
                            "method": "channelMessage",
                            "params": {"channel": channel, "message": message},
                        }
                    )
                stream.send(text, channel)
