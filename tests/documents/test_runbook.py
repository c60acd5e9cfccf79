"""The runbook: every notification links to its alert's page, and the page's first line and commands are complete."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from readiness.alerts.catalogue import ALERTS, alerts_of
from readiness.alerts.commands import (
    PRINTED_BY,
    commands_in,
    filled_commands,
    first_sentence,
    text_without_commands,
)
from readiness.alerts.rules import rules_of
from readiness.alerts.runbook_address import RUNBOOK_PATH, link_targets, page_path, runbook_address
from readiness.alerts.security_alerts import FIRST_STEPS, REMOVE_ACCESS, SECURITY_ALERTS, security_rules
from readiness.documents.runbook import runbook_texts
from readiness.markdown_text import anchors
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY
from readiness.settings.model import Runbook, Settings
from tests.docs.shell import commands_of_block, shell_blocks
from tests.docs.test_commands import complaints
from tests.projects import CUSTOMER_STACKS, EVERY_OPTION, STACKS, settings_of, write_runbook

CUSTOMER = [(stack, settings_of(stack)) for stack in CUSTOMER_STACKS]
# Verbs that a heading and a notification may begin with.
IMPERATIVES = frozenset(
    {"Ask", "Check", "Compare", "Count", "Do", "List", "Look", "Open", "Read", "Request", "Run", "Search", "Stop"}
)
CAPITALS = re.compile(r"(?<![\w./-])[A-Z][A-Z_]{2,}(?![\w.-])")
# Words in capitals that are part of a filter or a setting. The reader does not replace them.
OF_A_FILTER = frozenset({"AND", "ERROR", "CRITICAL", "FATAL", "NOT", "LIVENESS", "STARTUP", "ADD", "REMOVE", "ALWAYS"})
# Every measure of an alert: (alert, text).
MEASURES = [
    *((alert.name, measure) for alert in ALERTS for measure in alert.mitigation),
    *((alert.name, measure) for alert in SECURITY_ALERTS for measure in alert.mitigation),
    *(("REMOVE_ACCESS", measure) for measure in REMOVE_ACCESS),
]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The runbook of every stack, the one with every option included."""
    return runbook_texts([(stack, settings_of(stack)) for stack in STACKS])


def alert_pages(texts: Mapping[str, str]) -> dict[str, str]:
    """The page of each alert, by its name."""
    return {Path(path).stem: text for path, text in texts.items() if path != RUNBOOK_PATH}


def declared_names(stacks: list[tuple[str, Settings]]) -> set[str]:
    """The alerts that at least one of the stacks declares."""
    names = {definition.name for _, settings in stacks for definition in alerts_of(settings)}
    return names | {rule.alert.name for _, settings in stacks for rule in security_rules(settings)}


def sections(page: str) -> Iterator[tuple[str, str]]:
    """`(heading, text)` of each section of level 2."""
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        yield heading, text


def test_every_declared_alert_has_a_page_and_no_other_alert_has_one(pages: dict[str, str]) -> None:
    """A page of an alert that no stack declares would mislead its readers."""
    assert alert_pages(pages).keys() == declared_names([(stack, settings_of(stack)) for stack in STACKS])
    staging = [("staging", settings_of("staging"))]
    assert alert_pages(runbook_texts(staging)).keys() == declared_names(staging)
    assert "ProjectOwnershipChange" not in alert_pages(runbook_texts(staging))


@pytest.mark.parametrize("stack", STACKS)
def test_the_link_of_every_policy_leads_to_a_page(plans: dict[str, Plan], stack: str, tmp_path: Path) -> None:
    """The links are read from the plan. The fixture with every option has an address without pages."""
    write_runbook(tmp_path)
    targets = link_targets(tmp_path)
    for policy in plans[stack].of_type(ALERT_POLICY):
        for link in policy["inputs"]["documentation"]["links"]:
            address = urlparse(link["url"])
            assert (address.fragment or address.path.rpartition("/")[2]) in targets


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://git.example/blob/main/docs/runbook.md", "https://git.example/blob/main/docs/runbook/HighLatency.md"),
        ("https://git.example/docs/runbook/", "https://git.example/docs/runbook/HighLatency.md"),
        ("https://wiki.example/runbook", "https://wiki.example/runbook#highlatency"),
    ],
)
def test_the_runbook_address_of_the_settings_gives_the_address_of_an_alerts_page(url: str, address: str) -> None:
    """The setting is the common page, the folder of the pages, or the single page of a wiki."""
    settings = settings_of("prod").model_copy(update={"runbook": Runbook(url=url)})
    assert runbook_address("HighLatency", settings) == address


