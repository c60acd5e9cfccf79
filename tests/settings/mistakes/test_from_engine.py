"""The check inside the program: on what the engine resolved, which may be more than the files hold."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pulumi
import pytest

from readiness.plan.recorder import record
from readiness.program import ELSEWHERE, StoredSecret, load_settings, stored_secret
from readiness.settings.channels import SLACK_AUTH_TOKEN
from readiness.settings.configuration_keys import OFFLINE_PLACEHOLDER, SLACK_WEBHOOK_URL
from readiness.settings.model import Settings
from readiness.settings.stack_files import read_stack
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, add, edit, line_of, write_real_addresses
from tests.settings.broken import PROJECT, STAGING, add_setting, in_project, in_staging, place, write

BOT_TOKEN = "xoxb-" + "1111-2222-madeUpToken"
WEBHOOK = "https://hooks.slack.com/" + "services/T0/B0/madeUpToken"


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder with real addresses as the working folder, as the language host sets it."""
    write_real_addresses(project)
    monkeypatch.chdir(project)
    return project


def resolved(project: Path, stack: str = "staging") -> dict[str, str]:
    """The configuration of the files as the engine hands it over: text as it is, everything else as JSON."""
    values = read_stack(project, stack).values
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def loaded(
    config: dict[str, str], *, stack: str = "staging", secrets: tuple[str, ...] = (), dry_run: bool = True
) -> Settings:
    """What a program gets that loads its settings."""
    found: list[Settings] = []
    record(
        lambda: found.append(load_settings()),
        project="readiness", stack=stack, config=config, secret_keys=list(secrets), dry_run=dry_run,
    )  # fmt: skip
    return found[0]


def refusal(config: dict[str, str], **more: Any) -> list[str]:
    """The lines with which the program refuses."""
    with pytest.raises(pulumi.RunError) as error:
        loaded(config, **more)
    first, *lines = str(error.value).splitlines()
    assert first == f"the settings of stack {more.get('stack', 'staging')} are refused:"
    assert all(line.startswith("  ") for line in lines)
    return [line.strip() for line in lines]


def warnings_of(config: dict[str, str], caplog: pytest.LogCaptureFixture, **more: Any) -> list[str]:
    """What a preview is warned of."""
    caplog.set_level(logging.WARNING, "readiness.recorder")
    logging.getLogger("readiness.recorder").addHandler(caplog.handler)
    loaded(config, **more)
    logging.getLogger("readiness.recorder").removeHandler(caplog.handler)
    return [record.message for record in caplog.records]


def test_the_program_gets_the_settings_of_the_files(inside: Path) -> None:
    """Numbers, lists, booleans and nested objects come through the engine's text unchanged."""
    settings = loaded(resolved(inside))
    assert settings.alerts.high_cpu_usage.cpu_ratio == 0.8
    assert settings.owns_shared_resources is False
    assert [service.role for service in settings.services] == ["backend", "frontend"]
    assert settings == loaded(resolved(inside), dry_run=False)


def test_a_mistake_in_a_file_is_refused_inside_the_program_with_its_line(inside: Path) -> None:
    """The engine checks no object, so the program reports the mistake to people who never run `readiness check`."""
    in_project(inside, "cpu_ratio: 0.8", "cpu_ratio: 80")
    in_staging(inside, "role: backend", "rolle: backend")
    said = refusal(resolved(inside))
    assert [line.split(": ")[0] for line in said] == [
        place(inside, "rolle").removesuffix(": "),
        place(inside, "cpu_ratio", PROJECT).removesuffix(": "),
    ]


@pytest.mark.parametrize(("file", "key"), [(STAGING, "confg"), (PROJECT, "colour")])
def test_an_unknown_top_level_key_is_refused_although_the_engine_has_dropped_it(
    inside: Path, file: str, key: str
) -> None:
    """No configuration that the engine hands over holds it."""
    config = resolved(inside)
    write(inside, f"{key}: 1\n" + (inside / file).read_text(encoding="utf-8"), file)
    assert refusal(config)[0].startswith(f"{file}:1: {key}: is an unknown key. ")


@pytest.mark.parametrize("key", ["gcp:projct", "gpc:project", "readiness:chanels", "colour:x"])
def test_a_key_that_only_the_command_line_sets_is_refused_and_no_file_blamed(inside: Path, key: str) -> None:
    """`pulumi preview --config gcp:projct=x`."""
    (line,) = refusal({**resolved(inside), key: "x"})
    assert line.startswith(f"{ELSEWHERE}: {key}: ")


