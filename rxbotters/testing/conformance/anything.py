"""Any JSON, and real messages gone wrong: what Hypothesis gives the questions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

__all__ = ["Broken", "any_json", "first_broken", "gone_wrong"]

T = TypeVar("T")

_NUMBERS = ("", "0", "-1", "0.00", "NaN", "Infinity", "1e400", "x", "ping", "pong")
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(_NUMBERS)
    | st.text(max_size=4)
)


class Broken(Exception):
    """What a question found; its text is the finding."""


def any_json(real: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Return any JSON, its objects with the names of real messages among others."""
    names = sorted({name for message in real[:200] for name in _names(message)})[:200]
    keys = st.text(max_size=3) | (st.sampled_from(names) if names else st.nothing())
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


@st.composite
def gone_wrong(draw: st.DrawFn, real: Sequence[Any]) -> Any:
    """Return a real message in which up to two parts are something else, or missing."""
    message = copy.deepcopy(draw(st.sampled_from(real)))
    for _ in range(draw(st.integers(0, 2))):
        places = list(_places(message))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[key]
        else:
            holder[key] = draw(_SCALARS | st.just([]) | st.builds(dict[str, Any]))
    return message


def first_broken(values: st.SearchStrategy[T], look: Callable[[T], None], examples: int) -> str | None:
    """Return what is wrong with the smallest value that ``look`` says is `Broken`, or raises at; ``None`` if none is.

    The same code and the same ``examples`` give the same values.
    """

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(values)
    def every(value: T) -> None:
        look(value)

    try:
        every()
    except Broken as found:
        return str(found)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    holder: Any = value
    for key, inner in (
        holder.items() if isinstance(value, dict) else enumerate(holder) if isinstance(value, list) else ()
    ):
        yield holder, key
        yield from _places(inner)


def _names(value: Any) -> Iterator[str]:
    for holder, key in _places(value):
        if isinstance(holder, dict):
            yield str(key)
