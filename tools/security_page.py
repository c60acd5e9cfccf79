"""Writes docs/security-audit.md from the audit's lines and audit-record.yaml; `--check` fails when it is another."""

from __future__ import annotations

import sys

from readiness.audit.report import PAGE_PATH, page_text
from readiness.rules.stack import check_stack, require_settings
from readiness.settings.stack_names import stack_names
from tools.committed import ROOT, write_or_check


def main() -> int:
    """Writes the page, or says that it is not the record's any more."""
    stacks = [require_settings(check_stack(ROOT, stack)) for stack in stack_names(ROOT)]
    text = page_text(ROOT, stacks)
    return write_or_check(ROOT / PAGE_PATH, text, "does not say what the audit's lines and record say")


if __name__ == "__main__":
    sys.exit(main())