def test_a_value_that_the_command_line_replaces_is_not_placed_in_the_file(inside: Path) -> None:
    """The file's line is right as it stands."""
    config = resolved(inside) | {"readiness:database": '{"instance": 5}'}
    assert refusal(config) == [
        f"{ELSEWHERE}: readiness:database.instance: must be text, not the number 5. Put it in quotes."
    ]


@pytest.mark.parametrize("text", ["", "{", "[", "{]", "nonsense", "[" * 100_000])
def test_text_that_is_no_json_is_refused_as_text(inside: Path, text: str) -> None:
    """An empty value in a file reaches the program as empty text."""
    (line,) = refusal(resolved(inside) | {"readiness:database": text})
    said = "is empty. Write a value" if not text else "must be an object (keys and values), not text."
    assert line.startswith(f"{ELSEWHERE}: readiness:database: {said}")


def test_a_number_without_end_is_refused(inside: Path) -> None:
    """Python's JSON knows NaN and Infinity, which are larger than any ratio and smaller too."""
    config = resolved(inside)
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        (line,) = refusal(config | {"readiness:alerts": config["readiness:alerts"].replace("0.8", number)})
        assert line.startswith(
            f"{ELSEWHERE}: readiness:alerts.high_cpu_usage.cpu_ratio: is not valid (Input should be a "
        )


@pytest.mark.parametrize("depth", [900, 5_000])
def test_a_value_without_end_in_depth_is_refused(inside: Path, depth: int) -> None:
    """Whether Python's JSON still reads it or not; a file of that depth is refused when it is read."""
    (line,) = refusal(resolved(inside) | {"readiness:database": "[" * depth + "]" * depth})
    assert line.startswith(f"{ELSEWHERE}: readiness:database: must be an object (keys and values), not ")


def test_a_key_without_a_value_inside_a_setting_is_refused(inside: Path) -> None:
    """The engine hands it over as null, and an alert that it belongs to would be gone without a word."""
    text = json.dumps({"instance": "a", "max_connections": None})
    (line,) = refusal(resolved(inside) | {"readiness:database": text})
    assert line.startswith(f"{ELSEWHERE}: readiness:database.max_connections: is empty. Write a value, or remove")


def test_a_setting_that_the_engine_does_not_have_is_missing_at_the_stacks_file(inside: Path) -> None:
    """With another `--config-file`, say."""
    config = resolved(inside)
    del config["readiness:escalation"]
    assert refusal(config) == [f"{place(inside, 'config:')}readiness:escalation: is missing. Add it."]


def test_without_a_file_in_its_place_the_configuration_alone_counts(inside: Path) -> None:
    """`--config-file elsewhere.yaml`: nothing is read, nothing is missed."""
    config = resolved(inside)
    (inside / STAGING).unlink()
    assert loaded(config).environment.name == "staging"
    assert refusal(config | {"readiness:x": "1"})[0].startswith(f"{ELSEWHERE}: readiness:x: is an unknown key.")


def test_a_secret_in_plain_text_is_refused_and_not_shown(inside: Path) -> None:
    """`--config readiness:slack_auth_token=…` without `--secret`."""
    for secret, value in ((SLACK_AUTH_TOKEN, BOT_TOKEN), (SLACK_WEBHOOK_URL, WEBHOOK)):
        assert refusal({**resolved(inside), secret.key: value}) == [
            f"{ELSEWHERE}: {secret.key}: is a secret in plain text. Remove it, revoke it if it was ever "
            f"committed, and store a new one with `pulumi config set --secret {secret.key}`."
        ]


@pytest.mark.parametrize(
    "value", ["", " ", "xoxp-1-2", BOT_TOKEN + "\n", "https://hooks.slack.com/x", OFFLINE_PLACEHOLDER]
)
def test_a_stored_secret_of_the_wrong_form_is_refused_before_the_api_sees_it(inside: Path, value: str) -> None:
    """The engine has decrypted it: the message says the form, never the value. An update takes no placeholder."""
    in_staging(inside, "readiness:channels:\n", "readiness:channels:\n    slack: {channel_name: '#alerts'}\n")
    config = resolved(inside)
    add_setting(inside, "readiness:slack_auth_token:\n  secure: v1:c2xhY2s=:c2xhY2s=")
    key = SLACK_AUTH_TOKEN.key
    lines = refusal({**config, key: value}, secrets=(key,), dry_run=False)
    assert lines == [
        f"{place(inside, 'slack_auth_token')}{key}: is not the bot token of the Slack app, which begins with `xoxb-`. "
        f"Store it with `pulumi config set --secret {key}`."
    ]
    assert loaded({**config, key: BOT_TOKEN}, secrets=(key,), dry_run=False).channels.slack is not None


