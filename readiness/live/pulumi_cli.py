"""The Pulumi CLI: what a command needs to run it, the real `pulumi preview`, and the safe `pulumi up`.

`readiness up` refreshes before the update and checks the result afterwards. It avoids five problems of a plain
`pulumi up`; the engine tests show each of them under the real engine:

- After an update that Google refused, the state has the new values, but the server does not. The next plain `up`
  finds nothing to send and reports success. `--refresh` finds and sends them.
- A refresh cannot find this for a secret, because the API never returns it. `readiness up` refuses to run until you
  send the secret again.
- After an `up` that was killed while it created a resource, the next one creates it again: two channels, two policies,
  and no preview shows the first. `readiness up` lists unfinished creations and refuses to run.
- It deletes other resources before it fails at one that Google's provider refuses to delete, which no preview shows.
  `readiness up` refuses such an update, and shows the commands that allow the deletion.
- It does not check the result. `readiness up` checks afterwards whether program, state and live resources match.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from readiness.files import read_regular_text
from readiness.finding import RefusedError
from readiness.live.google_login import LOG_IN, credential_source
from readiness.live.stack_lock import held_lock, run_and_keep_errors
from readiness.plan.engine_rules import refused_deletions, refused_deletions_text
from readiness.plan.plan_file import ReadPlan
from readiness.settings.stack_files import PROJECT_FILE
from readiness.settings.strict_yaml import read_yaml

# The engine's own exit status for `--expect-no-changes` that found some.
CHANGES_FOUND = 7
# If a user passed these again, they would override ours: another stack, or an update without a refresh.
_OURS = re.compile(r"(--stack|--refresh|-s|-r)(=|$)")
_TARGETED = re.compile(r"(--target|--exclude|-t)")
# What marks a secret, encrypted or not, in a state (sig.Secret in pulumi/pulumi's sdk).
_SECRET_KEY = "4dabf18193072939515e22adb298388d"  # noqa: S105 - a mark, no secret
CREDENTIAL_KEYS = ("gcp:credentials", "gcp:accessToken")
# These managers keep the key of a stack's secrets in a passphrase; every other one is a key service.
PASSPHRASE_PROVIDERS = ("", "default", "passphrase")


# Texts of `missing_for_preview`; `readiness up` can resolve two of them.
MISSING_CLI = "the Pulumi CLI: `pulumi` is not on PATH"
MISSING_BACKEND = "a state backend: run `pulumi login`, or set PULUMI_BACKEND_URL or PULUMI_ACCESS_TOKEN"
MISSING_PASSPHRASE = "the passphrase of the stack's secrets: set PULUMI_CONFIG_PASSPHRASE or its _FILE"  # noqa: S105


class UnreadableStateError(Exception):
    """The state of a stack cannot be read; the text says why."""


def run_pulumi(
    root: Path, *arguments: str, captured: bool = False, timeout_seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the CLI in the project's folder, attached to the terminal unless its output is `captured`.

    Raises OSError if it cannot be started, and subprocess.TimeoutExpired.
    """
    return subprocess.run(  # noqa: S603 - fixed commands and the user's own arguments, without a shell
        ["pulumi", *arguments],  # noqa: S607 - the user's CLI, wherever it is
        cwd=root,
        check=False,
        encoding="utf-8",
        errors="replace",
        capture_output=captured,
        timeout=timeout_seconds,
    )


def missing_for_preview(environment: Mapping[str, str], *, stack_file: Path) -> list[str]:
    """What a real preview needs and this machine lacks, one sentence each; empty when nothing is missing."""
    search_path = environment.get("PATH", "")
    stack = project_mapping(stack_file)
    missing = []
    cli = shutil.which("pulumi", path=search_path)
    if cli is None:
        missing.append(MISSING_CLI)
    elif not has_python_host(cli, search_path):
        missing.append("Pulumi's Python language host: `pulumi-language-python` is neither beside the CLI nor on PATH")
    if not _has_google_credentials(environment, stack):
        missing.append(f"Google Cloud credentials: {LOG_IN}")
    backend = state_backend(environment, stack_file.parent / PROJECT_FILE)
    if backend is None:
        missing.append(MISSING_BACKEND)
    elif not backend.startswith(("https://", "http://")) and not _has_secrets_key(environment, stack):
        missing.append(MISSING_PASSPHRASE)
    return missing


