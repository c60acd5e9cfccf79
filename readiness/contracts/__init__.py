"""Whether Google and GitHub would take what a plan declares: their published schemas, and what only their prose says.

`check_plan(resources)` checks a whole plan, `check_body(type, body)` one request body as a provider sends it.
"""

from readiness.contracts.check import check_body, check_plan
from readiness.contracts.violation import Violation

__all__ = ["Violation", "check_body", "check_plan"]