@pytest.mark.parametrize("value", ["", "not-a-webhook-madeUpToken"])
def test_a_stored_webhook_of_the_wrong_form_is_refused_in_a_preview_too(inside: Path, value: str) -> None:
    """GitHub takes an empty secret, and every deployment then fails; the value is in no message."""
    config = resolved(inside)
    add_setting(inside, f"{SLACK_WEBHOOK_URL.key}:\n  secure: v1:b25l:b25l")
    key = SLACK_WEBHOOK_URL.key
    expected = [
        f"{place(inside, 'slack_webhook_url')}{key}: is not the incoming webhook that the deployment workflows post "
        "to, which begins with `https://hooks.slack.com/` and has no space or line end. "
        f"Store it with `pulumi config set --secret {key}`."
    ]
    for dry_run in (True, False):
        assert refusal({**config, key: value}, secrets=(key,), dry_run=dry_run) == expected


def test_a_placeholder_of_the_offline_plan_is_no_webhook_for_an_update(inside: Path) -> None:
    """It takes the place of the value where no engine decrypts it, and must never be uploaded."""
    edit(inside, PLACEHOLDERS, TWO_PEOPLE)
    add(inside, f"  {SLACK_WEBHOOK_URL.key}:\n    secure: v1:b25l:b25l\n")
    key = SLACK_WEBHOOK_URL.key
    config = {**resolved(inside, "prod"), key: OFFLINE_PLACEHOLDER}
    assert loaded(config, stack="prod", secrets=(key,)).owns_shared_resources
    (line,) = refusal(config, stack="prod", secrets=(key,), dry_run=False)
    assert f"{key}: is not the incoming webhook" in line


def test_a_setting_that_holds_a_secret_is_refused_and_not_called_missing(inside: Path) -> None:
    """The engine marks the whole key as a secret."""
    key = "readiness:database"
    (line,) = refusal(resolved(inside), secrets=(key,))
    assert f"{key}: is or holds a secret where none belongs." in line


def test_a_placeholder_passes_a_preview_and_stops_an_update(inside: Path) -> None:
    """A reviewer who is to be filled in must never reach GitHub."""
    config = resolved(inside, "prod")
    assert loaded(config, stack="prod").production_environment is not None
    lines = refusal(config, stack="prod", dry_run=False)
    assert len(lines) == 2
    for line, login in zip(lines, ("to-be-filled-in-first", "to-be-filled-in-second"), strict=True):
        assert line.startswith(
            f"Pulumi.prod.yaml:{line_of(inside, login)}: readiness:production_environment.reviewers.users["
        )
        assert line.endswith("`pulumi up` refuses it until you replace it. Write the real login and id.")
    edit(inside, "to-be-filled-in-first\n          id: 0", "ada\n          id: 1001")
    (line,) = refusal(resolved(inside, "prod"), stack="prod", dry_run=False)
    assert "users[1]: is a placeholder for a reviewer" in line
    edit(inside, "ada\n          id: 1001", "to-be-filled-in-first\n          id: 0")
    edit(inside, PLACEHOLDERS, TWO_PEOPLE)
    assert loaded(resolved(inside, "prod"), stack="prod", dry_run=False).owns_shared_resources


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("- ops@harbor.dev", "- ops@mail.example.com", "channels.emails[0]"),
        ("reach: ops@harbor.dev", "reach: TODO", "escalation.contacts[0].reach"),
    ],
)
def test_an_address_that_reaches_nobody_passes_a_preview_and_stops_an_update(
    inside: Path, old: str, new: str, key: str
) -> None:
    """Of a channel and of a contact: with the file, the key and what to write."""
    edit(inside, PLACEHOLDERS, TWO_PEOPLE)
    assert loaded(resolved(inside, "prod"), stack="prod", dry_run=False).owns_shared_resources
    edit(inside, old, new)
    assert loaded(resolved(inside, "prod"), stack="prod").owns_shared_resources
    (line,) = refusal(resolved(inside, "prod"), stack="prod", dry_run=False)
    assert f": readiness:{key}: is a placeholder, or an address of a reserved domain" in line
    assert line.startswith("Pulumi.prod.yaml:")


