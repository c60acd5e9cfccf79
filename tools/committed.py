"""Writes a generated file, or with `--check` compares it with the committed one."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_or_check(file: Path, text: str, complaint: str) -> int:
    """The exit status. `complaint` follows the file's name in the message about a file with another text."""
    if "--check" not in sys.argv[1:]:
        file.write_text(text, encoding="utf-8")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return 0
    print(f"{file.relative_to(ROOT)} {complaint}. Run `make docs`.", file=sys.stderr)
    return 1