def test_links_of_older_notifications_lead_to_the_alerts_page(pages: dict[str, str]) -> None:
    """The common page has a section for each alert, with what to do first."""
    common = pages[RUNBOOK_PATH]
    for name, page in alert_pages(pages).items():
        assert name.lower() in anchors(common)
        first = page.splitlines()[0].removeprefix(f"# {name}: ")
        assert f"### {name}\n\n{first}: [{name}](runbook/{name}.md)\n" in common


def test_the_first_line_of_a_page_is_the_first_thing_to_do(pages: dict[str, str]) -> None:
    """It contains the alert's name and one short imperative sentence."""
    for name, page in alert_pages(pages).items():
        heading, _, first = page.splitlines()[0].partition(": ")
        assert heading == f"# {name}"
        assert first.split()[0] in IMPERATIVES, f"{name}: begin the first step with a verb: {first}"
        assert len(first) <= 120, name
        assert not re.search(r"[?$`]|\bthe command\b", first), name


def test_production_comes_first_and_each_stack_has_its_own_commands(pages: dict[str, str]) -> None:
    """The sections of the stacks do not mix, and no command is folded."""
    texts = alert_pages(runbook_texts(list(reversed(CUSTOMER))))
    for name, page in texts.items():
        found = [(heading, text) for heading, text in sections(page) if heading.startswith(("production", "staging"))]
        assert found[0][0] == "production (stack prod)", name
        for heading, text in found:
            other = "staging" if heading.startswith("production") else "-prod"
            # UnusualSecretAccess covers the whole project, so its filter names the accounts of every stack.
            assert name == "UnusualSecretAccess" or other not in "\n".join(shell_blocks(text)), name
        assert "<details>" not in page
    assert "<details>" not in "".join(pages.values())


@pytest.mark.parametrize("stack", STACKS)
def test_the_query_in_the_runbook_is_the_one_that_is_deployed(pages: dict[str, str], stack: str) -> None:
    """The exact text, in its own block."""
    for rule in rules_of(settings_of(stack)):
        assert f"```promql\n{rule.query}\n```" in pages[page_path(rule.definition.name)]


def test_every_alert_that_counts_events_links_to_how_alerts_count(pages: dict[str, str]) -> None:
    """`increase` may count differently on Monitoring, so each page with such a query links to the explanation."""
    counting = {name for name, page in alert_pages(pages).items() if "increase(" in page}
    assert counting
    assert counting == {name for name, page in alert_pages(pages).items() if "(../runbook.md#how-alerts-count)" in page}


@pytest.mark.parametrize(("name", "measure"), MEASURES)
def test_a_measure_has_a_whole_command_or_links_to_another_alert(name: str, measure: str) -> None:
    """Advice such as "raise the memory", without a command, costs time during an incident."""
    assert commands_in(measure) or re.search(r"\]\(\w+\.md\)", measure), name
    assert "`" not in re.sub(r"`[^`]*`", "", measure), name


def test_the_check_notices_a_measure_without_a_command() -> None:
    """The check can fail: the name of an option in backquotes is not a command."""
    assert commands_in("Raise `--memory`") == []
    assert commands_in("Run `gcloud run services list --project=$project`.") == [
        "gcloud run services list --project=$project"
    ]


def test_every_command_of_the_runbook_is_complete(pages: dict[str, str]) -> None:
    """Programs, subcommands and options exist, and a command above prints every value to fill in."""
    for path, page in pages.items():
        assert complaints(page) == [], path
        for heading, text in sections(page):
            assert not_printed(text) == [], f"{path}, {heading}"
        assert not re.search(r"\$\w", re.sub(r"\$\(", "", "\n".join(shell_blocks(page)))), path


def test_no_command_prints_the_value_of_a_variable(pages: dict[str, str]) -> None:
    """A value in plain text may be a secret, and the screen may be shared."""
    assert "env[].valueFrom" in "".join(pages.values())
    for path, page in pages.items():
        assert not re.search(r"\.env\b(?!\[\]\.(?:name|valueFrom)\b)", page), path


