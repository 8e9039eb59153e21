"""A matching engine: price, then time. Pure: no clock, no dice, no I/O.

Laws (property_tests/test_engine_laws.py)
  1. A book is never crossed.
  2. What was ordered is what was filled, what rests and what was cancelled.
  3. At a price the older order is filled first; a better price before a worse one.
  4. The book is the sum of the live orders.
  5. Money and coins are neither made nor lost, fees included.
  6. A position is the sum of its fills.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .account import Account, Fill

__all__ = ["Cancelled", "Engine", "Event", "Expired", "Filled", "Order", "Placed", "Product", "Refused", "Side", "Tif"]

Side = Literal["BUY", "SELL"]
Tif = Literal["GTC", "IOC", "FOK"]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Product:
    """What is traded: ``tick`` is the smallest price step, ``lot`` the smallest size, ``fee`` a share of the size."""

    code: str
    tick: Decimal = Decimal(1)
    lot: Decimal = Decimal("0.001")
    fee: Decimal = ZERO
    margin: bool = True


@dataclass(slots=True, eq=False)
class Order:
    """An order and what became of it; ``price`` is ``None`` for a market order."""

    id: str
    account: str
    product: str
    side: Side
    price: Decimal | None
    size: Decimal
    remaining: Decimal
    time: float
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    fee: Decimal = ZERO
    state: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Placed:
    """An order was accepted."""

    order: Order
    time: float


@dataclass(frozen=True, slots=True)
class Filled:
    """Two orders met. ``taker_left`` and ``maker_left`` are what remains of them after it."""

    id: int
    product: str
    price: Decimal
    size: Decimal
    taker: Order
    maker: Order
    taker_left: Decimal
    maker_left: Decimal
    time: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A live order was cancelled with ``left`` unfilled."""

    order: Order
    left: Decimal
    time: float


@dataclass(frozen=True, slots=True)
class Expired:
    """An order ended because nothing more could be filled at once (market, IOC, FOK)."""

    order: Order
    left: Decimal
    time: float


@dataclass(frozen=True, slots=True)
class Refused:
    """An order or a cancellation was refused."""

    account: str
    id: str
    reason: str
    time: float


Event = Placed | Filled | Cancelled | Expired | Refused


class Book:
    """The resting orders of one side, best price first; at a price, oldest first."""

    def __init__(self, side: Side) -> None:
        self._sign = 1 if side == "SELL" else -1
        self._ranks: list[Decimal] = []  # price × sign, ascending: the best comes first
        self.levels: dict[Decimal, deque[Order]] = {}

    def add(self, order: Order) -> None:
        assert order.price is not None
        queue = self.levels.get(order.price)
        if queue is None:
            queue = self.levels[order.price] = deque()
            insort(self._ranks, order.price * self._sign)
        queue.append(order)

    def remove(self, order: Order) -> None:
        assert order.price is not None
        queue = self.levels[order.price]
        queue.remove(order)
        if not queue:
            del self.levels[order.price]
            del self._ranks[bisect_left(self._ranks, order.price * self._sign)]

    def best(self) -> Decimal | None:
        return self._ranks[0] * self._sign if self._ranks else None

    def first(self) -> Order | None:
        price = self.best()
        return None if price is None else self.levels[price][0]

    def prices(self) -> Iterator[Decimal]:
        return (rank * self._sign for rank in self._ranks)

    def size_at(self, price: Decimal) -> Decimal:
        return sum((order.remaining for order in self.levels.get(price, ())), ZERO)

    def within(self, limit: Decimal | None) -> Decimal:
        """Return the size that an order with this limit could take."""
        total = ZERO
        for price in self.prices():
            if limit is not None and price * self._sign > limit * self._sign:
                break
            total += self.size_at(price)
        return total


