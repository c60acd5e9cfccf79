"""The `if:` of jobs and steps: does it hold on every pull request, or only after something failed?"""

from __future__ import annotations

import re
from typing import Any

ALWAYS = "always()"

_HOLD = frozenset(
    {
        ALWAYS,
        "success()",
        "true",
        "github.event_name == 'pull_request'",
        *(f"github.event_name != '{other}'" for other in ("push", "schedule", "workflow_dispatch", "merge_group")),
    }
)
# Of steps alone: a job that is left out of a cancelled run would count as passed.
_HOLD_FOR_STEPS = _HOLD | {"!cancelled()", "success() || failure()"}
_AFTER = re.compile(r"(?<!!)\b(?:failure|cancelled)\(\)")
_WITHOUT = re.compile(r"\b(?:success|always)\(\)")


def clauses(condition: Any) -> frozenset[str]:
    """What all has to hold; empty where there is no condition."""
    if not isinstance(condition, str) or not condition.strip():
        return frozenset()
    whole = re.sub(r"\A\s*\$\{\{(.*)\}\}\s*\Z", r"\1", condition, flags=re.DOTALL)
    return frozenset(" ".join(each.split()) for each in whole.split("&&"))


def may_skip_job(condition: Any) -> bool:
    """Whether a job with the condition is left out of some pull request's run."""
    return not _holds(condition, _HOLD)


def may_skip_step(condition: Any) -> bool:
    """Whether a step with the condition is left out of some pull request's run though nothing failed."""
    return not _holds(condition, _HOLD_FOR_STEPS)


def _holds(condition: Any, known: frozenset[str]) -> bool:
    """Whether it always holds: all of its clauses do, or of one without brackets one of its alternatives."""
    if not clauses(condition) - known:
        return True
    alternatives = str(condition).replace("${{", "").replace("}}", "").split("||")
    whole = str(condition).replace("()", "")
    return "(" not in whole and any(not clauses(each) - known for each in alternatives if each.strip())


def is_after_a_failure(condition: Any) -> bool:
    """Whether a step runs only once the job has failed anyway."""
    text = str(condition or "")
    return _AFTER.search(text) is not None and _WITHOUT.search(text) is None
