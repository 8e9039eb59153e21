"""Which class a store has, told by the property of the same name."""

from __future__ import annotations

from collections.abc import Iterator

from .store import DataStore

__all__ = ["store_class"]


def store_class(collection: type, name: str) -> type[DataStore]:
    """Return the class that ``collection``'s property ``name`` is annotated to return, else `DataStore`.

    An annotation may name a class that is defined later, or inside a function: then the youngest subclass of that name
    is taken, one of the same module first.
    """
    prop = getattr(collection, name, None)
    getter = getattr(prop, "fget", None)
    annotation = getattr(getter, "__annotations__", {}).get("return")
    if isinstance(annotation, str):
        label = annotation.strip("'\" ")
        found = getattr(getter, "__globals__", {}).get(label)
        if not isinstance(found, type):
            named = [cls for cls in _subclasses(DataStore) if cls.__name__ == label]
            near = [cls for cls in named if cls.__module__ == collection.__module__]
            matches = near or named
            found = matches[-1] if matches else None
        annotation = found
    if isinstance(annotation, type) and issubclass(annotation, DataStore):
        return annotation
    return DataStore


def _subclasses(cls: type[DataStore]) -> Iterator[type[DataStore]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)
