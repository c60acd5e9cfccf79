"""The component `RepositorySecrets`."""

from __future__ import annotations

import pulumi
from google.protobuf import json_format

from components.enabled_apis import EnabledApis, EnabledApisArgs
from components.repository_secrets import RepositorySecretArgs, RepositorySecrets, RepositorySecretsArgs
from readiness.plan.recorder import is_secret
from tests.components.conftest import Declare
from tests.components.inputs import assert_inputs_are_inputs

PLAIN_TEXT = "made-up-value"
WEBHOOK = RepositorySecretArgs(value=PLAIN_TEXT, ciphertext_digest="0123456789abcdef")
ARGS = RepositorySecretsArgs(
    repository="shop",
    secrets={"SLACK_WEBHOOK_URL": WEBHOOK, "DEPLOY_KEY": RepositorySecretArgs(value="another-one")},
)


def test_a_secret_is_stored_under_its_name(declare: Declare) -> None:
    """A plan shows that there is a value, but not the value."""
    assert declare(lambda: RepositorySecrets("secrets", ARGS)).inputs("secrets-slack-webhook-url") == {
        "repository": "shop",
        "secretName": "SLACK_WEBHOOK_URL",
        "value": "[secret]",
    }


def test_a_value_in_plain_text_is_registered_as_a_secret(declare: Declare) -> None:
    """No other input or output contains the value."""
    declared = declare(lambda: RepositorySecrets("secrets", ARGS))
    requests = {
        request.name: json_format.MessageToDict(request.object) for request in declared.recording.requests.values()
    }
    value = requests["secrets-slack-webhook-url"].pop("value")
    assert is_secret(value)
    assert value["value"] == PLAIN_TEXT
    assert PLAIN_TEXT not in repr((requests, declared.recording.outputs))


def test_no_message_shows_the_value_of_the_arguments() -> None:
    """A traceback with local values prints them."""
    assert PLAIN_TEXT not in repr(ARGS)


def test_the_plan_shows_the_digest_of_the_ciphertext(declare: Declare) -> None:
    """A new value shows as a new digest. A secret may have none."""
    declared = declare(lambda: RepositorySecrets("secrets", ARGS))
    assert declared.inputs("secrets") == {"ciphertextDigests": {"SLACK_WEBHOOK_URL": "0123456789abcdef"}}


def test_its_output_names_the_secrets(declare: Declare) -> None:
    """In the caller's order."""
    declared = declare(lambda: RepositorySecrets("secrets", ARGS))
    assert declared.outputs_of("secrets") == {"names": ["SLACK_WEBHOOK_URL", "DEPLOY_KEY"]}


def test_every_secret_waits_for_what_the_component_depends_on(declare: Declare) -> None:
    """So that the plan shows the order for each resource."""

    def program() -> None:
        before = EnabledApis("before", EnabledApisArgs(project="shop-1234", apis=["a.example"]))
        RepositorySecrets("secrets", ARGS, pulumi.ResourceOptions(depends_on=[before]))

    declared = declare(program)
    waits = [declared.dependencies_of(f"secrets-{end}") for end in ("slack-webhook-url", "deploy-key")]
    assert waits == [{"before-a.example"}] * 2


def test_two_fit_into_one_program(declare: Declare) -> None:
    """Their children have different names, because each begins with the name of its component."""
    declared = declare(lambda: [RepositorySecrets("first", ARGS), RepositorySecrets("second", ARGS)])
    assert {name: declared.parent_of(name) for name in declared.names if "-" in name} == {
        "first-slack-webhook-url": "first",
        "first-deploy-key": "first",
        "second-slack-webhook-url": "second",
        "second-deploy-key": "second",
    }


def test_every_input_may_be_an_output_unknown_or_secret(declare: Declare) -> None:
    """Repository and values."""
    assert_inputs_are_inputs(declare, lambda args: RepositorySecrets("secrets", args), ARGS)
