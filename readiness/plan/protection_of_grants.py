"""The tables of grants, identities, roles, jobs, providers and commands: what gives a right, or runs something.

Types are known by a pattern and not by a list: each of Google's services has IAM types of its own, and a new version of
the provider adds some.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from readiness.plan.field_changes import ABSENT
from readiness.plan.protection import Change, Protection, Rule, stricter_if, switched, takes_nothing
from readiness.plan.protection_of_alerts import audit_created, exempted_less

_NOT_JUDGED = "it is not known whether it allows more"
_not_judged = partial(
    Protection,
    created=f"is new; {_NOT_JUDGED}",
    changed=f"changed; {_NOT_JUDGED}",
    deleted=f"is deleted; {_NOT_JUDGED}",
)
# Texts for people: they grant nothing.
_TEXTS = ("description", "displayName", "title", "labels", "userLabels")
_GITHUB_ROLES = ("pull", "triage", "push", "maintain", "admin")


def _is_fewer(old: Any, new: Any) -> bool:
    """Whether entries are gone and none has come."""
    return isinstance(old, list) and isinstance(new, list) and all(entry in old for entry in new)


def _is_smaller_policy(old: Any, new: Any) -> bool:
    """Whether every member of a role and condition was there before, and nothing else of the policy differs."""
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


def _is_lower_role(old: Any, new: Any) -> bool:
    return old in _GITHUB_ROLES and new in _GITHUB_ROLES[: _GITHUB_ROLES.index(old) + 1]


def _becomes(value: Any) -> Rule:
    return stricter_if(lambda _old, new: new is value or new == str(value).lower())


def _condition(change: Change) -> Iterable[str]:
    """A right no longer ends at its condition, or at another one; a condition that is added is stricter."""
    if change.old in (ABSENT, ""):
        return ()
    if change.new in (ABSENT, ""):
        return ("applies without its condition",)
    return ("applies under another condition; it is not known whether that is as narrow",)


_fewer = stricter_if(_is_fewer)
_IAM_TEXTS = (*_TEXTS, "condition.title", "condition.description")
_IAM_RULES: dict[str, Rule] = {
    "condition.expression": _condition,
    "members": _fewer,
    "policyData": stricter_if(_is_smaller_policy),
}

# The first pattern that matches counts.
GRANT_PROTECTION = (
    # A new record of access protects.
    Protection(
        pattern=r"gcp:.*:\w*IAMAuditConfig",
        created=audit_created,
        changed="logs the access to something else",
        deleted="is deleted: access is no longer logged",
        harmless=_TEXTS,
        rules={"auditLogConfigs": exempted_less},
    ),
    Protection(
        pattern=r"gcp:.*:\w*(IAM|Iam)CustomRole",
        created="is a new role",
        changed=f"is another role; {_NOT_JUDGED}",
        deleted=takes_nothing,
        harmless=_TEXTS,
        rules={"permissions": _fewer},
    ),
    Protection(
        pattern=r"gcp:.*:\w*(IAM|Iam)(Member|Binding|Policy)",
        created="is a new grant",
        changed="grants something else",
        deleted=takes_nothing,
        harmless=_IAM_TEXTS,
        rules=_IAM_RULES,
    ),
    _not_judged(pattern=r"gcp:.*:\w*(IAM|Iam)([A-Z]\w*)?", harmless=_IAM_TEXTS, rules=_IAM_RULES),
    # Federation, deny policies, boundaries, constraints: a deleted one may have been what held somebody back.
    _not_judged(
        pattern=r"gcp:(iam|iap|orgpolicy|accesscontextmanager|privilegedaccessmanager)/.*"
        r"|gcp:.*:(OrganizationPolicy|AccessApprovalSettings|\w*(ACL|Acl)([A-Z]\w*)?|\w*AccessControl|DatasetAccess"
        r"|RowAccessPolicy|\w*RoleBinding|\w*AccessRule)",
        harmless=_TEXTS,
    ),
    Protection(
        pattern=r"gcp:(serviceaccount/.*|.*:(DefaultServiceAccounts|HmacKey|ApiKey))",
        created="is a new identity or key",
        changed="is a different identity or key",
        deleted=takes_nothing,
        harmless=_TEXTS,
        rules={"disabled": _becomes(value=True)},
    ),
    Protection(
        pattern=r"gcp:\w+/job:Job",
        created="runs something new",
        changed="runs something else, or in another way",
        deleted=takes_nothing,
        harmless=_TEXTS,
        rules={"deletionProtection": switched("may be deleted", off=True, default=True)},
    ),
    Protection(
        pattern=r"github:.*:(RepositoryCollaborators?|Team\w*|Membership|RepositoryDeployKey|AppInstallation\w+"
        r"|Organization\w*Role\w*|OrganizationSecurityManager|EmuGroupMapping|User(Ssh|Gpg)Key|\w+Webhook)",
        created="gives access",
        changed="gives access to somebody else, or different access",
        deleted=takes_nothing,
        harmless=_TEXTS,
        rules={
            "members": _fewer,
            "permission": stricter_if(_is_lower_role),
            "readOnly": _becomes(value=True),
            "teams": _fewer,
            "users": _fewer,
        },
    ),
    Protection(
        pattern=r"github:.*:(Actions|Codespaces|Dependabot)\w*(Secret|Variable)\w*",
        created="gives a value to workflows",
        changed="gives another value to workflows, or gives it to other workflows",
        deleted=takes_nothing,
        harmless=_TEXTS,
    ),
    _not_judged(
        pattern=r"github:.*:\w+Permissions",
        harmless=_TEXTS,
        rules={
            "canApprovePullRequestReviews": _becomes(value=False),
            "defaultWorkflowPermissions": stricter_if(lambda _old, new: new == "read"),
            "enabled": _becomes(value=False),
        },
    ),
    _not_judged(
        pattern=r"github:.*:(ActionsRepositoryAccessLevel|Actions\w*Oidc\w+|\w*Runner\w*|BranchProtection\w*"
        r"|Organization(Ruleset|Settings|Block)|Enterprise\w+|UserInvitationAccepter|Repository)",
        harmless=_TEXTS,
    ),
    Protection(
        pattern=r"pulumi:providers:\w+",
        created="is an explicit provider, which sends credentials to the host that it names",
        changed="sends credentials to another host, or acts as another identity",
        deleted=takes_nothing,
        harmless=_TEXTS,
    ),
    # Their inputs are what is run.
    Protection(
        pattern=r"command:.*|pulumi-(python|nodejs):dynamic.*",
        created="runs a command",
        changed="runs another command",
        deleted=takes_nothing,
        harmless=_TEXTS,
    ),
)
