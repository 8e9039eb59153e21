"""Hyperliquid's signatures by hand, for actions that are signed elsewhere than in a request of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rxbotters.clock import SYSTEM
from rxbotters.exchanges.hyperliquid.actions import Typed, l1_action, message_types, user_signed
from rxbotters.exchanges.hyperliquid.eip712 import Types
from rxbotters.exchanges.hyperliquid.signing import sign_typed_data as _sign

__all__ = [
    "construct_l1_action",
    "construct_user_signed_action",
    "generate_message_types",
    "get_timestamp_ms",
    "sign_typed_data",
]


def get_timestamp_ms() -> int:
    """Return the Unix time in milliseconds."""
    return SYSTEM.stamp().ms


def construct_l1_action(
    action: Any,
    nonce: int,
    is_mainnet: bool,
    vault_address: str | None = None,
    expires_after: int | None = None,
) -> Typed:
    """Return (domain, types, message) to be signed for an L1 action: an order, a cancel, a leverage …

    Args:
        action: The action, its fields in the order in which they are sent.
        nonce: Milliseconds; larger than every nonce before it.
        is_mainnet: Mainnet or testnet.
        vault_address: The vault or sub-account it is for.
        expires_after: Milliseconds after which the exchange refuses it.

    Raises:
        ConfigError: The action cannot be signed, or the extra ``rxbotters[hyperliquid]`` is not installed.

    Source:
        hyperliquid-python-sdk 0.23, ``utils/signing.py`` (2026-04).

    Example:
        >>> domain, types, message = construct_l1_action({"type": "scheduleCancel"}, 0, True)
        >>> message["source"], message["connectionId"].hex()[:16]
        ('a', 'a2887a3147b65423')
    """
    return l1_action(action, nonce, is_mainnet, vault_address, expires_after)


def construct_user_signed_action(action: Mapping[str, Any], message_types: Types | None = None) -> Typed:
    """Return (domain, types, action) to be signed for a transfer, a withdrawal or an approval.

    The action that is returned is a copy with its ``signatureChainId``; that copy must be sent.

    Args:
        action: The action with ``type``, ``hyperliquidChain`` and its ``time`` or ``nonce``.
        message_types: EIP-712 types; ``None``: the exchange's own for this type of action.

    Raises:
        ConfigError: The chain id is no hexadecimal number, or the action has no type.
        TypeError: The types of an unknown action cannot be inferred.
    """
    return user_signed(action, message_types)


def generate_message_types(data: Mapping[str, Any]) -> Types:
    """Return the EIP-712 types of a user-signed action: the exchange's own; inferred for types unknown here.

    Example:
        >>> generate_message_types({"type": "newThing", "amount": "1", "nonce": 5})
        {'HyperliquidTransaction:NewThing': [{'name': 'amount', 'type': 'string'}, {'name': 'nonce', 'type': 'uint64'}]}
    """
    return message_types(data)


def sign_typed_data(
    private_key: str, domain: Mapping[str, Any], types: Types, message: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the signature ``{"r", "s", "v"}`` of EIP-712 data.

    Raises:
        ConfigError: The data does not fit its types, or the extra ``rxbotters[hyperliquid]`` is not installed.
        CredentialError: The key is no private key; the message does not show it.
    """
    return _sign(private_key, domain, types, message)
