"""The project that the tests of sections break."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edits import PLACEHOLDERS, TWO_PEOPLE, edit


@pytest.fixture
def prod(project: Path) -> Path:
    """The project with its reviewers filled in, so that nothing is wrong with stack `prod` before a test breaks it."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    return project
