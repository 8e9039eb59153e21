"""Rows are values: copied when they enter a store, read-only when they leave it, plain dicts to everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn
from uuid import UUID, uuid5

__all__ = ["CONTAINERS", "FrozenList", "Row", "RowId", "freeze", "merge"]

CONTAINERS: Final = frozenset((dict, list))
_NAMESPACE: Final = UUID("6f1d3c52-7f3b-4a55-9a44-0f7a7a0c5b1e")


class Row(dict[str, Any]):
    """A row of a store: a dict that refuses to change.

    Prints, compares, matches and serialises as a dict. ``row | {...}``, ``dict(row)`` and ``row.copy()`` give plain
    dicts to edit.

    Example:
        >>> row = Row(id=1, price=101.5)
        >>> row["price"], row == {"id": 1, "price": 101.5}
        (101.5, True)
        >>> row["price"] = 99.0
        Traceback (most recent call last):
        ...
        TypeError: rows of a store are read-only: edit a copy, dict(row), and insert it again
    """

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("rows of a store are read-only: edit a copy, dict(row), and insert it again")

    __setitem__ = __delitem__ = __ior__ = _refuse  # pyright: ignore
    clear = pop = popitem = setdefault = update = _refuse  # pyright: ignore

    def copy(self) -> dict[str, Any]:
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {name: thaw(value) for name, value in self.items()}

    def __reduce__(self) -> tuple[type[Row], tuple[dict[str, Any]]]:
        return Row, (dict(self),)


class FrozenList(list[Any]):
    """A list inside a row; refuses to change as the row does."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("lists in rows of a store are read-only: edit a copy, list(value)")

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse  # pyright: ignore
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse  # pyright: ignore

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [thaw(value) for value in self]

    def __reduce__(self) -> tuple[type[FrozenList], tuple[list[Any]]]:
        return FrozenList, (list(self),)


_dict: Any = dict
put: Any = _dict.__setitem__  # past a row's own refusal to change
merge: Any = _dict.update


def freeze(item: Mapping[str, Any]) -> Row:
    """Return ``item`` as a row that nobody else can change, nested dicts and lists included."""
    if isinstance(item, Row):
        return item
    row = Row(item)
    for name, value in list(row.items()):
        if value.__class__ in CONTAINERS:
            put(row, name, _frozen(value))
    return row


def _frozen(value: Any) -> Any:
    if value.__class__ is dict:
        return freeze(value)
    if value.__class__ is list:
        return FrozenList(map(_frozen, value))
    return value


def thaw(value: Any) -> Any:
    """Return plain, editable copies of frozen containers."""
    if value.__class__ is Row:
        return {name: thaw(inner) for name, inner in value.items()}
    if value.__class__ is FrozenList:
        return [thaw(inner) for inner in value]
    return value


class RowId(UUID):
    """The id of a row as `_find_with_uuid` gives it; carries the row's key."""

    key: Any

    def __init__(self, key: Any) -> None:
        super().__init__(int=uuid5(_NAMESPACE, repr(key)).int)
        object.__setattr__(self, "key", key)