class Engine:
    """The exchange: products, accounts, books.

    Example:
        >>> engine = Engine([Product("FX_BTC_JPY")])
        >>> for name in ("maker", "taker"):
        ...     engine.open_account(name, {"JPY": Decimal(1_000_000)})
        >>> _ = engine.place("maker", "FX_BTC_JPY", "SELL", Decimal("0.01"), price=Decimal(101), time=0.0)
        >>> [type(event).__name__ for event in engine.place("taker", "FX_BTC_JPY", "BUY", Decimal("0.01"), time=1.0)]
        ['Placed', 'Filled']
        >>> engine.accounts["taker"].position("FX_BTC_JPY")
        Decimal('0.01')
    """

    HISTORY = 10_000  # fills that are remembered

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = {product.code: product for product in products}
        self.books: dict[str, dict[Side, Book]] = {
            code: {"BUY": Book("BUY"), "SELL": Book("SELL")} for code in self.products
        }
        self.accounts: dict[str, Account] = {"fees": Account("fees", house=True)}
        self.live: dict[str, Order] = {}
        self.fills: deque[Filled] = deque(maxlen=self.HISTORY)
        self.last: dict[str, Decimal] = {}
        self._orders = 0
        self._fill_ids = 0

    def open_account(self, name: str, money: dict[str, Decimal] | None = None, *, house: bool = False) -> None:
        """Open an account with some money; a house account may owe."""
        self.accounts[name] = Account(name, dict(money or {}), house=house)

    # ------------------------------------------------------------------ orders

    def place(
        self,
        account: str,
        product: str,
        side: Side,
        size: Decimal,
        *,
        price: Decimal | None = None,
        tif: Tif = "GTC",
        time: float,
        order_id: str | None = None,
    ) -> list[Event]:
        """Place a limit order, or without ``price`` a market order; return what happened, in order."""
        self._orders += 1
        order_id = order_id or f"O{self._orders:08d}"
        reason = self._reason_against(account, product, side, size, price)
        if reason is not None:
            return [Refused(account, order_id, reason, time)]
        order = Order(order_id, account, product, side, price, size, size, time)
        events: list[Event] = [Placed(order, time)]
        opposite = self.books[product]["SELL" if side == "BUY" else "BUY"]
        if tif != "FOK" or opposite.within(price) >= size:
            events += self._match(order, opposite, time)
        if order.remaining:
            if price is None or tif != "GTC":
                order.state = "EXPIRED"
                events.append(Expired(order, order.remaining, time))
            else:
                self.books[product][side].add(order)
                self.live[order.id] = order
        return events

    def _reason_against(
        self, account: str, product: str, side: Side, size: Decimal, price: Decimal | None
    ) -> str | None:
        known = self.products.get(product)
        if known is None:
            return "Invalid product"
        if account not in self.accounts:
            return "Unknown account"
        if not size > 0 or size % known.lot:
            return "Invalid size"
        if price is not None and (not price > 0 or price % known.tick):
            return "Invalid price"
        holder = self.accounts[account]
        if holder.house or known.margin:
            return None
        base, quote = product.split("_")
        committed = [order for order in self.live.values() if order.account == account and order.product == product]
        if side == "SELL":
            resting = sum((order.remaining for order in committed if order.side == "SELL"), ZERO)
            return None if holder.money.get(base, ZERO) >= (size + resting) * (1 + known.fee) else "Insufficient funds"
        limit = price if price is not None else self._worst_price(product, size)
        resting = sum((order.remaining * (order.price or ZERO) for order in committed if order.side == "BUY"), ZERO)
        return None if holder.money.get(quote, ZERO) >= size * limit + resting else "Insufficient funds"

    def _worst_price(self, product: str, size: Decimal) -> Decimal:
        """Return the price at which a market buy of this size would end."""
        worst, asks = ZERO, self.books[product]["SELL"]
        for price in asks.prices():
            worst = price
            size -= asks.size_at(price)
            if size <= 0:
                break
        return worst

    def _match(self, taker: Order, opposite: Book, time: float) -> list[Event]:
        events: list[Event] = []
        while taker.remaining:
            maker = opposite.first()
            if maker is None or maker.price is None:
                break
            price = maker.price
            if taker.price is not None and (price > taker.price if taker.side == "BUY" else price < taker.price):
                break
            size = min(taker.remaining, maker.remaining)
            self._fill_ids += 1
            for order, role in ((taker, "taker"), (maker, "maker")):
                order.remaining -= size
                order.filled += size
                order.paid += size * price
                self._book_fill(order, price, size, role)
            if not maker.remaining:
                maker.state = "COMPLETED"
                opposite.remove(maker)
                del self.live[maker.id]
            fill = Filled(
                self._fill_ids, taker.product, price, size, taker, maker, taker.remaining, maker.remaining, time
            )
            self.fills.append(fill)
            self.last[taker.product] = price
            events.append(fill)
        if not taker.remaining:
            taker.state = "COMPLETED"
        return events

    def _book_fill(self, order: Order, price: Decimal, size: Decimal, role: str) -> None:
        product = self.products[order.product]
        fee = size * product.fee
        order.fee += fee
        self.accounts[order.account].book(Fill(order.product, order.side, price, size, fee, product.margin))
        if fee:
            self.accounts["fees"].receive(order.product.split("_")[0], fee)

    def cancel(self, order_id: str, *, time: float, account: str | None = None) -> list[Event]:
        """Cancel a live order; only of ``account``, if given."""
        order = self.live.get(order_id)
        if order is None or (account is not None and order.account != account):
            return [Refused(account or "", order_id, "Order not found", time)]
        del self.live[order_id]
        self.books[order.product][order.side].remove(order)
        order.state = "CANCELED"
        return [Cancelled(order, order.remaining, time)]

    def cancel_all(self, account: str, product: str, *, time: float) -> list[Event]:
        """Cancel every live order of an account in a product."""
        mine = [order.id for order in self.live.values() if order.account == account and order.product == product]
        return [event for order_id in mine for event in self.cancel(order_id, time=time)]

    # ------------------------------------------------------------------ reading

    def levels(self, product: str, depth: int | None = None) -> dict[Side, list[tuple[Decimal, Decimal]]]:
        """Return (price, size) of every level, best first."""
        result: dict[Side, list[tuple[Decimal, Decimal]]] = {}
        for side, book in self.books[product].items():
            prices = list(book.prices())
            result[side] = [(price, book.size_at(price)) for price in prices[:depth]]
        return result

    def best(self, product: str) -> tuple[Decimal | None, Decimal | None]:
        """Return (best bid, best ask)."""
        return self.books[product]["BUY"].best(), self.books[product]["SELL"].best()

    def orders_of(self, account: str, product: str | None = None) -> list[Order]:
        """Return the live orders of an account, oldest first."""
        return [
            order
            for order in self.live.values()
            if order.account == account and (product is None or order.product == product)
        ]
