"""The component `RepositorySecrets`."""

from __future__ import annotations

from google.protobuf import json_format

from components.repository_secrets import RepositorySecretArgs, RepositorySecrets, RepositorySecretsArgs
from readiness.plan.recorder import is_secret
from tests.components.conftest import Declare

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
