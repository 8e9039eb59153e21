"""One row as a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxbotters_operators.hot import Hot, Lean, OnCompleted, OnError, OnNext

from .row import Row

if TYPE_CHECKING:
    from .store import DataStore

__all__ = ["row_stream"]


def row_stream(store: DataStore, item: Mapping[str, Any]) -> Observable[Row | None]:
    """Stream the row with the item's key; see `DataStore.at`."""
    fields = store._keys
    missing = [field for field in fields if field not in item]
    if missing or not fields:
        raise ValueError(
            f"{store.name} has no keys: at() needs a store with keys"
            if not fields
            else f"{store.name}.at() needs {', '.join(fields)}; {', '.join(missing)} is missing"
        )
    key = tuple(item[field] for field in fields)
    hots = store._at

    def run(
        on_next: OnNext, on_error: OnError, on_completed: OnCompleted, _: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        hot = hots.get(key)
        if hot is None:
            hot = hots[key] = Hot(f"{store.name}.at({key!r})", on_fault=store._report)
            store._count_audience()
        current = store.get(item)
        if current is not None:
            on_next(current)
        subscription = hot.subscribe(on_next, on_error, on_completed)

        def dispose() -> None:
            subscription.dispose()
            if not hot.observed and hots.get(key) is hot:
                del hots[key]
                store._count_audience()

        return Disposable(dispose)

    return Lean(run)
