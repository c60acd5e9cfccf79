"""A secret is masked wherever a program puts it, in every form of the plan."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from readiness.plan.offline_plan import Plan, plan_json
from readiness.plan.recorder import record
from readiness.plan.render_plan import plan_markdown, plan_text
from readiness.settings.configuration_keys import OFFLINE_PLACEHOLDER, SECRETS
from tests.plan.small_programs import named, plan_program
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE, config_of

PLANTED = "planted-4Zq8"

LEAKY = f"""
    import pulumi
    from pulumi_gcp import monitoring

    token = pulumi.Output.secret("{PLANTED}-token")

    class Room(pulumi.ComponentResource):
        def __init__(self):
            super().__init__("demo:room:Room", "room", {{"token": token, "list": [token]}})
            self.register_outputs({{"token": token}})

    Room()
    monitoring.NotificationChannel(
        "direct",
        type="slack",
        sensitive_labels=monitoring.NotificationChannelSensitiveLabelsArgs(auth_token=token),
    )
    monitoring.NotificationChannel(
        "derived",
        type="slack",
        description=pulumi.Output.concat("Bearer ", token),
        display_name=token.apply(lambda text: text.upper()),
        labels={{"json": pulumi.Output.json_dumps({{"deep": {{"token": token}}}}), "plain": "shown"}},
        user_labels=pulumi.Output.all(token, "b").apply(lambda both: {{"first": both[0], "second": both[1]}}),
    )
    monitoring.AlertPolicy(
        "nested",
        display_name="nested",
        combiner="OR",
        conditions=[],
        notification_channels=["plain", token, pulumi.Output.format("{{0}}-x", token)],
        documentation=monitoring.AlertPolicyDocumentationArgs(content=token, subject="shown"),
    )
    pulumi.export("token", token)
    pulumi.export("nested", {{"list": [token, {{"deep": token}}], "plain": "shown"}})
"""


@pytest.fixture
def leaky(tmp_path: Path) -> Plan:
    """The plan of a program that puts one secret into every place there is."""
    return plan_program(tmp_path, LEAKY)


def test_a_secret_is_masked_as_an_input_and_in_what_is_derived_from_it(leaky: Plan) -> None:
    """By `apply`, `concat`, `json_dumps` and `all`: the whole value is masked, its neighbours are not."""
    assert named(leaky, "direct")["inputs"]["sensitiveLabels"] == {"authToken": "[secret]"}
    derived = named(leaky, "derived")["inputs"]
    assert derived["description"] == derived["displayName"] == derived["userLabels"] == "[secret]"
    assert derived["labels"] == {"json": "[secret]", "plain": "shown"}


def test_a_secret_is_masked_inside_lists_and_objects(leaky: Plan) -> None:
    """Item by item, so that the rest of the list can be reviewed."""
    inputs = named(leaky, "nested")["inputs"]
    assert inputs["notificationChannels"] == ["plain", "[secret]", "[secret]"]
    assert inputs["documentation"] == {"content": "[secret]", "subject": "shown"}


def test_a_secret_is_masked_in_outputs_and_in_the_inputs_of_a_component(leaky: Plan) -> None:
    """They reach the state, and so the plan, as resources' inputs do."""
    nested = {"list": ["[secret]", {"deep": "[secret]"}], "plain": "shown"}
    assert leaky.outputs == {"token": "[secret]", "nested": nested}
    assert named(leaky, "room")["inputs"] == {"token": "[secret]", "list": ["[secret]"]}


def test_a_planted_secret_is_in_no_form_of_the_plan(leaky: Plan) -> None:
    """The last word: the text itself, in any spelling, is nowhere."""
    for text in (plan_text(leaky), plan_json(leaky), plan_markdown(leaky)):
        assert PLANTED.lower() not in text.lower()


def test_without_the_masking_the_planted_secret_would_be_there() -> None:
    """The recording itself contains the plain text, so that the test above can fail."""

    def program() -> None:
        import pulumi

        pulumi.export("token", pulumi.Output.secret(PLANTED))

    assert PLANTED in str(record(program, project="demo", stack="dev").outputs)


def test_a_configured_secret_is_masked_also_when_it_is_given_to_the_program_as_plain_text(tmp_path: Path) -> None:
    """What the plan hands out in place of a stored secret is no secret, and is never the ciphertext."""
    plan = plan_program(
        tmp_path,
        """
        import pulumi
        config = pulumi.Config("demo")
        pulumi.export("kept", config.require_secret("token"))
        pulumi.export("lost", config.require("token"))
        """,
        secret_keys={"demo:token"},
    )
    assert plan.outputs == {"kept": "[secret]", "lost": OFFLINE_PLACEHOLDER}


def test_every_secret_of_the_settings_is_masked_and_no_ciphertext_is_in_any_form(plans: dict[str, Plan]) -> None:
    """The stack with every option stores each of them."""
    assert config_of(EVERY_OPTION).secret_keys == {secret.key for secret in SECRETS}
    stored = EVERY_OPTION_FILE.read_text(encoding="utf-8")
    ciphertexts = [line.partition("secure:")[2].strip() for line in stored.splitlines() if "secure:" in line]
    assert len(ciphertexts) == len(SECRETS)
    plan = plans[EVERY_OPTION]
    for text in (plan_text(plan), plan_json(plan), plan_markdown(plan)):
        assert text.count("[secret]") >= len(SECRETS)
        assert OFFLINE_PLACEHOLDER not in text
        assert not [ciphertext for ciphertext in ciphertexts if ciphertext in text]


def test_a_secret_in_the_environment_is_in_no_form_of_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan reads no variable."""
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "GOOGLE_CREDENTIALS", "GITHUB_TOKEN"):
        monkeypatch.setitem(os.environ, name, PLANTED)
    plan = plan_program(tmp_path, "import pulumi_gcp\npulumi_gcp.Provider('other')\n")
    for text in (plan_text(plan), plan_json(plan), plan_markdown(plan)):
        assert PLANTED not in text
