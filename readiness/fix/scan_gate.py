"""The gate that stops a deployment of an image with a critical vulnerability: one step for each image.

The steps call the delivered action `.github/readiness/scan-image`, after the last push and before any deployment or
migration. Code scanning needs one more permission in the job. docs/scanning.md shows the result.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

import yaml

from readiness.fix.deploying_jobs import DeployedImage, DeployingJob, has_shell_value, split_reference
from readiness.fix.workflow_source import Edit, NotRecognisedError, Source

ACTION = "./.github/readiness/scan-image"
ACTION_FILE = ".github/readiness/scan-image/action.yml"
_PERMISSION = "security-events"
_BY_HAND = "Add by hand a step with `uses: ./.github/readiness/scan-image` between the push and the deployment"


def gate_step(part: str, image: str) -> list[str]:
    """The lines of a step that scans `image`, without indentation; `part` is its short name, such as `backend`."""
    return [
        f"- name: Stop on a critical vulnerability in the {part}",
        f"  uses: {ACTION}",
        "  with:",
        f"    image: {image}",
        f"    category: {part}",
    ]


def with_gate(job: DeployingJob) -> Source | None:
    """The workflow whose job scans the images it deploys; None if it already does. Raises NotRecognisedError."""
    source, path = job.source, ("jobs", job.id)
    source.refuse_shared_nodes()
    gates = [step for step in job.steps if step.body.get("uses") == ACTION]
    scanned = {values.get("image") for step in gates if isinstance(values := step.body.get("with"), dict)}
    wanted = {part: image for part, image in _scanned_images(job).items() if image not in scanned}
    is_allowed = _is_allowed(source, path)
    late = next((step for step in gates if step.index > job.first), None)
    if late is not None:
        raise NotRecognisedError(late.path, "scans after the deployment, too late to stop it", _BY_HAND)
    if not wanted and is_allowed:
        return None
    _refuse_wrong_order(job)
    expected, edits = copy.deepcopy(source.workflow.body), list[Edit]()
    body: dict[str, Any] = expected["jobs"][job.id]
    if not is_allowed:
        edits.append(_permission_edit(source, (*path, "permissions")))
        body["permissions"][_PERMISSION] = "write"
    if wanted:
        edits.append(insert_steps(job, [gate_step(part, image) for part, image in wanted.items()]))
        added = [item for part, image in wanted.items() for item in yaml.safe_load("\n".join(gate_step(part, image)))]
        body["steps"][job.first : job.first] = added
    return source.edited(edits, expected)


def _scanned_images(job: DeployingJob) -> dict[str, str]:
    """The image to scan, by its short name."""
    if not job.images:
        message = "deploys, but its step names no image (`--image=IMAGE`)"
        raise NotRecognisedError(job.steps[job.first].path, message, _BY_HAND)
    found: dict[str, str] = {}
    for image in job.images:
        reference = _known_reference(job, image)
        if found.setdefault(image.part, reference) != reference:
            message = f"deploys two images with the name {image.part}"
            raise NotRecognisedError(image.step.path, message, _BY_HAND)
    return found


def _known_reference(job: DeployingJob, image: DeployedImage) -> str:
    """The image's reference; if only the script knows a part of it, the image that the job pushes for this commit."""
    if not has_shell_value(image.reference):
        return image.reference
    ours = [reference for reference in job.pushed if split_reference(reference)[0] == image.repository]
    of_commit = [reference for reference in ours if "github.sha" in split_reference(reference)[1]]
    if len(of_commit) != 1 or has_shell_value(image.repository):
        message = f"deploys {image.reference}, which only the script knows, and pushes no such image for the commit"
        raise NotRecognisedError((*image.step.path, "run"), message, _BY_HAND)
    return of_commit[0]


def _refuse_wrong_order(job: DeployingJob) -> None:
    """Raises NotRecognisedError if the gate cannot come between push and deployment, or has no checkout."""
    if job.last_push >= job.first:
        path = job.steps[job.last_push].path
        raise NotRecognisedError(
            path, "pushes an image after the first deployment", "Push before, or add the gate by hand"
        )
    uses = [str(step.body.get("uses", "")) for step in job.steps[: job.first]]
    if not any(used.startswith("actions/checkout@") for used in uses):
        message = "does not check out the repository before it deploys, but the action is a file of the repository"
        raise NotRecognisedError(("jobs", job.id, "steps"), message, "Add a step with actions/checkout")


def insert_steps(job: DeployingJob, steps: Iterable[list[str]]) -> Edit:
    """Inserts steps before the first that deploys, in the layout of the steps around them."""
    source, line, indent = job.source, *step_begin(job)
    is_spaced = line > 0 and not source.line_text(line - 1).strip()
    lines: list[str] = []
    for step in steps:
        lines += [f"{indent}{text}" for text in step]
        lines += [""] if is_spaced else []
    return source.insert_lines(line, lines)


def step_begin(job: DeployingJob) -> tuple[int, str]:
    """Where the first step that deploys begins, including comments above it: the line, and the dash's indentation."""
    source, path = job.source, job.steps[job.first].path
    source.refuse_flow(path)
    line = source.line_of(path)
    found = re.match(r"(\s*)- *\S", source.line_text(line))
    if found is None:
        raise NotRecognisedError(path, "does not begin on the line of its dash", _BY_HAND)
    while line > 0 and source.line_text(line - 1).lstrip().startswith("#"):
        line -= 1
    return line, found[1]


def _is_allowed(source: Source, path: tuple[str, ...]) -> bool:
    """Whether the job may write to code scanning. Raises NotRecognisedError if it has no list of permissions."""
    rights = source.workflow.body["jobs"][path[-1]].get("permissions")
    if rights == "write-all" or (isinstance(rights, dict) and rights.get(_PERMISSION) == "write"):
        return True
    if not isinstance(rights, dict) or not rights or _PERMISSION in rights:
        message = f"has no list of `permissions` to which `{_PERMISSION}: write` can be added"
        hint = "Write the permissions that it needs as `permissions:` of the job, then run the command again"
        raise NotRecognisedError(path, message, hint)
    return False


def _permission_edit(source: Source, path: tuple[str, ...]) -> Edit:
    source.refuse_flow(path)
    node = source.node(path)
    last = node.value[-1][0]
    line = source.last_line_of(path)
    return source.insert_lines(line + 1, [f"{' ' * last.start_mark.column}{_PERMISSION}: write"])
