"""What of an action is signed. Pure. Source: hyperliquid-python-sdk 0.23, ``utils/signing.py`` (2026-04).

Rules
  1. An L1 action (orders, cancels, leverage …) is hashed as msgpack, so the order of its fields counts; the hash is what
     a phantom agent signs.
  2. A user-signed action (transfers, withdrawals, approvals) is EIP-712 data whose types are the exchange's, not the
     order of the caller's fields.
  3. A multi-signature envelope is a user-signed message over the hash of the action without its ``type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rxbotters.errors import ConfigError

from .curve import keccak256
from .eip712 import Types, address_bytes

__all__ = ["CHAIN", "FIELDS", "Typed", "action_hash", "l1_action", "message_types", "multi_sig", "user_signed"]

Typed = tuple[dict[str, Any], Types, Mapping[str, Any]]
"""(domain, types, message) of EIP-712."""

CHAIN: Final = "0x66eee"
"""The chain id of signatures where an action names none."""

_ZERO: Final = "0x0000000000000000000000000000000000000000"
_PREFIX: Final = "HyperliquidTransaction:"
_SEND = "destination string, amount string, time uint64"
_TYPES: Final = {
    "usdSend": ("UsdSend", _SEND),
    "spotSend": ("SpotSend", "destination string, token string, amount string, time uint64"),
    "withdraw3": ("Withdraw", _SEND),
    "usdClassTransfer": ("UsdClassTransfer", "amount string, toPerp bool, nonce uint64"),
    "sendAsset": (
        "SendAsset",
        "destination string, sourceDex string, destinationDex string, token string, amount string, "
        "fromSubAccount string, nonce uint64",
    ),
    "approveAgent": ("ApproveAgent", "agentAddress address, agentName string, nonce uint64"),
    "approveBuilderFee": ("ApproveBuilderFee", "maxFeeRate string, builder address, nonce uint64"),
    "tokenDelegate": ("TokenDelegate", "validator address, wei uint64, isUndelegate bool, nonce uint64"),
    "userDexAbstraction": ("UserDexAbstraction", "user address, enabled bool, nonce uint64"),
    "userSetAbstraction": ("UserSetAbstraction", "user address, abstraction string, nonce uint64"),
    "convertToMultiSigUser": ("ConvertToMultiSigUser", "signers string, nonce uint64"),
}


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [field.split() for field in ("hyperliquidChain string, " + text).split(", ")]
    return tuple((name, kind) for name, kind in pairs)


FIELDS: Final[Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]] = {
    action: (_PREFIX + primary, _fields(text)) for action, (primary, text) in _TYPES.items()
}
"""Type of a user-signed action → its primary type and its fields, (name, type) in order."""


# ---------------------------------------------------------------------- L1 actions


def action_hash(action: Any, nonce: int, vault_address: str | None = None, expires_after: int | None = None) -> bytes:
    """Return the ``connectionId`` of an action: the Keccak of its msgpack, its nonce, vault and expiry.

    Args:
        action: Maps in the order in which they are sent.
        nonce: Milliseconds.
        vault_address: On whose behalf; ``None``: one's own.
        expires_after: Milliseconds after which the exchange refuses the action; ``None``: never.

    Raises:
        ConfigError: The action holds what msgpack cannot say, or a number does not fit into 64 bits.
    """
    try:
        data = msgspec.msgpack.encode(action) + nonce.to_bytes(8)
        if vault_address is None:
            data += b"\0"
        else:
            data += b"\1" + address_bytes(vault_address)
        if expires_after is not None:
            data += b"\0" + expires_after.to_bytes(8)
    except (OverflowError, TypeError, AttributeError) as error:
        raise ConfigError(f"the action cannot be signed ({error}): numbers must fit into 64 bits") from None
    return keccak256(data)


def l1_action(
    action: Any,
    nonce: int,
    is_mainnet: bool,
    vault_address: str | None = None,
    expires_after: int | None = None,
) -> Typed:
    """Return what a phantom agent signs for an L1 action; arguments as `action_hash`."""
    domain = {"name": "Exchange", "version": "1", "chainId": 1337, "verifyingContract": _ZERO}
    types = _types("Agent", (("source", "string"), ("connectionId", "bytes32")))
    connection = action_hash(action, nonce, vault_address, expires_after)
    return domain, types, {"source": "a" if is_mainnet else "b", "connectionId": connection}


# ---------------------------------------------------------------------- user-signed actions


def user_signed(action: Mapping[str, Any], types: Types | None = None) -> Typed:
    """Return what is signed for a user-signed action; the message is the action with its ``signatureChainId``.

    Raises:
        ConfigError: The chain id is no hexadecimal number.
    """
    message = {**action} if action.get("signatureChainId") is not None else {**action, "signatureChainId": CHAIN}
    return _domain(message["signatureChainId"]), types or message_types(message), message


def multi_sig(
    action: Mapping[str, Any],
    nonce: int,
    is_mainnet: bool,
    vault_address: str | None = None,
    expires_after: int | None = None,
) -> Typed:
    """Return what the outer signer of a multi-signature action signs."""
    bare = {name: value for name, value in action.items() if name != "type"}
    message = {
        "hyperliquidChain": "Mainnet" if is_mainnet else "Testnet",
        "multiSigActionHash": action_hash(bare, nonce, vault_address, expires_after),
        "nonce": nonce,
    }
    fields = (("hyperliquidChain", "string"), ("multiSigActionHash", "bytes32"), ("nonce", "uint64"))
    return _domain(action.get("signatureChainId") or CHAIN), _types(_PREFIX + "SendMultiSig", fields), message


def message_types(data: Mapping[str, Any]) -> Types:
    """Return the EIP-712 types of a user-signed action: the exchange's own, or for an unknown ``type`` inferred.

    Inferred are the primary type from ``type`` without its digits, and the fields in the order of ``data``.

    Raises:
        ValueError: There is no ``type``.
        TypeError: A value of an unknown action is of a type that cannot be inferred.
    """
    name = data.get("type")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"a user-signed action needs a type, got {list(data)}")
    if name in FIELDS:
        return _types(*FIELDS[name])
    primary = "".join(letter for letter in name[0].upper() + name[1:] if not letter.isdigit())
    fields = tuple((field, _infer(value)) for field, value in data.items() if field not in ("type", "signatureChainId"))
    return _types(_PREFIX + primary, fields)


def _infer(value: Any) -> str:
    for kind, name in ((bool, "bool"), (int, "uint64"), (str, "string"), (bytes, "bytes32")):
        if isinstance(value, kind):
            return name
    raise TypeError(f"no EIP-712 type is known for {type(value).__name__}: give message_types")


def _types(primary: str, fields: tuple[tuple[str, str], ...]) -> Types:
    return {primary: [{"name": name, "type": kind} for name, kind in fields]}


def _domain(chain: Any) -> dict[str, Any]:
    try:
        number = int(chain, 16)
    except (TypeError, ValueError):
        raise ConfigError(f"signatureChainId must be hexadecimal text such as {CHAIN!r}, not {chain!r}") from None
    return {"name": "HyperliquidSignTransaction", "version": "1", "chainId": number, "verifyingContract": _ZERO}
