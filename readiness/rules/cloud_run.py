"""What Cloud Run takes of a job. Sources: the descriptions in the discovery document of run v2."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.resource_types import JOB
from readiness.rules import checks
from readiness.rules.contract import Contract, Field, Inputs, renamed, without
from readiness.rules.rule import Remark

_RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
_TOKENS = ("startExecutionToken", "runExecutionToken")
MAX_JOB_AND_TOKEN_CHARACTERS = 62
_value = checks.one_of("value", "valueSource", required=False)


def _body(inputs: Inputs) -> Inputs:
    """The SDK's plurals as the API names them; only the provider has the protection against deletion."""
    body = without(inputs, "name", "location", "deletionProtection", "tags")
    template = body.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("template"), dict):
        return body
    task = template["template"]
    if isinstance(task.get("containers"), list):
        containers = [
            renamed(container, envs="env", commands="command", dependsOns="dependsOn")
            for container in task["containers"]
        ]
        task = {**task, "containers": containers}
    return {**body, "template": {**template, "template": task}}


def _annotations(job: Field) -> Iterator[Remark]:
    """`Cloud Run API v2 does not support annotations with` these namespaces."""
    for key, annotation in job.entries("annotations"):
        if key.split("/")[0] in _RESERVED:
            yield annotation.remark("", "is in a namespace that the API keeps for itself")


def _containers(job: Field) -> Iterator[Remark]:
    """A variable has a value or the place of one; each mount names a volume that the task has."""
    task = job.field("template").field("template")
    volumes = {volume.text("name") for volume in task.items("volumes")}
    for container in task.items("containers"):
        for variable in container.items("env"):
            yield from _value(variable)
        for mount in container.items("volumeMounts"):
            name = mount.text("name")
            if name is not None and name not in volumes:
                yield mount.remark("name", f"{name} is no volume of the task")


def _name_and_token(inputs: Field) -> Iterator[Remark]:
    """`The sum of job name and token length must be fewer than 63 characters`."""
    for token in inputs.written(*_TOKENS):
        size = len(inputs.text("name") or "") + len(inputs.text(token) or "")
        if size > MAX_JOB_AND_TOKEN_CHARACTERS:
            limit = f"the API takes {MAX_JOB_AND_TOKEN_CHARACTERS}"
            yield inputs.remark(token, f"and the job's name have {size} characters; {limit}")


CONTRACTS = {
    JOB: Contract(
        schema=("run.v2", "GoogleCloudRunV2Job"),
        body=_body,
        checks=(_annotations, checks.one_of(*_TOKENS, required=False), _containers),
        input_checks=(
            # Cloud Run's page on creating jobs.
            checks.form("name", r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?", "a job's name: a-z, 0-9 and -, at most 49"),
            _name_and_token,
        ),
    )
}
