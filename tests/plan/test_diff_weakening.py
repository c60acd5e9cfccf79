"""The diff finds each way to weaken protection, and does not report its opposite."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from readiness.plan.field_changes import flat
from readiness.plan.protection import Change, Rule, elsewhere
from readiness.plan.weakening import covers, protection_of, weakenings
from readiness.resource_types import (
    ALERT_POLICY,
    API,
    AUDIT_CONFIG,
    BRANCH_POLICY,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    LABEL,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    OBJECTIVE,
    REPOSITORY_FILE,
    RULESET,
    SECURITY_UPDATES,
    UPTIME_CHECK,
    VULNERABILITY_ALERTS,
)
from tests.plan.diff_plans import NO_RESOURCES, diff_of, plan_value, resource, weakened
from tests.plan.weakening_case import Case, put
from tests.plan.weakening_cases_alerts import ALERT_CASES
from tests.plan.weakening_cases_records import RECORD_CASES
from tests.plan.weakening_cases_shared import GITHUB_CASES, REGISTRY_CASES

CASES = (*ALERT_CASES, *REGISTRY_CASES, *GITHUB_CASES, *RECORD_CASES)


def _said(case: Case, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What the rules say of a resource whose inputs change so."""
    found = weakened([resource(case.type, old)], [resource(case.type, new)])
    return [reason for finding in found for reason in finding.reasons]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_weaker_setting_is_reported_with_the_reason(case: Case) -> None:
    """By its rule, and in no other way."""
    (said,) = _said(case, case.old, case.new)
    assert case.said in said


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_way_back_is_no_weakening_unless_it_cannot_be_judged(case: Case) -> None:
    """A stricter value needs no acknowledgement."""
    assert bool(_said(case, case.new, case.old)) is not case.judged


@pytest.mark.parametrize("type_", sorted({case.type for case in CASES}))
def test_every_rule_has_a_case_in_which_it_finds_something(type_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is written and never applied finds nothing, and so does one under a misspelt field."""
    table = protection_of(type_)
    assert table is not None
    applied: set[str] = set()

    def noting(key: str, rule: Rule) -> Rule:
        def noted(change: Change) -> Any:
            found = rule(change)
            result = None if found is None else list(found)
            if result:
                applied.add(key)
            return result

        return noted

    monkeypatch.setattr(
        "readiness.plan.weakening.PROTECTION",
        [replace(table, rules={key: noting(key, rule) for key, rule in table.rules.items()})],
    )
    for case in CASES:
        if case.type == type_:
            _said(case, case.old, case.new)
    quiet = {key for key, rule in table.rules.items() if rule is elsewhere}
    kinds = re.compile(
        r"conditions\[\]\.condition(?!Threshold|Prometheus)\w+\.(duration|filter)|.*QueryLanguage\.filter"
    )
    missing = [key for key in table.rules if key not in applied | quiet and not kinds.fullmatch(key)]
    assert missing == [], "add a case of it to tests/plan/weakening_cases_*.py"


@pytest.mark.parametrize("junk", [[], {}, None, "x", 7, True, [[1]], [{"a": {}}], {"b": [1]}])
def test_inputs_of_any_shape_are_taken(junk: Any) -> None:
    """A plan that was handed in promises nothing about its values."""
    seen: set[str] = set()
    for case in CASES:
        for good in (case.old, case.new):
            for path, _ in flat(good):
                if (place := f"{case.type} {good} {path}") in seen:
                    continue
                seen.add(place)
                dotted = path.replace("[", ".").replace("]", "")
                odd = put(good, re.sub(r"\.(\D\w*)(?=\.\d)", r".\1", dotted), junk if junk is not None else "<unknown>")
                _said(case, good, odd)
                _said(case, odd, good)
        _said(case, case.old, dict.fromkeys(case.old, junk))
        _said(case, dict.fromkeys(case.old, junk), case.old)


GATE = resource(ENVIRONMENT, {"repository": "app", "environment": "production", "deploymentBranchPolicy": {
    "customBranchPolicies": True, "protectedBranches": False}}, name="gate")  # fmt: skip


def _branch(pattern: str, name: str = "branch", field: str = "branchPattern") -> dict[str, Any]:
    inputs = {"repository": "app", "environment": "production", field: pattern}
    return resource(BRANCH_POLICY, inputs, name=name)


@pytest.mark.parametrize(
    ("before", "after"),
    [("main", "*"), ("main", "main*"), ("release/*", "release/**"), ("*", "feature/*"), ("main", "trunk")],
)
def test_a_branch_that_could_not_deploy_and_now_can_weakens(before: str, after: str) -> None:
    """In place, and as a policy of another name, which is how our program declares it."""
    for name in ("branch", "another"):
        (found,) = weakened([GATE, _branch(before)], [GATE, _branch(after, name)])
        assert found.reasons == (f"the branch {after} may deploy to production, which admitted {before}",)


@pytest.mark.parametrize(("before", "after"), [("*", "main"), ("release/*", "release/1.2"), ("rel*", "release*")])
def test_a_narrower_pattern_is_no_weakening(before: str, after: str) -> None:
    """What it admits was admitted."""
    for name in ("branch", "another"):
        assert weakened([GATE, _branch(before)], [GATE, _branch(after, name)]) == ()


def test_a_tag_weakens_where_only_branches_could_deploy() -> None:
    """A branch's pattern admits no tag."""
    (found,) = weakened([GATE, _branch("*")], [GATE, _branch("*"), _branch("v*", "tag", "tagPattern")])
    assert found.field == "tagPattern"


def test_the_first_branches_of_a_new_environment_weaken_nothing() -> None:
    """Nothing was protected before."""
    assert weakened([], [GATE, _branch("*")]) == ()


def test_a_branch_of_an_environment_that_admitted_none_weakens() -> None:
    """It asked for patterns and had none: no branch could deploy."""
    (found,) = weakened([GATE], [GATE, _branch("main")])
    assert found.reasons == ("the branch main may deploy to production, which admitted none",)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"), [("a*", "a/b", False), ("a**", "a/b", True), ("[ab]", "a", False)]
)
def test_a_star_does_not_reach_over_a_slash(wide: str, narrow: str, expected: bool) -> None:
    """As GitHub matches; what is not certain counts as not covered."""
    assert covers(wide, narrow) is expected


