"""A model of a Google project and a GitHub repository, with substitutes for the programs gcloud and gh.

The model listens on the loopback interface. The programs send their words to it. It has the subcommands and options
from `tests/docs/known_commands.json` (taken from the real programs' help) and refuses everything else. Traffic behaves
as Cloud Run documents it: "all subsequent deployments use that traffic split pattern going forward"
(https://docs.cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration), and a secret that is mounted as `latest`
is read when an instance starts (https://docs.cloud.google.com/run/docs/configuring/services/secrets).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from readiness.cli.main import cli
from readiness.settings.model import Settings
from tests.docs.known_commands import known_commands
from tests.live.loopback import Reply, Request, serving

# What separates the words of a call, and the input or the error behind them.
_WORD, _PART = "\x1f", "\x1e"

# Bash itself connects: a script of sixty calls takes less than a second.
_STAND_IN = r"""#!/usr/bin/env bash
LC_ALL=C
text=""
case "%(name)s $* " in *" --data-file=- "* | "gh secret set "*) text="$(cat; echo x)"; text="${text%%x}" ;; esac
body="$(printf '%%s\x1f' %(name)s "$@")"$'\x1e'"$text"
exec 3<> /dev/tcp/%(host)s/%(port)s
printf 'POST / HTTP/1.0\r\nContent-Length: %%d\r\n\r\n%%s' "${#body}" "$body" >&3
while IFS= read -r line <&3; do
  line="${line%%$'\r'}"
  case "$line" in X-Status:*) status="${line#X-Status: }" ;; "") break ;; esac
done
IFS= read -r -d '' answer <&3
printf '%%s' "${answer%%%%$'\x1e'*}"
printf '%%s' "${answer#*$'\x1e'}" >&2
exit "$status"
"""

Value = TypeVar("Value")


class RefusedCommandError(Exception):
    """The real program would refuse the command, or it names something that does not exist."""


@dataclass
class Revision:
    """A revision of a service. `label` identifies its code and variables."""

    name: str
    label: str


@dataclass
class CloudRunService:
    """`traffic` is the name of a revision, or LATEST. `tags` are further addresses of revisions."""

    name: str
    revisions: list[Revision] = field(default_factory=list)
    traffic: str = "LATEST"
    tags: dict[str, str] = field(default_factory=dict)
    ingress: str = "all"
    max_instances: int = 20
    secret_of_instances: str = ""

    def resolved(self, target: str) -> Revision:
        """The revision of a traffic target."""
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
    """A database whose data is one word. `backups` are such words by id."""

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

    def run(self, words: list[str], text: str) -> str:
        """What a call of a program prints, with `text` as its input. Raises RefusedCommandError."""
        program, *arguments = words
        if program == "readiness":
            return self._readiness(arguments)
        command, plain, options = known_call(words)
        if program == "gh":
            return self._gh(command, arguments[len(command.split()) :])
        if options.get("--project") != self.project:
            raise RefusedCommandError(f"project {options.get('--project')!r} not found or permission denied")
        return self._gcloud(command, plain, options, text)

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


def known_call(words: list[str]) -> tuple[str, list[str], dict[str, str]]:
    """The command of a call, the plain words behind it, and of gcloud the options with their values.

    Raises RefusedCommandError for a command or an option that the program does not have.
    """
    program, *arguments = words
    known = known_commands()[program]
    plain = [word for word in arguments if not word.startswith("-")]
    names = (" ".join(plain[:count]) for count in range(len(plain), 0, -1))
    command = next((name for name in names if name in known["commands"]), None)
    if command is None:
        raise RefusedCommandError(f"Invalid choice: {' '.join(plain)!r}")
    options: dict[str, str] = {}
    for word in arguments:
        if word.startswith("-") and program == "gcloud":
            name, _, value = word.partition("=")
            if name not in (*known["commands"][command], *known["everywhere"]):
                raise RefusedCommandError(f"unrecognized arguments: {name}")
            options[name] = value
    return command, plain[len(command.split()) :], options


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


class Model(Protocol):
    """What stands behind the programs."""

    def run(self, words: list[str], text: str) -> str:
        """What a call prints, with `text` as its input. Raises RefusedCommandError."""
        ...


def _answer(model: Model, request: Request) -> Reply:
    """One call of a program: its words, then its input; back go its output, then its error."""
    called, _, text = str(request.body).partition(_PART)
    words = called.split(_WORD)[:-1]
    out, error, status = "", "", 0
    try:
        out = model.run(words, text)
    except RefusedCommandError as refused:
        error, status = f"ERROR: ({' '.join(words[:4])}) {refused}\n", 1
    return Reply(200, f"{out}{_PART}{error}", {"X-Status": str(status)})


@contextmanager
def shell_of(
    model: Model, folder: Path, programs: tuple[str, ...] = ("gcloud", "gh", "readiness")
) -> Iterator[Callable[[str], str]]:
    """Runs blocks under bash, where the programs lead to the model. Raises on the first failure."""
    with serving(lambda request: _answer(model, request)) as server:
        host, _, port = server.url.partition("://")[2].partition(":")
        for name in programs:
            program = folder / name
            program.write_text(_STAND_IN % {"name": name, "host": host, "port": port}, encoding="utf-8")
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
