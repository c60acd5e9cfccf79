"""Which types give somebody a right or run something, and what a new, a changed or a deleted resource of each means.

Types are known by a pattern and not by a list: each of Google's services has IAM types of its own, and a new version of
the provider adds some.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from readiness.plan.plan_file import PlannedResource


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantKind:
    """`created`, `changed` and `deleted` end sentences on the resource; None where that needs no agreement."""

    pattern: re.Pattern[str]
    created: str | None
    changed: str
    deleted: str | None


_NOT_JUDGED = "whether it allows more cannot be judged"


def _kind(pattern: str, created: str | None, changed: str, deleted: str | None = None) -> GrantKind:
    return GrantKind(pattern=re.compile(pattern), created=created, changed=changed, deleted=deleted)


# The first pattern that matches the whole type counts.
GRANT_KINDS = (
    # A new record of access is a guard; `weakening_records` judges its kinds of access, `weakening_plan` its deletion.
    _kind(r"gcp:.*:\w*IAMAuditConfig", None, "records the access to something else"),
    _kind(r"gcp:.*:\w*(IAM|Iam)CustomRole", "is a new role", f"is another role; {_NOT_JUDGED}"),
    _kind(r"gcp:.*:\w*(IAM|Iam)(Member|Binding|Policy)", "is a new grant", "grants something else"),
    _kind(
        r"gcp:.*:\w*(IAM|Iam)([A-Z]\w*)?",
        f"is new; {_NOT_JUDGED}", f"changed; {_NOT_JUDGED}", f"is deleted; {_NOT_JUDGED}",
    ),
    # Federation, deny policies, boundaries, constraints: a deleted one may have been what held somebody back.
    _kind(
        r"gcp:(iam|iap|orgpolicy|accesscontextmanager|privilegedaccessmanager)/.*"
        r"|gcp:.*:(OrganizationPolicy|AccessApprovalSettings|\w*(ACL|Acl)([A-Z]\w*)?|\w*AccessControl|DatasetAccess"
        r"|RowAccessPolicy|\w*RoleBinding|\w*AccessRule)",
        f"is new; {_NOT_JUDGED}", f"changed; {_NOT_JUDGED}", f"is deleted; {_NOT_JUDGED}",
    ),
    _kind(
        r"gcp:(serviceaccount/.*|.*:(DefaultServiceAccounts|HmacKey|ApiKey))",
        "is a new identity or key", "is another identity or key",
    ),
    _kind(r"gcp:\w+/job:Job", "runs something new", "runs something else, or in another way"),
    _kind(
        r"github:.*:(RepositoryCollaborators?|Team\w*|Membership|RepositoryDeployKey|AppInstallation\w+"
        r"|Organization\w*Role\w*|OrganizationSecurityManager|EmuGroupMapping|User(Ssh|Gpg)Key|\w+Webhook)",
        "gives access", "gives access to somebody else, or another access",
    ),
    _kind(
        r"github:.*:(Actions|Codespaces|Dependabot)\w*(Secret|Variable)\w*",
        "gives a value to workflows", "gives another value to workflows, or to others",
    ),
    _kind(
        r"github:.*:(\w+Permissions|ActionsRepositoryAccessLevel|Actions\w*Oidc\w+|\w*Runner\w*|BranchProtection\w*"
        r"|Organization(Ruleset|Settings|Block)|Enterprise\w+|UserInvitationAccepter|Repository)",
        f"is new; {_NOT_JUDGED}", f"changed; {_NOT_JUDGED}", f"is deleted; {_NOT_JUDGED}",
    ),
    _kind(
        r"pulumi:providers:\w+",
        "is a provider of its own, which sends credentials where it says",
        "sends credentials somewhere else, or as somebody else",
    ),
    # Their inputs are what is run.
    _kind(r"command:.*|pulumi-(python|nodejs):dynamic.*", "runs a command of its own", "runs another command"),
)  # fmt: skip


def grant_kind(resource: PlannedResource) -> GrantKind | None:
    """The kind of a resource; None where it gives no right and runs nothing."""
    return next((kind for kind in GRANT_KINDS if kind.pattern.fullmatch(resource.type)), None)
