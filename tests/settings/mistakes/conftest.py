"""The project that these tests break."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small one: the repository's own stacks grow, and one mistake would become several."""
    return small_project