def not_printed(section: str) -> list[str]:
    """Commands with a word in capitals that no command above them in the section prints."""
    found: list[str] = []
    above: list[str] = []
    for block in shell_blocks(section):
        for words in commands_of_block(block):
            command = " ".join(words)
            # A filter or a format is one quoted word. A word to replace is a whole word or the value of an option.
            rest = " ".join(word for word in words if not re.search(r"[\s(]", word))
            for capital in set(CAPITALS.findall(rest)) - OF_A_FILTER:
                printed = any(line.startswith(PRINTED_BY.get(capital, ())) for line in above)
                found += [] if printed or capital == "WORD" else [f"{capital}: {command}"]
            above.append(command)
    return found


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ("gcloud run services update s --memory=MEMORY", ["MEMORY: gcloud run services update s --memory=MEMORY"]),
        ("gcloud run services describe s\ngcloud run services update s --memory=MEMORY", []),
        ("gcloud run services update PLACEHOLDER", ["PLACEHOLDER: gcloud run services update PLACEHOLDER"]),
    ],
)
def test_the_check_notices_a_word_in_capitals_that_no_command_prints(block: str, found: list[str]) -> None:
    """The check can fail: for a word without a command, and for one that comes before its command."""
    assert not_printed(f"```bash\n{block}\n```\n") == found


def test_a_command_is_repeated_for_each_service_with_the_names_of_the_stack() -> None:
    """Values are quoted, database commands are only for services with a connection, limits come from the settings."""
    settings = settings_of("prod")
    backend, frontend = (service.name for service in settings.services)
    assert list(filled_commands("`gcloud run services describe $service --project=$project`", settings, {})) == [
        f"gcloud run services describe {name} --project={settings.project}" for name in (backend, frontend)
    ]
    assert list(filled_commands("x `gcloud run $database_service $fewer_instances`", settings, {})) == [
        f"gcloud run {backend} --max-instances=2"
    ]
    (command, _) = filled_commands("`gcloud run $service $more_instances`", settings, {})
    assert command == f"gcloud run {backend} --max-instances=10"
    without = settings.model_copy(update={"database": None, "migration_job": None})
    assert list(filled_commands("`gcloud sql $instance` and `gcloud run $job`", without, {})) == []
    assert list(filled_commands("`gcloud x $odd`", settings, {"odd": shlex.quote("a b")})) == ["gcloud x 'a b'"]
    with pytest.raises(KeyError):
        list(filled_commands("`gcloud run services describe $servise`", settings, {}))


@pytest.mark.parametrize(
    ("text", "short", "first"),
    [
        ("List them: `gcloud a b`. Is one new?", "List them. Is one new?", "List them"),
        ("Restart it with `gcloud a b`: it ends.", "Restart it with the command: it ends.", None),
        ("Open it: `gcloud a b` and `gh run view`. Which?", "Open it. Which?", "Open it"),
        ("`gcloud a b` shows it.", "The command shows it.", None),
        ("Look for `Memory limit of`: it is memory.", "Look for `Memory limit of`: it is memory.", None),
    ],
)
def test_a_text_is_complete_without_its_commands(text: str, short: str, first: str | None) -> None:
    """A notification leaves the commands out, and the page shows them in blocks."""
    assert text_without_commands(text) == short
    assert first_sentence(text) == (first or short.rstrip("."))


def test_every_log_query_has_a_link_to_the_logs_explorer_for_the_last_hour(pages: dict[str, str]) -> None:
    """The link has the same filter as the command, for exactly the stack's services."""
    page = alert_pages(runbook_texts(CUSTOMER))["InstanceLimitReached"]
    (_, production), *_ = [found for found in sections(page) if found[0].startswith("production")]
    ((filter_text, project),) = re.findall(
        r"\(https://console\.cloud\.google\.com/logs/query;query=([^?)]+);duration=PT1H\?project=([^)]+)\)", production
    )
    commands = [words for block in shell_blocks(production) for words in commands_of_block(block)]
    assert unquote(filter_text) == next(words[3] for words in commands if words[:3] == ["gcloud", "logging", "read"])
    assert project == settings_of("prod").project
    assert "^(ai-resume-review-v2-backend-prod|ai-resume-review-v2-frontend-prod)$" in unquote(filter_text)
    every_link = re.findall(r"\((https://console\.cloud\.google\.com/logs/query;[^)]+)\)", "".join(pages.values()))
    assert len(every_link) > 50
    assert not any("%0A" in link for link in every_link), "a filter in a link is one line"
    assert all(";duration=PT1H?project=" in link for link in every_link)


