"""The project, the engine and the live things together, saved and restored between tests.

A test starts from a saved state of files, so that no test waits for another's commands and none depends on its order.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readiness.ci import checks_record
from readiness.ci.checks_record import record_text
from readiness.images.gate import DELETIONS, GateRecord, record_path
from readiness.images.policies import declared_policies, policies_digest
from readiness.images.repositories import resource_name
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.rules.records import subject_of
from readiness.rules.stack import check_config, require_settings
from readiness.settings.stack_files import read_stack
from tests.edits import send_google_to, write_real_addresses
from tests.engine.cloud import Cloud, Hold
from tests.engine.engine import WRITTEN_AFTER_EVERY_STEP, Engine
from tests.engine.kinds import JOB, POLICY, REPOSITORY
from tests.pinned_clock import NOW, TODAY
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE, ROOT, Result, copy_project, write_runbook

# Planted, to be looked for in everything that the engine writes.
SECRETS = {
    "readiness:slack_auth_token": "xoxb-1111-planted-slack-token",
    "readiness:pagerduty_service_key": "plantedpagerdutykey0123456789",
    "readiness:slack_webhook_url": "https://hooks.slack.com/services/T0/B0/plantedwebhook",
}
CPU_POLICY = "alerts-high-cpu-usage"
PROJECT = "projects/ytgrs-464303"
REPOSITORY_NAME = "ai-resume-review-v2"
# The stack with every option is another customer's: both own what a project has once.
SHOPS_PROJECT = "shop-464303"
REGISTRY_ID = f"{PROJECT}/locations/us-central1/repositories/ai-resume-review-v2"
GATE_RECORD = record_path(f"Pulumi.{EVERY_OPTION}.yaml", EVERY_OPTION)
# The command in a process of its own, whose records are as old as everywhere in the tests.
READINESS_ON_THE_PINNED_DAY = """
from readiness import clock
from readiness.cli.main import main
from tests.pinned_clock import NOW
clock.now = lambda: NOW
main()
"""
HONESTY_RECORD = checks_record.record_path(f"Pulumi.{EVERY_OPTION}.yaml")
TERRAFORMS_DESCRIPTION = "Images of the application (Terraform)"


@dataclass(kw_only=True, slots=True)
class World:
    """`restore` takes the name of a state that `save` kept. `apis` is the address of the store behind HTTP.

    `packages` comes first on the import path of the commands: where Readiness is installed, or this checkout.
    """

    engine: Engine
    cloud: Cloud
    folder: Path
    apis: str = ""
    packages: Path = ROOT
    _clouds: dict[str, Any] = field(default_factory=dict)
    _plans: dict[tuple[str, ...], Plan] = field(default_factory=dict)

    def save(self, name: str) -> None:
        """Keeps the project's files, the backend's and the live things."""
        for source in (self.engine.project, self.engine.backend):
            shutil.copytree(source, self._copy(name, source), symlinks=True)
        self._clouds[name] = self.cloud.saved()

    def restore(self, name: str) -> None:
        """Everything as it was saved."""
        for source in (self.engine.project, self.engine.backend):
            shutil.rmtree(source)
            shutil.copytree(self._copy(name, source), source, symlinks=True)
        self.cloud.restore(self._clouds[name])

    def done(self, *arguments: str) -> Result:
        """Runs a command that is to succeed."""
        result = self.engine.run(*arguments)
        assert result.status == 0, result.text
        return result

    def up(self, stack: str, *arguments: str) -> Result:
        """A plain `pulumi up`."""
        return self.engine.run("up", "--stack", stack, "--yes", "--skip-preview", *arguments)

    def preview(self, stack: str, *arguments: str) -> Result:
        """`pulumi preview`."""
        return self.engine.run("preview", "--stack", stack, *arguments)

    def interrupted_up(self, stack: str, resource: str) -> None:
        """An `up` that is killed after the server made the resource and before it answers."""
        process = self.held_up(stack, resource)
        process.kill()
        process.communicate()
        self.let_go()
        self.engine.wait_for_programs()

    def held_up(self, stack: str, resource: str) -> subprocess.Popen[str]:
        """An `up` that waits in the creation of the resource, and does nothing else, until it is let go."""
        self.cloud.hold = Hold(resource=resource)
        arguments = ("up", "--stack", stack, "--yes", "--skip-preview", "--parallel", "1")
        process = self.engine.start(*arguments, **WRITTEN_AFTER_EVERY_STEP)
        assert self.cloud.hold.reached.wait(timeout=60), process.communicate()
        return process

    def let_go(self) -> None:
        """The server answers what was held."""
        hold, self.cloud.hold = self.cloud.hold, None
        assert hold is not None
        hold.released.set()

    def plan(self, stack: str) -> Plan:
        """The offline plan of the copy; made once for the same files, since the program's own never change."""
        settings = sorted(self.engine.project.glob("Pulumi*.yaml"))
        key = (stack, *(file.read_text(encoding="utf-8") for file in settings))
        if key not in self._plans:
            self._plans[key] = plan_stack(self.engine.project, read_stack(self.engine.project, stack))
        return self._plans[key]

    def names(self, stack: str, type_: str) -> list[str]:
        """What the program calls its resources of a type."""
        return [resource["name"] for resource in self.plan(stack).of_type(type_)]

    def is_whole(self, stack: str) -> bool:
        """Whether each thing of the plan lives once: of the types it declares, as many live as it declares."""
        declared = Counter(resource["type"] for resource in self.plan(stack).resources if is_custom(resource["type"]))
        return declared == {type_: len(self.cloud.of_type(type_)) for type_ in declared} and self.is_settled(stack)

    def is_settled(self, stack: str) -> bool:
        """Whether program, state and live resources agree."""
        return self.preview(stack, "--refresh", "--expect-no-changes").status == 0

    def edit(self, name: str, old: str, new: str) -> None:
        """Changes a file of the project."""
        file = self.engine.project / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def readiness(self, *arguments: str, **environment: str) -> Result:
        """Runs `readiness` as a CI job does, with a token that nobody asks for."""
        process = self.start_readiness(*arguments, **environment)
        out, err = process.communicate()
        self.engine.wait_for_programs()
        return Result(process.returncode, out, err)

    def safe_up(self, stack: str, *arguments: str) -> Result:
        """`readiness up` without the preview that `pulumi up` itself begins with."""
        return self.readiness("up", stack, "--skip-preview", *arguments)

    def start_readiness(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Starts it."""
        return subprocess.Popen(
            [sys.executable, "-c", READINESS_ON_THE_PINNED_DAY, *arguments],
            cwd=self.engine.project,
            env={**self._environment(), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def shell(self, command: str) -> Result:
        """Runs a command as somebody pastes it into a terminal in the project's folder, `readiness` included."""
        process = subprocess.Popen(
            ["sh", "-ec", command],
            cwd=self.engine.project,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = process.communicate()
        self.engine.wait_for_programs()
        return Result(process.returncode, out, err)

    def _environment(self) -> dict[str, str]:
        return {
            **self.engine.environment,
            "CI": "true",
            "GOOGLE_OAUTH_ACCESS_TOKEN": "unused",
            "GITHUB_API_URL": self.apis,
            "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(self.packages), str(ROOT)])),
        }

    def delete_the_job(self, stack: str) -> None:
        """What its two commands do, so that nothing of the stack refuses to be deleted."""
        (urn, identity) = next(
            (resource["urn"], resource["id"]) for resource in self.engine.resources(stack) if resource["type"] == JOB
        )
        del self.cloud.things[JOB, identity]
        self.done("refresh", "--yes", "--stack", stack, "--target", urn)

    def change_a_threshold(self) -> None:
        """One update of one policy: CPU usage over 50 % instead of 80 %."""
        self.edit("Pulumi.yaml", "cpu_ratio: 0.8", "cpu_ratio: 0.5")

    def cpu_query(self, stack: str) -> str:
        """What that policy asks, as the server has it."""
        found = next(
            resource for resource in self.engine.resources(stack) if resource["urn"].endswith(f"::{CPU_POLICY}")
        )
        thing = self.cloud.things[POLICY, found["id"]]
        return str(thing["conditions"][0]["conditionPrometheusQueryLanguage"]["query"])

    def _copy(self, name: str, folder: Path) -> Path:
        return self.folder / "saved" / name / folder.name


def is_custom(type_: str) -> bool:
    """Whether a provider makes resources of the type."""
    return type_.startswith(("gcp:", "github:"))


def write_project(folder: Path, endpoints: Mapping[str, str]) -> None:
    """The first customer's project and the stack with every option, with real addresses; secrets are left to be set.

    `endpoints` say where the commands find Google's APIs, by name.
    """
    folder.mkdir()
    copy_project(folder)
    text = EVERY_OPTION_FILE.read_text(encoding="utf-8")
    text = re.sub(r"  \S+:\n    secure: .*\n", "", text)
    text = re.sub(r"encryptionsalt: .*\n", "", text)
    text = text.replace("ytgrs-464303", SHOPS_PROJECT)
    text = text.replace("config:\n", f"config:\n  gcp:project: {SHOPS_PROJECT}\n", 1)
    (folder / f"Pulumi.{EVERY_OPTION}.yaml").write_text(text, encoding="utf-8")
    write_real_addresses(folder)
    send_google_to(folder, endpoints)
    write_runbook(folder)


def write_records(folder: Path) -> None:
    """The records that let the fixture stack's cleanup delete and its ruleset be enforced; its secrets are stored."""
    config = read_stack(folder, EVERY_OPTION)
    settings, now = require_settings(check_config(config, today=TODAY)), NOW
    registry, ruleset = settings.image_registry, settings.branch_ruleset
    assert registry is not None
    assert ruleset is not None
    gate = GateRecord(
        stack=EVERY_OPTION,
        repository=resource_name(settings.project, settings.region, registry.repository_id),
        made=now,
        commit="",
        evidence=DELETIONS,
        policies_digest=policies_digest(declared_policies(registry)),
        log_digest="sha256:0",
        revisions_digest="sha256:0",
        entries=1,
        candidates={"api": 1},
        revisions=1,
    )
    honest = record_text(subject_of(settings, ruleset), made=now, commit="", workflows_digest="sha256:0")
    (folder / "records").mkdir()
    (folder / GATE_RECORD).write_text(gate.text(), encoding="utf-8")
    (folder / HONESTY_RECORD).write_text(honest, encoding="utf-8")


def name_the_reviewers(world: World) -> None:
    """What the customer does before the first `up` of prod."""
    for number, login in ((101, "to-be-filled-in-first"), (102, "to-be-filled-in-second")):
        world.edit(
            "Pulumi.prod.yaml", f"login: {login}\n          id: 0", f"login: reviewer-{number}\n          id: {number}"
        )


def make_the_registry_exist(cloud: Cloud) -> None:
    """The repository as Terraform made it, before anything of ours."""
    cloud.things[REPOSITORY, REGISTRY_ID] = {
        "project": "ytgrs-464303",
        "location": "us-central1",
        "repositoryId": "ai-resume-review-v2",
        "format": "DOCKER",
        "description": TERRAFORMS_DESCRIPTION,
        "labels": {"managed_by": "terraform"},
    }
