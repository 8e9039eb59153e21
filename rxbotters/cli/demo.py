"""`rxbotters demo`: a strategy trades against a live exchange on this machine, and everything is checked."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import rxbotters
from rxbotters import operators as ops
from rxbotters.cli.strategy import market_maker
from rxbotters.cli.view import View
from rxbotters.sim import SimExchange

__all__ = ["Demo", "run_demo"]

PRODUCT = "FX_BTC_JPY"
CHANNELS = ("lightning_board_snapshot_", "lightning_board_", "lightning_ticker_", "lightning_executions_")
_SETTLE = 5.0  # seconds the last messages may take


@dataclass
class Demo:
    """One run: the exchange, the bot, and what is known of both."""

    exchange: SimExchange
    client: rxbotters.Client
    store: rxbotters.bitFlyerDataStore
    ws: rxbotters.WebSocketApp
    view: View
    seconds: float
    began: float
    counts: Counter[str] = field(default_factory=Counter[str])
    fills: set[int] = field(default_factory=set[int])
    errors: list[str] = field(default_factory=list[str])
    subscriptions: list[Any] = field(default_factory=list[Any])

    # ------------------------------------------------------------------ the bot

    async def follow(self, _: Any) -> None:
        """After every login, learn what happened while nobody listened."""
        known = await self.store.refresh(self.client.fetch, PRODUCT)
        self.fills.update(execution["id"] for execution in known)
        self.view.say("refreshed", orders=len(self.store.childorders), fills=len(self.fills))

    async def trade(self) -> None:
        """Run the strategy, and cut its connection twice on the way."""
        self.subscriptions = [
            self.store.childorderevents.changes.subscribe(self._note_fill),
            self.ws.errors.subscribe(self._note_error),
            self.ws.states.pipe(
                ops.filter(lambda state: isinstance(state, ops.Subscribed)), ops.map_async(self.follow)
            ).subscribe(on_error=self._note_error),
        ]
        await self.ws.ready()
        stop: ops.Hot[None] = ops.Hot("stop")
        done = asyncio.Event()
        market_maker(self.client, self.store, PRODUCT, stop, self._count).subscribe(
            on_error=self._note_error, on_completed=done.set
        )
        for share, cut in ((0.35, "rst"), (0.3, "silence"), (0.35, "")):
            await self._watch(self.seconds * share)
            if cut:
                cuts = self.exchange.cut("rst") if cut == "rst" else self.exchange.silence()
                self.view.say("cut", how=cut, connections=cuts)
        stop.emit(None)
        async with asyncio.timeout(_SETTLE):
            await done.wait()

    async def _watch(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            self.view.show(self.state())
            await asyncio.sleep(min(0.2, left))

    def _count(self, what: str) -> None:
        self.counts[what] += 1

    def _note_fill(self, change: Any) -> None:
        if change.data["event_type"] == "EXECUTION":
            self.fills.add(change.data["exec_id"])

    def _note_error(self, error: Exception) -> None:
        self.errors.append(f"{type(error).__name__}: {error}")
        self.view.say("error", text=str(error))

    # ------------------------------------------------------------------ the check

    async def settle(self) -> dict[str, bool]:
        """Stop the market, let the last messages arrive, and compare the two sides."""
        self.exchange.pause()
        await self.ws.ready()
        loop = asyncio.get_running_loop()
        end = loop.time() + _SETTLE
        while True:
            await self.ws.heartbeat(1.0)
            checks = self.checks()
            if all(checks.values()) or loop.time() > end:
                for subscription in self.subscriptions:
                    subscription.dispose()
                return checks
            await asyncio.sleep(0.05)

    def checks(self) -> dict[str, bool]:
        """Compare what the bot believes with what the exchange knows."""
        (key,) = self.exchange.keys
        truth = self.exchange.truth(key, PRODUCT)
        book = self.store.board.sorted({"product_code": PRODUCT})
        mine = {side: [(level["price"], level["size"]) for level in levels] for side, levels in book.items()}
        orders = {
            row["child_order_acceptance_id"]: row.get("outstanding_size", row["size"]) for row in self.store.childorders
        }
        return {
            "book_equals_exchange": mine == truth["book"] and bool(truth["book"]["asks"]),
            "position_equals_exchange": abs(self.position - float(truth["position"])) < 1e-9,
            "orders_equal_exchange": orders == truth["open_orders"],
            "no_duplicate_order": self.exchange.duplicates() == 0
            and len(self.exchange.rest.orders_received) == self.counts["sent"],
            "no_fill_missed": self.fills == set(truth["fills"]),
            "reconnected_after_both_cuts": self.exchange.upgrades >= 3,
        }

    @property
    def position(self) -> float:
        """The position as the bot sees it."""
        return sum(float(lot["size"]) * (1 if lot["side"] == "BUY" else -1) for lot in self.store.positions)

    @property
    def profit(self) -> float:
        """Realised and unrealised profit in JPY, as the exchange counts it."""
        (key,) = self.exchange.keys
        account = self.exchange.engine.accounts[key]
        last = self.exchange.engine.last.get(PRODUCT)
        return float(account.profit + (account.unrealised(PRODUCT, last) if last is not None else 0))

    def state(self) -> dict[str, Any]:
        """Return what the screen shows."""
        asks, bids = self.store.board.depth(PRODUCT, 6)
        events = [row for row in self.store.childorderevents.find() if row["event_type"] == "EXECUTION"]
        return {
            "title": "rxbotters demo",
            "clock": f"{asyncio.get_running_loop().time() - self.began:5.1f}s",
            "connection": type(self.ws.state).__name__,
            "status": type(self.store.board.status_of(PRODUCT)).__name__,
            "asks": asks,
            "bids": bids,
            "orders": self.store.childorders.find(),
            "fills": events,
            "summary": f"position {self.position:+.3f} BTC  profit {self.profit:+,.0f} JPY  "
            f"orders {self.counts['sent']}  fills {len(self.fills)}  connections {self.exchange.upgrades}",
        }

    def summary(self, checks: dict[str, bool], seed: int) -> dict[str, Any]:
        """Return the last word."""
        return {
            "ok": all(checks.values()),
            "seed": seed,
            "seconds": round(asyncio.get_running_loop().time() - self.began, 1),
            "connections": self.exchange.upgrades,
            "messages": sum(self.exchange.sent.values()),
            "orders_sent": self.counts["sent"],
            "orders_refused": self.counts["refused"],
            "fills": len(self.fills),
            "position": round(self.position, 8),
            "profit_jpy": round(self.profit, 2),
            "errors": len(self.errors),
            "invariants": checks,
        }


async def run_demo(view: View, *, seconds: float, seed: int, speed: float) -> dict[str, Any]:
    """Run the demo and return its summary."""
    before = asyncio.all_tasks()
    loop = asyncio.get_running_loop()
    async with SimExchange(seed=seed, products=(PRODUCT,), orders_per_s=40, speed=speed) as exchange:
        store = rxbotters.bitFlyerDataStore()
        async with rxbotters.Client(
            apis=exchange.apis, base_url=exchange.rest_url, hosts=exchange.hosts, limits=False
        ) as client:
            channels = [prefix + PRODUCT for prefix in CHANNELS] + ["child_order_events"]
            ws = client.ws_connect(
                exchange.ws_url,
                send_json=[
                    {"method": "subscribe", "params": {"channel": channel}, "id": number}
                    for number, channel in enumerate(channels, 1)
                ],
                hdlr_json=store.onmessage,
                heartbeat=0.5,
            )
            demo = Demo(exchange, client, store, ws, view, seconds, loop.time())
            ws.states.subscribe(lambda state: view.say("connection", state=type(state).__name__))
            with view:
                await demo.trade()
                checks = await demo.settle()
                view.show(demo.state())
            summary = demo.summary(checks, seed)
    await asyncio.sleep(0)
    checks["no_task_left"] = asyncio.all_tasks() <= before
    summary["ok"] = all(checks.values())
    return summary
