"""Whether a field of a grant or a job became stricter. What no rule here knows needs somebody's agreement."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from readiness.plan.field_changes import FieldChange
from readiness.resource_types import ACCOUNT, JOB

# Words for people: they give nobody a right.
_TEXT_FIELDS = frozenset({"description", "displayName", "title", "labels", "userLabels"})
_GITHUB_ROLES = ("pull", "triage", "push", "maintain", "admin")
# Fields that another rule judges: `job_protection` and `audit_log` of `weakening_records`, conditions of a grant in
# `weakening_grants`.
_JUDGED_ELSEWHERE = (
    (r"gcp:.*:\w*(IAM|Iam)\w+", "condition"),
    (JOB, "deletionProtection"),
    (r"gcp:.*:\w*IAMAuditConfig", "auditLogConfigs"),
)


def _fewer(old: Any, new: Any) -> bool:
    """Entries are gone and none has come."""
    return isinstance(old, list) and isinstance(new, list) and all(entry in old for entry in new)


def _fewer_bindings(old: Any, new: Any) -> bool:
    """A policy in which every member of a role and condition was there before, and that differs in nothing else."""
    before, after = _policy(old), _policy(new)
    if before is None or after is None or before[1] != after[1]:
        return False
    return all(members <= before[0].get(binding, frozenset()) for binding, members in after[0].items())


def _policy(text: Any) -> tuple[dict[str, frozenset[str]], dict[str, Any]] | None:
    """Members by role and condition, and the rest of a policy; None for what is none."""
    try:
        policy = json.loads(text)
        found: dict[str, frozenset[str]] = {}
        for binding in policy.pop("bindings", []):
            members = frozenset(map(str, binding.pop("members", [])))
            name = json.dumps(binding, sort_keys=True)
            found[name] = found.get(name, frozenset()) | members
    except (AttributeError, TypeError, ValueError, RecursionError):
        return None
    return found, policy


def _becomes(value: Any) -> Callable[[Any, Any], bool]:
    return lambda _old, new: new is value or new == str(value).lower()


def _lower_role(old: Any, new: Any) -> bool:
    if old not in _GITHUB_ROLES or new not in _GITHUB_ROLES:
        return False
    return _GITHUB_ROLES.index(new) <= _GITHUB_ROLES.index(old)


# Pattern of the type, field at the top of its inputs, and whether a change from one value to the other is stricter.
_STRICTER: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    (r"gcp:.*:\w*(IAM|Iam)Binding", "members", _fewer),
    (r"gcp:.*:\w*(IAM|Iam)Policy", "policyData", _fewer_bindings),
    (r"gcp:.*:\w*(IAM|Iam)CustomRole", "permissions", _fewer),
    (ACCOUNT, "disabled", _becomes(True)),
    (r"github:.*:(RepositoryCollaborator|TeamRepository)", "permission", _lower_role),
    (r"github:.*:RepositoryCollaborators", "users", _fewer),
    (r"github:.*:RepositoryCollaborators", "teams", _fewer),
    (r"github:.*:TeamMembers", "members", _fewer),
    (r"github:.*:RepositoryDeployKey", "readOnly", _becomes(True)),
    (r"github:.*:Actions\w+Permissions", "enabled", _becomes(False)),
    (r"github:.*:\w*Workflow\w*Permissions", "defaultWorkflowPermissions", _becomes("read")),
    (r"github:.*:\w*Workflow\w*Permissions", "canApprovePullRequestReviews", _becomes(False)),
)


def needs_agreement(type_: str, change: FieldChange, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a changed field of a grant or a job is not known to be stricter; `old` and `new` are all its inputs."""
    top = change.names[0] if change.names else ""
    if top in _TEXT_FIELDS or any(field == top and re.fullmatch(kind, type_) for kind, field in _JUDGED_ELSEWHERE):
        return False
    return not any(
        field == top and re.fullmatch(kind, type_) and is_stricter(old.get(field), new.get(field))
        for kind, field, is_stricter in _STRICTER
    )
