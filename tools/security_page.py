"""Writes docs/security-audit.md from the audit's checklist; `--check` fails when the page differs."""

from __future__ import annotations

import sys

from readiness.audit.report import PAGE_PATH, page_text
from readiness.rules.stack import check_stack, require_settings
from readiness.settings.stack_names import stack_names
from tools.committed import ROOT, write_or_check


def main() -> int:
    """Writes the page, or reports that it is out of date."""
    stacks = [require_settings(check_stack(ROOT, stack)) for stack in stack_names(ROOT)]
    text = page_text(stacks)
    return write_or_check(ROOT / PAGE_PATH, text, "does not say what the audit's checklist says")


if __name__ == "__main__":
    sys.exit(main())
