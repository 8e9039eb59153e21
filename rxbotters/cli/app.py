"""The commands, their options and their exit codes.

Exit codes
  0    all is well: every invariant held, every check passed
  1    an invariant or a check failed
  2    the command line is wrong
  3    configuration or credentials are wrong
  4    the network or the exchange failed
  130  interrupted
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from rxbotters.errors import ConfigError, RxbottersError
from rxbotters.version import __version__

__all__ = ["run"]

OK, FAILED, USAGE, CONFIG, NETWORK, INTERRUPTED = 0, 1, 2, 3, 4, 130

app = App(name="rxbotters", version=__version__, help="Reactive streams for trading bots.")
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON lines; the last one is the result.")]


def run(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    logging.getLogger("rxbotters").addHandler(logging.NullHandler())
    logging.getLogger("rxbotters").propagate = False
    try:
        code = app(argv, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except ConfigError as error:
        return _complain(error, CONFIG)
    except (RxbottersError, OSError, TimeoutError) as error:
        return _complain(error, NETWORK)
    return code if isinstance(code, int) else OK


def _complain(error: BaseException, code: int) -> int:
    print(f"rxbotters: {error}", file=sys.stderr)
    return code


def _go(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@app.command
def demo(
    *, seconds: float = 20.0, seed: int = 1, speed: float = 1.0, json: Json = False, svg: Path | None = None
) -> int:
    """Watch a strategy trade against a live exchange on this machine. Offline, no keys.

    A simulated exchange is started on loopback; a real client connects over real sockets and runs a market-making
    pipeline; the connection is cut by a TCP reset and by silence. At the end both sides are compared.

    Parameters
    ----------
    seconds
        How long to trade.
    seed
        The same seed gives the same background market.
    speed
        How busy the market is: 2 is twice as many orders per second.
    svg
        Save the last screen as a picture.
    """
    from rxbotters.cli.demo import run_demo
    from rxbotters.cli.view import LinesView, PictureView, View, make_view

    if not seconds >= 1 or not speed > 0:
        raise ConfigError("--seconds must be at least 1 and --speed above 0")
    view: View = PictureView(svg) if svg is not None else make_view(as_json=json)
    summary = _go(run_demo(view, seconds=seconds, seed=seed, speed=speed))
    if json:
        print(_dumps(summary))
    else:
        out = Console(highlight=False)
        LinesView(out).say("summary", **{name: value for name, value in summary.items() if name != "invariants"})
        for name, held in summary["invariants"].items():
            out.print(f"  {'[green]held[/]  ' if held else '[red]BROKEN[/]'}  {name.replace('_', ' ')}")
    return OK if summary["ok"] else FAILED


@app.command
def watch(
    exchange: str,
    symbol: str,
    *,
    feed: str | None = None,
    url: str | None = None,
    seconds: float | None = None,
    json: Json = False,
) -> int:
    """Show a live order book.

    Parameters
    ----------
    exchange
        Name of the exchange, such as bitflyer.
    symbol
        The exchange's own code of the product, such as FX_BTC_JPY.
    feed
        Which market of the exchange, such as linear or spot; its first one if not given.
    url
        Another server that speaks this exchange's protocol, such as a simulator.
    seconds
        Stop after so many seconds; without it, when interrupted.
    """
    from rxbotters.cli.view import make_view
    from rxbotters.cli.watch import run_watch

    result = _go(run_watch(make_view(as_json=json), exchange, symbol, feed=feed, url=url, seconds=seconds))
    if json:
        print(_dumps(result))
    return OK if result["ok"] else FAILED


@app.command
def replay(file: Path, *, speed: float = 0.0, json: Json = False) -> int:
    """Play recorded frames through the same stores and the same display.

    Parameters
    ----------
    file
        A recording: JSON lines with t, kind, url and data, plain or gzipped.
    speed
        How many times as fast as recorded; 0: as fast as it goes.
    """
    from rxbotters.cli.replay import run_replay
    from rxbotters.cli.view import make_view

    if not file.is_file():
        raise ConfigError(f"{file} does not exist")
    result = _go(run_replay(make_view(as_json=json), file, speed=speed))
    print(
        _dumps(result) if json else f"replayed {result['frames']} frames, {result['errors']} errors: {result['rows']}"
    )
    return OK if result["ok"] else FAILED


@app.command
def exchanges(*, markdown: bool = False, json: Json = False) -> int:
    """List what is supported: credentials, environments, stores, feeds, leases.

    Parameters
    ----------
    markdown
        Print the table of the README.
    """
    from rxbotters.cli.exchanges import as_markdown, describe
    from rxbotters.exchanges import all_exchanges

    if markdown:
        print(as_markdown())
        return OK
    known = [describe(exchange) for exchange in all_exchanges()]
    if json:
        print(_dumps(known))
        return OK
    out = Console(highlight=False)
    for one in known:
        out.print(f"[bold]{one['title']}[/] ({one['name']})  {', '.join(one['environments'])}", soft_wrap=True)
        for name, fields in one["credentials"].items():
            out.print(f"  credentials  {name}: {', '.join(fields)}", soft_wrap=True)
        for collection, stores in one["stores"].items():
            out.print(f"  stores       {collection}: {', '.join(stores)}", soft_wrap=True)
        for kind, symbol in one["feeds"].items():
            out.print(f"  watch        rxbotters watch {one['name']} {symbol} --feed {kind}", soft_wrap=True)
        for lease in one["leases"]:
            out.print(f"  lease        {lease}", soft_wrap=True)
    return OK


@app.command
def doctor(*names: str, url: str | None = None, json: Json = False) -> int:
    """Check versions, credentials, the clock and whether the exchanges can be reached.

    Parameters
    ----------
    names
        Exchanges to reach; all if none is named.
    url
        Check this REST base url instead of the exchanges' own.
    """
    from rxbotters.cli.doctor import run_doctor

    checks = _go(run_doctor(names, url))
    if json:
        print(_dumps({"ok": all(check["ok"] for check in checks), "checks": checks}))
    else:
        out = Console(highlight=False)
        for check in checks:
            out.print(
                f"{'[green]ok [/]' if check['ok'] else '[red]BAD[/]'} {check['name']}: {check['text']}", soft_wrap=True
            )
    return OK if all(check["ok"] for check in checks) else FAILED


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
