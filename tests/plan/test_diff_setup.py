"""Which program is run and where credentials go is compared, though no resource shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import Finding, RefusedError
from readiness.plan import base_plan
from readiness.plan.diff_report import diff_report
from readiness.plan.offline_plan import Plan, plan_json
from readiness.plan.program_setup import setup_in_folder, setup_of
from readiness.plan.render_diff import diff_markdown, diff_text
from readiness.plan.weakening import weakenings
from readiness.settings.stack_files import StackConfig, read_stack
from tests.edits import add, edit
from tests.plan.diff_plans import diff_of, plan_value
from tests.projects import Command

STAGING = "Pulumi.staging.yaml"
PROJECT = "Pulumi.yaml"
TEXT_OF_SALT = "encryptionsalt: v1:AAAAAAAAAAA=:v1:BBBB:CCCC\n"

# File, text that is added at its end, and the field of the finding.
NEEDS_ACKNOWLEDGEMENT = (
    (STAGING, "  github:baseUrl: https://github.com/\n", 'configuration["github:baseUrl"]'),
    (STAGING, "  gcp:loggingCustomEndpoint: https://logging.googleapis.com/v2/\n",
     'configuration["gcp:loggingCustomEndpoint"]'),
    (STAGING, "  gcp:universeDomain: googleapis.com\n", 'configuration["gcp:universeDomain"]'),
    (STAGING, "  gcp:impersonateServiceAccount: owner@p.iam.gserviceaccount.com\n",
     'configuration["gcp:impersonateServiceAccount"]'),
    (STAGING, "  gcp:project: another-464303\n", 'configuration["gcp:project"]'),
    (STAGING, "  github:owner: mallory\n", 'configuration["github:owner"]'),
    (STAGING, '  readiness:provider_hosts:\n    - {key: "github:baseUrl", host: "https://g.example/", reason: x}\n',
     'configuration["readiness:provider_hosts"]'),
    (STAGING, "  github:token:\n    secure: v1:bm9uY2U=:Y2lwaGVydGV4dA==\n", 'configuration["github:token"]'),
    (STAGING, TEXT_OF_SALT, "stack_file.encryptionsalt"),
    (STAGING, "secretsprovider: gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k\n",
     "stack_file.secretsprovider"),
    (STAGING, "encryptedkey: AAAA\n", "stack_file.encryptedkey"),
    (STAGING, "environment: [shared]\n", "stack_file.environment"),
    (PROJECT, "main: ./\n", "project_file.main"),
    (PROJECT, "backend: {url: 'gs://elsewhere'}\n", "project_file.backend"),
    (PROJECT, "plugins: {providers: [{name: gcp, path: ./bin}]}\n", "project_file.plugins"),
    (PROJECT, "packages: {x: 'example/x@1'}\n", "project_file.packages"),
    (PROJECT, "options: {refresh: always}\n", "project_file.options"),
    (PROJECT, "requiredPulumiVersion: '>=3'\n", "project_file.requiredPulumiVersion"),
    ("requirements.txt", "--index-url https://packages.example.com/simple\n", 'dependencies["requirements.txt"]'),
    ("requirements.txt", "shop @ https://example.com/shop.whl\n", 'dependencies["requirements.txt"]'),
    ("requirements.txt", "./wheels/shop-1.0-py3-none-any.whl\n", 'dependencies["requirements.txt"]'),
    ("requirements.txt", "shop-1.0-py3-none-any.whl  # ours\n", 'dependencies["requirements.txt"]'),
    ("pyproject.toml", '[[tool.uv.index]]\nname = "x"\nurl = "https://example.com"\n',
     'dependencies["pyproject.toml"]'),
)  # fmt: skip


def _setups(project: Path, file: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stack's setup before and after the text is added."""
    before = setup_in_folder(project, read_stack(project, "staging"))
    add(project, text, file)
    return before, setup_in_folder(project, read_stack(project, "staging"))


def _found(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    plans = [plan_value(stack="staging") | {"setup": setup} for setup in (old, new)]
    return [weakening.field for weakening in weakenings(diff_of(*plans))]


@pytest.mark.parametrize(("file", "text", "field"), NEEDS_ACKNOWLEDGEMENT)
def test_what_leads_credentials_or_the_engine_elsewhere_needs_acknowledgement_in_both_directions(
    project: Path, file: str, text: str, field: str
) -> None:
    """To set it as to take it away."""
    before, after = _setups(project, file, text)
    (found,) = _found(before, after)
    assert found.partition(".pyproject")[0].startswith(field)
    assert len(_found(after, before)) == 1
    assert _found(before, before) == _found(after, after) == []


@pytest.mark.parametrize(
    ("old", "new"), [("virtualenv: .venv", "virtualenv: ../x"), ("toolchain: pip", "toolchain: uv")]
)
def test_another_interpreter_needs_acknowledgement(project: Path, old: str, new: str) -> None:
    """The program that the engine runs is the interpreter's."""
    before = setup_in_folder(project, read_stack(project, "staging"))
    edit(project, old, new, PROJECT)
    after = setup_in_folder(project, read_stack(project, "staging"))
    assert _found(before, after) == [f"project_file.runtime.options.{old.partition(':')[0]}"]


@pytest.mark.parametrize("text", ["  gcp:zone: us-central1-a\n", "  github:maxRetries: 3\n"])
def test_what_leads_nowhere_else_is_shown_and_needs_nobody(project: Path, text: str) -> None:
    """It shows in no plan either, so that it is not called no change."""
    before, after = _setups(project, STAGING, text)
    assert _found(before, after) == []
    report = diff_report([diff_of(*(plan_value() | {"setup": item} for item in (before, after)))], [], all_stacks=True)
    assert not report.is_empty
    assert "prod: program and providers\n" in diff_text(report)
    assert text.strip().rpartition(" ")[2] in diff_markdown(report)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (PROJECT, "author: Ada\n"),
        (PROJECT, "template: {description: x}\n"),
        ("requirements.txt", "# see https://example.com\nshop==1.0 \\\n    --hash=sha256:00\n"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 120\n"),
    ],
)
def test_what_is_harmless_is_not_compared(project: Path, file: str, text: str) -> None:
    """Words for people, and packages that come from where they came from."""
    before, after = _setups(project, file, text)
    assert before == after