def test_the_query_for_refused_requests_uses_their_status_and_text() -> None:
    """A refused request has status 429 and severity WARNING, so a query for 5xx or for errors does not find it."""
    texts = runbook_texts(CUSTOMER)
    wanted = '(httpRequest.status=429 OR textPayload:"no available instance")'
    assert wanted in texts[page_path("InstanceLimitReached")]
    common = unquote(texts[RUNBOOK_PATH])
    assert 'httpRequest.status>=500 OR httpRequest.status=429 OR textPayload:"no available instance"' in common


def test_the_query_for_memory_kills_uses_the_texts_of_cloud_run() -> None:
    """`SIGKILL` is a text of gunicorn."""
    page = runbook_texts(CUSTOMER)[page_path("HighMemoryUsage")]
    for block in shell_blocks(page):
        assert "SIGKILL" not in block
    assert 'textPayload=~"Memory limit of .* exceeded|Uncaught signal: 9"' in page


@pytest.mark.parametrize("name", ["MigrationFailed", *(alert.name for alert in SECURITY_ALERTS)])
def test_no_rollback_is_suggested_for_an_alert_that_no_revision_causes(name: str) -> None:
    """Moving traffic to another revision does not restore a schema, a role or a route."""
    page = runbook_texts(CUSTOMER)[page_path(name)]
    assert "update-traffic" not in page
    assert "ROLLBACK_RUNBOOK" not in page
    wanted = "gcloud run jobs executions list" if name == "MigrationFailed" else "gcloud logging read"
    assert wanted in page


def test_the_common_page_lists_who_is_notified_in_each_stack() -> None:
    """It names the channels once for each stack, and names the stacks without a channel that pages."""
    common = runbook_texts(CUSTOMER)[RUNBOOK_PATH]
    assert "| prod | ops@example.com | nobody | nobody |" in common
    assert "No alert of prod and staging pages anybody" in common
    (row,) = [line for line in common.splitlines() if line.startswith("| [HighErrorRate]")]
    assert row.count(": e-mail |") == 2
    every_option = runbook_texts([(EVERY_OPTION, settings_of(EVERY_OPTION))])[RUNBOOK_PATH]
    assert "No alert of" not in every_option
    (row,) = [line for line in every_option.splitlines() if line.startswith(f"| {EVERY_OPTION} | ")][:1]
    channels = settings_of(EVERY_OPTION).channels
    assert channels.slack is not None
    assert channels.pagerduty is not None
    for name in (*channels.emails, channels.slack.channel_name, channels.pagerduty.service_name):
        assert name.replace("|", r"\|") in row
    for channel in channels.existing:
        assert f"channel {channel.id.rpartition('/')[2]}, managed elsewhere" in row


def test_severity_and_channels_may_differ_between_stacks() -> None:
    """A failed migration pages in production. In another stack it is an ERROR that notifies the team."""
    every = settings_of(EVERY_OPTION)
    other = every.model_copy(update={"environment": every.environment.model_copy(update={"production": False})})
    texts = runbook_texts([(EVERY_OPTION, every), ("other", other)])
    rows = [line for line in texts[RUNBOOK_PATH].splitlines() if line.startswith("| [MigrationFailed]")]
    assert [re.findall(r"(?:: | \| )(CRITICAL[^|]*|e-mail[^|]*) (?=\|)", row) for row in rows] == [
        ["CRITICAL; ERROR in other", "e-mail, Slack, PagerDuty", "e-mail, Slack"]
    ]
    page = texts[page_path("MigrationFailed")]
    assert re.findall(r"^(\w+, notifies .*) when: ", page, flags=re.MULTILINE) == [
        "CRITICAL, notifies e-mail, Slack, PagerDuty",
        "ERROR, notifies e-mail, Slack",
    ]
    (row,) = [line for line in texts[RUNBOOK_PATH].splitlines() if line.startswith("| [HighErrorRate]")]
    assert "| CRITICAL |" in row


