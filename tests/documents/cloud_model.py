"""A Google project and a repository on GitHub on the loopback interface, and programs that stand in for gcloud and gh.

The programs send their words to the model, which knows subcommands and options from `tests/docs/known_commands.json`
(taken from the real programs' help) and refuses everything else. Traffic behaves as Cloud Run documents it: "all
subsequent deployments use that traffic split pattern going forward"
(https://docs.cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration), and a secret that is mounted as `latest`
is read when an instance starts (https://docs.cloud.google.com/run/docs/configuring/services/secrets).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from readiness.cli.main import cli
from readiness.settings.model import Settings
from tests.docs.known_commands import known_commands
from tests.live.loopback import Reply, Request, serving

# A `#!` line cannot name an interpreter whose path holds a space.
_STARTER = """\
#!/bin/sh
exec '{python}' -ISE "$0.py" "$@"
"""

# HTTP by hand: importing `urllib.request` takes five times as long as all the rest.
_STAND_IN = """\
import json, socket, sys
words = [{name!r}, *sys.argv[1:]]
text = sys.stdin.read() if "--data-file=-" in words else ""
body = json.dumps({{"words": words, "stdin": text}}).encode()
with socket.create_connection(({host!r}, {port})) as connection:
    connection.sendall(b"POST / HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    _, _, answer = connection.makefile("rb").read().partition(b"\\r\\n\\r\\n")
said = json.loads(answer)
sys.stdout.write(said["out"])
sys.stderr.write(said["err"])
sys.exit(said["status"])
"""

Value = TypeVar("Value")


class RefusedCommandError(Exception):
    """What the real program would refuse, or what names nothing that exists."""


@dataclass
class Revision:
    """A revision of a service; `label` tells which code and which variables it has."""

    name: str
    label: str


@dataclass
class CloudRunService:
    """Traffic as declared: a revision's name, or LATEST. `tags` are addresses beside the traffic."""

    name: str
    revisions: list[Revision] = field(default_factory=list)
    traffic: str = "LATEST"
    tags: dict[str, str] = field(default_factory=dict)
    ingress: str = "all"
    max_instances: int = 20
    secret_of_instances: str = ""

    def resolved(self, target: str) -> Revision:
        """The revision that a target of the traffic means."""
        if target == "LATEST":
            return self.revisions[-1]
        found = next((revision for revision in self.revisions if revision.name == target), None)
        if found is None:
            raise RefusedCommandError(f"Revision {target} of {self.name} not found")
        return found

    @property
    def serving(self) -> str:
        """The label of the revision that users get."""
        return self.resolved(self.traffic).label

    @property
    def shows_users(self) -> tuple[str, str]:
        """The label of the revision that serves, and the secret that its instances have read."""
        return self.serving, self.secret_of_instances

    @property
    def is_pinned(self) -> bool:
        """Whether later deployments get no traffic."""
        return self.traffic != "LATEST"


@dataclass
class SqlInstance:
    """A database by the word that stands for its data; `backups` are such words by id."""

    data: str
    backups: dict[str, str] = field(default_factory=dict)
    restarts: int = 0


@dataclass
class Cloud:
    """Everything that the runbook's commands touch."""

    project: str
    region: str
    repository: str
    services: dict[str, CloudRunService] = field(default_factory=dict)
    databases: dict[str, SqlInstance] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=dict)
    disabled_workflows: set[str] = field(default_factory=set)
    workflows: set[str] = field(default_factory=set)
    services_of: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def deploy(self, name: str, label: str) -> None:
        """What a deployment does: a new revision, which serves unless the traffic is pinned."""
        service = self.services[name]
        service.revisions.append(Revision(f"{name}-{len(service.revisions) + 1:05}-abc", label))
        self._start_instances(service)

    def _start_instances(self, service: CloudRunService) -> None:
        """New instances read the secret's newest version, whichever revision they are of."""
        service.secret_of_instances = next((versions[-1] for versions in self.secrets.values()), "")

    def answer(self, request: Request) -> Reply:
        """One call of a program."""
        words, text = request.body["words"], request.body["stdin"]
        try:
            out = self._run(words, text)
        except RefusedCommandError as error:
            return Reply(200, {"out": "", "err": f"ERROR: ({' '.join(words[:4])}) {error}\n", "status": 1})
        return Reply(200, {"out": out, "err": "", "status": 0})

    def _run(self, words: list[str], text: str) -> str:
        program, *arguments = words
        if program == "readiness":
            return self._readiness(arguments)
        known = known_commands()[program]
        plain = [word for word in arguments if not word.startswith("-")]
        command = next(
            (" ".join(plain[:n]) for n in range(len(plain), 0, -1) if " ".join(plain[:n]) in known["commands"]), None
        )
        if command is None:
            raise RefusedCommandError(f"Invalid choice: {' '.join(plain)!r}")
        if program == "gh":
            return self._gh(command, arguments[len(command.split()) :])
        options: dict[str, str] = {}
        for word in arguments:
            if word.startswith("-"):
                name, _, value = word.partition("=")
                if name not in (*known["commands"][command], *known["everywhere"]):
                    raise RefusedCommandError(f"unrecognized arguments: {name}")
                options[name] = value
        if options.get("--project") != self.project:
            raise RefusedCommandError(f"project {options.get('--project')!r} not found or permission denied")
        return self._gcloud(command, plain[len(command.split()) :], options, text)

    def _readiness(self, arguments: list[str]) -> str:
        command, stack, *options = arguments
        known = {name for parameter in cli.commands[command].params for name in parameter.opts}
        if command != "verify" or stack not in self.services_of or not known.issuperset(options):
            raise RefusedCommandError(f"the model has no readiness {arguments}")
        bad = [name for name in self.services_of[stack] if self.services[name].shows_users != ("good", "good value")]
        if bad:
            raise RefusedCommandError(f"{bad} serve what is bad")
        return "all is well\n"

    def _gh(self, command: str, arguments: list[str]) -> str:
        if command not in ("workflow disable", "workflow enable") or len(arguments) != 3 or arguments[1] != "--repo":
            raise RefusedCommandError(f"the model has no gh {command} {arguments}")
        workflow, repository = arguments[0], arguments[2]
        if repository != self.repository or workflow not in self.workflows:
            raise RefusedCommandError(f"could not find any workflows named {workflow} in {repository}")
        (self.disabled_workflows.add if command.endswith("disable") else self.disabled_workflows.discard)(workflow)
        return ""

    def _gcloud(self, command: str, names: list[str], options: dict[str, str], text: str) -> str:
        group, *_ = command.split()
        if group == "run":
            if options.get("--region") != self.region:
                raise RefusedCommandError(f"no service in {options.get('--region')!r}")
            return self._run_command(command, names, options)
        if group == "secrets":
            return self._secret_command(command, names, options, text)
        if group == "sql":
            return self._sql_command(command, names, options)
        if command == "logging read":
            return "OperationalError\n"
        raise RefusedCommandError(f"the model has no gcloud {command}")

    def _run_command(self, command: str, names: list[str], options: dict[str, str]) -> str:
        service = _found(self.services, options.get("--service") or _one(names))
        if command == "run revisions list":
            if options.get("--sort-by") != "~metadata.creationTimestamp":
                raise RefusedCommandError("the newest revision must come first")
            newest = service.revisions[::-1][: int(options["--limit"])]
            serving_name = service.resolved(service.traffic).name
            rows = [
                f"{'yes' if revision.name == serving_name else '   '}  {revision.name}  {service.name}"
                for revision in newest
            ]
            return "\n".join(["ACTIVE  REVISION  SERVICE", *rows]) + "\n"
        if command == "run services describe":
            return _described(service, options.get("--format", ""))
        if command == "run services update-traffic":
            self._update_traffic(service, options)
            return ""
        if command == "run services update":
            self._update(service, options)
            return ""
        raise RefusedCommandError(f"the model has no gcloud {command}")

    def _update_traffic(self, service: CloudRunService, options: dict[str, str]) -> None:
        given = options.keys() - {"--region", "--project"}
        if given == {"--to-latest"}:
            service.traffic = "LATEST"
        elif given == {"--to-revisions"}:
            target, _, percent = options["--to-revisions"].rpartition("=")
            if percent != "100":
                raise RefusedCommandError(f"the percentages add up to {percent!r}")
            service.resolved(target)
            service.traffic = target
        elif given == {"--update-tags"}:
            tag, _, target = options["--update-tags"].partition("=")
            service.tags[tag] = service.resolved(target).name
            return
        else:
            raise RefusedCommandError(f"Exactly one of --to-latest, --to-revisions, --update-tags, not {sorted(given)}")
        self._start_instances(service)

    def _update(self, service: CloudRunService, options: dict[str, str]) -> None:
        (change,) = options.keys() - {"--region", "--project"}
        value = options[change]
        if change == "--ingress" and value in ("all", "internal", "internal-and-cloud-load-balancing"):
            service.ingress = value
            return
        if change == "--max-instances" and value.isdigit():
            service.max_instances = int(value)
        elif change != "--update-labels" or not value.partition("=")[2]:
            raise RefusedCommandError(f"Bad value for {change}: {value!r}")
        # A change of the template: the newest revision again, under a new name.
        service.revisions.append(
            Revision(f"{service.name}-{len(service.revisions) + 1:05}-abc", service.revisions[-1].label)
        )
        if not service.is_pinned:
            self._start_instances(service)

    def _secret_command(self, command: str, names: list[str], options: dict[str, str], text: str) -> str:
        if command == "secrets list":
            return "NAME\n" + "".join(f"{name}\n" for name in self.secrets)
        versions = _found(self.secrets, options["--secret"] if command == "secrets versions access" else _one(names))
        if command == "secrets versions list":
            return "NAME\n" + "".join(f"{number}\n" for number in range(len(versions), 0, -1))
        if command == "secrets versions access":
            number = _one(names)
            if not number.isdigit() or not 0 < int(number) <= len(versions):
                raise RefusedCommandError(f"version {number} not found")
            return versions[int(number) - 1]
        if command == "secrets versions add" and options.get("--data-file") == "-" and text:
            versions.append(text)
            return ""
        raise RefusedCommandError(f"the model has no gcloud {command} {options}")

    def _sql_command(self, command: str, names: list[str], options: dict[str, str]) -> str:
        if command == "sql instances clone":
            source, target = names
            if target in self.databases:
                raise RefusedCommandError(f"{target} exists")
            self.databases[target] = SqlInstance(_found(self.databases, source).data)
            return ""
        if command == "sql backups restore":
            backup = _found(self.databases, options["--backup-instance"]).backups
            _found(self.databases, options["--restore-instance"]).data = _found(backup, _one(names))
            return ""
        instance = _found(self.databases, options.get("--instance") or _one(names))
        if command == "sql backups create":
            instance.backups[str(len(instance.backups) + 1)] = instance.data
        elif command == "sql instances restart":
            instance.restarts += 1
        elif command == "sql backups list":
            return "".join(f"{number}\n" for number in instance.backups)
        elif command not in ("sql instances describe", "sql operations list"):
            raise RefusedCommandError(f"the model has no gcloud {command}")
        return ""


