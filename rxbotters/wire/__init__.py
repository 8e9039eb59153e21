"""Values that cross the wire. Pure: no socket, no clock."""

from rxbotters_operators.codec import dumps, loads
from rxbotters_operators.events import PLAIN, Dialect, Frame

from .body import FORM, JSON, Encoder, form_body, json_body
from .digest import hmac_sha256, hmac_sha256_base64
from .inflation import inflate
from .messages import arguments, fields, in_parts, login_error
from .redact import MASK, SECRET_HEADERS, Secret, masked, redact_message, redact_text, redact_url
from .request import Request

__all__ = [
    "FORM",
    "JSON",
    "MASK",
    "PLAIN",
    "SECRET_HEADERS",
    "Dialect",
    "Encoder",
    "Frame",
    "Request",
    "Secret",
    "arguments",
    "dumps",
    "fields",
    "form_body",
    "hmac_sha256",
    "hmac_sha256_base64",
    "in_parts",
    "inflate",
    "json_body",
    "loads",
    "login_error",
    "masked",
    "redact_message",
    "redact_text",
    "redact_url",
]
