"""The rules of `readiness/rules/policy_rules.py` as CrossGuard policies: an adapter and nothing more.

Values that a preview does not know yet raise when they are touched; they are read as `<unknown>`, as in a plan. The
engine has the digests of managed files and not their texts, so that only `readiness check --plan` judges the texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel, ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from pulumi_policy.proxy import UnknownValueError

from readiness.resource_types import CHANNEL, REPOSITORY_SECRET
from readiness.rules.policy_rules import POLICY_RULES
from readiness.rules.rule import Resource, Rule, Surroundings

DOCUMENTS = Path(__file__).resolve().parent.parent / "docs"
UNKNOWN = "<unknown>"

# Inputs that the providers keep encrypted whatever the program passes. The engine hands them to a policy in clear, with
# nothing that tells them from plain text.
SECRET_INPUTS = {
    CHANNEL: ("sensitiveLabels",),
    REPOSITORY_SECRET: ("value", "plaintextValue", "encryptedValue"),
}


def policies() -> list[ResourceValidationPolicy]:
    """One mandatory policy for each rule."""
    surroundings = Surroundings(runbook_targets=frozenset(runbook_targets(DOCUMENTS)))
    return [_policy(rule, surroundings) for rule in POLICY_RULES]


def runbook_targets(documents: Path) -> set[str]:
    """The names of the alerts' pages, and the anchors of their sections on the common page: headings in lower case."""
    common = documents / "runbook.md"
    text = common.read_text(encoding="utf-8") if common.is_file() else ""
    sections = {heading.lower() for heading in re.findall(r"^### (\w+)$", text, flags=re.MULTILINE)}
    return sections | {page.name for page in (documents / "runbook").glob("*.md")}


def plain(value: Any) -> Any:
    """Inputs as plain data, as in a plan: unknown ones as `<unknown>`, whole numbers without a fraction."""
    if isinstance(value, Mapping):
        return {key: _known(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(value, index) for index in range(len(value))]
    # The engine sends every number as a float.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _known(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def _policy(rule: Rule, surroundings: Surroundings) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        hidden = dict.fromkeys(SECRET_INPUTS.get(args.resource_type, ()), "[secret]")
        inputs = {key: hidden.get(key, value) for key, value in plain(args.props).items()}
        resource = Resource(type=args.resource_type, name=args.name, inputs=inputs, protect=bool(args.opts.protect))
        for finding in rule.findings(resource, surroundings):
            report(finding.message, args.urn)

    return ResourceValidationPolicy(
        name=rule.id.removeprefix("policy-"),
        description=rule.description,
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
    )