def test_an_update_is_told_every_reason_at_once(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A placeholder does not hide what the project's checks refuse."""
    monkeypatch.setenv("GITHUB_BASE_URL", "https://github.example.com/")
    in_staging(inside, "- dev-alerts@harbor.dev", "- dev-alerts@example.com")
    lines = refusal(resolved(inside), dry_run=False)
    assert ["emails[0]" in lines[0], "GITHUB_BASE_URL" in lines[1], len(lines)] == [True, True, 2]


def test_a_missing_record_passes_a_preview_with_a_warning_and_stops_an_update(
    inside: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A plain `pulumi up` applies nothing that `readiness check` refuses, wherever the value was set."""
    edit(inside, PLACEHOLDERS, TWO_PEOPLE)
    config = resolved(inside, "prod")
    registry = json.loads(config["readiness:image_registry"]) | {"cleanup_dry_run": False}
    config["readiness:image_registry"] = json.dumps(registry)
    (line,) = refusal(config, stack="prod", dry_run=False)
    said = f"{ELSEWHERE}: readiness:image_registry.cleanup_dry_run: allows cleanup to delete, and the gate's record "
    assert line.startswith(said + "records/cleanup-gate.prod.json does not exist")
    assert f"an update is refused: {line}" in warnings_of(config, caplog, stack="prod")


def test_a_second_owner_on_the_command_line_stops_an_update(inside: Path) -> None:
    """`pulumi up --config readiness:owns_shared_resources=true`: the other stack's file says the same."""
    config = resolved(inside) | {"readiness:owns_shared_resources": "true"}
    config["readiness:image_registry"] = '{"repository_id": "x", "adopt": true, "packages": ["a"]}'
    (line,) = refusal(config, dry_run=False)
    assert "is true in Pulumi.prod.yaml and Pulumi.staging.yaml, so that both would manage" in line
    assert loaded(config).owns_shared_resources


def test_a_warning_is_passed_on_to_the_engine(inside: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever runs `pulumi preview` alone sees it in the diagnostics."""
    in_staging(inside, "- dev-alerts@harbor.dev", "- dev-alerts@example.com")
    said = (
        f"{place(inside, '- dev-alerts')}readiness:channels.emails[0]: is a placeholder, or an address of a reserved "
        "domain, which reaches nobody; `pulumi up` refuses it. Write the real address before the first `pulumi up`."
    )
    assert said in warnings_of(resolved(inside), caplog)


def test_a_stored_secret_is_an_output_with_the_digest_of_its_ciphertext(inside: Path) -> None:
    """The digest changes when the secret is stored again and says nothing about its value."""

    def stored(config: dict[str, str]) -> StoredSecret | None:
        found: list[StoredSecret | None] = []
        key = SLACK_WEBHOOK_URL.key
        record(
            lambda: found.append(stored_secret(SLACK_WEBHOOK_URL)),
            project="readiness", stack="staging", config=config, secret_keys=[key] if key in config else [],
        )  # fmt: skip
        return found[0]

    assert stored({}) is None
    config = {SLACK_WEBHOOK_URL.key: "decrypted"}
    elsewhere = stored(config)
    add_setting(inside, f"{SLACK_WEBHOOK_URL.key}:\n  secure: v1:b25l:b25l")
    first = stored(config)
    in_staging(inside, "v1:b25l:b25l", "v1:dHdv:dHdv")
    second = stored(config)
    assert elsewhere is not None
    assert first is not None
    assert second is not None
    assert elsewhere.ciphertext_digest == "not in a file"
    assert len({first.ciphertext_digest, second.ciphertext_digest, elsewhere.ciphertext_digest}) == 3
    assert len(second.ciphertext_digest) == 16
    in_staging(inside, "readiness:environment:", "# A line more\n  readiness:environment:")
    again = stored({SLACK_WEBHOOK_URL.key: "another value"})
    assert again is not None
    assert again.ciphertext_digest == second.ciphertext_digest, "neither another line nor the value changes it"
    assert "decrypted" not in first.ciphertext_digest


def test_a_variable_that_leads_credentials_elsewhere_stops_an_update(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the engine by hand is warned too; the offline plan goes on."""
    assert loaded(resolved(inside), dry_run=False).repository.name
    monkeypatch.setenv("GITHUB_BASE_URL", "https://github.example.com/")
    (line,) = refusal(resolved(inside), dry_run=False)
    assert line.startswith("environment variable GITHUB_BASE_URL: is set")
    assert loaded(resolved(inside)).repository.name


def test_a_host_that_the_engine_has_from_elsewhere_is_refused_too(inside: Path) -> None:
    """Pulumi ESC and `--config` set keys that no file holds."""
    config = {**resolved(inside), "github:baseUrl": "https://github.example.com/"}
    (line,) = refusal(config)
    assert line.startswith(f"{ELSEWHERE}: github:baseUrl: sends the provider's credentials to a host")
