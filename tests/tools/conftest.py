"""The machine that has nothing yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.machine import Machine


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Without any command, and with an empty cache."""
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("CALLS", str(made.calls))
    monkeypatch.delenv("FAILS", raising=False)
    return made
