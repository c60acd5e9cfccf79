"""What a person in a hurry reads: real names, whole commands, no section that nothing leads to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.documents.pages import page_texts
from readiness.documents.runbook import runbook_texts
from readiness.markdown_text import anchors
from readiness.settings.github import Repository
from readiness.settings.model import Runbook, Settings
from readiness.settings.notes import Notes
from tests.delivered.delivered import files_for_images
from tests.edits import edit
from tests.projects import EVERY_OPTION, STACKS, Command, settings_of

CUSTOMER = [("staging", settings_of("staging")), ("prod", settings_of("prod"))]
PAGES = page_texts(CUSTOMER)
WITH_CONTENTS = [path for path in PAGES if "application-readme" not in path]


def test_a_stale_document_is_named(command: Command, project: Path) -> None:
    """And written by the same command without `--check`; the second time there is nothing to write."""
    edit(project, "instance: ai-resume-review-v2-db-prod", "instance: another-db")
    assert command("docs", cwd=project).out.count("wrote docs/") == len(PAGES)
    edit(project, "instance: another-db", "instance: ai-resume-review-v2-db-prod")
    stale = command("docs", "--check", cwd=project)
    assert stale.status == 1
    assert "docs/ROLLBACK_RUNBOOK.md" in stale.err
    assert "application-readme-section" not in stale.err, "it names no instance"
    command("docs", cwd=project)
    assert command("docs", "--check", cwd=project).status == 0
    assert "wrote" not in command("docs", cwd=project).out


@pytest.mark.parametrize("path", WITH_CONTENTS)
def test_every_section_stands_in_the_contents_and_the_other_way_round(path: str) -> None:
    """A section that nothing leads to is not found by who needs it."""
    head, _, body = PAGES[path].partition("\n## ")
    listed = re.findall(r"^- \[([^\]]+)\]\(#([^)]+)\)$", head, flags=re.MULTILINE)
    sections = re.findall(r"^## (.+)$", f"## {body}", flags=re.MULTILINE)
    assert [title for title, _ in listed] == sections
    assert {anchor for _, anchor in listed} <= anchors(PAGES[path])


@pytest.mark.parametrize("path", ["docs/ROLLBACK_RUNBOOK.md", "docs/TROUBLESHOOTING.md"])
def test_the_stack_that_people_look_for_in_a_hurry_stands_open_and_first(path: str) -> None:
    """The owner of what is shared; the other stack is folded below it."""
    assert "<details><summary>prod" not in PAGES[path]
    first = re.search(r"^ *(prod|staging):$", PAGES[path], flags=re.MULTILINE)
    assert first is not None
    assert first.group(1) == "prod"


def test_every_service_and_instance_of_every_stack_stands_in_the_rollback_runbook() -> None:
    """By name, in the command that sends traffic back."""
    page = PAGES["docs/ROLLBACK_RUNBOOK.md"]
    for _, settings in CUSTOMER:
        for service in settings.services:
            where = f"--region={settings.region} --project={settings.project}"
            assert f"update-traffic {service.name} {where} --to-revisions=REVISION=100" in page
            assert f"update-traffic {service.name} {where} --to-latest" in page
        assert f"sql backups list --instance={settings.required_database.instance}" in page


@pytest.mark.parametrize("path", ["docs/ROLLBACK_RUNBOOK.md", "docs/TROUBLESHOOTING.md"])
def test_the_contacts_are_those_of_the_settings_in_their_order(path: str) -> None:
    """The same list as in the runbook of the alerts."""
    rows = re.findall(r"^\| (prod|staging) \| (\d) \| ([^|]+) \| ([^|]+) \|$", PAGES[path], flags=re.MULTILINE)
    wanted = [
        (stack, str(order), contact.name, contact.reach)
        for stack, settings in reversed(CUSTOMER)
        for order, contact in enumerate(settings.escalation.contacts, start=1)
    ]
    assert rows == wanted


def test_a_rollback_begins_where_an_alert_does() -> None:
    """The checklist's limits are the thresholds of the alerts."""
    page = PAGES["docs/DEPLOYMENT_CHECKLIST.md"]
    assert "| share of requests answered 5xx | over 5 % for 5 min | over 5 % for 5 min |" in page
    assert "| 95th percentile of the latency | over 5000 ms for 5 min | over 5000 ms for 5 min |" in page
    assert "| connection errors of the database | over 10 in 5 min | over 10 in 5 min |" in page


