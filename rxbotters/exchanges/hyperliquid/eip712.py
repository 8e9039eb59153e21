"""EIP-712: the digest of typed data. Pure. Source: eips.ethereum.org/EIPS/eip-712 (final; read 2026-08).

Rules
  1. A struct is the Keccak of its type's hash and its fields in the order of the type; other fields are not signed.
  2. Numbers and addresses fill 32 bytes from the left, fixed bytes from the right; text and bytes are hashed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from rxbotters.errors import ConfigError

from .curve import keccak256

__all__ = ["Types", "address_bytes", "typed_digest"]

Types = Mapping[str, Sequence[Mapping[str, str]]]
"""Struct name → its fields in order, each ``{"name", "type"}``."""

_DOMAIN = "EIP712Domain"
_DOMAIN_FIELDS = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_ARRAY = re.compile(r"(.*)\[(\d*)\]")
_ATOM = re.compile(r"(u?int|bytes)(\d+)")


def typed_digest(domain: Mapping[str, Any], types: Types, message: Mapping[str, Any]) -> bytes:
    """Return the 32 bytes that are signed for a message of ``types``' primary type in a domain.

    Raises:
        ConfigError: The types are not EIP-712's, or the message lacks a field, or a value is not of its type.
    """
    structs = {name: fields for name, fields in types.items() if name != _DOMAIN}
    primary = _primary(structs)
    fields = [{"name": name, "type": kind} for name, kind in _DOMAIN_FIELDS.items() if name in domain]
    separator = _struct({_DOMAIN: fields}, _DOMAIN, domain)
    return keccak256(b"\x19\x01" + separator + _struct(structs, primary, message))


def address_bytes(value: Any) -> bytes:
    """Return the 20 bytes of an address, leading zeros included.

    Raises:
        ConfigError: It is none.
    """
    if isinstance(value, bytes) and len(value) == 20:
        return value
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise ConfigError(f"{value!r} is no address: give 0x and 40 hex digits")


def _primary(structs: Types) -> str:
    """Return the struct that no other one contains."""
    used = {_base(field["type"]) for fields in structs.values() for field in fields}
    roots = [name for name in structs if name not in used]
    if len(roots) != 1:
        raise ConfigError(f"typed data needs one primary type, not {roots or list(structs)}")
    return roots[0]


def _base(kind: str) -> str:
    return kind.partition("[")[0]


def _struct(structs: Types, name: str, value: Any) -> bytes:
    """Return the hash of a struct."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name}: an object was expected, not {type(value).__name__}")
    parts = [_type_hash(_signature(structs, name))]
    for field in structs[name]:
        if field["name"] not in value:
            raise ConfigError(f"{name}: {field['name']!r} is missing")
        parts.append(_encode(structs, field["type"], value[field["name"]], f"{name}.{field['name']}"))
    return keccak256(b"".join(parts))


def _signature(structs: Types, name: str) -> str:
    """Return a struct's type as text, the structs it contains behind it in order of their names."""
    found: set[str] = set()
    pending = [name]
    while pending:
        for field in structs[pending.pop()]:
            inner = _base(field["type"])
            if inner in structs and inner not in found:
                found.add(inner)
                pending.append(inner)
    return "".join(f"{each}({_members(structs[each])})" for each in (name, *sorted(found - {name})))


def _members(fields: Sequence[Mapping[str, str]]) -> str:
    return ",".join(f"{field['type']} {field['name']}" for field in fields)


@lru_cache(maxsize=256)
def _type_hash(text: str) -> bytes:
    return keccak256(text.encode())


def _encode(structs: Types, kind: str, value: Any, where: str) -> bytes:
    """Return the 32 bytes that stand for a value."""
    array = _ARRAY.fullmatch(kind)
    if array is not None:
        inner, size = array.groups()
        items = cast("Sequence[Any]", value) if isinstance(value, list | tuple) else None
        if items is None or (size and len(items) != int(size)):
            raise ConfigError(f"{where}: {kind} was expected")
        return keccak256(b"".join(_encode(structs, inner, item, where) for item in items))
    if kind in structs:
        return _struct(structs, kind, value)
    try:
        return _atom(kind, value)
    except (ConfigError, ValueError, OverflowError, TypeError):
        raise ConfigError(f"{where}: {kind} was expected, not {type(value).__name__} {str(value)[:80]!r}") from None


def _atom(kind: str, value: Any) -> bytes:
    if kind == "string":
        return keccak256(_is(value, str).encode())
    if kind == "bytes":
        return keccak256(_raw(value))
    if kind == "bool":
        return int(_is(value, bool)).to_bytes(32)
    if kind == "address":
        return address_bytes(value).rjust(32, b"\0")
    atom = _ATOM.fullmatch(kind)
    if atom is None:
        raise ValueError
    family, size = atom[1], int(atom[2])
    if family == "bytes":
        raw = _raw(value)
        if len(raw) != size:
            raise ValueError
        return raw.ljust(32, b"\0")
    signed = family == "int"
    if isinstance(value, bool):
        raise TypeError
    number: int = _is(value, int)
    number.to_bytes(size // 8, signed=signed)  # must fit its own size
    return number.to_bytes(32, signed=signed)


def _is(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def _raw(value: Any) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(_is(value, bytes | bytearray))
