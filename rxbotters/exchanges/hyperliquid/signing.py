"""Hyperliquid's signatures: in the body of ``POST /exchange`` and in ``post`` frames of the WebSocket.

Source: hyperliquid.gitbook.io/hyperliquid-docs, "Signing", "Nonces and API wallets" (2026-08); hyperliquid-python-sdk
0.23, ``utils/signing.py`` (2026-04).

Rules
  1. What is signed is what is sent: an action is signed as its JSON will be read, addresses in lower case.
  2. A nonce is larger than every one before it of the same key; a user-signed action carries it inside as well.
  3. What has a ``signature`` already, or no action, goes out untouched.
  4. A signature that another network would accept is never made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from yarl import URL

from rxbotters.clock import Stamp
from rxbotters.descriptor import Credentials, Sign, SignMessage
from rxbotters.errors import ConfigError, ProtocolError
from rxbotters.wire import JSON, Request, json_body, loads

from .actions import CHAIN, FIELDS, l1_action, multi_sig, user_signed
from .curve import sign_digest
from .eip712 import typed_digest

__all__ = ["message_signer", "request_signer", "seal", "sign_typed_data"]

_UNSIGNED = frozenset({"/info", "/ws"})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def request_signer(*, mainnet: bool) -> Sign:
    """Return the function that signs requests for one network."""

    def sign(request: Request, creds: Credentials, stamp: Stamp) -> Request:
        """Return ``request`` with ``nonce`` and ``signature`` in its body; questions are returned as they are.

        Raises:
            ConfigError: The action cannot be signed, or the extra ``rxbotters[hyperliquid]`` is not installed.
        """
        if request.url.path in _UNSIGNED or not request.body.lstrip().startswith(b"{"):
            return request
        try:
            envelope: dict[str, Any] = loads(request.body)
        except ProtocolError:
            raise ConfigError(
                f"{request.method} {request.url.path}: a body that is not JSON cannot be signed"
            ) from None
        sealed = seal(envelope, creds.key, stamp.serial, mainnet=mainnet)
        if sealed is envelope:
            return request
        kind = {} if any(name.lower() == "content-type" for name in request.headers) else {"Content-Type": JSON}
        return request.with_body(json_body(sealed)[0]).with_headers(kind)

    return sign


def message_signer(*, mainnet: bool) -> SignMessage:
    """Return the function that signs ``post`` frames for one network."""

    def sign_message(message: Any, creds: Credentials, stamp: Stamp, url: URL) -> Any:
        """Return a copy of an action's ``post`` frame with ``nonce`` and ``signature``; every other message itself.

        Raises:
            ConfigError: As for requests.
        """
        if not isinstance(message, Mapping):
            return message  # pyright: ignore[reportUnknownVariableType]
        frame = cast("Mapping[str, Any]", message)
        request = frame.get("request")
        if frame.get("method") != "post" or not isinstance(request, Mapping):
            return frame
        asked = cast("Mapping[str, Any]", request)
        if asked.get("type") != "action" or not isinstance(asked.get("payload"), Mapping):
            return frame
        payload: dict[str, Any] = loads(json_body(asked["payload"])[0] or b"{}")
        sealed = seal(payload, creds.key, stamp.serial, mainnet=mainnet)
        return frame if sealed is payload else {**frame, "request": {**asked, "payload": sealed}}

    return sign_message


def seal(envelope: dict[str, Any], private_key: str, serial: Callable[[], int], *, mainnet: bool) -> Mapping[str, Any]:
    """Return a signed copy of ``{"action", "nonce"?, "vaultAddress"?, "expiresAfter"?}``; itself if it needs none.

    Args:
        envelope: Decoded JSON; not changed.
        private_key: Of the wallet, or of an approved API wallet.
        serial: Gives a nonce, where the envelope has none.
        mainnet: Which network it is for.

    Raises:
        ConfigError: It cannot be signed as it stands; the message says why.
    """
    action = envelope.get("action")
    if not isinstance(action, dict) or "signature" in envelope:
        return envelope
    plain: dict[str, Any] = _lower(action)
    kind, nonce = plain.get("type"), envelope.get("nonce")
    vault, expires = _lower(envelope.get("vaultAddress")), envelope.get("expiresAfter")
    if kind in FIELDS or ("hyperliquidChain" in plain and kind != "multiSig"):
        if expires is not None:
            raise ConfigError(f"{kind}: expiresAfter is not allowed on a user-signed action: leave it out")
        plain, nonce = _complete(plain, nonce, serial, mainnet)
        typed = user_signed({"agentName": "", **plain} if kind == "approveAgent" else plain)
    else:
        nonce = serial() if nonce is None else nonce
        make = multi_sig if kind == "multiSig" else l1_action
        typed = make(plain, nonce, mainnet, vault, expires)
    lowered = {"vaultAddress": vault} if "vaultAddress" in envelope else {}
    signature = sign_typed_data(private_key, *typed)
    return {**envelope, "action": plain, **lowered, "nonce": nonce, "signature": signature}


def sign_typed_data(
    private_key: str, domain: Mapping[str, Any], types: Mapping[str, Any], message: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the signature ``{"r", "s", "v"}`` of EIP-712 data.

    Raises:
        ConfigError: The data does not fit its types, or the extra ``rxbotters[hyperliquid]`` is not installed.
        CredentialError: The key is none.
    """
    return sign_digest(private_key, typed_digest(domain, types, message))


def _complete(
    action: dict[str, Any], outer: Any, serial: Callable[[], int], mainnet: bool
) -> tuple[dict[str, Any], int]:
    """Return a user-signed action with everything the exchange wants in it, and its nonce."""
    kind, network = action.get("type"), "Mainnet" if mainnet else "Testnet"
    if action.get("hyperliquidChain", network) != network:
        raise ConfigError(
            f"{kind}: hyperliquidChain is {action['hyperliquidChain']!r} and the request goes to {network}: "
            "whoever reads it could use the signature on the other network; nothing was sent"
        )
    whole: dict[str, Any] = (
        {"hyperliquidChain": network, **action} if "hyperliquidChain" not in action else dict(action)
    )
    if whole.get("signatureChainId") is None:
        whole["signatureChainId"] = CHAIN
    known = FIELDS.get(str(kind))
    field = known[1][-1][0] if known is not None else "time" if "time" in whole else "nonce"
    inner = whole.get(field)
    if inner is not None and outer is not None and inner != outer:
        raise ConfigError(f"{kind}: nonce {outer!r} differs from the action's {field} {inner!r}: give one of them")
    nonce = inner if inner is not None else outer if outer is not None else serial()
    if known is not None:
        whole[field] = nonce
    return whole, nonce


def _lower(value: Any) -> Any:
    """Return a copy with every address in lower case: the exchange hashes them so."""
    if isinstance(value, dict):
        return {name: _lower(inner) for name, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_lower(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value.lower() if isinstance(value, str) and _ADDRESS.fullmatch(value) else value
