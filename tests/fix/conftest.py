"""The application that most tests edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.application import made_application


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A checkout of the application with the delivered files."""
    folder = tmp_path / "application"
    folder.mkdir()
    return made_application(folder)