# What only the first customer has, beside the names in its settings.
CUSTOMERS_OWN_WORDS = (
    "Redis", "'QueuePool' object", "object has no attribute", "health-check.sh", "deploy.sh", "validate-environment.sh",
    "NEXT_PUBLIC_API_URL", "Next.js", "FastAPI", "CICD_", "frontend_build_from_staging", "backend_image_tag",
    "staging.yml", "production.yml", "Deploy to Production", "Deploy to Staging", "sum\u00e9", "resume",
)  # fmt: skip


def customers_words() -> set[str]:
    """Those, and the names of the customer's projects, services, hosts and repository."""
    words = set(CUSTOMERS_OWN_WORDS)
    for _, settings in CUSTOMER:
        words |= {
            settings.project,
            settings.github_owner,
            settings.repository.name,
            settings.required_database.instance,
        }
        for service in settings.services:
            words |= {service.name, service.host}
    return words


def shop(*, notes: bool) -> list[tuple[str, Settings]]:
    """Another company, with everything that it can say of itself or with nothing of it."""
    settings = settings_of(EVERY_OPTION)
    assert settings.security_audit is not None
    readers = ("api@shop-project-1.iam.gserviceaccount.com",)
    settings = settings.model_copy(
        update={
            "security_audit": settings.security_audit.model_copy(update={"secret_readers": readers}),
            "project": "shop-project-1",
            "github_owner": "shop-inc",
            "repository": Repository(name="web-shop"),
            "runbook": Runbook(url="https://shop.example.net/runbook"),
        }
    )
    if not notes:
        settings = settings.model_copy(update={"notes": Notes(), "deployment_telemetry": None})
    return [("shop", settings)]


@pytest.mark.parametrize("notes", [True, False])
def test_nothing_of_the_first_customer_is_in_the_documents_of_another_company(notes: bool) -> None:
    """Its troubles, tools and workflows are in its settings; without these nothing is said of them."""
    stacks = shop(notes=notes)
    files = {path: text for stack in ("prod", EVERY_OPTION) for path, text in files_for_images(stack).items()}
    texts = {**page_texts(stacks), **runbook_texts(stacks)}
    found = {path: sorted(word for word in customers_words() if word in text) for path, text in texts.items()}
    assert {path: words for path, words in found.items() if words} == {}
    comments = {path: [line for line in text.splitlines() if "#" in line] for path, text in files.items()}
    assert not [path for path, lines in comments.items() if any("production.yml" in line for line in lines)]


def test_what_a_team_notes_is_in_its_documents() -> None:
    """Each note where it belongs, once; the workflow and its inputs in the command that starts it."""
    pages = page_texts(shop(notes=True))
    notes = settings_of(EVERY_OPTION).notes
    trouble = notes.known_troubles[0]
    assert f"| {trouble.looks} | {trouble.why} | {trouble.action} |" in pages["docs/TROUBLESHOOTING.md"]
    checklist = pages["docs/DEPLOYMENT_CHECKLIST.md"]
    assert f"- {notes.deployment[0]}\n" in checklist
    assert f"- [ ] {notes.after_deployment[0]}\n" in checklist
    assert " -f release=COMMIT_SHA\n" in checklist
    assert f"- {notes.application_readme[0]}\n" in pages["docs/application-readme-section.md"]
    assert "gh workflow run WORKFLOW.yml" in page_texts(shop(notes=False))["docs/DEPLOYMENT_CHECKLIST.md"]


def without_exceptions(settings: Settings) -> Settings:
    """The same stack, whose services have no known degraded answer and no smoke test."""
    services = tuple(
        service.model_copy(
            update={
                "smoke": None,
                "health_answer": service.health_answer
                and service.health_answer.model_copy(update={"known_degraded": None}),
            }
        )
        for service in settings.services
    )
    return settings.model_copy(update={"services": services})