@pytest.mark.parametrize("type_", [ALERT_POLICY, ENVIRONMENT, AUDIT_CONFIG, LOG_BUCKET, LOG_SINK, OBJECTIVE])
def test_a_deleted_protection_weakens_and_a_new_one_does_not(type_: str) -> None:
    """Both directions; of a record too."""
    protection = resource(type_, {"displayName": "protection", "destination": "logging.googleapis.com/<bucket.id>"})
    (found,) = weakened([protection], [])
    assert found.reasons[0].startswith("is deleted: ")
    assert weakened([], [protection]) == ()


def test_a_renamed_protection_is_not_lost_but_a_weaker_one_is_no_substitute() -> None:
    """A rename without an alias deletes and creates; only the same inputs make up for it, and only for one."""
    kept, other = (resource(ALERT_POLICY, {"severity": "ERROR"}, name=name) for name in ("one", "two"))
    renamed = resource(ALERT_POLICY, {"severity": "ERROR"}, name="renamed")
    weaker = resource(ALERT_POLICY, {"severity": "WARNING"}, name="renamed")
    assert weakened([kept], [renamed]) == ()
    assert len(weakened([kept], [weaker])) == 1
    assert len(weakened([kept, other], [renamed])) == 1


@pytest.mark.parametrize("option", ["protect", "retainOnDelete"])
def test_a_protection_that_is_taken_away_weakens_and_one_that_is_added_does_not(option: str) -> None:
    """Also on a resource whose type protects nothing."""
    bare, kept = (resource(DASHBOARD, {}, options=options) for options in (None, {option: True}))
    (found,) = weakened([kept], [bare])
    assert (found.field, found.old) == (f"options.{option}", True)
    assert weakened([bare], [kept]) == ()


