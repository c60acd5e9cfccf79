"""Writes docs/security-audit.md from the audit's lines and audit-record.yaml; `--check` fails when it is another."""

from __future__ import annotations

import sys
from pathlib import Path

from readiness.checks import check_stack, require_settings
from readiness.operate.audit.page import PAGE_PATH, page_text
from readiness.settings.stack_files import stack_names

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Writes the page, or says that it is not the record's any more."""
    stacks = [require_settings(check_stack(ROOT, stack)) for stack in stack_names(ROOT)]
    text, page = page_text(ROOT, stacks), ROOT / PAGE_PATH
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE_PATH} does not say what the audit's lines and record say. Run `make docs`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