def run_preview(root: Path, stack: str) -> int:
    """Runs `pulumi preview` in the project's folder, attached to the terminal; returns its exit status."""
    return run_pulumi(root, "preview", "--stack", stack, "--diff").returncode


def run_apply(
    root: Path, stack: str, *, assume_yes: bool, arguments: Sequence[str] = (), plan: ReadPlan | None = None
) -> str | None:
    """Applies the stack, attached to the terminal; returns None if everything is applied, otherwise a message.

    `arguments` go only to `pulumi up`. `plan` is what the program declares; without it, the check for deletions that
    the provider refuses is skipped. Raises OSError if the CLI cannot be started.
    """
    if taken := [argument for argument in arguments if _OURS.match(argument)]:
        return f"`readiness up` itself sets the stack and `--refresh`: leave out {', '.join(taken)}."
    try:
        state = exported_state(root, stack)
    except UnreadableStateError as error:
        return str(error)
    if unfinished := unfinished_creations(state):
        return _unfinished_message(stack, unfinished)
    if unsent := [urn for urn in unsent_secrets(state) if urn not in arguments]:
        return _unsent_message(stack, unsent)
    # With a target, the engine deletes nothing else, and only the engine knows which resources are targets.
    whole = plan is not None and not any(_TARGETED.match(argument) for argument in arguments)
    if whole and (refused := list(refused_deletions(state, plan))):
        return refused_deletions_text(stack, refused)
    yes = ["--yes"] if assume_yes else []
    status, errors = run_and_keep_errors(["pulumi", "up", "--stack", stack, "--refresh", *yes, *arguments], root)
    if status != 0:
        return held_lock(errors, stack) or (
            f"`pulumi up` did not apply everything. The state has the changes that succeeded. Fix the errors above, "
            f"then run `readiness up {stack}` again: it refreshes first, and sends again what failed."
        )
    checked = run_pulumi(root, "preview", "--stack", stack, "--refresh", "--expect-no-changes").returncode
    if checked == CHANGES_FOUND:
        return (
            f"`pulumi up` reported success, but a refreshed preview still shows changes: the live resources do not "
            f"match the program. Read the preview above, then run `readiness up {stack}` again."
        )
    if checked != 0:
        return f"`pulumi up` reported success, but the preview that checks it failed (status {checked}), see above."
    return None


def exported_state(root: Path, stack: str) -> dict[str, Any]:
    """The `deployment` of `pulumi stack export`, empty for a new stack. Raises UnreadableStateError."""
    exported = run_pulumi(root, "stack", "export", "--stack", stack, captured=True)
    if exported.returncode != 0:
        raise UnreadableStateError(f"The state of stack {stack} cannot be read. {exported.stderr.strip()}")
    state = _state(exported.stdout)
    if state is None:
        raise UnreadableStateError(f"The state of stack {stack} cannot be read: `pulumi stack export` printed none.")
    return state


def stack_state(root: Path, stack: str) -> dict[str, Any] | None:
    """The same, or None if the state cannot be read. Raises OSError."""
    try:
        return exported_state(root, stack)
    except UnreadableStateError:
        return None


def _state(exported: str) -> dict[str, Any] | None:
    """The `deployment` of an export, empty for a new stack; None if the text is not an export."""
    try:
        value = json.loads(exported)
    except ValueError:
        return None
    state = (value.get("deployment") or {}) if isinstance(value, dict) else None
    return state if isinstance(state, dict) else None


