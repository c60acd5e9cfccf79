"""The safe `pulumi up`: never over what is unknown, with a refresh before it and a check after it.

Five things that a plain `pulumi up` does, each shown under the real engine by the engine tests:

- After an update that Google refused, the new values stand in the state, though not on the server. The next plain `up`
  finds nothing to send and reports success. With `--refresh` it is sent.
- Except a secret: the API never gives it back, so that a refresh cannot tell. It is refused here until it is sent anew.
- After an `up` that was killed while it created something, the next one creates it again: two channels, two policies,
  and no preview ever sees the first. Unfinished creations are listed and refused here.
- It deletes what it can before it fails at what Google's provider refuses to delete, which no preview shows. What an
  apply would have to delete and cannot is refused here, with the commands that lift it.
- It does not look back. Whether program, state and live things agree is asked afterwards.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from readiness.plan.engine_rules import refused_deletions, refused_deletions_text
from readiness.plan.plan_file import ReadPlan

# The engine's own exit status for `--expect-no-changes` that found some.
CHANGES_FOUND = 7
# Given once more they would win: another stack than the one that is looked at, or none of the safety.
_OURS = re.compile(r"(--stack|--refresh|-s|-r)(=|$)")
_TARGETED = re.compile(r"(--target|--exclude|-t)")
# What marks a secret, encrypted or not, in a state (sig.Secret in pulumi/pulumi's sdk).
_SECRET_KEY = "4dabf18193072939515e22adb298388d"  # noqa: S105 - a mark, no secret


def run_apply(
    root: Path, stack: str, *, assume_yes: bool, arguments: Sequence[str] = (), plan: ReadPlan | None = None
) -> str | None:
    """Applies the stack with the terminal handed through; None when all is applied, else what is wrong, to be shown.

    `arguments` go to `pulumi up` alone. `plan` is what the program declares; without it nothing is known of deletions
    that would be refused. Raises OSError when the CLI cannot be started.
    """
    if taken := [each for each in arguments if _OURS.match(each)]:
        return f"`readiness up` itself says which stack and that it is refreshed: leave out {', '.join(taken)}."
    exported = _pulumi(root, "stack", "export", "--stack", stack, captured=True)
    if exported.returncode != 0:
        return f"The state of stack {stack} cannot be read. {exported.stderr.strip()}"
    state = _state(exported.stdout)
    if state is None:
        return f"The state of stack {stack} cannot be read: `pulumi stack export` printed none."
    if unfinished := unfinished_creations(state):
        return _unfinished_message(stack, unfinished)
    if unsent := [urn for urn in unsent_secrets(state) if urn not in arguments]:
        return _unsent_message(stack, unsent)
    # With a target nothing else is deleted, and which of them are targets is the engine's to say.
    whole = plan is not None and not any(_TARGETED.match(argument) for argument in arguments)
    if whole and (refused := list(refused_deletions(state, plan))):
        return refused_deletions_text(stack, refused)
    yes = ["--yes"] if assume_yes else []
    if _pulumi(root, "up", "--stack", stack, "--refresh", *yes, *arguments).returncode != 0:
        return (
            f"`pulumi up` did not apply everything. What is done is in the state. Mend what it says above, then run "
            f"`readiness up {stack}` again: it refreshes first, so that what failed is sent again."
        )
    checked = _pulumi(root, "preview", "--stack", stack, "--refresh", "--expect-no-changes").returncode
    if checked == CHANGES_FOUND:
        return (
            f"`pulumi up` reported success, and a refreshed preview still shows changes: what is live is not what the "
            f"program declares. Read the preview above, then run `readiness up {stack}` again."
        )
    if checked != 0:
        return f"`pulumi up` reported success, and the preview that checks it failed (status {checked}), see above."
    return None


def _state(exported: str) -> dict[str, Any] | None:
    """The `deployment` of an export, empty for a new stack; None where the text is no export."""
    try:
        value = json.loads(exported)
    except ValueError:
        return None
    state = (value.get("deployment") or {}) if isinstance(value, dict) else None
    return state if isinstance(state, dict) else None


def unfinished_creations(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a state (`deployment` of `pulumi stack export`) whose creation was begun and has not ended."""
    operations = state.get("pending_operations") or []
    return [each["resource"] for each in operations if each.get("type") == "creating"]


def unsent_secrets(state: dict[str, Any]) -> list[str]:
    """The URNs of what holds a secret and whose last update failed: nobody can tell which value the server has."""
    failed = [each for each in state.get("resources") or [] if each.get("initErrors")]
    return [each["urn"] for each in failed if _holds_secret(each.get("inputs"))]


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return _SECRET_KEY in value or any(_holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(_holds_secret(item) for item in value)


def _unsent_message(stack: str, urns: Sequence[str]) -> str:
    replaced = " ".join(f"--replace {shlex.quote(urn)}" for urn in urns)
    return "\n".join(
        [
            "The last update of these failed, and they hold a secret that the API never gives back, so that nobody can "
            "tell whether the server has the new one:",
            *(f"  - {urn.rpartition('::')[2]}" for urn in urns),
            "Send it again by making them anew; what uses them is changed to the new ones:",
            f"  readiness up {shlex.quote(stack)} {replaced}",
        ]
    )


def _unfinished_message(stack: str, resources: Sequence[dict[str, Any]]) -> str:
    lines = [
        f"An update of stack {stack} began to create these and has not ended: it is still running, or was killed.",
        *(f"  - {each['type']} {_name(each)}" for each in resources),
        "If it runs, wait for it. If not, applying now could create them a second time: look for each in its console. "
        "What exists there, take in with",
        *(
            "  pulumi import --stack "
            f"{shlex.join([stack, '--protect=false', '--generate-code=false', '--parent', f'parent={parent}'])} "
            f"{shlex.join([each['type'], _name(each)])} ID"
            for each in resources
            if (parent := each.get("parent"))
        ),
        f"and then forget the rest with `pulumi refresh --stack {shlex.quote(stack)} --clear-pending-creates`.",
    ]
    return "\n".join(lines)


def _name(resource: dict[str, Any]) -> str:
    return str(resource["urn"]).rpartition("::")[2]


def _pulumi(root: Path, *arguments: str, captured: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a fixed command and the user's own arguments, without a shell
        ["pulumi", *arguments],  # noqa: S607 - the user's CLI, wherever it is
        cwd=root,
        check=False,
        encoding="utf-8",
        errors="replace",
        capture_output=captured,
    )
