"""The Slack webhook as a secret of the repository: only where it is stored, never shown, its rotation seen."""

from __future__ import annotations

import traceback
from pathlib import Path

import pulumi
import pytest
from google.protobuf import json_format

from readiness.problems import errors_only
from readiness.review.offline_plan import Plan, plan_json
from readiness.settings.secret_names import OFFLINE_PLACEHOLDER
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, add, edit, found
from tests.program.declared import SECRET, WEBHOOK, by_name, one, planned, recorded_as_engine, run_as_engine

KEY = "readiness:slack_webhook_url"


def store(project: Path, ciphertext: str = "v1:AAAA:AAAA") -> None:
    """What `pulumi config set --secret` writes."""
    add(project, f"  {KEY}:\n    secure: {ciphertext}\n")


def digest(plan: Plan) -> str:
    """The digest that the plan shows."""
    return by_name(plan, "repository-secrets")["inputs"]["ciphertextDigests"]["SLACK_WEBHOOK_URL"]


def test_without_a_stored_webhook_nothing_is_declared(plans: dict[str, Plan]) -> None:
    """The customer has set it by hand; taking it over is a choice."""
    assert not list(plans["prod"].of_type(SECRET))


def test_a_stored_webhook_becomes_the_secret_that_both_workflows_read(plans: dict[str, Plan]) -> None:
    """A secret of the repository: staging's job has no environment."""
    assert one(plans["every-option"], SECRET)["inputs"] == {
        "repository": "shop.app",
        "secretName": "SLACK_WEBHOOK_URL",
        "value": "[secret]",
    }


def test_the_digest_changes_with_the_ciphertext_and_with_nothing_else(project: Path) -> None:
    """A rotation shows in the plan; another line of the file does not look like one."""
    store(project, "v1:AAAA:AAAA")
    first = digest(planned(project))
    edit(project, "    cleanup_dry_run: true\n", "    cleanup_dry_run: true\n    keep_recent_versions: 9\n")
    assert digest(planned(project)) == first
    edit(project, "v1:AAAA:AAAA", "v1:AAAA:BBBB")
    second = digest(planned(project))
    assert second != first
    assert len(first) == len(second) == 16


def test_the_digest_says_nothing_about_the_value(project: Path) -> None:
    """Two values under one ciphertext, which cannot be, would have one digest."""
    store(project)
    digests = {digest(run_as_engine(project, secrets={KEY: WEBHOOK + each})) for each in ("1", "2")}
    assert digests == {digest(planned(project))}, "the engine's run shows another digest than the offline plan"


def test_the_engine_is_given_the_value_as_a_secret(project: Path) -> None:
    """Wrapped, so that the state keeps it encrypted; the plan masks it."""
    store(project)
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    recording = recorded_as_engine(project, secrets={KEY: WEBHOOK}, dry_run=False)
    (request,) = (each for each in recording.requests.values() if each.type == SECRET)
    value = json_format.MessageToDict(request.object)["value"]
    assert value["value"] == WEBHOOK
    assert len(value) == 2, "the value is not in a secret's wrapper"
    assert WEBHOOK not in plan_json(run_as_engine(project, secrets={KEY: WEBHOOK}))


def test_a_webhook_that_no_file_holds_has_no_digest(project: Path) -> None:
    """`--config-file`: there is no ciphertext to be seen."""
    assert digest(run_as_engine(project, secrets={KEY: WEBHOOK})) == "not in a file"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        WEBHOOK + "\n",
        WEBHOOK + " ",
        " " + WEBHOOK,
        WEBHOOK.replace("https", "http"),
        WEBHOOK.replace("slack.com", "slack.com.evil.example"),
        WEBHOOK.replace("hooks.", "user@hooks."),
        WEBHOOK.replace("services", "unknown"),
        "https://hooks.slack.com/services/",
        "https://evil.example/?" + WEBHOOK,
        "not-a-webhook-at-all",
    ],
)
def test_an_empty_or_malformed_webhook_is_refused_without_printing_it(project: Path, value: str, dry_run: bool) -> None:
    """At program start, in a preview too: GitHub takes an empty secret, and every deployment then fails."""
    store(project)
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    with pytest.raises(pulumi.RunError) as refused:
        run_as_engine(project, secrets={KEY: value}, dry_run=dry_run)
    text = "".join(traceback.format_exception(refused.value))
    assert f"{KEY}: is not the incoming webhook that the deployment workflows post to" in text
    assert f"Store it with `pulumi config set --secret {KEY}`" in text
    if value.strip():
        assert value.strip() not in text
        assert value.strip().rpartition("/")[2] not in text or value.endswith("/")


def test_the_offline_placeholder_is_no_webhook_for_an_update(project: Path) -> None:
    """It stands for the value where no engine decrypts it, and must never be uploaded."""
    store(project)
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    with pytest.raises(pulumi.RunError, match="is not the incoming webhook"):
        run_as_engine(project, secrets={KEY: OFFLINE_PLACEHOLDER}, dry_run=False)


def test_a_webhook_in_plain_text_is_refused_without_printing_it(project: Path) -> None:
    """In the file, and given to the engine without `--secret`."""
    with pytest.raises(pulumi.RunError) as refused:
        run_as_engine(project, plain={KEY: WEBHOOK})
    add(project, f"  {KEY}: {WEBHOOK}\n")
    problems = [str(each) for each in errors_only(found(project).values())]
    for text in (str(refused.value), *problems):
        assert f"pulumi config set --secret {KEY}" in text
        assert "T0/B0" not in text
    assert problems
