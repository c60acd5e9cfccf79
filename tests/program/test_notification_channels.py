"""The notification channels of a stack, read from its plan."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.problems import RefusedError
from readiness.review.offline_plan import Plan
from readiness.settings.channels import PAGERDUTY_SERVICE_KEY, SLACK_AUTH_TOKEN
from tests.program.variations import CHANNEL, own_plan_with, policies_of
from tests.projects import EVERY_OPTION

EMAILS = ["ops@shop.example.net", "dev@shop.example.net", "boss@shop.example.net"]


def channels_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """Inputs of the channels by their name in the program."""
    return {channel["name"]: channel["inputs"] for channel in plan.of_type(CHANNEL)}


def with_emails(*emails: str) -> dict[str, dict[str, Any]]:
    """The channels of production with these addresses."""
    return channels_of(own_plan_with("prod", channels={"emails": list(emails)}))


def test_each_address_has_a_channel_of_type_email() -> None:
    """Written as in the settings, case and all."""
    channels = with_emails("Ops.Team+alerts@Shop.example.net")
    assert channels == {
        "channels-email-ops.team+alerts@shop.example.net": {
            "type": "email",
            "project": "ytgrs-464303",
            "displayName": "E-mail Ops.Team+alerts@Shop.example.net (production)",
            "labels": {"email_address": "Ops.Team+alerts@Shop.example.net"},
            "userLabels": {"environment": "production", "managed_by": "readiness"},
        }
    }


def test_slack_has_channel_and_workspace_as_labels_and_its_token_only_as_a_secret(plans: dict[str, Plan]) -> None:
    """A label is readable by everybody who may see the channel."""
    slack = channels_of(plans[EVERY_OPTION])["channels-slack"]
    assert slack["type"] == "slack"
    assert slack["labels"] == {"channel_name": "#shop-alerts", "team": "Shop"}
    assert slack["sensitiveLabels"] == {"authToken": "[secret]"}


def test_slack_without_a_workspace_has_no_such_label() -> None:
    """The API refuses an empty one."""
    channels = {"emails": ["ops@example.com"], "slack": {"channel_name": "#alerts"}}
    slack = channels_of(own_plan_with("prod", (SLACK_AUTH_TOKEN,), channels=channels))["channels-slack"]
    assert slack["labels"] == {"channel_name": "#alerts"}


def test_pagerduty_has_its_key_only_as_a_secret_and_no_label(plans: dict[str, Plan]) -> None:
    """The key decides the service; its name is for people."""
    pagerduty = channels_of(plans[EVERY_OPTION])["channels-pagerduty"]
    assert pagerduty["type"] == "pagerduty"
    assert pagerduty["sensitiveLabels"] == {"serviceKey": "[secret]"}
    assert "labels" not in pagerduty
    assert pagerduty["displayName"] == "PagerDuty Shop on call (every-option)"


def test_a_stack_declares_no_channel_that_it_does_not_configure(plans: dict[str, Plan]) -> None:
    """Both real stacks have e-mail alone."""
    assert [each["type"] for each in channels_of(plans["prod"]).values()] == ["email"]
    assert [each["type"] for each in channels_of(plans["staging"]).values()] == ["email"]


def test_an_existing_channel_is_routed_by_its_kind_and_not_declared() -> None:
    """It belongs to somebody else."""
    prefix = "projects/ytgrs-464303/notificationChannels/"
    kinds = ("email", "slack", "pagerduty")
    existing = [{"kind": kind, "id": f"{prefix}{number}"} for number, kind in enumerate(kinds)]
    plan = own_plan_with("prod", channels={"existing": existing})
    assert channels_of(plan) == {}
    policies = policies_of(plan)
    assert policies["HighLatency"]["inputs"]["notificationChannels"] == [f"{prefix}0"]
    assert policies["HighErrorRate"]["inputs"]["notificationChannels"] == [f"{prefix}{number}" for number in range(3)]


def test_reordering_addresses_renames_no_channel() -> None:
    """A channel that is renamed is deleted and made anew, and its verification is lost."""
    assert with_emails(*EMAILS) == with_emails(*reversed(EMAILS))


def test_replacing_one_address_leaves_the_other_channels_alone() -> None:
    """Position plays no part in a name."""
    before, after = with_emails(*EMAILS), with_emails("new@shop.example.net", *EMAILS[1:])
    assert before.keys() - after.keys() == {"channels-email-ops@shop.example.net"}
    assert after.keys() - before.keys() == {"channels-email-new@shop.example.net"}


def test_a_change_of_case_renames_no_channel() -> None:
    """The address is the same; only what is shown changes."""
    assert with_emails("Ops@shop.example.net").keys() == with_emails("ops@shop.example.net").keys()


def test_addresses_that_read_alike_without_their_at_sign_get_channels_of_their_own() -> None:
    """Any spelling of `@` in words could be another address's."""
    assert len(with_emails("ops-at-night@shop.example.net", "ops@night-at-shop.example.net")) == 2


def test_one_address_twice_is_refused() -> None:
    """Also in another case: two channels would mail one person twice."""
    with pytest.raises(RefusedError, match="repeats item"):
        with_emails("ops@shop.example.net", "OPS@shop.example.net")


def test_secrets_of_the_plan_are_those_of_the_channels() -> None:
    """Production with both: each channel has its own, and each is masked."""
    channels = {
        "emails": ["ops@example.com"],
        "slack": {"channel_name": "#alerts"},
        "pagerduty": {"service_name": "Production"},
    }
    found = channels_of(own_plan_with("prod", (SLACK_AUTH_TOKEN, PAGERDUTY_SERVICE_KEY), channels=channels))
    assert found["channels-slack"]["sensitiveLabels"] == {"authToken": "[secret]"}
    assert found["channels-pagerduty"]["sensitiveLabels"] == {"serviceKey": "[secret]"}
