"""A value that is wrong: one line names file, line, key, what is wrong and how to fix it, and never a text value."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.settings.channels import CHANNEL_DEFINITIONS
from readiness.settings.model import Database
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
)

CPU = "cpu_ratio: 0.8"
LATENCY = "latency_ms: 5000"
EMAILS = "emails:\n      - dev-alerts@example.com"
DATABASE = "  readiness:database:\n    instance: ai-resume-review-v2-db-staging\n"
INSTANCE = "instance: ai-resume-review-v2-db-staging"
ENVIRONMENT = "environment:\n    name: staging"
SERVICE = "- name: ai-resume-review-v2-backend-staging"
CONTACT = "name: Developers (staging is theirs)"

WRITE_DATABASE = f"Write its keys below it, indented: {', '.join(Database.model_fields)}."
CHANNEL_ID = "projects/ytgrs-464303/notificationChannels/7"
OTHERS_CHANNEL_ID = "projects/other-project/notificationChannels/7"

HIDDEN = (
    "holds a character that is not shown, such as a line end, a tab, or one that turns text around. "
    "Write it again with plain characters."
)
EXPRESSION = "holds `${{`, which begins an expression: a workflow would evaluate it. Write the value itself."
URL_CHARACTERS = "letters, digits and . _ ~ % : @ ! & = + , * - are allowed in a path, and any other as %XX."

CPU_KEY = "readiness:alerts.high_cpu_usage.cpu_ratio"
LATENCY_KEY = "readiness:alerts.high_latency.latency_ms"
CONTACT_KEY = "readiness:escalation.contacts[0].name"

RATIO_RANGE = "but must be more than 0 and less than 1"
RATIO_ABOUT = "(A share of 1: 0.8 is 80 %)"
LATENCY_RANGE = "but must be at least 100 and at most 3600000. Change it (Milliseconds: 5 s is 5000)."
QUOTES = "or put it in quotes where it is text."


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("80", f"is 80, {RATIO_RANGE}. A ratio is a share of 1: write 0.8 for 80 %."),
        ("12.5", f"is 12.5, {RATIO_RANGE}. A ratio is a share of 1: write 0.125 for 12.5 %."),
        ("1.0", f"is 1, {RATIO_RANGE}. A ratio is a share of 1: write 0.01 for 1 %."),
        ("8000", f"is 8000, {RATIO_RANGE}. A ratio is a share of 1: write 0.8 for 80 %."),
        ("0", f"is 0, {RATIO_RANGE}. Change it {RATIO_ABOUT}."),
        ("-0.8", f"is -0.8, {RATIO_RANGE}. Change it {RATIO_ABOUT}."),
        ("80%", f"must be a number, not text. Write the number without quotes and units {RATIO_ABOUT}."),
        ("'0.8'", f"must be a number, not text. Write the number without quotes and units {RATIO_ABOUT}."),
        ("true", f"must be a number, not true. Write a number {RATIO_ABOUT}."),
        ("[0.8]", f"must be a number, not a list. Write a number {RATIO_ABOUT}."),
        ("{share: 0.8}", f"must be a number, not an object. Write a number {RATIO_ABOUT}."),
        ("", f"is empty. Write a value {RATIO_ABOUT}."),
        ("''", f"is empty. Write a value {RATIO_ABOUT}."),
        ("1e400", f"must be a number, not text. Write the number without quotes and units {RATIO_ABOUT}."),
        (".nan", f"is not a finite number. Write a number, {QUOTES}"),
        ("-.inf", f"is not a finite number. Write a number, {QUOTES}"),
    ],
)
def test_a_ratio_that_is_none_is_refused_with_what_to_write(project: Path, value: str, said: str) -> None:
    """80 for 80 % is the usual slip: a threshold that nothing ever passes."""
    in_project(project, CPU, f"cpu_ratio: {value}")
    assert error_of(project) == f"{place(project, 'cpu_ratio', PROJECT)}{CPU_KEY}: {said}"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-1", f"is -1, {LATENCY_RANGE}"),
        ("99", f"is 99, {LATENCY_RANGE}"),
        ("99999999999999999999", f"is 99999999999999999999, {LATENCY_RANGE}"),
        ("5000.5", "must be a whole number, not the number 5000.5. Write a whole number (Milliseconds: 5 s is 5000)."),
        (
            "5s",
            "must be a whole number, not text. Write the number without quotes and units (Milliseconds: 5 s is 5000).",
        ),
        ("05000", f"begins with 0, and is octal to the engine. Write it without the 0, {QUOTES}"),
        ("0x1388", f"is not a decimal number. Write it in decimal digits, {QUOTES}"),
        ("5_000", f"is a number with `_`. Write the digits alone, {QUOTES}"),
        ("!!int abc", "has a YAML tag. Write a plain value, without `!`."),
    ],
)
def test_a_whole_number_is_decimal_finite_and_in_its_range(project: Path, value: str, said: str) -> None:
    """Some of these the engine would take, as another number than the one that was meant."""
    in_project(project, LATENCY, f"latency_ms: {value}")
    assert error_of(project) == f"{place(project, 'latency_ms', PROJECT)}{LATENCY_KEY}: {said}"


@pytest.mark.parametrize("value", ["5000", "5e3", "5000.0", "+5000"])
def test_a_whole_number_may_be_written_as_the_engine_reads_it(project: Path, value: str) -> None:
    """The engine hands 5e3 to the program as 5000."""
    assert errors(in_project(project, LATENCY, f"latency_ms: {value}")) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("5", "must be text, not the number 5. Put it in quotes."),
        ("1234567890123456789012", "must be text, not the number 1234567890123456789012. Put it in quotes."),
        ("9" * 40, "must be text, not the number 1e+40. Put it in quotes."),
        ("true", "must be text, not true. Put it in quotes."),
        ("null", "is empty. Write a value."),
        ("'   '", "is empty. Write a value."),
        ("2026-01-01", "is a date, which the engine would rewrite. Put it in quotes."),
        (f"{'x' * 201}", "has more than 200 characters. Shorten it."),
        (r'"two\nlines"', HIDDEN),
        (r'"\e[2J"', HIDDEN),
        (r'"safe\u202Etxt"', HIDDEN),
        (r'"\u2028"', "is empty. Write a value."),
        ("Developers ${{ secrets.X }}", EXPRESSION),
        ("' Developers'", "is not plain text on one line. Remove line ends, tabs, and spaces at either end."),
        ("[on call]", "must be text, not a list. Write text."),
    ],
)
def test_a_text_that_is_none_is_refused(project: Path, value: str, said: str) -> None:
    """Names go into titles, tables and labels."""
    in_staging(project, CONTACT, f"name: {value}")
    line = place(project, "contacts:").split(":")[1]
    assert error_of(project) == f"{STAGING}:{int(line) + 1}: {CONTACT_KEY}: {said}"


@pytest.mark.parametrize("value", ["yes", "on", "NO", "12:30", "=", "'2026-01-01'", "'007'"])
def test_text_that_older_yaml_takes_for_something_else_is_text(project: Path, value: str) -> None:
    """YAML 1.1 reads `yes` as true and 12:30 as 750; the engine does not."""
    assert errors(in_staging(project, CONTACT, f"name: {value}")) == []


@pytest.mark.parametrize(
    ("old", "new", "marker", "said"),
    [
        (
            EMAIL, "      - dev-alerts", "- dev-alerts",
            "channels.emails[0]: is not an e-mail address. Write it as name@domain.example.",
        ),
        (
            EMAILS, "emails: dev-alerts@shop.dev", "emails:",
            "channels.emails: must be a list, not text. Write each item on a line of its own, as `- …`.",
        ),
        (
            EMAILS, "emails: []", CHANNELS.strip(),
            "channels: has no e-mail channel, and an alert that goes by e-mail only would reach nobody. "
            "Add an address to `emails`, or an existing channel of kind email.",
        ),
        (
            DATABASE, "  readiness:database:\n    - the-instance\n", "readiness:database",
            f"database: must be an object (keys and values), not a list. {WRITE_DATABASE}",
        ),
        (
            DATABASE, "  readiness:database: the-instance\n", "readiness:database",
            f"database: must be an object (keys and values), not text. {WRITE_DATABASE}",
        ),
        (
            DATABASE, "  readiness:database:\n", "readiness:database",
            "database: is empty. Write a value after the colon, or remove the key.",
        ),
        (INSTANCE, "instance:", "instance:", "database.instance: is empty. Write a value."),
        (INSTANCE, "instance: ''", "instance:", "database.instance: is empty. Write a value."),
        (
            INSTANCE, f"{INSTANCE}\n    max_connections:", "max_connections",
            "database.max_connections: is empty. Write a value, or remove the key "
            "(The instance's flag; with it, running out of connections pages).",
        ),
        (
            "health_path: /health", "health_answer: ~", "health_answer",
            "services[0].health_answer: is empty. Write a value, or remove the key.",
        ),
        (
            INSTANCE, "instance: The_DB", "instance:",
            "database.instance: is not a lower-case name. Use a-z, 0-9 and `-`, with a letter first and no `-` last.",
        ),
        (
            ENVIRONMENT, "environment:\n    name: Staging", "name: Staging",
            "environment.name: is not a lower-case name. Use a-z, 0-9 and `-`, with a letter first "
            "(In full: `production`).",
        ),
        (SERVICE, f"- name: {'s' * 50}", "- name: sss", "services[0].name: has more than 49 characters. Shorten it."),
        (
            "url: https://ai-resume-review-v2-backend", "url: http://ai-resume-review-v2-backend", "url: http:",
            f"services[0].url: is not an https address. Write it as https://host/path; {URL_CHARACTERS}",
        ),
        (
            "health_path: /health", "health_path: health?x=1", "health_path",
            f"services[0].health_path: is not a path. Write it as /path, without `?`; {URL_CHARACTERS}",
        ),
        (
            CHANNELS, CHANNELS + "    slack: '#alerts'\n", "slack:",
            "channels.slack: must be an object (keys and values), not text. "
            "Write its keys below it, indented: channel_name, team.",
        ),
        (
            CHANNELS, CHANNELS + "    slack:\n      channel_name: '#alerts'\n", "slack:",
            "channels.slack: is set, but the bot token of the Slack app is missing. "
            "Store it with `pulumi config set --secret readiness:slack_auth_token`.",
        ),
        (
            CHANNELS, CHANNELS + "    pagerduty:\n      service_name: Shop\n", "pagerduty:",
            "channels.pagerduty: is set, but the integration key of the PagerDuty service is missing. "
            "Store it with `pulumi config set --secret readiness:pagerduty_service_key`.",
        ),
        (
            CHANNELS, f"{CHANNELS}    existing:\n      - {{kind: e-mail, id: {CHANNEL_ID}}}\n", "kind: e-mail",
            "channels.existing[0].kind: is not one of the allowed values. "
            f"Did you mean `email`? Allowed: {', '.join(definition.kind for definition in CHANNEL_DEFINITIONS)}.",
        ),
        (
            CHANNELS, CHANNELS + "    existing:\n      - {kind: email, id: '7'}\n", "kind: email",
            "channels.existing[0].id: is not the id of a channel. "
            "Write it as projects/PROJECT/notificationChannels/NUMBER.",
        ),
        (
            CHANNELS, f"{CHANNELS}    existing:\n      - {{kind: email, id: {OTHERS_CHANNEL_ID}}}\n", "kind: email",
            "channels.existing[0].id: belongs to another project. Name one of the project in `gcp:project`.",
        ),
        (
            "readiness:owns_shared_resources: false", "readiness:owns_shared_resources: no", "owns_shared_resources",
            "owns_shared_resources: must be true or false, not text. Write true or false "
            "(Whether this stack declares what both stacks share. Exactly one stack does).",
        ),
    ],
)  # fmt: skip
def test_a_wrong_value_gives_one_line_that_says_all(project: Path, old: str, new: str, marker: str, said: str) -> None:
    """One mistake, one error: nothing that merely follows from it is said besides."""
    in_staging(project, old, new)
    assert error_of(project) == f"{place(project, marker)}readiness:{said}"


def test_a_service_that_is_listed_twice_is_refused_at_its_second_place(project: Path) -> None:
    """A copied block whose name was forgotten: every alert of the service would fire twice."""
    in_staging(project, SERVICE, "- name: ai-resume-review-v2-frontend-staging")
    (first, second) = (
        number
        for number, line in enumerate((project / STAGING).read_text(encoding="utf-8").splitlines(), start=1)
        if "- name: ai-resume-review-v2-frontend-staging" in line
    )
    assert first < second
    said = "readiness:services[1].name: repeats item [0]. Keep one of the two."
    assert error_of(project) == f"{STAGING}:{second}: {said}"


def test_a_channel_name_without_quotes_is_a_comment_and_said_to_be_empty(project: Path) -> None:
    """`channel_name: #alerts` is the usual slip with YAML; the token is missing besides."""
    in_staging(project, CHANNELS, CHANNELS + "    slack:\n      channel_name: #alerts\n")
    assert errors(project) == [
        f"{place(project, 'slack:')}readiness:channels.slack: is set, but the bot token of the Slack app is missing. "
        "Store it with `pulumi config set --secret readiness:slack_auth_token`.",
        f"{place(project, 'channel_name')}readiness:channels.slack.channel_name: is empty. "
        "Write a value (With the `#`, in quotes).",
    ]


def test_more_channels_than_a_policy_takes_are_refused(project: Path) -> None:
    """The API would refuse the policy half-way through an update."""
    many = "".join(f"      - person-{number}@shop.dev\n" for number in range(17))
    in_staging(project, EMAIL + "\n", many)
    assert "readiness:channels: holds 17 channels, and a policy takes at most 16." in error_of(project)


def test_one_address_twice_is_refused_in_any_case(project: Path) -> None:
    """Two channels would mail one person twice."""
    in_staging(project, EMAIL + "\n", "      - ops@shop.dev\n      - OPS@shop.dev\n")
    assert error_of(project).startswith(f"{place(project, 'OPS@')}readiness:channels.emails[1]: repeats item [0].")


def test_a_secret_that_nothing_uses_is_refused(project: Path) -> None:
    """A token without its channel: the channel was meant, or the token is a leftover."""
    add_setting(project, "readiness:slack_auth_token:\n  secure: v1:c2xhY2s=:c2xhY2s=")
    assert error_of(project) == (
        f"{place(project, 'slack_auth_token')}readiness:slack_auth_token: is stored, but readiness:channels.slack is "
        "not set, so nothing uses it. Set readiness:channels.slack, or remove the secret with "
        "`pulumi config rm readiness:slack_auth_token`."
    )


def test_a_secret_where_none_belongs_is_refused_and_its_setting_not_called_missing(project: Path) -> None:
    """The engine would hand the whole key to the program as one secret text."""
    in_staging(project, INSTANCE, "instance:\n      secure: v1:c2xhY2s=:c2xhY2s=")
    said = "readiness:database: is or holds a secret where none belongs. Write it in plain text; secrets are readiness:"
    assert error_of(project).startswith(place(project, "readiness:database") + said)


def test_all_mistakes_of_both_files_are_shown_at_once_in_the_order_of_the_files(project: Path) -> None:
    """Six mistakes, six lines: whoever fixes them runs the check twice, not seven times."""
    in_staging(project, "role: backend", "role: 5")
    in_staging(project, INSTANCE, "instanze: the-instance")
    in_staging(project, EMAIL, "      - dev-alerts")
    in_project(project, CPU, "cpu_ratio: 80")
    in_project(project, "memory_ratio: 0.9", "memory_ratio: -1")
    in_project(project, "gcp:region", "gcp:regoin")
    found = errors(project)
    assert [line.split(": ")[1] for line in found] == [
        "readiness:services[0].role",
        "readiness:database.instanze",
        "readiness:channels.emails[0]",
        "gcp:regoin",
        "readiness:alerts.high_cpu_usage.cpu_ratio",
        "readiness:alerts.high_memory_usage.memory_ratio",
    ]
    lines = [(line.split(":")[0], int(line.split(":")[1])) for line in found]
    assert lines == sorted(lines)
