"""The first customer's production after a good deployment: its services, Google and GitHub, on loopback servers."""

from __future__ import annotations

import copy
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readiness.delivered.declared_files import declared_files
from readiness.live.rehearsal import REHEARSALS, Rehearsal
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.resource_types import ALERT_POLICY, CHANNEL, RULESET
from readiness.settings.stack_files import read_stack
from readiness.times import instant_text
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, add, edit, endpoint_lines
from tests.live.github_repository import Repository
from tests.live.loopback import Reply, Request, serving
from tests.live.verify.answers import HEALTHY
from tests.pinned_clock import NOW

PUBLIC = "https://ai-resume-review-v2-{}-prod-wnjxxf534a-uc.a.run.app"

RUNBOOK = "https://github.com/stellar-aiz/ai-resume-review-v2/blob/main/docs/runbook.md"


def live_environment() -> dict[str, Any]:
    """The GitHub environment as the REST API answers it when it is as declared."""
    reviewers = [{"type": "User", "reviewer": {"id": identity}} for identity in (1001, 1002)]
    return {
        "can_admins_bypass": False,
        "protection_rules": [
            {"type": "required_reviewers", "prevent_self_review": True, "reviewers": reviewers},
            {"type": "branch_policy"},
        ],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }


def live_ruleset(declared: dict[str, Any]) -> dict[str, Any]:
    """The plan's ruleset as the REST API answers it to a token that may write."""
    rules, names = declared["rules"], declared["conditions"]["refName"]
    checks = [
        {"context": required_check["context"], "integration_id": required_check["integrationId"]}
        for required_check in rules["requiredStatusChecks"]["requiredChecks"]
    ]
    approvals = {
        "required_approving_review_count": rules["pullRequest"]["requiredApprovingReviewCount"],
        "dismiss_stale_reviews_on_push": rules["pullRequest"]["dismissStaleReviewsOnPush"],
    }
    return {
        "id": 5,
        "name": declared["name"],
        "enforcement": declared["enforcement"],
        "conditions": {"ref_name": {"include": names["includes"], "exclude": names.get("excludes", [])}},
        "bypass_actors": [
            {"actor_type": item["actorType"], "actor_id": item["actorId"], "bypass_mode": item["bypassMode"]}
            for item in declared.get("bypassActors", ())
        ],
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": approvals},
            {"type": "required_status_checks", "parameters": {"required_status_checks": checks}},
        ],
    }


@dataclass
class Deployment:
    """Everything that is live; a test changes one thing of it. `project` is the folder to run the command in."""

    project: Path
    plan: Plan
    backend: Callable[[Request], Reply] = lambda request: HEALTHY
    redirect: Callable[[Request], Reply] = lambda request: Reply(
        302, None, {"Location": f"https://{request.headers['host']}{request.path}"}
    )
    policies: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    scanning: dict[str, Any] = field(default_factory=lambda: {"enablementState": "SCANNING_ACTIVE"})
    environment: dict[str, Any] = field(default_factory=live_environment)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    runbook: Callable[[Request], Reply] = lambda request: Reply(200, "a page")
    github_url: str = ""
    asked: list[Request] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        """Credentials of nobody, and where GitHub is."""
        return {"GOOGLE_OAUTH_ACCESS_TOKEN": "google", "GITHUB_TOKEN": "github", "GITHUB_API_URL": self.github_url}

    def service(self, request: Request) -> Reply:
        """Backend and frontend."""
        return self.backend(request) if request.secure else self.redirect(request)

    def google(self, request: Request) -> Reply:
        """Cloud Monitoring and Artifact Registry."""
        if request.path.endswith("/alertPolicies"):
            return Reply(200, {"alertPolicies": self.policies})
        if request.path.endswith("/notificationChannels"):
            return Reply(200, {"notificationChannels": self.channels})
        return Reply(200, {"vulnerabilityScanningConfig": self.scanning})

    def github(self, request: Request) -> Reply:
        """The environment, its branches, the rulesets."""
        path = request.path.removeprefix("/repos/stellar-aiz/ai-resume-review-v2").partition("?")[0]
        if path.endswith("/deployment-branch-policies"):
            return Reply(200, {"branch_policies": [{"name": "main", "type": "branch"}]})
        if path.startswith(("/contents/", "/git/")):
            stored = Repository()
            stored.commit("main", self.files | self.documents)
            return stored.answer(request)
        if path.startswith("/rulesets/"):
            return Reply(200, self.rulesets[0])
        answers = {"": {"id": 1}, "/environments/production": self.environment, "/rulesets": self.rulesets}
        return Reply(200, answers[path]) if path in answers else Reply(404, {"message": "Not Found"})


def plan_with_reviewers(project: Path) -> Plan:
    """Fills in the reviewers; the plan of `prod` then."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    return plan_stack(project, read_stack(project, "prod"))


@contextmanager
def deployed(project: Path, tls: ssl.SSLContext, plan: Plan) -> Iterator[Deployment]:
    """A project whose stack `prod` is all there by its plan, served until the block ends."""
    world = Deployment(project=project, plan=plan)
    rehearsal = Rehearsal(by="Ada", started=instant_text(NOW), served_again=instant_text(NOW), seconds=240)
    REHEARSALS.write(REHEARSALS.path(project / "Pulumi.prod.yaml", "prod"), "prod", [rehearsal])
    world.policies = [copy.deepcopy(resource["inputs"]) for resource in plan.of_type(ALERT_POLICY)]
    world.channels = [copy.deepcopy(resource["inputs"]) for resource in plan.of_type(CHANNEL)]
    world.files = declared_files(plan.resources)
    world.rulesets = [live_ruleset(ruleset_inputs(plan))]
    with (
        serving(world.service, tls=tls) as backend,
        serving(world.service, tls=tls) as frontend,
        serving(lambda request: world.runbook(request), tls=tls) as runbook,
        serving(world.google) as google,
        serving(world.github) as github,
    ):
        edit(project, PUBLIC.format("backend"), backend.url)
        edit(project, PUBLIC.format("frontend"), frontend.url)
        edit(project, RUNBOOK, f"{runbook.url}/docs/runbook.md", "Pulumi.yaml")
        add(project, endpoint_lines(dict.fromkeys(("monitoring", "artifactRegistry"), f"{google.url}/v1")))
        world.github_url = github.url
        yield world


def ruleset_inputs(plan: Plan) -> dict[str, Any]:
    """The plan's ruleset."""
    (ruleset,) = plan.of_type(RULESET)
    return ruleset["inputs"]


def rows_in_table(text: str) -> dict[tuple[str, str], str]:
    """`(check, result)` of every row of the printed table, with its whole line; the last one of each wins."""
    lines = [re.split(r" {2,}", line) for line in text.splitlines()]
    return {(line[1], line[0]): "  ".join(line) for line in lines if len(line) >= 4 and line[0] != "result"}
