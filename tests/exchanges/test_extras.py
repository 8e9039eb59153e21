"""``pip install rxbotters``, without an extra, signs for every exchange but Hyperliquid, whose error names what is missing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rxbotters.exchanges import NAMES, exchange_of
from rxbotters.testing.conformance.subject import STAMPS, Subject
from tests.exchanges.common import calls

EXTRAS = ("coincurve", "Crypto", "hypothesis", "pytest", "zstandard", "pyarrow", "polars", "plotly", "redis",
          "prometheus_client", "textual", "keyring", "uvloop")  # fmt: skip
"""What the extras of pyproject.toml bring."""

BARE = """
import json, sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

asked = json.load(sys.stdin)
ABSENT = set(asked["absent"])
sys.meta_path.insert(0, Absent())

from yarl import URL
import rxbotters
from rxbotters.clock import Stamp
from rxbotters.credentials import validate_apis
from rxbotters.errors import ConfigError
from rxbotters.exchanges import exchange_of
from rxbotters.wire import Request

exchange = exchange_of(asked["name"])
url = URL(asked["url"], encoded=True)
request = Request(asked["method"], url, asked["headers"], asked["body"].encode())
keys = validate_apis({asked["api"]: asked["keys"]}, exchange.apis)[asked["api"]]
try:
    signed = exchange.rest[url.host].sign(request, keys, Stamp(asked["ms"], lambda: "0" * 32, lambda: asked["ms"]))
    print("signed" if signed != request else "not signed")
except ConfigError as error:
    print(error)
"""


def signed_without(name: str, absent: tuple[str, ...]) -> str:
    """Sign one request in a process that cannot import these; return what it says."""
    subject = Subject.of(exchange_of(name), requests=calls(name))
    for host, asked, request in subject.asked():
        keys = subject.keys_of(host, asked)
        if host.sign is not None and host.sign(request, keys, STAMPS[0]) != request:
            break
    sent = {
        "name": name,
        "absent": absent,
        "method": request.method,
        "url": str(request.url),
        "headers": dict(request.headers),
        "body": request.body.decode(),
        "api": keys.name,
        "keys": list(subject.apis[keys.name]),
        "ms": STAMPS[0].ms,
    }
    command = [sys.executable, "-W", "ignore", "-c", BARE]
    done = subprocess.run(command, input=json.dumps(sent), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hyperliquid"])
def test_every_exchange_signs_without_an_extra(name: str) -> None:
    assert signed_without(name, EXTRAS) == "signed"


def test_hyperliquid_names_the_extra_that_it_needs() -> None:
    assert "rxbotters[hyperliquid]" in signed_without("hyperliquid", EXTRAS)
    assert signed_without("hyperliquid", tuple(set(EXTRAS) - {"coincurve", "Crypto"})) == "signed"