def _described(service: CloudRunService, form: str) -> str:
    serving_name = service.resolved(service.traffic).name
    if form == "value(status.traffic[0].revisionName)":
        return f"{serving_name}\n"
    if form == "yaml(status.traffic)":
        return f"status:\n  traffic:\n  - percent: 100\n    revisionName: {serving_name}\n"
    if form == "yaml(spec.traffic)":
        target = f"revisionName: {service.traffic}" if service.is_pinned else "latestRevision: true"
        return f"spec:\n  traffic:\n  - percent: 100\n    {target}\n"
    raise RefusedCommandError(f"the model has no format {form!r}")


def _found(things: dict[str, Value], name: str) -> Value:
    if name not in things:
        raise RefusedCommandError(f"{name} not found")
    return things[name]


def _one(names: list[str]) -> str:
    if len(names) != 1:
        raise RefusedCommandError(f"one name is needed, not {names}")
    return names[0]


def cloud_of(stacks: list[tuple[str, Settings]]) -> Cloud:
    """The project of the stacks, in which every service has served one good revision."""
    first = stacks[0][1]
    cloud = Cloud(first.project, first.region, f"{first.github_owner}/{first.repository.name}")
    cloud.secrets["SESSION_KEY"] = ["good value"]
    for stack, settings in stacks:
        cloud.services_of[stack] = tuple(service.name for service in settings.services)
        cloud.workflows |= {
            deployment.workflow_file
            for deployment in (settings.deployment_telemetry.environments if settings.deployment_telemetry else ())
        }
        cloud.databases[settings.required_database.instance] = SqlInstance("live data", {"1": "data of yesterday"})
        for service in settings.services:
            cloud.services[service.name] = CloudRunService(service.name)
            cloud.deploy(service.name, "good")
    return cloud


@contextmanager
def shell_of(cloud: Cloud, folder: Path) -> Iterator[Callable[[str], str]]:
    """Runs blocks under bash, where gcloud, gh and readiness lead to the model. Raises on the first failure."""
    with serving(cloud.answer) as server:
        address = urlsplit(server.url)
        for name in ("gcloud", "gh", "readiness"):
            program = folder / name
            program.write_text(_STARTER.format(python=sys.executable), encoding="utf-8")
            code = _STAND_IN.format(name=name, host=address.hostname, port=address.port)
            program.with_suffix(".py").write_text(code, encoding="utf-8")
            program.chmod(0o755)

        def run(block: str) -> str:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block],
                env={"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), "LANG": os.environ.get("LANG", "C")},
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            if done.returncode:
                raise RefusedCommandError(f"{block}\n{done.stderr}")
            return done.stdout

        yield run