def test_a_field_that_is_ignored_from_now_on_weakens_unless_it_only_describes() -> None:
    """Whatever is declared for it has no effect any more."""
    before = resource(ALERT_POLICY, {})
    frozen = resource(ALERT_POLICY, {}, options={"ignoreChanges": ["conditions", "labels"]})
    harmless = resource(ALERT_POLICY, {}, options={"ignoreChanges": ["labels"]})
    (found,) = weakened([before], [frozen])
    assert found.reasons == ("changes of conditions no longer have an effect",)
    assert weakened([before], [harmless]) == ()
    assert weakened([harmless], [before]) == ()


def test_a_field_that_is_no_longer_ignored_counts_because_the_declared_value_overwrites_it() -> None:
    """What the field was set to is not in a plan."""
    frozen = resource(ALERT_POLICY, {}, options={"ignoreChanges": ["enabled", "labels"]})
    (found,) = weakened([frozen], [resource(ALERT_POLICY, {})])
    assert found.reasons == ("enabled is set to the declared value from now on",)


def _policy(*channels: str) -> dict[str, Any]:
    return resource(ALERT_POLICY, {"notificationChannels": list(channels)}, name="policy")


def _channel(name: str, address: str) -> dict[str, Any]:
    return resource(CHANNEL, {"type": "email", "labels": {"email_address": address}}, name=name)


def test_a_lost_channel_weakens_by_whom_it_told_and_an_added_one_does_not() -> None:
    """A channel that the plan does not declare is known by its id."""
    ops, dev = _channel("ops", "ops@example.com"), _channel("dev", "dev@example.com")
    both, one = _policy("<ops.id>", "<dev.id>", "projects/p/1"), _policy("<ops.id>")
    (found,) = weakened([ops, dev, both], [ops, dev, one])
    assert found.reasons == ("no longer notifies email dev@example.com, projects/p/1",)
    assert weakened([ops, dev, one], [ops, dev, both]) == ()


def test_a_renamed_channel_that_tells_the_same_address_loses_nobody() -> None:
    """The policy's list changes, the notified person does not."""
    before = [_channel("ops", "ops@example.com"), _policy("<ops.id>")]
    assert weakened(before, [_channel("ops-mail", "ops@example.com"), _policy("<ops-mail.id>")]) == ()
    assert len(weakened(before, [_channel("ops-mail", "spam@example.com"), _policy("<ops-mail.id>")])) == 1


@pytest.mark.parametrize("new", [[], [resource("gcp:artifactregistry/repository:Repository", {"format": "MAVEN"})]])
def test_something_protected_that_goes_counts_whatever_it_is(new: list[dict[str, Any]]) -> None:
    """Deleted or replaced: the engine would stop half-way, or it was forced."""
    kept = resource("gcp:artifactregistry/repository:Repository", {"format": "DOCKER"}, options={"protect": True})
    found = weakened([kept], new)
    assert any("is protected and would be" in reason for finding in found for reason in finding.reasons)


def test_the_reasons_of_one_field_stand_together_under_one_digest() -> None:
    """One entry acknowledges the field's new value."""
    case = next(item for item in CASES if item.said == "s without web")
    both = case.new["conditions"][0]["conditionPrometheusQueryLanguage"]["query"].replace("0.05", "0.5")
    new = {**case.new, "conditions": [{"conditionPrometheusQueryLanguage": {"query": both, "duration": "300s"}}]}
    (found,) = weakened([resource(case.type, case.old)], [resource(case.type, new)])
    assert found.reasons == ("threshold > 0.05 -> > 0.5", "s without web")


def test_the_digest_tells_stacks_resources_fields_and_values_apart() -> None:
    """And is the same from run to run."""

    def digest(name: str = "it", old: str = "CRITICAL", new: str = "WARNING", stack: str = "prod") -> str:
        plans = [plan_value(resource(ALERT_POLICY, {"severity": item}, name=name), stack=stack) for item in (old, new)]
        (found,) = weakenings(diff_of(*plans))
        return found.digest

    assert digest() == digest() == "w" + digest()[1:]
    assert len({digest(), digest(name="b"), digest(old="ERROR"), digest(new="ERROR"), digest(stack="dev")}) == 5