def unfinished_creations(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a state (`deployment` of `pulumi stack export`) whose creation began and did not end."""
    operations = state.get("pending_operations") or []
    return [operation["resource"] for operation in operations if operation.get("type") == "creating"]


def unsent_secrets(state: dict[str, Any]) -> list[str]:
    """The URNs of resources with a secret whose last update failed: it is not known which value the server has."""
    failed = [resource for resource in state.get("resources") or [] if resource.get("initErrors")]
    return [resource["urn"] for resource in failed if _holds_secret(resource.get("inputs"))]


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return _SECRET_KEY in value or any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)


def _unsent_message(stack: str, urns: Sequence[str]) -> str:
    replaced = " ".join(f"--replace {shlex.quote(urn)}" for urn in urns)
    return "\n".join(
        [
            "The last update of these resources failed. They have a secret that the API never returns, so it is not "
            "known whether the server has the new one:",
            *(f"  - {urn.rpartition('::')[2]}" for urn in urns),
            "Replace the resources to send the secret again. The update changes what uses them to the new ones:",
            f"  readiness up {shlex.quote(stack)} {replaced}",
        ]
    )


def _unfinished_message(stack: str, resources: Sequence[dict[str, Any]]) -> str:
    named = [
        (resource["type"], str(resource["urn"]).rpartition("::")[2], resource.get("parent")) for resource in resources
    ]
    options = [stack, "--protect=false", "--generate-code=false", "--parent"]
    return "\n".join(
        [
            f"An update of stack {stack} began to create these resources and did not end: it runs or was killed.",
            *(f"  - {type_} {name}" for type_, name, _ in named),
            "If it still runs, wait for it. If not, applying now could create them a second time: look for each "
            "resource in its console. Import each one that exists with",
            *(
                f"  pulumi import --stack {shlex.join([*options, f'parent={parent}'])} {shlex.join([type_, name])} ID"
                for type_, name, parent in named
                if parent
            ),
            f"and then remove the rest from the state with "
            f"`pulumi refresh --stack {shlex.quote(stack)} --clear-pending-creates`.",
        ]
    )


def has_python_host(cli: str, search_path: str) -> bool:
    """Whether the CLI at this path finds the language host, which comes with official releases only."""
    beside = Path(cli).resolve().parent / "pulumi-language-python"
    return beside.is_file() or shutil.which("pulumi-language-python", path=search_path) is not None


def _has_google_credentials(environment: Mapping[str, str], stack: Mapping[str, Any]) -> bool:
    if any(key in (stack.get("config") or {}) for key in CREDENTIAL_KEYS):
        return True
    source = credential_source(environment)
    return source is not None and (source.file is None or source.file.is_file())


def state_backend(environment: Mapping[str, str], project_file: Path) -> str | None:
    """The address of the state backend; it looks in the same places, in the same order, as the CLI."""
    if environment.get("PULUMI_BACKEND_URL"):
        return environment["PULUMI_BACKEND_URL"]
    declared = project_mapping(project_file).get("backend")
    if isinstance(declared, dict) and isinstance(declared.get("url"), str) and declared["url"]:
        return declared["url"]
    home = environment.get("PULUMI_CREDENTIALS_PATH") or environment.get("PULUMI_HOME")
    folder = Path(home) if home else Path(environment.get("HOME") or "~").expanduser() / ".pulumi"
    try:
        current = json.loads(read_regular_text(folder / "credentials.json")).get("current")
    except (OSError, ValueError, AttributeError):
        current = None
    if isinstance(current, str) and current:
        return current
    return "https://api.pulumi.com" if environment.get("PULUMI_ACCESS_TOKEN") else None


def _has_secrets_key(environment: Mapping[str, str], stack: Mapping[str, Any]) -> bool:
    """Whether the secrets can be decrypted: a key service needs no passphrase, the default provider needs one."""
    return str(stack.get("secretsprovider") or "") not in PASSPHRASE_PROVIDERS or has_passphrase(environment)


def has_passphrase(environment: Mapping[str, str]) -> bool:
    """Whether a passphrase is set, even an empty one, or its file exists."""
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return True
    return Path(environment.get("PULUMI_CONFIG_PASSPHRASE_FILE") or "no file").is_file()


def project_mapping(file: Path) -> Mapping[str, Any]:
    """The top level of a YAML file of the project; empty if it cannot be read, which another check reports."""
    try:
        value = read_yaml(file, file.name).value
    except RefusedError:
        return {}
    return value if isinstance(value, dict) else {}
