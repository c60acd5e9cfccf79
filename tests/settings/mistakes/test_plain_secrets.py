"""A secret in plain text is refused wherever it stands, and its value is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import Command
from tests.settings.broken import (
    CHANNELS,
    EMAIL,
    PROJECT,
    STAGING,
    add_setting,
    error_of,
    errors,
    in_project,
    in_staging,
    place,
    write,
)

# Made up, of the shapes that their issuers give out; put together here so that no scanner takes them for real ones.
BOT_TOKEN = "xoxb-" + "1111-2222-madeUpToken"
APP_TOKEN = "xapp-" + "1-A0-madeUpToken"
WEBHOOK = "https://hooks.slack.com/" + "services/T0/B0/madeUpToken"
GITHUB_TOKEN = "ghp_" + "madeUpToken0123456789abcd"
API_KEY = "AIza" + "madeUpToken0123456789abcdefghijklmnop"
PULUMI_TOKEN = "pul-" + "0123456789abcdef01234567"
OPENAI_KEY = "sk-" + "proj-madeUpToken_0123456789"
JSON_WEB_TOKEN = ".".join(("eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "tYWRlIjoidXAifQ", "madeUpToken"))
INTEGRATION_KEY = "0123456789abcdef" * 2
PASSWORD = "hunter2-madeUpToken"  # noqa: S105 - what the tests look for
PEM = "-----BEGIN " + "PRIVATE KEY-----\\nmadeUpToken\\n-----END PRIVATE KEY-----"
SHAPES = (
    BOT_TOKEN, APP_TOKEN, WEBHOOK, GITHUB_TOKEN, API_KEY, PULUMI_TOKEN, OPENAI_KEY, JSON_WEB_TOKEN, INTEGRATION_KEY,
)  # fmt: skip

DATABASE = "  readiness:database:"

FOUND = "holds what looks like a credential in plain text. Remove it, revoke it if it was ever committed"
STORED = "secrets are stored with `pulumi config set --secret`."


def shows_nothing(command: Command, project: Path, *secrets: str) -> str:
    """What `readiness` says about the project, after a look at everything that it prints in every form."""
    said = ""
    for arguments in (["check"], ["check", "staging"], ["plan", "staging"], ["plan", "staging", "--format", "json"],
                      ["rules", "staging"], ["preview", "staging"]):  # fmt: skip
        for ci in ("", "true"):
            done = command(*arguments, cwd=project, CI=ci)
            assert done.status == 1, done.text
            for secret in secrets:
                assert secret not in done.text, f"{arguments} prints the secret"
            assert "madeUpToken" not in done.text, f"{arguments} prints a part of the secret"
            assert "Traceback" not in done.text
            said += done.text
    return said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("readiness:slack_auth_token", BOT_TOKEN),
        ("readiness:slack_auth_token", PASSWORD),
        ("readiness:slack_auth_token", f"\n    secure: {BOT_TOKEN}"),
        ("readiness:pagerduty_service_key", INTEGRATION_KEY),
        ("readiness:slack_webhook_url", WEBHOOK),
        ("gcp:credentials", f'\'{{"type": "service_account", "private_key": "{PEM}"}}\''),
        ("gcp:credentials", f"\n    private_key: {PASSWORD}"),
        ("gcp:accessToken", PASSWORD),
        ("gcp:externalCredentials", f"\n    identityToken: {PASSWORD}"),
        ("github:token", GITHUB_TOKEN),
    ],
)
def test_a_secret_setting_in_plain_text_is_refused_with_the_command_that_stores_it(
    project: Path, command: Command, key: str, value: str
) -> None:
    """Whatever its shape: these keys hold nothing else."""
    add_setting(project, f"{key}: {value.lstrip(' ')}".replace("\n    ", "\n  "))
    (error,) = errors(project)
    assert error.startswith(f"{STAGING}:")
    assert f": {key}: is a secret in plain text. Remove it, revoke it if it was ever committed, " in error
    assert error.endswith(f"and store a new one with `pulumi config set --secret {key}`.")
    shows_nothing(command, project, value.split()[-1])


@pytest.mark.parametrize("value", ["", "''"])
@pytest.mark.parametrize("key", ["readiness:slack_auth_token", "github:token"])
def test_a_secret_setting_without_a_value_is_empty_and_nothing_to_be_revoked(
    project: Path, key: str, value: str
) -> None:
    """As somebody leaves it who means to fill it in."""
    add_setting(project, f"{key}: {value}")
    said = f"is empty. Store the secret with `pulumi config set --secret {key}`, or remove the key."
    assert error_of(project) == f"{place(project, key)}{key}: {said}"


@pytest.mark.parametrize("secret", SHAPES)
def test_a_value_of_a_credentials_shape_is_refused_under_any_key(project: Path, command: Command, secret: str) -> None:
    """In a text setting that would take it otherwise."""
    in_staging(project, "reach: dev-alerts@example.com", f"reach: {secret}")
    said = f"readiness:escalation.contacts[0].reach: {FOUND}; {STORED}"
    assert errors(project) == [place(project, "reach:") + said]
    shows_nothing(command, project, secret)


@pytest.mark.parametrize(
    ("old", "new", "marker", "key"),
    [
        (EMAIL, f"      - {BOT_TOKEN}@shop.dev", BOT_TOKEN, "readiness:channels.emails[0]"),
        ("role: backend", f"role: [a, {{b: {BOT_TOKEN}}}]", BOT_TOKEN, "readiness:services[0].role[1].b"),
        ("role: backend", f"{BOT_TOKEN}: backend", BOT_TOKEN, "readiness:services[0].[secret]"),
        (
            "url: https://ai-resume-review-v2-backend", f"url: https://admin:{PASSWORD}@backend", PASSWORD,
            "readiness:services[0].url",
        ),
        (
            CHANNELS, f"{CHANNELS}    pagerduty: {{service_key: {INTEGRATION_KEY}}}\n", INTEGRATION_KEY,
            "readiness:channels.pagerduty.service_key",
        ),
        (CHANNELS, f"{CHANNELS}    slack: {WEBHOOK}\n", WEBHOOK, "readiness:channels.slack"),
        (DATABASE, f"  readiness:{BOT_TOKEN}: 1\n{DATABASE}", BOT_TOKEN, "readiness:[secret]"),
        (DATABASE, f"  {GITHUB_TOKEN}:x: 1\n{DATABASE}", GITHUB_TOKEN, "[secret]:x"),
    ],
)  # fmt: skip
def test_a_credential_inside_a_setting_or_a_key_is_one_problem_at_its_place(
    project: Path, command: Command, old: str, new: str, marker: str, key: str
) -> None:
    """Nested, in a list, as a key, in an address: no second problem says that the value is no e-mail address."""
    in_staging(project, old, new)
    assert f"{place(project, marker)}{key}: {FOUND}; {STORED}" in errors(project)
    assert len([line for line in errors(project) if line.startswith(place(project, marker) + key)]) == 1
    shows_nothing(command, project, marker)


@pytest.mark.parametrize("file", [STAGING, PROJECT])
def test_a_credential_in_a_comment_is_refused_with_its_line(project: Path, command: Command, file: str) -> None:
    """A token that was commented out is still in the history."""
    write(project, f"# was {BOT_TOKEN}\n" + (project / file).read_text(encoding="utf-8"), file)
    assert errors(project) == [f"{file}:1: {FOUND}."]
    shows_nothing(command, project, BOT_TOKEN)


def test_a_credential_in_the_project_file_is_refused_wherever_it_stands(project: Path, command: Command) -> None:
    """In its description, and as the default of a secret setting."""
    in_project(project, "description: Alert", f"description: {BOT_TOKEN} Alert")
    with (project / PROJECT).open("a", encoding="utf-8") as stream:
        stream.write(f"  readiness:slack_auth_token:\n    default: {APP_TOKEN}\n")
    assert [line.split(": ")[1] for line in errors(project)] == [
        FOUND.split(". ")[0] + f". {FOUND.split('. ')[1]}.",
        "readiness:slack_auth_token",
    ]
    shows_nothing(command, project, BOT_TOKEN, APP_TOKEN)


@pytest.mark.parametrize(
    "line",
    [
        f"readiness:slack_auth_token: {BOT_TOKEN}: x",
        f"readiness:slack_auth_token: *{PASSWORD}",
        f"readiness:slack_auth_token: !{PASSWORD}!x y",
        f"readiness:slack_auth_token: '{BOT_TOKEN}",
        f"readiness:slack_auth_token: @{PASSWORD}",
        f'readiness:slack_auth_token: "\\{PASSWORD}"',
        f"readiness:slack_auth_token: &{PASSWORD} &{PASSWORD} x",
    ],
)
def test_a_syntax_error_shows_nothing_of_the_line_that_it_is_in(project: Path, command: Command, line: str) -> None:
    """Parsers quote what they stumble over: the name of an alias may be a password that begins with a star."""
    add_setting(project, line)
    said = shows_nothing(command, project, BOT_TOKEN, PASSWORD)
    assert "is not valid YAML: " in said


def test_plain_text_under_secure_is_no_secret(project: Path, command: Command) -> None:
    """The engine would fail to decrypt it, with the text in its message."""
    in_staging(project, "reach: dev-alerts@example.com", f"reach:\n          secure: {BOT_TOKEN}")
    assert errors(project) == [
        f"{place(project, 'secure:')}readiness:escalation.contacts[0].reach.secure: {FOUND}; {STORED}"
    ]
    shows_nothing(command, project, BOT_TOKEN)


def test_a_key_that_sounds_like_a_secret_is_told_where_secrets_go(project: Path) -> None:
    """`auth_token` under `slack:` is where it is looked for."""
    in_staging(
        project, CHANNELS, f"{CHANNELS}    slack:\n      channel_name: '#alerts'\n      auth_token: {PASSWORD}\n"
    )
    (error,) = [line for line in errors(project) if "auth_token" in line.split(": ")[1]]
    assert error == (
        f"{place(project, 'auth_token')}readiness:channels.slack.auth_token: is an unknown key. "
        "Allowed: channel_name, team. Secrets are stored with `pulumi config set --secret`: "
        "readiness:slack_auth_token, readiness:pagerduty_service_key, readiness:slack_webhook_url."
    )


def test_a_credential_on_the_command_line_is_not_repeated(command: Command) -> None:
    """As the name of a stack, a command, an option's value or one argument too many."""
    for arguments in (
        ["check", BOT_TOKEN], ["plan", BOT_TOKEN], ["preview", BOT_TOKEN], [BOT_TOKEN],
        ["plan", "staging", BOT_TOKEN], ["plan", "staging", "--format", BOT_TOKEN], ["plan", f"--{BOT_TOKEN}"],
    ):  # fmt: skip
        done = command(*arguments)
        assert done.status == 1
        assert BOT_TOKEN not in done.text, arguments
        assert done.text.count("\n") == 1, done.text


@pytest.mark.parametrize(
    "text",
    [
        "the bot token begins with xoxb-",
        "see https://hooks.slack.com/ for webhooks",
        "https://gist.github.com/shop/0123456789abcdef0123456789abcdef",
        "user:password",
        "ask for the private_key",
    ],
)
def test_text_that_only_speaks_of_credentials_is_taken(project: Path, text: str) -> None:
    """A false alarm that nobody can fix would be worse than none."""
    assert errors(in_staging(project, "reach: dev-alerts@example.com", f"reach: '{text}'")) == []