_PROJECT = {"project": "p"}
_METRIC = _PROJECT | {"name": "errors", "filter": 'a="1"'}
_CHECK = _PROJECT | {"httpCheck": {"acceptedResponseStatusCodes": [{"statusClass": "STATUS_CLASS_2XX"}]}}


@pytest.mark.parametrize(
    ("type_", "old", "path", "value"),
    [
        (RULESET, {"repository": "app"}, "repository", "other"),
        (ENVIRONMENT, {"repository": "app", "environment": "production"}, "repository", "other"),
        (ENVIRONMENT, {"repository": "app", "environment": "production"}, "environment", "other"),
        (LOG_METRIC, _METRIC, "name", "other"),
        (LOG_METRIC, _METRIC, "project", "other"),
        (LOG_METRIC, _METRIC, "bucketName", "projects/p/locations/global/buckets/other"),
        (CHANNEL, _PROJECT, "project", "other"),
        (ALERT_POLICY, _PROJECT, "project", "other"),
        (UPTIME_CHECK, _CHECK, "project", "other"),
        (ALERT_POLICY, {"alertStrategy": {"autoClose": "1800s"}}, "alertStrategy.autoClose", "86400s"),
        (ALERT_POLICY, {"alertStrategy": {}}, "alertStrategy.autoClose", "1800s"),
        (OBJECTIVE, {"service": "api"}, "service", "web"),
        (AUDIT_CONFIG, {"service": "allServices"}, "service", "run.googleapis.com"),
        (API, {"service": "monitoring.googleapis.com"}, "service", "storage.googleapis.com"),
    ],
)
def test_what_no_rule_knows_needs_an_acknowledgement_in_both_directions(
    type_: str, old: dict[str, Any], path: str, value: Any
) -> None:
    """Another project, repository, service or name, and a field that no rule has: none passes as ordinary."""
    new = put(old, path, value)
    for before, after in ((old, new), (new, old)):
        (found,) = weakened([resource(type_, before)], [resource(type_, after)])
        assert found.field == path
        assert path in found.reasons[0]


def test_a_change_without_a_rule_is_reported_with_both_values() -> None:
    """So that whoever acknowledges it need not look for them."""
    (found,) = weakened([resource(CHANNEL, {"project": "shop"})], [resource(CHANNEL, {})])
    said = "changes project from shop to (absent), and it is not known whether that is weaker"
    assert found.reasons == (said,)