def test_missing_alerts_are_listed_with_the_reason() -> None:
    """The list is the one of `readiness check`. Alerts that the team switched off are marked."""
    settings = settings_of("staging")
    mysql = settings.model_copy(
        update={
            "database": settings.required_database.model_copy(update={"engine": "mysql"}),
            "alerts": settings.alerts.model_copy(update={"unwatched": ("TransactionIdWraparound",)}),
        }
    )
    listed = dict(sections(runbook_texts([("staging", mysql)])[RUNBOOK_PATH]))["Not watched"]
    assert [line for line in listed.splitlines() if line.startswith("- staging: ")] == [
        "- staging: DatabaseConnectionErrors does not read this server's log; `readiness:database.engine` is mysql.",
        "- staging: DatabaseConnectionsRunOut is not declared; `readiness:database.engine` is mysql.",
        "- staging: TransactionIdWraparound is not declared; `readiness:database.engine` is mysql. The team does "
        "without it: `readiness:alerts.unwatched` names it.",
    ]
    complete = settings.model_copy(update={"database": None, "migration_job": None})
    assert "No stack lacks an alert" in runbook_texts([("staging", complete)])[RUNBOOK_PATH]


def test_every_link_within_the_runbook_has_a_target(pages: dict[str, str]) -> None:
    """From the common page to the alerts' pages, back, and between the alerts' pages."""
    for stacks in ([(stack, settings_of(stack)) for stack in STACKS], [("staging", settings_of("staging"))]):
        texts = runbook_texts(stacks)
        for path, text in texts.items():
            for name, anchor in re.findall(r"\]\(((?:\.\./)?(?:runbook/)?\w*(?:\.md)?)(?:#([^)]*))?\)", text):
                target = path if not name else (Path(path).parent / name).as_posix().replace("runbook/../", "")
                if target == "docs/ROLLBACK_RUNBOOK.md":
                    continue
                assert target in texts, f"{path} links to {name}"
                assert not anchor or anchor in anchors(texts[target]), f"{path} links to {name}#{anchor}"


def test_a_link_to_an_alert_that_no_stack_declares_is_left_out() -> None:
    """A stack without a database has no page for connection errors."""
    settings = settings_of("staging")
    alerts = settings.alerts.model_copy(update={"database_connection_errors": None})
    without = settings.model_copy(update={"database": None, "migration_job": None, "alerts": alerts})
    texts = runbook_texts([("staging", without)])
    assert "DatabaseConnectionErrors" not in alert_pages(texts)
    assert "DatabaseConnectionErrors.md" not in "".join(texts.values())
    assert "gcloud sql" not in "".join(texts.values())


def test_every_block_is_closed_and_has_empty_lines_around_it(pages: dict[str, str]) -> None:
    """Without an empty line, GitHub shows a fence as a part of the paragraph. No line ends in a blank."""
    for path, page in pages.items():
        lines = page.splitlines()
        assert [line for line in lines if line != line.rstrip()] == [], path
        fences = [number for number, line in enumerate(lines) if line.startswith("```")]
        assert len(fences) % 2 == 0
        for opening, closing in zip(fences[::2], fences[1::2], strict=True):
            assert (lines[opening - 1], lines[closing + 1]) == ("", ""), f"{path}, line {opening + 1}"


def test_every_row_of_a_table_has_its_columns(pages: dict[str, str]) -> None:
    """The contact `On call | primary` must not end its cell."""
    common = pages[RUNBOOK_PATH]
    assert r"On call \| primary" in common
    for table in re.findall(r"(?:^\|.*\n)+", common, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_the_escalation_path_is_in_the_order_of_the_settings(pages: dict[str, str]) -> None:
    """The table has the order in which to call."""
    escalation = dict(sections(pages[RUNBOOK_PATH]))["Escalation"]
    rows = [line for line in escalation.splitlines() if line.startswith("| prod | ")]
    assert [row.split(" | ")[2] for row in rows] == [
        contact.name for contact in settings_of("prod").escalation.contacts
    ]


def test_the_page_of_a_security_alert_has_a_command_that_prints_who_did_what() -> None:
    """Its filter is the filter of the counter, and it prints account, address, method and resource."""
    page = runbook_texts(CUSTOMER)[page_path("NetworkRouteChange")]
    (words,) = (
        words
        for block in shell_blocks(page)
        for words in commands_of_block(block)
        if words[:3] == ["gcloud", "logging", "read"]
    )
    alert = next(alert for alert in SECURITY_ALERTS if alert.name == "NetworkRouteChange")
    assert words[3] == alert.filter
    for field in ("principalEmail", "callerIp", "methodName", "resourceName"):
        assert field in words[-1]
    assert first_sentence(FIRST_STEPS[0]) == "Read in the audit log who changed what, from which address"
