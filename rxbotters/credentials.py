"""Where keys come from, and which rules they keep. Values never appear in a message; names do."""

from __future__ import annotations

import codecs
import json
import logging
import os
import stat
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from rxbotters.descriptor import Api, Credentials
from rxbotters.errors import CredentialError
from rxbotters.wire import Secret

__all__ = ["Apis", "Source", "find_apis", "load_credentials", "read_apis", "validate_apis"]

Apis = Mapping[str, Any]
Source = tuple[str, Apis]
_log = logging.getLogger("rxbotters")
VARIABLES = ("RXBOTTERS_APIS", "PYBOTTERS_APIS")


def load_credentials(apis: object, known: Mapping[str, Api]) -> dict[str, Credentials]:
    """Return the credentials of every known api name.

    Args:
        apis: ``{name: [key, secret, passphrase?]}``, or the path of a JSON file of that shape, or ``None``: then
            ``./apis.json``, the file named by ``RXBOTTERS_APIS``, the file named by ``PYBOTTERS_APIS``, the first that
            is there; ``{}`` loads nothing.
        known: Api names of all exchanges and the fields of each.

    Raises:
        CredentialError: A file cannot be read or an entry breaks a rule; the message names the entry, never a value.
    """
    source, entries = find_apis(apis)
    if entries:
        _log.info("credentials for %s from %s", ", ".join(sorted(entries)), source)
    return validate_apis(entries, known, source)


def find_apis(apis: object) -> Source:
    """Return (where, entries) by the loading order of `load_credentials`."""
    if apis is None:
        return _implicit()
    if isinstance(apis, Mapping):
        return "the apis argument", dict(cast(Apis, apis))
    if isinstance(apis, str | bytes | os.PathLike):
        path = Path(os.fsdecode(cast("str | bytes | os.PathLike[str]", apis)))
        if not path.is_file():
            _log.warning("no credentials: %s does not exist; give an existing file, or apis={} for none", path)
            return str(path), {}
        return str(path), read_apis(path)
    _log.warning("no credentials: apis must be a dict or a path, not %s", type(apis).__name__)
    return "the apis argument", {}


def _implicit() -> Source:
    path = Path.cwd() / "apis.json"
    if path.is_file():
        return str(path), read_apis(path)
    for variable in VARIABLES:
        value = os.environ.get(variable)
        if not value:
            continue
        path = Path(value)
        if path.is_file():
            return f"{path} ({variable})", read_apis(path)
        _log.warning("no credentials: %s names %s, which does not exist", variable, path)
    return "nowhere", {}


def read_apis(path: Path) -> Apis:
    """Read an apis file.

    Raises:
        CredentialError: It is not a JSON object; line and column are named, the content is not.
    """
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        _log.warning("%s can be read or written by other users: chmod 600 it", path)
    raw = path.read_bytes()
    if raw.startswith(codecs.BOM_UTF8):
        raise CredentialError(f"{path}: starts with a byte order mark: save it as UTF-8 without BOM")
    try:
        entries = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise CredentialError(f"{path}: is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise InvalidApisFile(path, error) from None
    if not isinstance(entries, dict):
        raise CredentialError(
            f"{path}: must hold an object {{name: [key, secret]}}, not a JSON {type(entries).__name__}"
        )
    return cast(Apis, entries)


class InvalidApisFile(CredentialError, json.JSONDecodeError):
    """The apis file is not JSON. Also a `json.JSONDecodeError`, as it always was; holds no content of the file."""

    def __init__(self, path: Path, error: json.JSONDecodeError) -> None:
        json.JSONDecodeError.__init__(self, error.msg, "", 0)
        self.args = (
            f"{path}: not JSON, line {error.lineno} column {error.colno}: {error.msg}"
            " (a comma after the last entry is not allowed)",
        )
        self.lineno, self.colno = error.lineno, error.colno


def validate_apis(entries: Apis, known: Mapping[str, Api], source: str = "apis") -> dict[str, Credentials]:
    """Return the entries whose names are known, checked; unknown names are warned about.

    Raises:
        CredentialError: An entry has the wrong shape or number of fields.
    """
    loaded: dict[str, Credentials] = {}
    for name, entry in entries.items():
        api = known.get(name)
        if api is None:
            near = get_close_matches(str(name), list(known), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            _log.warning("%s: unknown api name %r is ignored%s", source, name, hint)
            continue
        loaded[name] = _validate(name, entry, api, source)
    return loaded


def _validate(name: str, entry: Any, api: Api, source: str) -> Credentials:
    wanted = f"[{', '.join(api.fields)}]"
    if not isinstance(entry, list | tuple):
        raise CredentialError(f"{source}: {name!r} must be a list {wanted}, not {type(entry).__name__}")
    values: list[Any] = list(cast("list[Any]", entry))
    for field, value in zip(api.fields, values, strict=False):
        if not isinstance(value, str) or not value:
            raise CredentialError(f"{source}: {name!r}: the {field} must be a non-empty text")
    if len(values) < len(api.fields):
        missing = ", ".join(api.fields[len(values) :])
        raise CredentialError(
            f"{source}: Missing {missing} for {name}: an entry is {wanted}, this one has {len(values)} item(s)"
        )
    if len(values) > len(api.fields):
        raise CredentialError(f"{source}: {name!r} has {len(values)} items, an entry is {wanted}")
    texts = cast("list[str]", values)
    by_field = dict(zip(api.fields, texts, strict=True))
    return Credentials(
        name=name,
        key=by_field.get("key", texts[0]),
        secret=Secret(by_field.get("secret", "").encode()),
        passphrase=Secret(by_field.get("passphrase", "").encode()),
    )