def test_a_list_of_status_codes_that_is_dropped_counts_by_what_passes_without_it() -> None:
    """2xx passes without a list: one of 200 alone asked for more, one of 2xx for the same."""
    plain = put(_CHECK, "httpCheck.acceptedResponseStatusCodes", None)
    only = put(_CHECK, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": 200}])
    assert weakened([resource(UPTIME_CHECK, _CHECK)], [resource(UPTIME_CHECK, plain)]) == ()
    assert weakened([resource(UPTIME_CHECK, plain)], [resource(UPTIME_CHECK, only)]) == ()
    (found,) = weakened([resource(UPTIME_CHECK, only)], [resource(UPTIME_CHECK, plain)])
    assert found.reasons == ("accepts other status codes",)


def test_the_first_reviewer_in_place_of_nobody_is_stricter() -> None:
    """Id 0 means no reviewer."""
    nobody, somebody = ({"reviewers": [{"users": [user]}]} for user in (0, 7))
    assert weakened([resource(ENVIRONMENT, nobody)], [resource(ENVIRONMENT, somebody)]) == ()
    assert len(weakened([resource(ENVIRONMENT, somebody)], [resource(ENVIRONMENT, nobody)])) == 1


@pytest.mark.parametrize("option", ["deleteBeforeReplace", "replaceOnChanges", "deletedWith", "hooks"])
def test_an_option_that_nobody_has_looked_at_counts_where_the_resource_protects(option: str) -> None:
    """In both directions; the order of work, a timeout and a former name do not."""
    plain, other = resource(RULESET, {}), resource(RULESET, {}, options={option: ["x"]})
    for before, after in ((plain, other), (other, plain)):
        assert [found.field for found in weakened([before], [after])] == [f"options.{option}"]
    harmless = {"dependencies": ["a"], "aliases": [{"urn": "a"}], "customTimeouts": {"create": "9m"}, "version": "9"}
    assert weakened([plain], [resource(RULESET, {}, options=harmless)]) == ()


def test_what_is_imported_needs_an_acknowledgement_until_it_is_there() -> None:
    """An import adopts what exists; its line is removed afterwards."""
    plain, imported, other = (
        resource(RULESET, {}, options=options) for options in (None, {"importId": "app:7"}, {"importId": "app:8"})
    )
    nothing: list[dict[str, Any]] = []
    for before in (nothing, [plain], [other]):
        assert [found.field for found in weakened(before, [imported])] == ["options.importId"]
    assert weakened([imported], [plain]) == ()


def test_a_new_resource_of_an_explicit_provider_counts_unless_the_provider_is_new_too() -> None:
    """A provider that is new is judged itself, once."""
    provider = resource("pulumi:providers:gcp", {"project": "p"}, name="own")
    alert = resource(ALERT_POLICY, {}, options={"provider": f"{provider['urn']}::<own.id>"})
    assert [found.field for found in weakened([provider], [provider, alert])] == ["options.provider"]
    assert [found.urn for found in weakened([], [provider, alert])] == [provider["urn"]]


def test_an_ignored_field_is_no_weakening() -> None:
    """The engine leaves it as it is; that it is ignored from now on counts."""
    ignoring = {"ignoreChanges": ["severity"]}
    high, low = (resource(ALERT_POLICY, {"severity": name}, options=ignoring) for name in ("CRITICAL", "WARNING"))
    assert weakened([high], [low]) == ()
    (found,) = weakened([resource(ALERT_POLICY, {"severity": "CRITICAL"})], [low])
    assert found.field == "options.ignoreChanges"


EXCLUSION = "gcp:logging/projectExclusion:ProjectExclusion"


def test_a_type_without_a_table_needs_an_acknowledgement_to_come_change_and_go() -> None:
    """Such as one that keeps entries out of every log: no rule says that it protects nothing."""
    some, more = (resource(EXCLUSION, {"filter": text}) for text in ("a", "b"))
    assert [found.field for found in weakened([], [some])] == ["(resource)"]
    assert [found.field for found in weakened([some], [])] == ["(resource)"]
    assert [found.field for found in weakened([some], [more])] == ["filter"]
    assert weakened([some], [some]) == ()
    assert weakened([some], [resource(EXCLUSION, {"filter": "a", "description": "x"})]) == ()


@pytest.mark.parametrize("type_", [DASHBOARD, LABEL, "shop:web:Site"])
def test_what_protects_nobody_and_what_is_a_component_needs_none(type_: str) -> None:
    """A component is in the plan only."""
    some, more = (resource(type_, {"text": text}) for text in ("a", "b"))
    for before, after in ((NO_RESOURCES, [some]), ([some], NO_RESOURCES), ([some], [more])):
        assert weakened(before, after) == ()


@pytest.mark.parametrize(
    ("type_", "inputs", "said"),
    [
        (LOG_BUCKET, {"bucketId": "_Default", "retentionDays": 7}, "adopts the log bucket _Default and keeps"),
        (LOG_BUCKET, {"bucketId": "<it.name>"}, "may adopt an existing log bucket"),
        (LOG_SINK, {"destination": "storage.googleapis.com/elsewhere"}, "sends copies of log entries to storage."),
        (AUDIT_CONFIG, {"auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": ["user:m"]}]},
         "DATA_READ of user:m is not logged"),
        (VULNERABILITY_ALERTS, {"enabled": False}, "is switched off"),
        (SECURITY_UPDATES, {"enabled": False}, "is switched off"),
    ],
)  # fmt: skip
def test_a_new_resource_that_changes_what_exists_or_sends_data_away_counts(
    type_: str, inputs: dict[str, Any], said: str
) -> None:
    """By its inputs: the same type with others passes."""
    (found,) = weakened([], [resource(type_, inputs)])
    assert found.reasons[0].startswith(said)
    harmless = {"bucketId": "own", "destination": "logging.googleapis.com/<own.id>", "enabled": True}
    assert weakened([], [resource(type_, harmless)]) == ()


