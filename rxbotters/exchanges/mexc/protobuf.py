"""Protocol Buffers, as much of them as MEXC's frames need: a reader that is told what to look for.

Rules
  1. A schema names the fields that are read; every other field is skipped by its wire type, whatever it holds.
  2. A field that is missing has its default, as proto3 says; one that is ``optional`` is missing from the result too.
  3. A frame is read whole or not at all: what is cut, overlong, of another type than its schema says, or not UTF-8 is a
     `ProtocolError`. So is a frame of more fields than its budget: reading one takes a bounded time.

Source: protobuf.dev/programming-guides/encoding (2026-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rxbotters.errors import ProtocolError

__all__ = ["BUDGET", "Field", "Schema", "boolean", "integer", "many", "message", "read", "text"]

BUDGET: Final = 200_000
"""Fields one frame may hold, with those that are skipped; a book of 5,000 levels a side has 30,000."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST = 10  # bytes of a varint of 64 bits
_SIGN = 1 << 63
_WRAP = 1 << 64

Schema = Mapping[int, "Field"]
"""Field number → what stands there."""


class Field(NamedTuple):
    """One field of a schema.

    Attributes:
        name: What it is called in the result.
        kind: The Python type of its value: `str`, `int`, `bool`, or `dict` for a message.
        default: What it is where the frame does not say; ``None``: it is left out then.
        schema: What a message holds.
        repeated: Whether it is a list of messages.
    """

    name: str
    kind: type
    default: Any = None
    schema: Schema | None = None
    repeated: bool = False


def text(name: str, *, optional: bool = False) -> Field:
    """Return a ``string``."""
    return Field(name, str, None if optional else "")


def integer(name: str, *, optional: bool = False) -> Field:
    """Return an ``int32`` or ``int64``."""
    return Field(name, int, None if optional else 0)


def boolean(name: str) -> Field:
    """Return a ``bool``."""
    return Field(name, bool, False)


def message(name: str, schema: Schema) -> Field:
    """Return a message; where the frame has none, nor has the result."""
    return Field(name, dict, None, schema)


def many(name: str, schema: Schema) -> Field:
    """Return a repeated message: a list, empty where the frame has none."""
    return Field(name, dict, None, schema, repeated=True)


def read(data: bytes, schema: Schema, *, budget: int = BUDGET) -> dict[str, Any]:
    """Return the message that a frame holds.

    Raises:
        ProtocolError: It holds none.

    Example:
        >>> read(b"\\x0a\\x03abc\\x10\\x96\\x01", {1: text("name"), 2: integer("size"), 3: text("note")})
        {'name': 'abc', 'size': 150, 'note': ''}
    """
    return _Reader(data, budget).message(schema, 0, len(data))


class _Reader:
    """One frame, and how much may still be read of it."""

    __slots__ = ("_data", "_left")

    def __init__(self, data: bytes, budget: int) -> None:
        self._data = data
        self._left = budget

    def message(self, schema: Schema, at: int, end: int) -> dict[str, Any]:
        """Return the message between two places."""
        data = self._data
        result: dict[str, Any] = {
            field.name: [] if field.repeated else field.default
            for field in schema.values()
            if field.repeated or field.default is not None
        }
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise ProtocolError(f"a frame of {len(data)} bytes has more fields than are read of one")
            tag, at = self._varint(at, end)
            number, wire = tag >> 3, tag & 7
            if not number:
                raise ProtocolError(f"field 0 before byte {at} of a frame")
            field = schema.get(number)
            if wire == _VARINT:
                value, at = self._varint(at, end)
                if field is not None:
                    result[field.name] = _number(field, value)
                continue
            start, at = self._span(wire, at, end)
            if field is None:
                continue
            if wire != _BYTES or (field.kind is not str and field.kind is not dict):
                raise ProtocolError(f"{field.name} is of wire type {wire}")
            if field.schema is None:
                result[field.name] = self._text(field, start, at)
            elif field.repeated:
                result[field.name].append(self.message(field.schema, start, at))
            else:
                result[field.name] = self.message(field.schema, start, at)
        return result

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        data = self._data
        if at < end and data[at] < 0x80:
            return data[at], at + 1
        value = shift = 0
        for place in range(at, min(end, at + _LONGEST)):
            byte = data[place]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >= _WRAP:
                    break
                return value, place + 1
            shift += 7
        raise ProtocolError(f"a number at byte {at} of a frame is cut, or longer than 64 bits")

    def _span(self, wire: int, at: int, end: int) -> tuple[int, int]:
        """Return where the value of a field begins and ends."""
        if wire == _BYTES:
            size, at = self._varint(at, end)
        elif wire == _FIXED64:
            size = 8
        elif wire == _FIXED32:
            size = 4
        else:
            raise ProtocolError(f"wire type {wire} before byte {at} of a frame")
        if size > end - at:
            raise ProtocolError(f"a field at byte {at} of a frame has {size} bytes, of which {end - at} are there")
        return at, at + size

    def _text(self, field: Field, start: int, end: int) -> str:
        try:
            return self._data[start:end].decode()
        except UnicodeDecodeError:
            raise ProtocolError(f"{field.name} is not UTF-8") from None


def _number(field: Field, value: int) -> int | bool:
    if field.kind is int:
        return value - _WRAP if value >= _SIGN else value
    if field.kind is bool:
        return bool(value)
    raise ProtocolError(f"{field.name} is a number")
