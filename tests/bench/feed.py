"""`Feed`: the loopback server, started when the first case needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType

__all__ = ["Feed"]

_ROOT = Path(__file__).parents[2]


class Feed:
    """The server's process and its addresses."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    @property
    def host(self) -> str:
        """Host and port; starts the server."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.server"],
                cwd=_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"the benchmark server did not start (exit code {self._process.wait()})")
            self._port = int(line)
        return f"127.0.0.1:{self._port}"

    def burst(self, name: str, size: int, passes: int) -> str:
        """Return the address of the first ``size`` frames of a recording, ``passes`` times over."""
        return f"ws://{self.host}/burst/{name}?size={size}&passes={passes}"

    def paced(self, count: int, rate: int) -> str:
        """Return the address of ``count`` stamped messages at ``rate`` a second."""
        return f"ws://{self.host}/paced?count={count}&rate={rate}"

    def __enter__(self) -> Feed:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
