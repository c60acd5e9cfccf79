"""Our own checks of the live project: quiet when all is well, and loud for each flaw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from readiness.audit.google_checks import GOOGLE_CHECKS, google_evidence
from readiness.live.rows import Outcome, Row
from tests.audit.google_project import PLACE, GoogleProject, account, live, service
from tests.projects import settings_of

STACKS = [settings_of("prod"), settings_of("staging")]
ACCESSOR = "roles/secretmanager.secretAccessor"
STAGING = f"serviceAccount:{account('arr-v2-backend-staging')}"


def evidence_of(project: GoogleProject) -> dict[str, list[Row]]:
    """What all checks find."""
    with live(project) as (read, _):
        return google_evidence(read, STACKS)


def failures(project: GoogleProject) -> list[tuple[str, str]]:
    """`(check, what was found)` of everything that fails."""
    found = evidence_of(project)
    return [(check, each.detail) for check, all_ in found.items() for each in all_ if each.outcome is Outcome.FAIL]


def grant(project: GoogleProject, role: str, member: str, **more: Any) -> None:
    """A binding of the project."""
    project.policy["bindings"].append({"role": role, "members": [member], **more})


def test_a_project_as_it_should_be_passes_every_check() -> None:
    """None is skipped."""
    found = evidence_of(GoogleProject())
    assert found.keys() == GOOGLE_CHECKS.keys()
    assert all(found.values())
    assert {each.outcome for all_ in found.values() for each in all_} == {Outcome.PASS}


def _owner(project: GoogleProject) -> None:
    grant(project, "roles/editor", f"serviceAccount:{account('deployer')}")


def _run_admin(project: GoogleProject) -> None:
    grant(project, "roles/run.admin", f"serviceAccount:{account('deployer')}")


def _act_as_all(project: GoogleProject) -> None:
    grant(project, "roles/iam.serviceAccountUser", f"serviceAccount:{account('deployer')}")


def _staging_reads_all(project: GoogleProject) -> None:
    grant(project, ACCESSOR, STAGING)


def _staging_reads_one(project: GoogleProject) -> None:
    project.secret_policies["db-password-prod"] = {"bindings": [{"role": ACCESSOR, "members": [STAGING]}]}


def _default_account(project: GoogleProject) -> None:
    project.services[0]["template"]["serviceAccount"] = "864523342928-compute@developer.gserviceaccount.com"


def _shared_account(project: GoogleProject) -> None:
    project.services[1]["template"]["serviceAccount"] = project.services[0]["template"]["serviceAccount"]


def _unknown_public_service(project: GoogleProject) -> None:
    project.services.append({**service("admin", "prod"), "name": f"{PLACE}/services/forgotten"})


def _plain_secret(project: GoogleProject) -> None:
    project.services[0]["template"]["containers"][0]["env"].append({"name": "SECRET_KEY", "value": "planted-value"})


def _unknown_secret(project: GoogleProject) -> None:
    project.secrets.remove("openai-api-key-prod")


def _shared_secret(project: GoogleProject) -> None:
    variables = project.services[2]["template"]["containers"][0]["env"]
    variables[2]["valueSource"]["secretKeyRef"] |= {"secret": "projects/1/secrets/db-password-prod"}


def _no_condition(project: GoogleProject) -> None:
    del project.providers[0]["attributeCondition"]


def _other_repository(project: GoogleProject) -> None:
    project.providers[0]["attributeCondition"] = "assertion.repository == 'somebody/ai-resume-review-v2'"


def _owner_only(project: GoogleProject) -> None:
    project.providers[0]["attributeCondition"] = "assertion.repository_owner == 'stellar-aiz'"


def _another_way_in(project: GoogleProject) -> None:
    project.providers[0]["attributeCondition"] += " || assertion.repository_owner == 'somebody'"


def _connector_in_error(project: GoogleProject) -> None:
    project.connectors[0]["state"] = "ERROR"


def _connector_gone(project: GoogleProject) -> None:
    project.connectors[0]["name"] = f"{PLACE}/connectors/another"


def _no_connector(project: GoogleProject) -> None:
    project.connectors.clear()


def _access_not_logged(project: GoogleProject) -> None:
    project.policy["auditConfigs"] = [{"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ"}]}]


def _access_exempted(project: GoogleProject) -> None:
    project.policy["auditConfigs"][0]["auditLogConfigs"][0]["exemptedMembers"] = [STAGING]


def _short_retention(project: GoogleProject) -> None:
    project.buckets[0]["retentionDays"] = 7


FLAWS: list[tuple[Callable[[GoogleProject], None], dict[str, str]]] = [
    (_owner, {"project-roles": "deployer@ytgrs-464303.iam.gserviceaccount.com holds roles/editor"}),
    (_run_admin, {"project-roles": "holds roles/run.admin"}),
    (_act_as_all, {"project-wide-grants": "holds roles/iam.serviceAccountUser on the whole project"}),
    (_staging_reads_all, {"project-wide-grants": "on the whole project", "staging-secret-access": "every secret"}),
    (_staging_reads_one, {"staging-secret-access": "may read db-password-prod"}),
    (_default_account, {"run-accounts": "backend-prod runs as the project's default account"}),
    (_shared_account, {"run-accounts": "run as the same account"}),
    (_unknown_public_service, {"run-ingress": "forgotten: INGRESS_TRAFFIC_ALL, open to everybody"}),
    (_plain_secret, {"secret-variables": "has SECRET_KEY as plain text"}),
    (_unknown_secret, {"secret-variables": "reads the secret openai-api-key-prod, which does not exist"}),
    (_shared_secret, {"secret-names-differ": "db-password-prod is read by production and staging"}),
    (_no_condition, {"identity-conditions": "github has no condition"}),
    (_other_repository, {"identity-conditions": "lets somebody/ai-resume-review-v2 in"}),
    (_owner_only, {"identity-conditions": "names no repository by equality"}),
    (_another_way_in, {"identity-conditions": "names no repository by equality"}),
    (_connector_in_error, {"vpc-connector": "connector ai-resume-connector-v2 is ERROR"}),
    (_connector_gone, {"vpc-connector": "which is gone"}),
    (_no_connector, {"vpc-connector": "there is no connector"}),
    (_access_not_logged, {"secret-access-logged": "DATA_READ is off"}),
    (_access_exempted, {"secret-access-logged": "but not for serviceAccount:"}),
    (_short_retention, {"log-retention": "_Default keeps 7 days"}),
]


@pytest.mark.parametrize(("plant", "expected"), FLAWS, ids=lambda each: getattr(each, "__name__", ""))
def test_each_flaw_is_found_by_its_check_and_by_no_other(
    plant: Callable[[GoogleProject], None], expected: dict[str, str]
) -> None:
    """What is wrong is named; everything else still passes."""
    project = GoogleProject()
    plant(project)
    found = failures(project)
    assert {check for check, _ in found} == expected.keys()
    for check, text in expected.items():
        assert any(text in each for name, each in found if name == check), found


def test_a_grant_on_a_condition_and_an_account_of_googles_are_no_findings() -> None:
    """The first holds on one thing only; the second is not ours to change."""
    project = GoogleProject()
    grant(project, ACCESSOR, STAGING, condition={"title": "one", "expression": "resource.name == 'x'"})
    grant(project, "roles/editor", "serviceAccount:864523342928@cloudservices.gserviceaccount.com")
    assert failures(project) == []


def test_two_repositories_of_the_project_may_be_named() -> None:
    """Joined by `||`, each by equality."""
    project = GoogleProject()
    ours = "assertion.repository == 'stellar-aiz/ai-resume-review-v2'"
    project.providers[0]["attributeCondition"] = f"{ours} || {ours}"
    assert failures(project) == []


def test_values_of_variables_are_never_told() -> None:
    """Only the name of the variable is."""
    project = GoogleProject()
    _plain_secret(project)
    assert "planted-value" not in repr(evidence_of(project))


@pytest.mark.parametrize(("status", "words"), [(403, "the credentials may not read it"), (500, "not answered")])
def test_what_may_not_be_read_is_not_checked(status: int, words: str) -> None:
    """And the other checks go on."""
    project = GoogleProject(refused={"/buckets": status})
    found = evidence_of(project)
    assert [each.outcome for each in found["log-retention"]] == [Outcome.NOT_CHECKED]
    assert words in found["log-retention"][0].detail
    assert {each.outcome for each in found["run-accounts"]} == {Outcome.PASS}


def test_an_answer_of_an_unknown_form_fails_its_check() -> None:
    """It is never a pass, and never a traceback."""
    project = GoogleProject()
    project.buckets = [{"name": 1, "retentionDays": "many"}]
    assert [check for check, _ in failures(project)] == ["log-retention"]


def test_a_service_that_is_not_deployed_is_not_checked() -> None:
    """Nothing is known of it."""
    project = GoogleProject()
    project.services.pop()
    verdicts = [each.outcome for each in evidence_of(project)["run-accounts"]]
    assert verdicts.count(Outcome.NOT_CHECKED) == 1


def test_nothing_is_changed() -> None:
    """GET, and the POST by which Google gives out a project's policy."""
    with live(GoogleProject()) as (read, server):
        google_evidence(read, STACKS)
    assert {each.method for each in server.requests} == {"GET", "POST"}
    assert {each.path for each in server.asked("POST")} == {"/resourceManager/v1/projects/ytgrs-464303:getIamPolicy"}
    assert len(server.requests) < 30, "each thing is read once"
