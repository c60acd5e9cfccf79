"""Our own read-only checks of the live project: what Prowler has no check for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from readiness.operate.audit.account_checks import (
    identity_conditions,
    project_roles,
    project_wide_grants,
    secret_access_logged,
)
from readiness.operate.audit.evidence import Evidence, failed, not_checked
from readiness.operate.audit.live_project import LiveProject
from readiness.operate.audit.service_checks import (
    log_retention,
    run_accounts,
    run_ingress,
    secret_names_differ,
    secret_variables,
    staging_secret_access,
    vpc_connector,
)
from readiness.operate.google_api import GoogleError
from readiness.settings.model import Settings

Check = Callable[[LiveProject, Sequence[Settings]], Iterator[Evidence]]

# Prowler 5.46.0 has no check of Cloud Run, of who reads which secret, or of what a condition names.
GOOGLE_CHECKS: Mapping[str, Check] = {
    "project-roles": project_roles,
    "project-wide-grants": project_wide_grants,
    "identity-conditions": identity_conditions,
    "run-accounts": run_accounts,
    "run-ingress": run_ingress,
    "vpc-connector": vpc_connector,
    "secret-variables": secret_variables,
    "secret-names-differ": secret_names_differ,
    "staging-secret-access": staging_secret_access,
    "secret-access-logged": secret_access_logged,
    "log-retention": log_retention,
}


def google_evidence(project: LiveProject, stacks: Sequence[Settings]) -> dict[str, list[Evidence]]:
    """Evidence by the name of the check. `stacks` are the settings of every stack of the project."""
    return {name: _run(name, check, project, stacks) for name, check in GOOGLE_CHECKS.items()}


def _run(name: str, check: Check, project: LiveProject, stacks: Sequence[Settings]) -> list[Evidence]:
    try:
        return list(check(project, stacks))
    except GoogleError as error:
        may_not = error.status in (401, 403)
        return [not_checked(name, f"{'the credentials may not read it' if may_not else 'not answered'}: {error}")]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return [failed(name, f"the answer has an unknown form ({type(error).__name__})")]
