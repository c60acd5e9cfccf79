"""Cloud Run jobs (run v2, `GoogleCloudRunV2Job`). Sources: the descriptions in the discovery document."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, exactly_one_of, matches
from readiness.rules.violation import FieldMessage

_RESERVED = ("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev")
MAX_JOB_AND_TOKEN_CHARACTERS = 62


def _annotations(job: BodyView) -> Iterator[FieldMessage]:
    """`Cloud Run API v2 does not support annotations with` these namespaces."""
    for key, annotation in job.entries("annotations"):
        if key.split("/")[0] in _RESERVED:
            yield annotation.finding("", "is in a namespace that the API keeps for itself")


def _tokens(job: BodyView) -> Iterator[FieldMessage]:
    """The two tokens are a `oneof`."""
    yield from exactly_one_of("startExecutionToken", "runExecutionToken", at_least_one=False)(job)


def _environment(job: BodyView) -> Iterator[FieldMessage]:
    """A variable has a value or the place of one; each mount names a volume that the task has."""
    task = job.field("template").field("template")
    volumes = {volume.text("name") for volume in task.each("volumes")}
    for container in task.each("containers"):
        for variable in container.each("env"):
            yield from exactly_one_of("value", "valueSource", at_least_one=False)(variable)
        for mount in container.each("volumeMounts"):
            if mount.text("name") is not None and mount.text("name") not in volumes:
                yield mount.finding("name", f"{mount.text('name')} is no volume of the task")


def _name_and_token(inputs: BodyView) -> Iterator[FieldMessage]:
    """`The sum of job name and token length must be fewer than 63 characters` (rule on inputs)."""
    for token in inputs.written("startExecutionToken", "runExecutionToken"):
        length = len(inputs.text("name") or "") + len(inputs.text(token) or "")
        if length > MAX_JOB_AND_TOKEN_CHARACTERS:
            message = f"and the job's name have {length} characters; the API takes {MAX_JOB_AND_TOKEN_CHARACTERS}"
            yield inputs.finding(token, message)


JOB_RULES: tuple[Rule, ...] = (_annotations, _tokens, _environment)
JOB_INPUT_RULES: tuple[Rule, ...] = (
    # Cloud Run's page on creating jobs.
    matches("name", r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?", "a job's name: a-z, 0-9 and -, at most 49"),
    _name_and_token,
)
