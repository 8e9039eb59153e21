"""What the stores' tests of most exchanges need."""

from __future__ import annotations

import pytest


@pytest.fixture
def failures() -> list[Exception]:
    """Where a test's store, a fixture of its own module, puts its errors."""
    return []
