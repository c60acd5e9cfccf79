"""From inputs to the requests that the real providers were seen to send.

Google's: docs/facts/providers.md#requests-to-google. GitHub's: docs/facts/providers.md#requests-to-github.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness.rules.plan_rules import CONTRACTS
from tests.rules.good_inputs import (
    ALERT_POLICY,
    ALERTS,
    API,
    CHANNEL,
    DASHBOARD,
    DEPLOYMENT_POLICY,
    ENVIRONMENT,
    ENVIRONMENT_SECRET,
    FILE,
    GOOD_INPUTS,
    JOB,
    LABEL,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    MEMBER,
    OBJECTIVE,
    REGISTRY,
    RULESET,
    SECRET,
    SERVICE,
    UPTIME_CHECK,
    VARIABLE,
    good_body,
    good_inputs,
)
from tests.rules.planting import check_body


def body_of(type_: str, **changes: Any) -> Any:
    """The body of the good resource with some inputs changed."""
    return CONTRACTS[type_].body({**good_inputs(type_), **changes})


@pytest.mark.parametrize("type_", [ALERT_POLICY, UPTIME_CHECK, LOG_METRIC])
def test_what_is_named_alike_goes_through_without_the_project(type_: str) -> None:
    """The project is part of the address."""
    expected = {key: value for key, value in GOOD_INPUTS[type_].items() if key != "project"}
    assert good_body(type_) == expected


def test_the_plural_of_the_sdk_is_the_singular_of_the_api() -> None:
    """`notificationChannelStrategies` in the SDK, `notificationChannelStrategy` in the API, both lists."""
    strategy = [{"renotifyInterval": "3600s"}]
    body = body_of(ALERT_POLICY, alertStrategy={"notificationChannelStrategies": strategy})
    assert body["alertStrategy"] == {"notificationChannelStrategy": strategy}


def test_sensitive_labels_travel_among_the_labels() -> None:
    """`{"auth_token", "channel_name"}`, the write-only form too, and its version number not at all."""
    assert good_body(CHANNEL)["labels"] == {"channel_name": "#ops", "auth_token": "[secret]"}
    write_only = {"serviceKeyWo": "[secret]", "serviceKeyWoVersion": "1"}
    assert body_of(CHANNEL, labels={}, sensitiveLabels=write_only)["labels"] == {"service_key": "[secret]"}
    assert "sensitiveLabels" not in good_body(CHANNEL)


def test_a_write_only_password_is_sent_as_the_password() -> None:
    """Its version is the provider's own."""
    info = {"username": "probe", "passwordWo": "[secret]", "passwordWoVersion": "1"}
    check = body_of(UPTIME_CHECK, httpCheck={"authInfo": info})["httpCheck"]
    assert check == {"authInfo": {"username": "probe", "password": "[secret]"}}


def test_a_dashboard_is_its_own_json() -> None:
    """No wrapper around it."""
    assert good_body(DASHBOARD) == json.loads(GOOD_INPUTS[DASHBOARD]["dashboardJson"])


def test_a_service_is_custom_and_its_id_part_of_the_address() -> None:
    """`{"custom": {}, "displayName", "userLabels"}`."""
    assert good_body(SERVICE) == {"custom": {}, "displayName": "app", "userLabels": {"environment": "production"}}


def test_an_objective_has_its_indicator_below_one_field_and_its_days_as_a_duration() -> None:
    """As the provider's POST to serviceLevelObjectives has it."""
    ratio = {"goodServiceFilter": "good", "totalServiceFilter": "total"}
    assert good_body(OBJECTIVE) == {
        "displayName": "Availability",
        "goal": 0.995,
        "name": "availability",
        "rollingPeriod": "2419200s",
        "serviceLevelIndicator": {"requestBased": {"goodTotalRatio": ratio}},
    }


def test_basic_indicators_have_the_api_s_names_at_every_depth() -> None:
    """Lists in the singular, availability an empty object, and only what is declared."""
    basic = {"availability": {"enabled": True}, "locations": ["us-central1"], "methods": ["get"], "versions": ["1"]}
    sent: dict[str, Any] = {"availability": {}, "location": ["us-central1"], "method": ["get"], "version": ["1"]}
    windows = {"goodTotalRatioThreshold": {"basicSliPerformance": basic}}
    latency = {"latency": {"threshold": "1s"}}
    assert _indicator(basicSli=basic) == {"basicSli": sent}
    assert _indicator(basicSli=latency) == {"basicSli": latency}
    assert _indicator(windowsBasedSli=windows) == {
        "windowsBased": {"goodTotalRatioThreshold": {"basicSliPerformance": sent}}
    }


def _indicator(**indicator: Any) -> Any:
    body = CONTRACTS[OBJECTIVE].body({"goal": 0.99, **indicator})
    assert body.keys() == {"goal", "serviceLevelIndicator"}
    return body["serviceLevelIndicator"]


def test_a_log_bucket_s_analytics_have_the_api_s_name() -> None:
    """Bucket and location are part of the address."""
    assert good_body(LOG_BUCKET) == {"analyticsEnabled": True, "description": "Audit logs", "retentionDays": 400}
    assert "uniqueWriterIdentity" not in good_body(LOG_SINK)


