"""The generated pages have real names, whole commands, and a complete table of contents."""

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


def test_check_names_a_stale_document(command: Command, project: Path) -> None:
    """The command without `--check` writes it, and writes nothing the second time."""
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
def test_the_table_of_contents_lists_exactly_the_sections(path: str) -> None:
    """Readers do not find a section that is missing there."""
    head, _, body = PAGES[path].partition("\n## ")
    listed = re.findall(r"^- \[([^\]]+)\]\(#([^)]+)\)$", head, flags=re.MULTILINE)
    sections = re.findall(r"^## (.+)$", f"## {body}", flags=re.MULTILINE)
    assert [title for title, _ in listed] == sections
    assert {anchor for _, anchor in listed} <= anchors(PAGES[path])


@pytest.mark.parametrize("path", ["docs/ROLLBACK_RUNBOOK.md", "docs/TROUBLESHOOTING.md"])
def test_the_block_of_production_comes_first_and_is_not_folded(path: str) -> None:
    """Production owns the shared resources. The other stack is folded below it."""
    assert "<details><summary>prod" not in PAGES[path]
    first = re.search(r"^ *(prod|staging):$", PAGES[path], flags=re.MULTILINE)
    assert first is not None
    assert first.group(1) == "prod"


def test_the_rollback_runbook_names_every_service_and_instance_of_every_stack() -> None:
    """The names are in the commands."""
    page = PAGES["docs/ROLLBACK_RUNBOOK.md"]
    for _, settings in CUSTOMER:
        for service in settings.services:
            where = f"--region={settings.region} --project={settings.project}"
            assert f"update-traffic {service.name} {where} --to-revisions=REVISION=100" in page
            assert f"update-traffic {service.name} {where} --to-latest" in page
        assert f"sql backups list --instance={settings.required_database.instance}" in page


@pytest.mark.parametrize("path", ["docs/ROLLBACK_RUNBOOK.md", "docs/TROUBLESHOOTING.md"])
def test_the_contacts_are_those_of_the_settings_in_their_order(path: str) -> None:
    """The list is the same as in the runbook of the alerts."""
    rows = re.findall(r"^\| (prod|staging) \| (\d) \| ([^|]+) \| ([^|]+) \|$", PAGES[path], flags=re.MULTILINE)
    wanted = [
        (stack, str(order), contact.name, contact.reach)
        for stack, settings in reversed(CUSTOMER)
        for order, contact in enumerate(settings.escalation.contacts, start=1)
    ]
    assert rows == wanted


def test_the_limits_of_the_checklist_are_the_thresholds_of_the_alerts() -> None:
    """The checklist asks for a rollback at the values at which an alert fires."""
    page = PAGES["docs/DEPLOYMENT_CHECKLIST.md"]
    assert "| share of requests answered 5xx | over 5 % for 5 min | over 5 % for 5 min |" in page
    assert "| 95th percentile of the latency | over 5000 ms for 5 min | over 5000 ms for 5 min |" in page
    assert "| connection errors of the database | over 10 in 5 min | over 10 in 5 min |" in page


# Words that only the first customer uses, in addition to the names in its settings.
CUSTOMERS_OWN_WORDS = (
    "Redis", "'QueuePool' object", "object has no attribute", "health-check.sh", "deploy.sh", "validate-environment.sh",
    "NEXT_PUBLIC_API_URL", "Next.js", "FastAPI", "CICD_", "frontend_build_from_staging", "backend_image_tag",
    "staging.yml", "production.yml", "Deploy to Production", "Deploy to Staging", "sum\u00e9", "resume",
)  # fmt: skip


def customers_words() -> set[str]:
    """These words, and the names of the customer's projects, services, hosts and repository."""
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
    """Another company, with notes for every document or without notes."""
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
    """Known troubles, tools and workflows come only from the settings."""
    stacks = shop(notes=notes)
    files = {path: text for stack in ("prod", EVERY_OPTION) for path, text in files_for_images(stack).items()}
    texts = {**page_texts(stacks), **runbook_texts(stacks)}
    found = {path: sorted(word for word in customers_words() if word in text) for path, text in texts.items()}
    assert {path: words for path, words in found.items() if words} == {}
    comments = {path: [line for line in text.splitlines() if "#" in line] for path, text in files.items()}
    assert not [path for path, lines in comments.items() if any("production.yml" in line for line in lines)]


def test_the_notes_of_the_settings_are_in_the_documents() -> None:
    """Each note is in its document. The command that starts the workflow has its name and inputs."""
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
    """The same stack without known degraded answers and smoke tests."""
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
    """`{stack: its verify commands}` of every page, without their comments."""
    found: dict[str, set[str]] = {}
    for text in pages.values():
        for command, stack in re.findall(r"(readiness verify (\w+)[-\w ]*?) *(?=$|`|\"|#)", text, flags=re.MULTILINE):
            found.setdefault(stack, set()).add(command)
    return found


def test_verify_has_the_options_that_the_stack_needs_to_pass() -> None:
    """Staging answers "degraded", so its command allows that. Production answers as healthy."""
    pages = page_texts([("staging", settings_of("staging")), ("prod", without_exceptions(settings_of("prod")))])
    commands = verify_commands(pages)
    assert commands["staging"] == {"readiness verify staging --allow-degraded"}
    assert commands["prod"] == {"readiness verify prod", "readiness verify prod --format markdown"}
    checklist = pages["docs/DEPLOYMENT_CHECKLIST.md"]
    assert "--smoke" not in checklist, "`verify --smoke` is refused without a smoke test"
    assert "READINESS_SMOKE" not in checklist
    assert "- [ ] No service declares a smoke test (setting `smoke`): log in, upload and log out by hand." in checklist
    assert "readiness verify prod --allow-degraded --smoke" in verify_commands(PAGES)["prod"]


def test_the_command_has_a_comment_until_when_a_degraded_answer_is_allowed() -> None:
    """The day comes from the settings. Without a day there, the comment names none."""
    line = "readiness verify staging --allow-degraded   # use --allow-degraded only until 2027-03-31\n"
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
    assert "--allow-degraded   # use --allow-degraded only while the known degraded answer exists\n" in checklist


def test_the_rollback_runbook_states_how_often_to_rehearse() -> None:
    """It uses the setting that `readiness verify` uses."""
    stack, settings = CUSTOMER[1]
    runbook = settings.runbook.model_copy(update={"max_rehearsal_age_days": 30})
    page = page_texts([(stack, settings.model_copy(update={"runbook": runbook}))])["docs/ROLLBACK_RUNBOOK.md"]
    assert "has no rehearsal of the last 30 days" in page
    assert "readiness rehearse prod --by NAME\n" in page
    assert "readiness rehearse prod --served-again --by NAME\n" in page


def test_every_stack_fills_every_template() -> None:
    """No placeholder is left, also for the stack with every option and for a single stack."""
    every_option = [stack for stack in STACKS if stack not in ("prod", "staging")]
    for stacks in (CUSTOMER, CUSTOMER[:1], [(stack, settings_of(stack)) for stack in every_option]):
        for path, text in page_texts(stacks).items():
            assert "{{" not in re.sub(r"\{\"[^\n]*", "", text), path
            assert not re.search(r"\{(stack|service|where|project|region|instance|repository|health)\}", text), path


def test_every_fence_is_closed_with_its_own_indentation() -> None:
    """A block inside an item of a list is indented like the item. Otherwise the list would end there."""
    for path, text in PAGES.items():
        fences = re.findall(r"^( *)```", text, flags=re.MULTILINE)
        assert len(fences) % 2 == 0, path
        assert fences[::2] == fences[1::2], path
