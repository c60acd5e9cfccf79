"""The program as the engine runs it: secrets stay secrets, and a refused update declares nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format

from readiness.plan.offline_plan import Plan
from readiness.plan.recorder import Recording, is_secret
from readiness.settings.configuration_keys import SECRETS
from tests.program.declared import by_name, run_as_engine
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE

SLACK_TOKEN = "xoxb-" + "1111-2222-madeUpToken"
PAGERDUTY_KEY = "0123456789abcdef" * 2
WEBHOOK = "https://hooks.slack.com/" + "services/T0/B0/madeUpToken"
STORED = {
    "readiness:slack_auth_token": SLACK_TOKEN,
    "readiness:pagerduty_service_key": PAGERDUTY_KEY,
    "readiness:slack_webhook_url": WEBHOOK,
}
# The resource and the path of the input that gets each secret.
PLACES = {
    SLACK_TOKEN: ("channels-slack", "sensitiveLabels", "authToken"),
    PAGERDUTY_KEY: ("channels-pagerduty", "sensitiveLabels", "serviceKey"),
    WEBHOOK: ("repository-secrets-slack-webhook-url", "value"),
}


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A preview of the stack with every option. An update would need the record of `readiness cleanup gate`."""
    return run_as_engine(EVERY_OPTION_FILE.parent, EVERY_OPTION, secrets=STORED, dry_run=True)


def inputs_of(recording: Recording) -> dict[str, dict[str, Any]]:
    """The inputs that the engine receives, by the name of their resource."""
    return {request.name: json_format.MessageToDict(request.object) for request in recording.requests.values()}


def test_each_secret_of_the_stack_reaches_its_resource_as_a_secret(recording: Recording) -> None:
    """So that the state keeps it encrypted. Nothing else that is registered contains its value."""
    assert STORED.keys() == {secret.key for secret in SECRETS}
    inputs = inputs_of(recording)
    for value, (name, *path, last) in PLACES.items():
        holder = inputs[name]
        for step in path:
            holder = holder[step]
        sent = holder.pop(last)
        assert is_secret(sent), name
        assert sent["value"] == value
    rest = repr((inputs, recording.outputs))
    assert not [value for value in PLACES if value in rest]


def test_the_digest_of_a_secret_says_nothing_about_its_value(plans: dict[str, Plan], recording: Recording) -> None:
    """It is the digest of the ciphertext, so that the offline plan can show it without knowing the value."""
    offline = by_name(plans[EVERY_OPTION], "repository-secrets")["inputs"]
    assert inputs_of(recording)["repository-secrets"] == offline
    assert len(offline["ciphertextDigests"]["SLACK_WEBHOOK_URL"]) == 16


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_preview_goes_on_with_placeholders_and_an_update_is_refused(project: Path, dry_run: bool) -> None:
    """The program checks its settings before it declares anything."""
    if dry_run:
        assert "production-environment-guard" in inputs_of(run_as_engine(project, "prod", secrets={}, dry_run=True))
    else:
        with pytest.raises(pulumi.RunError, match=r"reviewers.users\[0\]: is a placeholder for a reviewer"):
            run_as_engine(project, "prod", secrets={}, dry_run=False)
