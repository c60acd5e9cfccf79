"""A machine with only the commands that a test puts on it. The commands are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest


class Machine:
    """`bin` is all of its PATH, `cache` where a tool is kept, `calls` what the fakes were called with."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.cache, self.calls = folder / "bin", folder / "cache", folder / "calls"
        self.bin.mkdir()
        self.calls.touch()

    def has(self, command: str, script: str, where: Path | None = None) -> Path:
        """Puts an executable on the machine."""
        path = (where or self.bin) / command
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
        return path


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Without any command, and with an empty cache."""
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("CALLS", str(made.calls))
    for name in ("FAILS", "LISTS"):
        monkeypatch.delenv(name, raising=False)
    return made