def test_no_secret_is_in_a_setup(project: Path) -> None:
    """Neither a ciphertext nor the plain text of an ESC environment."""
    secret = "placeholder-of-a-secret"  # noqa: S105 - none
    text = f"{TEXT_OF_SALT}environment: {{values: {{a: {{'fn::secret': {secret}}}}}}}\n"
    _, after = _setups(project, STAGING, f"  github:token:\n    secure: v1:bm9uY2U=:Y2lwaGVydGV4dA==\n{text}")
    assert not any(piece in json.dumps(after) for piece in (secret, "Y2lwaGVydGV4dA", "BBBB"))


def test_a_plan_that_does_not_say_it_is_not_known_and_not_ok() -> None:
    """An older release's plan against a new one needs an acknowledgement; of two old ones, the setup is not known."""
    new = plan_value()
    old = {key: value for key, value in new.items() if key != "setup"}
    (found,) = weakenings(diff_of(old, new))
    assert found.reasons == ("the old plan does not contain which program runs and where credentials are sent",)
    (found,) = weakenings(diff_of(new, old))
    assert found.reasons == ("the new plan does not contain which program runs and where credentials are sent",)
    report = diff_report([diff_of(old, old)], [], all_stacks=True)
    assert report.weakened == ()
    assert "prod: no change; program and providers not known\n" in diff_text(report)
    assert "Program and providers are not known." in diff_markdown(report)


def test_the_difference_of_two_files_holds_it(plans: dict[str, Plan], tmp_path: Path, command: Command) -> None:
    """As of a commit."""
    value = json.loads(plan_json(plans["staging"]))
    (tmp_path / "old.json").write_text(json.dumps(value), encoding="utf-8")
    value["setup"]["configuration"]["github:baseUrl"] = "https://github.example.com/"
    (tmp_path / "new.json").write_text(json.dumps(value), encoding="utf-8")
    done = command("diff", "old.json", "new.json", cwd=tmp_path)
    assert done.status == 1
    assert 'configuration["github:baseUrl"]: credentials are sent to another host' in done.out
    assert command("diff", "old.json", "old.json", cwd=tmp_path).status == 0


def test_a_commit_is_read_by_todays_rules_and_an_entry_acknowledges(clone: Path, command: Command) -> None:
    """Though the commit's own program may be older than the question; both stacks share Pulumi.yaml."""
    add(clone, "backend: {url: 'gs://elsewhere'}\n", PROJECT)
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert done.status == 1
    assert "staging: 1 change weakens protection; program and providers\n" in done.out
    digest = done.out.partition("not acknowledged: ")[2].partition("]")[0]
    entry = f"acknowledged:\n  - {{digest: {digest}, reason: Moved, by: ada}}\n"
    (clone / "acknowledged-weakenings.yaml").write_text(entry, encoding="utf-8")
    assert command("diff", "--base", "main", "--stack", "staging", cwd=clone).status == 0
    assert command("diff", "--base", "main", "--stack", "staging", "--exit-code", cwd=clone).status == 2


def test_a_commit_whose_files_are_refused_today_is_not_known(
    clone: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it ran is not known, so somebody must acknowledge the change."""

    def refuse(*_arguments: object) -> None:
        raise RefusedError(
            [
                Finding(
                    rule_id="settings-unknown-key",
                    file=PROJECT,
                    message="has a key that is unknown today",
                    hint="Remove it",
                )
            ]
        )

    assert command("diff", "--base", "main", "--stack", "staging", cwd=clone).status == 0
    monkeypatch.setattr(base_plan, "setup_of_texts", refuse)
    done = command("diff", "--base", "main", "--stack", "staging", cwd=clone)
    assert done.status == 1
    assert "the old plan does not contain which program runs and where credentials are sent" in done.out


def test_a_later_day_until_which_something_is_accepted_needs_acknowledgement_and_an_earlier_one_does_not() -> None:
    """Of a degraded answer as of a vulnerability: no resource shows that the day moves."""

    def setup(day: str | None) -> dict[str, Any]:
        known = {"value": "error"} | ({} if day is None else {"accept_degraded_until": day})
        services = [{"name": "api", "health_answer": {"known_degraded": known}}]
        config = StackConfig(stack="staging", file=STAGING, values={"readiness:services": services})
        return setup_of(config, lambda _name: None, [])

    days = [setup(day) for day in (None, "2026-01-31", "9999-12-31")]
    path = 'accepted_until["readiness:services[api].health_answer.known_degraded.accept_degraded_until"]'
    assert _found(days[1], days[2]) == [path]
    assert _found(days[0], days[1]) == ["accepted_until"]
    assert _found(days[2], days[1]) == _found(days[1], days[0]) == []
