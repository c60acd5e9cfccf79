"""Our own checks of the live project: quiet when all is well, and loud for each flaw."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from readiness.audit.google_checks import GOOGLE_CHECKS, evidence_of_check, google_evidence
from readiness.audit.live_project import LOG_ENTRIES
from readiness.delivered.http_client import MAX_ANSWER_BYTES
from readiness.live.rows import Outcome, Row
from readiness.settings.model import Settings
from readiness.settings.security_audit import SecurityAudit
from tests.audit.google_project import (
    ACCOUNTS,
    PLACE,
    GoogleProject,
    account,
    line_of_service,
    live,
    read_of_secret,
    service,
    text_of,
)
from tests.live.loopback import Reply
from tests.projects import settings_of

PERSON = "dba@shop.example.net"
AUDIT = SecurityAudit(
    secret_readers=tuple(account(name) for name in ACCOUNTS),
    backup_readers=("user:founder@example.com", f"user:{PERSON}"),
    backup_buckets=("db-exports",),
    open_firewall_rules=("front-door",),
)
UNDECLARED = [settings_of("prod").model_copy(update={"security_audit": None}), settings_of("staging")]
STACKS = [UNDECLARED[0].model_copy(update={"security_audit": AUDIT}), UNDECLARED[1]]
ACCESSOR = "roles/secretmanager.secretAccessor"
STAGING = f"serviceAccount:{account('arr-v2-backend-staging')}"


def evidence_of(project: GoogleProject, stacks: Sequence[Settings] = STACKS) -> dict[str, list[Row]]:
    """What all checks find, the comparison of secrets included."""
    with live(project) as (read, _):
        return google_evidence(read, stacks, compare_secrets=True)


def failures(project: GoogleProject) -> list[tuple[str, str]]:
    """`(check, what was found)` of everything that fails."""
    found = evidence_of(project)
    return [(check, entry.detail) for check, all_ in found.items() for entry in all_ if entry.outcome is Outcome.FAIL]


def grant(project: GoogleProject, role: str, member: str, **more: Any) -> None:
    """A binding of the project."""
    project.policy["bindings"].append({"role": role, "members": [member], **more})


def test_a_project_as_it_should_be_passes_every_check() -> None:
    """None is skipped."""
    found = evidence_of(GoogleProject())
    assert found.keys() == GOOGLE_CHECKS.keys()
    assert all(found.values())
    assert {entry.outcome for all_ in found.values() for entry in all_} == {Outcome.PASS}


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
    project.policy["auditConfigs"][0] = {"service": "allServices", "auditLogConfigs": [{"logType": "ADMIN_READ"}]}


def _access_exempted(project: GoogleProject) -> None:
    project.policy["auditConfigs"][0]["auditLogConfigs"][0]["exemptedMembers"] = [STAGING]


def _short_retention(project: GoogleProject) -> None:
    project.buckets[0]["retentionDays"] = 7


def _unused_account(project: GoogleProject) -> None:
    project.accounts.append({"email": account("forgotten")})


def _long_unused_account(project: GoogleProject) -> None:
    project.activities[0]["activity"]["lastAuthenticatedTime"] = text_of(days=91)


def _account_key(project: GoogleProject) -> None:
    project.keys[account(ACCOUNTS[0])] = [{"validAfterTime": "2025-01-31T00:00:00Z"}]


def _public_address(project: GoogleProject) -> None:
    project.databases[0]["ipAddresses"].append({"type": "PRIMARY", "ipAddress": "203.0.113.7"})


def _address_switched_on(project: GoogleProject) -> None:
    project.databases[0]["settings"]["ipConfiguration"]["ipv4Enabled"] = True


def _authorized_network(project: GoogleProject) -> None:
    project.databases[1]["settings"]["ipConfiguration"]["authorizedNetworks"] = [{"value": "198.51.100.0/24"}]


def _plain_connections(project: GoogleProject) -> None:
    del project.databases[0]["settings"]["ipConfiguration"]["sslMode"]


def _no_recovery(project: GoogleProject) -> None:
    project.databases[0]["settings"]["backupConfiguration"]["pointInTimeRecoveryEnabled"] = False


def _no_backups(project: GoogleProject) -> None:
    project.databases[0]["settings"]["backupConfiguration"] = {"pointInTimeRecoveryEnabled": True}


def _backups_read_by_others(project: GoogleProject) -> None:
    grant(project, "roles/cloudsql.viewer", "user:guest@shop.example.net", condition={"title": "at night"})


def _exports_read_by_others(project: GoogleProject) -> None:
    member = "group:everyone@shop.example.net"
    project.storage["db-exports"] = {"bindings": [{"role": "roles/storage.objectViewer", "members": [member]}]}


def _public_bucket(project: GoogleProject) -> None:
    binding = {"role": "roles/storage.legacyBucketReader", "members": ["allUsers"]}
    project.storage["terraform-state"] = {"bindings": [binding]}


def _open_database_port(project: GoogleProject) -> None:
    rule = {"name": "psql", "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp", "ports": ["5432"]}]}
    project.firewalls.append(rule)


def _open_in_two_halves(project: GoogleProject) -> None:
    sources = ["0.0.0.0/1", "128.0.0.0/1"]
    project.firewalls.append({"name": "halves", "sourceRanges": sources, "allowed": [{"IPProtocol": "all"}]})


def _open_without_sources(project: GoogleProject) -> None:
    project.firewalls.append({"name": "no-sources", "direction": "INGRESS", "allowed": [{"IPProtocol": "tcp"}]})


def _open_to_ipv6(project: GoogleProject) -> None:
    project.firewalls.append({"name": "six", "sourceRanges": ["::/0"], "allowed": [{"IPProtocol": "udp"}]})


def _open_policy(project: GoogleProject) -> None:
    match = {"srcIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["22"]}]}
    rule = {"priority": 1000, "direction": "INGRESS", "action": "allow", "match": match}
    project.firewall_policies.append({"name": "global", "rules": [rule]})


def _old_secret(project: GoogleProject) -> None:
    project.versions["db-password-prod"] = [
        {"createTime": text_of(days=91), "state": "ENABLED"},
        {"createTime": text_of(days=1), "state": "DISABLED"},
    ]


def _sql_log_off(project: GoogleProject) -> None:
    project.policy["auditConfigs"] = [
        config for config in project.policy["auditConfigs"] if config["service"] != "cloudsql.googleapis.com"
    ]


def _secret_read_by_a_person(project: GoogleProject) -> None:
    project.reads.append(read_of_secret(PERSON))


def _same_secret(project: GoogleProject) -> None:
    project.values |= {"db-password-prod": "planted-value\n", "db-password-staging": "planted-value"}


def _address_in_the_log(project: GoogleProject) -> None:
    project.lines.append(line_of_service("Login attempt with non-existent email: someone@shop.example.net (1)"))


def _debug(project: GoogleProject) -> None:
    project.services[0]["template"]["containers"][0]["env"].append({"name": "DEBUG", "value": "True"})


def _alert_without_counter(project: GoogleProject) -> None:
    del project.metrics[0]


def _alert_switched_off(project: GoogleProject) -> None:
    project.alert_policies[1]["enabled"] = False


def _alert_to_nobody(project: GoogleProject) -> None:
    project.alert_policies[2]["notificationChannels"].clear()


FLAWS: list[tuple[Callable[[GoogleProject], None], dict[str, str]]] = [
    (_owner, {"project-roles": "deployer@ytgrs-464303.iam.gserviceaccount.com has roles/editor"}),
    (_run_admin, {"project-roles": "has roles/run.admin"}),
    (_act_as_all, {"project-wide-grants": "has roles/iam.serviceAccountUser on the whole project"}),
    (_staging_reads_all, {"project-wide-grants": "on the whole project", "staging-secret-access": "every secret"}),
    (_staging_reads_one, {"staging-secret-access": "may read db-password-prod"}),
    (_default_account, {"run-accounts": "backend-prod runs as the project's default account"}),
    (_shared_account, {"run-accounts": "run as the same account"}),
    (_unknown_public_service, {"run-ingress": "forgotten: INGRESS_TRAFFIC_ALL, open to everybody"}),
    (_plain_secret, {"secret-variables": "has SECRET_KEY as plain text"}),
    (_unknown_secret, {"secret-variables": "reads the secret openai-api-key-prod, which does not exist"}),
    (_shared_secret, {"secret-names-differ": "db-password-prod is read by production and staging"}),
    (_no_condition, {"identity-conditions": "github has no condition"}),
    (_other_repository, {"identity-conditions": "accepts somebody/ai-resume-review-v2"}),
    (_owner_only, {"identity-conditions": "does not compare the repository"}),
    (_another_way_in, {"identity-conditions": "does not compare the repository"}),
    (_connector_in_error, {"vpc-connector": "connector ai-resume-connector-v2 is ERROR"}),
    (_connector_gone, {"vpc-connector": "which does not exist"}),
    (_no_connector, {"vpc-connector": "there is no connector"}),
    (
        _access_not_logged,
        {"secret-access-logged": "DATA_READ is off", "audit-logs": "DATA_READ is off for secretmanager.googleapis.com"},
    ),
    (_access_exempted, {"secret-access-logged": "but not for serviceAccount:", "audit-logs": "exempts serviceAcc"}),
    (_unused_account, {"unused-accounts": "forgotten@ytgrs-464303.iam.gserviceaccount.com has not authenticated"}),
    (_long_unused_account, {"unused-accounts": "arr-v2-backend-prod@"}),
    (_account_key, {"account-keys": "has 1 user-managed key(s), the oldest of 2025-01-31"}),
    (_public_address, {"sql-addresses": "ai-resume-review-v2-db-prod has a public address"}),
    (_address_switched_on, {"sql-addresses": "ai-resume-review-v2-db-prod has a public address"}),
    (_authorized_network, {"sql-addresses": "ai-resume-review-v2-db-staging allows 198.51.100.0/24 to connect"}),
    (_plain_connections, {"sql-transport": "sslMode is not set"}),
    (_no_recovery, {"sql-backups": "has no point-in-time recovery"}),
    (_no_backups, {"sql-backups": "makes no automatic backups"}),
    (_backups_read_by_others, {"backup-readers": "user:guest@shop.example.net may read or export backups"}),
    (_exports_read_by_others, {"backup-readers": "roles/storage.objectViewer on the bucket db-exports"}),
    (_public_bucket, {"public-buckets": "terraform-state grants roles/storage.legacyBucketReader to allUsers"}),
    (_open_database_port, {"open-firewall": "psql allows 0.0.0.0/0 (tcp:5432)"}),
    (_open_in_two_halves, {"open-firewall": "halves allows 0.0.0.0/1, 128.0.0.0/1 (all)"}),
    (_open_without_sources, {"open-firewall": "no-sources allows 0.0.0.0/0 (tcp)"}),
    (_open_to_ipv6, {"open-firewall": "six allows ::/0 (udp)"}),
    (_open_policy, {"open-firewall": "global, rule 1000 allows 0.0.0.0/0 (tcp:22)"}),
    (_old_secret, {"secret-rotation": "db-password-prod was last changed on"}),
    (_sql_log_off, {"audit-logs": "DATA_READ is off for cloudsql.googleapis.com"}),
    (_secret_read_by_a_person, {"secret-accesses": f"{PERSON} read a secret (1 times)"}),
    (_same_secret, {"secret-values-differ": "db-password-prod and db-password-staging have the same value"}),
    (
        _address_in_the_log,
        {"log-contents": "contain an e-mail address, as in: Login attempt with non-existent email: […]"},
    ),
    (_debug, {"debug-variables": "backend-prod is deployed with DEBUG on"}),
    (_alert_without_counter, {"security-alert-policies": "has the filter of ProjectOwnershipChange (CIS 2.5)"}),
    (
        _alert_switched_off,
        {"security-alert-policies": "no enabled alert policy reads the log-based metric of AuditConfig"},
    ),
    (_alert_to_nobody, {"security-alert-policies": "CustomRoleChange (CIS 2.7) notifies nobody"}),
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


def test_a_deleted_account_reads_no_backups() -> None:
    """Its binding stays in the policy for a while."""
    project = GoogleProject()
    grant(project, "roles/cloudsql.viewer", "deleted:serviceAccount:former@x.iam.gserviceaccount.com?uid=1")
    assert failures(project) == []


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


def test_what_is_exempted_in_the_settings_is_no_finding() -> None:
    """A rule that is to be open, a switched-off rule, an outgoing one, and a disabled account."""
    project = GoogleProject()
    everywhere = {"sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}]}
    project.firewalls += [
        {"name": "front-door", **everywhere},
        {"name": "off", "disabled": True, **everywhere},
        {"name": "out", "direction": "EGRESS", **everywhere},
        {"name": "denied", "sourceRanges": ["0.0.0.0/0"], "denied": [{"IPProtocol": "all"}]},
        {"name": "tagged", "sourceTags": ["web"], "allowed": [{"IPProtocol": "tcp"}]},
    ]
    project.accounts.append({"email": account("former"), "disabled": True})
    assert failures(project) == []


def test_without_declared_names_nobody_is_judged() -> None:
    """Who may read secrets and backups is a decision, which the settings hold; without it the row names who does."""
    found = evidence_of(GoogleProject(), UNDECLARED)
    for check, text in (
        ("secret-accesses", f"{account(ACCOUNTS[0])} (2)"),
        ("backup-readers", "these may read backups: user:founder@example.com"),
    ):
        (row,) = found[check]
        assert row.outcome is Outcome.NOT_CHECKED
        assert text in row.detail


def _no_activity(project: GoogleProject) -> None:
    project.activities.clear()


def _no_visible_read(project: GoogleProject) -> None:
    project.reads.clear()


def _no_visible_line(project: GoogleProject) -> None:
    project.lines.clear()


def _no_address(project: GoogleProject) -> None:
    for database in project.databases:
        database["ipAddresses"].clear()
        del database["settings"]["ipConfiguration"]["ipv4Enabled"]


def _no_instance(project: GoogleProject) -> None:
    project.databases.clear()


@pytest.mark.parametrize(
    ("change", "checks"),
    [
        (_no_activity, ["unused-accounts"]),
        (_no_visible_read, ["secret-accesses"]),
        (_no_visible_line, ["log-contents"]),
        (_no_address, ["sql-addresses"]),
        (_no_instance, ["sql-addresses", "sql-encryption", "sql-transport", "sql-backups"]),
    ],
)
def test_nothing_seen_is_not_known(change: Callable[[GoogleProject], None], checks: list[str]) -> None:
    """An empty answer may also mean that the login sees nothing."""
    project = GoogleProject()
    change(project)
    found = evidence_of(project)
    for check in checks:
        assert {row.outcome for row in found[check]} == {Outcome.NOT_CHECKED}, check


# Of each check of resource_checks.py and log_checks.py, a part of the path that it reads.
READ_BY = {
    "unused-accounts": "/activities:query",
    "account-keys": "/keys",
    "sql-addresses": "/instances",
    "sql-encryption": "/instances",
    "sql-transport": "/instances",
    "sql-backups": "/instances",
    "backup-readers": "/roles/",
    "public-buckets": "/iam",
    "open-firewall": "/global/firewalls",
    "secret-rotation": "/versions",
    "audit-logs": "/projects/ytgrs-464303:getIamPolicy",
    "secret-accesses": "/entries:list",
    "security-alert-policies": "/alertPolicies",
    "log-contents": "/entries:list",
    "debug-variables": "/services",
    "secret-values-differ": ":access",
}
HOSTILE = {
    "forbidden": Reply(403, {"error": {"message": "refused"}}),
    "api-off": Reply(403, {"error": {"message": "Compute Engine API has not been used in project 1 before"}}),
    "no-json": Reply(200, "<html>a proxy</html>"),
    "a-list": Reply(200, []),
    "redirect": Reply(302, None, {"Location": "https://elsewhere.example.net/"}),
    "not-found": Reply(404, {"error": {"message": "no such path"}}),
    "huge": Reply(200, "x" * (MAX_ANSWER_BYTES + 1)),
}
# One that is too large is enough: all checks read through one client.
ASKED = [(check, answer) for check in READ_BY for answer in HOSTILE if answer != "huge" or check == "open-firewall"]


@pytest.mark.parametrize(("check", "answer"), ASKED)
def test_an_answer_without_the_needed_fields_is_not_checked(check: str, answer: str) -> None:
    """Never a pass and never a failure: 403, an API that is off, no JSON, a redirect, too much."""
    with live(GoogleProject(instead={READ_BY[check]: HOSTILE[answer]})) as (project, _):
        (row,) = evidence_of_check(check, project, STACKS)
    assert row.outcome is Outcome.NOT_CHECKED, row.detail
    if answer == "api-off":
        assert row.detail.startswith("the API is not enabled")


def test_secrets_are_compared_on_request_alone_and_never_shown() -> None:
    """Neither a value nor anything that is made of one."""
    project = GoogleProject()
    _same_secret(project)
    with live(project) as (read, server):
        (row,) = google_evidence(read, STACKS)["secret-values-differ"]
        assert row.detail == "needs the option --compare-secrets"
        assert not [request for request in server.requests if ":access" in request.path]
    text = repr(evidence_of(project))
    assert "planted-value" not in text
    assert hashlib.sha256(b"planted-value").hexdigest()[:12] not in text
    assert re.search(r"[0-9a-f]{32}", text) is None


def test_one_read_by_a_stranger_is_found_behind_many_of_the_application() -> None:
    """The newest entries of a busy service are all its own."""
    project = GoogleProject()
    project.reads += [read_of_secret(account(ACCOUNTS[0])) for _ in range(3 * LOG_ENTRIES)]
    project.reads.append({"protoPayload": {"methodName": "AccessSecretVersion", "authenticationInfo": {}}})
    (found,) = [detail for check, detail in failures(project) if check == "secret-accesses"]
    assert found.startswith("no e-mail address read a secret (1 times)")


def test_what_a_log_entry_holds_is_never_shown() -> None:
    """The words in front of it are, which name the line of code."""
    project = GoogleProject()
    project.lines += [
        line_of_service("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 was sent"),
        line_of_service("login with password=planted-word for someone@shop.example.net"),
    ]
    details = " ".join(row.detail for row in evidence_of(project)["log-contents"])
    assert "a token" in details
    assert "an e-mail address and a password" in details
    for part in ("eyJ", "planted-word", "someone", "was sent"):
        assert part not in details


@pytest.mark.parametrize(
    ("status", "words"), [(403, "the credentials have no permission to read it"), (500, "no answer")]
)
def test_without_permission_a_check_is_not_checked(status: int, words: str) -> None:
    """And the other checks go on."""
    project = GoogleProject(refused={"locations/-/buckets": status})
    found = evidence_of(project)
    assert [item.outcome for item in found["log-retention"]] == [Outcome.NOT_CHECKED]
    assert words in found["log-retention"][0].detail
    assert {item.outcome for item in found["run-accounts"]} == {Outcome.PASS}


def test_an_answer_of_an_unknown_form_fails_its_check() -> None:
    """It is never a pass, and never a traceback."""
    project = GoogleProject()
    project.buckets = [{"name": 1, "retentionDays": "many"}]
    assert [check for check, _ in failures(project)] == ["log-retention"]


def test_a_service_that_is_not_deployed_is_not_checked() -> None:
    """Nothing is known of it."""
    project = GoogleProject()
    project.services.pop()
    verdicts = [item.outcome for item in evidence_of(project)["run-accounts"]]
    assert verdicts.count(Outcome.NOT_CHECKED) == 1


def test_nothing_is_changed() -> None:
    """GET, and the POST by which Google gives out a project's policy."""
    with live(GoogleProject()) as (read, server):
        google_evidence(read, STACKS)
    assert {request.method for request in server.requests} == {"GET", "POST"}
    assert {call.path for call in server.asked("POST")} == {
        "/resourceManager/v1/projects/ytgrs-464303:getIamPolicy",
        "/logging/v1/entries:list",
    }
    paths = [call.path for call in server.asked("GET")]
    assert len(paths) == len(set(paths)), "each thing is read once"