def verify_commands(pages: dict[str, str]) -> dict[str, set[str]]:
    """`{stack: the commands that look at it}` of every page, without their comments."""
    found: dict[str, set[str]] = {}
    for text in pages.values():
        for command, stack in re.findall(r"(readiness verify (\w+)[-\w ]*?) *(?=$|`|\"|#)", text, flags=re.MULTILINE):
            found.setdefault(stack, set()).add(command)
    return found


def test_verify_has_the_options_that_the_stack_needs_to_pass() -> None:
    """Staging answers degraded, so its command says that this is allowed; production answers as it should."""
    pages = page_texts([("staging", settings_of("staging")), ("prod", without_exceptions(settings_of("prod")))])
    commands = verify_commands(pages)
    assert commands["staging"] == {"readiness verify staging --allow-degraded"}
    assert commands["prod"] == {"readiness verify prod", "readiness verify prod --format markdown"}
    checklist = pages["docs/DEPLOYMENT_CHECKLIST.md"]
    assert "--smoke" not in checklist, "`verify --smoke` is refused without a smoke test"
    assert "READINESS_SMOKE" not in checklist
    assert "- [ ] No service declares a smoke test (setting `smoke`): log in, upload and log out by hand." in checklist
    assert "readiness verify prod --allow-degraded --smoke" in verify_commands(PAGES)["prod"]


def test_the_command_says_until_which_day_a_degraded_answer_is_allowed() -> None:
    """The day of the settings; without one, no day is invented."""
    line = "readiness verify staging --allow-degraded   # --allow-degraded until 2027-03-31; then without it\n"
    assert line in PAGES["docs/DEPLOYMENT_CHECKLIST.md"]
    staging = settings_of("staging")
    undated = [
        service.model_copy(
            update={
                "health_answer": service.health_answer.model_copy(
                    update={
                        "known_degraded": service.health_answer.known_degraded.model_copy(
                            update={"accept_degraded_until": None}
                        )
                    }
                )
            }
        )
        if service.health_answer is not None and service.health_answer.known_degraded is not None
        else service
        for service in staging.services
    ]
    stacks = [("staging", staging.model_copy(update={"services": tuple(undated)})), CUSTOMER[1]]
    checklist = page_texts(stacks)["docs/DEPLOYMENT_CHECKLIST.md"]
    assert "--allow-degraded   # --allow-degraded while the known degraded answer lasts; then without it\n" in checklist


def test_the_rollback_runbook_says_how_often_it_is_rehearsed() -> None:
    """With the days of the setting that `readiness verify` goes by."""
    stack, settings = CUSTOMER[1]
    runbook = settings.runbook.model_copy(update={"max_rehearsal_age_days": 30})
    page = page_texts([(stack, settings.model_copy(update={"runbook": runbook}))])["docs/ROLLBACK_RUNBOOK.md"]
    assert "has no rehearsal of the last 30 days" in page
    assert "readiness rehearse prod --by NAME\n" in page
    assert "readiness rehearse prod --served-again --by NAME\n" in page


def test_every_stack_fills_every_template() -> None:
    """The one with every option too, and one alone: no placeholder is left over."""
    every_option = [stack for stack in STACKS if stack not in ("prod", "staging")]
    for stacks in (CUSTOMER, CUSTOMER[:1], [(stack, settings_of(stack)) for stack in every_option]):
        for path, text in page_texts(stacks).items():
            assert "{{" not in re.sub(r"\{\"[^\n]*", "", text), path
            assert not re.search(r"\{(stack|service|where|project|region|instance|repository|health)\}", text), path


def test_no_fence_stays_open_and_each_indent_is_its_own() -> None:
    """A block inside a list's item is indented as the item is, else the list ends there."""
    for path, text in PAGES.items():
        fences = re.findall(r"^( *)```", text, flags=re.MULTILINE)
        assert len(fences) % 2 == 0, path
        assert fences[::2] == fences[1::2], path