def test_a_file_that_disappears_counts_and_the_change_of_its_text_does_not() -> None:
    """Its text is shown line by line."""
    file, other = (resource(REPOSITORY_FILE, {"file": "scan.yml", "content": text}) for text in ("a", "b"))
    (found,) = weakened([file], [])
    assert found.reasons == ("is no longer declared: the file scan.yml is no longer managed",)
    assert weakened([file], [other]) == ()
    assert weakened([], [file]) == ()


def test_a_file_that_a_component_no_longer_delivers_counts_and_one_that_is_delivered_in_another_way_does_not() -> None:
    """Delivery by pull request has no resource of its own for a file."""
    component = resource("readiness:project:ManagedFiles", {"delivery": "pull_request"})
    both, one = ({**component, "files": dict.fromkeys(names, "text")} for names in (("a.yml", "scan.yml"), ("a.yml",)))
    for new in ([one], NO_RESOURCES):
        (found,) = weakened([both], new)
        assert found.field == "files"
        assert "scan.yml" in found.reasons[0]
    assert weakened([one], [both]) == ()
    committed = resource(REPOSITORY_FILE, {"file": "scan.yml"}, options={"retainOnDelete": True})
    assert weakened([both], [one, committed]) == weakened([one, committed], [both]) == ()
    (found,) = weakened([both, committed], [one])
    assert found.type == REPOSITORY_FILE
    deleted = resource(REPOSITORY_FILE, {"file": "scan.yml"})
    assert len(weakened([one, deleted], [both])) == 1, "the engine deletes the file"


@pytest.mark.parametrize("option", ["hooks", "transforms"])
def test_an_option_that_nobody_has_looked_at_counts_on_a_component_too(option: str) -> None:
    """It reaches what the component declares."""
    plain, other = (resource("shop:web:Site", {}, options=options) for options in (None, {option: ["x"]}))
    assert [found.field for found in weakened([plain], [other])] == [f"options.{option}"]


def test_a_rename_without_an_alias_loses_what_its_creation_takes_over() -> None:
    """The new one is created first, onto the existing environment; then the old one is deleted, and nothing is left."""
    old, new = (resource(ENVIRONMENT, {"environment": "production"}, name=name) for name in ("old", "new"))
    (found,) = weakened([old], [new])
    assert found.reasons[0].startswith("new adopts it, and then it is deleted: ")
    kept = resource(ENVIRONMENT, old["inputs"], name="old", options={"retainOnDelete": True})
    assert weakened([kept], [new]) == ()
    alias = resource(ENVIRONMENT, old["inputs"], name="new", options={"aliases": [{"urn": old["urn"]}]})
    assert weakened([old], [alias]) == ()


def test_an_alias_to_another_type_counts() -> None:
    """No table compares an alert with a chart."""
    old = resource(ALERT_POLICY, {"displayName": "a"})
    new = resource(DASHBOARD, {"displayName": "a"}, options={"aliases": [{"urn": old["urn"]}]})
    assert [found.field for found in weakened([old], [new])] == ["type"]


def test_a_replacement_that_only_a_harmless_field_forces_counts() -> None:
    """The provider cannot update the description of a metric's label: it deletes the metric."""
    old, new = (
        resource(LOG_METRIC, {"metricDescriptor": {"labels": [{"key": "a", "description": text}]}}) for text in "ab"
    )
    (found,) = weakened([old], [new])
    assert found.reasons[0].startswith("is replaced because of metricDescriptor.labels[0].description: the old one is")


def test_a_secret_output_that_is_no_longer_secret_counts() -> None:
    """From then on it is in the state in plain text; one that becomes secret is stricter."""
    secret, plain = (resource(DASHBOARD, {}, options=o) for o in ({"additionalSecretOutputs": ["key"]}, None))
    (found,) = weakened([secret], [plain])
    assert found.reasons == ("the state contains key in plain text",)
    assert weakened([plain], [secret]) == ()
