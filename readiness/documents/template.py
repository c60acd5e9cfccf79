"""Fills a template: `{{name}}` in its text, and blocks of commands that are written once and shown for every stack.

A fence ```bash each stack (or service, or a role such as backend) contains commands with `{service}`, `{project}` and
so on. `{where}` is two options, region and project. `{verify}` and `{verify_smoke}` are the whole command that verifies
the stack. The fence becomes one block for each stack: the first is open, the others are folded. `... of owner` shows
only the stack that owns the shared resources, `... of others` the others.
The reader replaces upper-case words. A workflow that no setting names is also an upper-case word.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from readiness.settings.delivery import DeliveryEnvironment
from readiness.settings.model import Settings
from readiness.settings.services import KnownDegraded, Service

Stacks = Sequence[tuple[str, Settings]]

_FENCE = re.compile(r"^( *)```bash each (\S+)(?: of (owner|others))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_PART = re.compile(r"\{\{(\w+)\}\}")
_FIELD = re.compile(r"\{([a-z_]+)\}")


def fill(name: str, stacks: Stacks, parts: Mapping[str, str]) -> str:
    """The template of that name with every part filled in. Raises KeyError for an unknown part or field.

    A part that the template does not use is an error too, because nobody would see its text.
    """
    text = files("readiness.documents").joinpath("templates", name).read_text(encoding="utf-8")
    unused = set(parts) - set(_PART.findall(text))
    if unused:
        raise KeyError(f"{name} has no place for {', '.join(sorted(unused))}")
    text = _FENCE.sub(lambda fence: _blocks(fence, stacks), text)
    # Without an empty line, the next paragraph is HTML: Markdown does not render its links and backquotes.
    text = re.sub(r"^( *)</details>\n(?=\1[^ \n])", r"\1</details>\n\n", text, flags=re.MULTILINE)
    return _PART.sub(lambda part: parts[part.group(1)], text).rstrip("\n") + "\n"


def _blocks(fence: re.Match[str], stacks: Stacks) -> str:
    indent, of, which, commands = (fence.group(number) for number in range(1, 5))
    blocks: list[tuple[str, str]] = []
    for stack, settings in stacks:
        if which is not None and settings.owns_shared_resources != (which == "owner"):
            continue
        command = textwrap.dedent(commands).rstrip("\n")
        lines = [_with_values(command, values) for values in _values(of, stack, settings)]
        if lines:
            blocks.append((stack, "```bash\n" + "\n".join(lines) + "\n```"))
    shown = [f"{stack}:\n\n{block}" if len(blocks) > 1 else block for stack, block in blocks[:1]]
    shown += [f"<details><summary>{stack}</summary>\n\n{block}\n\n</details>" for stack, block in blocks[1:]]
    # Inside an item of a list, an empty line ends the paragraph before the block.
    return ("\n" if indent else "") + textwrap.indent("\n\n".join(shown), indent)


def _with_values(command: str, values: Mapping[str, str]) -> str:
    """Each value is quoted, so that it is one word of the command, or a part of one."""
    return _FIELD.sub(lambda field: _word(field.group(1), values), command)


def _word(name: str, values: Mapping[str, str]) -> str:
    if name == "where":
        return " ".join(f"--{option}={shlex.quote(values[option])}" for option in ("region", "project"))
    if name in ("verify", "verify_smoke"):
        return values[name]
    if name == "inputs":
        return "".join(f" -f {shlex.quote(pair)}" for pair in values[name].split())
    return shlex.quote(values[name])


def _values(of: str, stack: str, settings: Settings) -> Iterator[dict[str, str]]:
    common = {
        "stack": stack,
        "environment": settings.environment.name,
        "project": settings.project,
        "region": settings.region,
        # The reader replaces this word if a stack has no database.
        "instance": "INSTANCE" if settings.database is None else settings.database.instance,
        "repository": f"{settings.github_owner}/{settings.repository.name}",
        "branch": settings.managed_files.default_branch,
        "production_workflow": workflow_file(production_deployment(settings)),
        "other_workflow": workflow_file(other_deployment(settings)),
        "inputs": " ".join(settings.notes.deployment_inputs),
        "verify": verify_line(stack, settings),
        "verify_smoke": verify_line(stack, settings, smoke=has_smoke_test(settings)),
    }
    if of == "stack":
        yield common
        return
    # If no service has the role, all services are shown, because the step would have no command otherwise.
    has_role = any(service.role == of for service in settings.services)
    for service in settings.services:
        if of in ("service", service.role) or not has_role:
            yield common | {"service": service.name, "health": health_address(service), "url": service.url}


def verify_line(stack: str, settings: Settings, *, smoke: bool = False) -> str:
    """`verify_command`, with a shell comment about how long `--allow-degraded` is needed."""
    command = verify_command(stack, settings, smoke=smoke)
    degraded = known_degraded(settings)
    if not degraded:
        return command
    days = {answer.accept_degraded_until for answer in degraded}
    until = f"until {max(day for day in days if day)}" if all(days) else "while the known degraded answer exists"
    return f"{command}   # use --allow-degraded only {until}"


def verify_command(stack: str, settings: Settings, *, smoke: bool = False) -> str:
    """`readiness verify STACK` with the options that this stack needs to pass."""
    words = ["readiness", "verify", shlex.quote(stack)]
    words += ["--allow-degraded"] if known_degraded(settings) else []
    return " ".join([*words, "--smoke"] if smoke else words)


def known_degraded(settings: Settings) -> list[KnownDegraded]:
    """The degraded answers of the stack that its settings accept."""
    answers = [service.health_answer for service in settings.services]
    return [answer.known_degraded for answer in answers if answer is not None and answer.known_degraded is not None]


def has_smoke_test(settings: Settings) -> bool:
    """Whether `verify --smoke` has something to do."""
    return any(service.smoke is not None for service in settings.services)


def production_deployment(settings: Settings) -> DeliveryEnvironment | None:
    """The workflow that deploys the stack's own environment; None where no setting names one."""
    return next((found for found in _deployments(settings) if found.name == settings.environment.name), None)


def other_deployment(settings: Settings) -> DeliveryEnvironment | None:
    """The workflow that deploys the environment before production; None where no setting names one."""
    return next((found for found in _deployments(settings) if found.name != settings.environment.name), None)


def workflow_file(deployment: DeliveryEnvironment | None) -> str:
    """The name of its file, or a word that the reader replaces."""
    return "WORKFLOW.yml" if deployment is None else deployment.workflow_file


def _deployments(settings: Settings) -> tuple[DeliveryEnvironment, ...]:
    return () if settings.deployment_telemetry is None else settings.deployment_telemetry.environments


def health_address(service: Service) -> str:
    """The address that returns a service's health."""
    return service.url.rstrip("/") + service.health_path
