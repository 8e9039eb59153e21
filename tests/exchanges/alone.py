"""The records of an exchange that pybotters has no stores for, through ours alone.

Rules
  1. A record is read, or refused as a `ProtocolError` or a `StoreError`, which is counted; nothing else comes of it.
  2. What the stores tell is what they hold: their changes alone rebuild every store.
"""

from __future__ import annotations

from pathlib import Path

from rxbotters.errors import ProtocolError, StoreError
from rxbotters.record import Record, read_records
from rxbotters.testing.conformance.folds import Fed

from .compare import Answer, Pairing, Seen, awaitable

__all__ = ["alone"]


async def alone(pairing: Pairing, path: Path) -> Seen:
    """Replay a file through ours; raise `AssertionError` at what breaks a rule; return what was seen."""
    assert pairing.alone is not None, "no difference says that the reference has no stores"
    seen, fed = Seen(), Fed(pairing.ours)
    for number, record in enumerate(read_records(path), 1):
        try:
            await _take(pairing, fed, record)
        except (ProtocolError, StoreError) as error:
            seen.refused[type(error).__name__] += 1
        except Exception as error:
            raise AssertionError(f"{path.name}, record {number}: {error!r}\n{record.data[:500]}") from error
        seen.counts["skipped"] += 1
    broken = [*fed.strange(), *fed.untold()]
    assert not broken, f"{path.name}: {broken[0]}"
    seen.refused.update(type(error).__name__ for error in fed.errors)
    seen.named[pairing.alone] = seen["skipped"]
    seen.counts["told"] = sum(map(len, fed.changes.values()))
    return seen


async def _take(pairing: Pairing, fed: Fed, record: Record) -> None:
    if record.kind == "rest":
        await fed.collection.initialize(awaitable(Answer(record)))
    else:
        fed.message(record.data if pairing.raw else record.message)
