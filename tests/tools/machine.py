"""A machine with only the commands that a test puts on it. The commands are fakes."""

from __future__ import annotations

from pathlib import Path

# Leaves a line for each call, and makes what the real one makes, unless it is told to fail.
GO = """#!/bin/sh
echo "go $*" >> "$CALLS"
PATH=/usr/bin:/bin
[ -z "$FAILS" ] || { echo "go: module not found" >&2; exit 1; }
while [ "$1" != "-o" ]; do shift; done
printf '#!/bin/sh\\necho go\\n' > "$2" && chmod +x "$2"
"""


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