def test_cleanup_policies_become_a_map_by_id() -> None:
    """`{"delete-old": {"action", "condition"}, …}`; id and place of the repository are part of the address."""
    body = good_body(REGISTRY)
    assert list(body["cleanupPolicies"]) == ["delete-older-than-30-days", "keep-recent-backend", "keep-protected-tags"]
    assert not body.keys() & {"repositoryId", "location", "project"}


def test_a_member_becomes_a_binding_of_one() -> None:
    """The provider merges it into the policy that it has read."""
    body = good_body(MEMBER)
    assert body["members"] == ["serviceAccount:deployer@some-project.iam.gserviceaccount.com"]
    assert body.keys() == {"condition", "members", "role"}


@pytest.mark.parametrize("type_", [API, ALERTS])
def test_a_switch_has_no_body(type_: str) -> None:
    """Its address says all."""
    assert good_body(type_) is None


def test_a_job_s_containers_have_the_api_s_names() -> None:
    """`env` and `command`; only the provider has the protection against deletion."""
    body = good_body(JOB)
    container = body["template"]["template"]["containers"][0]
    assert container["command"] == ["alembic"]
    assert [variable["name"] for variable in container["env"]] == ["MODE", "DATABASE_URL"]
    assert not body.keys() & {"deletionProtection", "location", "name"}
    assert body_of(JOB, template={}) == {"template": {}}


def test_an_environment_is_sent_whole_with_its_reviewers_as_one_list() -> None:
    """The recorded PUT, absent fields as the provider's defaults."""
    assert good_body(ENVIRONMENT) == {
        "wait_timer": 5,
        "reviewers": [{"type": "Team", "id": 201}, {"type": "User", "id": 102}, {"type": "User", "id": 103}],
        "can_admins_bypass": False,
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        "prevent_self_review": True,
    }
    assert CONTRACTS[ENVIRONMENT].body({"environment": "staging", "repository": "app"}) == {
        "wait_timer": 0,
        "reviewers": None,
        "can_admins_bypass": True,
        "deployment_branch_policy": None,
        "prevent_self_review": False,
    }


def test_a_deployment_policy_is_a_name_and_its_type() -> None:
    """`{"name": "v*", "type": "tag"}` or `{"name": "main", "type": "branch"}`."""
    tag = {"environment": "production", "repository": "app", "tagPattern": "v*"}
    assert good_body(DEPLOYMENT_POLICY) == {"name": "main", "type": "branch"}
    assert CONTRACTS[DEPLOYMENT_POLICY].body(tag) == {"name": "v*", "type": "tag"}
    assert CONTRACTS[DEPLOYMENT_POLICY].body({}) == {}


def test_a_secret_is_sent_encrypted() -> None:
    """By the provider with a key that a plan does not know, or as the program gives it."""
    assert good_body(SECRET) == {"encrypted_value": "<unknown>", "key_id": "<unknown>"}
    assert good_body(ENVIRONMENT_SECRET) == {"encrypted_value": "c2VhbGVk", "key_id": "568250167242549743"}


def test_a_variable_and_a_label_are_name_and_value() -> None:
    """The repository is part of the address."""
    assert good_body(VARIABLE) == {"name": "REGION", "value": "us-central1"}
    assert good_body(LABEL) == {"color": "0366d6", "description": "Updates a dependency", "name": "dependencies"}


def test_a_file_is_sent_in_base64_with_its_author_as_committer() -> None:
    """The recorded PUT to contents."""
    person = {"name": "Readiness", "email": "readiness@example.com"}
    assert good_body(FILE) == {
        "message": "Update dependabot.yml",
        "content": "dmVyc2lvbjogMgo=",
        "branch": "main",
        "author": person,
        "committer": person,
    }
    unknown = CONTRACTS[FILE].body({"content": "<unknown>", "file": "a"})
    assert unknown == {"message": "Add a", "content": "<unknown>"}


def test_a_ruleset_s_rules_become_a_list_with_what_github_requires() -> None:
    """Types in snake case; what is false is left out; required parameters have the provider's defaults."""
    rules = good_body(RULESET)["rules"]
    assert [rule["type"] for rule in rules] == [
        "deletion",
        "pull_request",
        "code_scanning",
        "required_status_checks",
        "update",
    ]
    assert rules[0] == {"type": "deletion"}
    assert rules[1]["parameters"] == {
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 1,
        "required_review_thread_resolution": False,
    }
    assert body_of(RULESET, rules={"pullRequest": {}})["rules"][0]["parameters"]["required_approving_review_count"] == 0
    assert rules[3]["parameters"] == {
        "strict_required_status_checks_policy": False,
        "required_status_checks": [{"context": "gate", "integration_id": 15368}],
    }
    assert rules[4]["parameters"] == {"update_allows_fetch_and_merge": False}


def test_a_rule_of_the_wrong_form_is_seen_by_the_schema() -> None:
    """It goes through as it stands, to be reported at its place."""
    body = body_of(RULESET, rules={"pullRequest": "yes"})
    assert [item.path for item in check_body(RULESET, body)] == ["rules[0].parameters"]
    assert [item.path for item in check_body(ENVIRONMENT, body_of(ENVIRONMENT, reviewers="octocat"))] == ["reviewers"]
