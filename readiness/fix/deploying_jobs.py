"""The jobs that deploy to Cloud Run: which step deploys first, which images they deploy, and which they push.

It recognizes `gcloud run deploy … --image=IMAGE`, a script whose name contains `deploy` with an option such as
`--backend-image=IMAGE`, and the action google-github-actions/deploy-cloudrun.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.ci.shell.places import PlacedCommand, PlacedWord
from readiness.ci.shell.reader import ShellReader
from readiness.fix.scripts import Step, steps_of
from readiness.fix.workflow_source import NotRecognisedError, Source

_IMAGE_OPTION = re.compile(r"--(?:[a-z]+-)*image=(?P<image>.+)", re.DOTALL)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_DEPLOY_ACTION = "google-github-actions/deploy-cloudrun@"


@dataclass(frozen=True, kw_only=True)
class DeployedImage:
    """An image that a step deploys. `begin` and `end` are the place of `reference` in the text at `key` of the step."""

    reference: str
    step: Step
    key: tuple[str, ...] = ("run",)
    begin: int
    end: int

    @property
    def repository(self) -> str:
        """The reference without tag or digest."""
        return split_reference(self.reference)[0]

    @property
    def part(self) -> str:
        """The short name for people: the last part of its name, such as `backend`."""
        return self.repository.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class DeployingJob:
    """A job that deploys. `steps` are all its steps, `first` is the index of the first step that deploys."""

    source: Source
    id: str
    steps: tuple[Step, ...]
    first: int
    images: tuple[DeployedImage, ...]

    @property
    def pushed(self) -> list[str]:
        """The images that its steps push or build before the first deployment."""
        found = [image for step in self.steps[: self.first] for image in _pushed_by(step)]
        return list(dict.fromkeys(found))

    @property
    def last_push(self) -> int:
        """The index of the last step that pushes; -1 without one."""
        return max(
            (step.index for step in self.steps if any(_is_push(command) for command in step.commands)), default=-1
        )


def deploying_jobs(source: Source, reader: ShellReader) -> Iterator[DeployingJob]:
    """The jobs of a workflow that deploy.

    Raises NotRecognisedError for a script that cannot be read, and for an image without a name.
    """
    for job_id in source.workflow.body["jobs"]:
        steps = tuple(steps_of(source, job_id, reader))
        deploying = [(step, list(_deployed_by(step))) for step in steps if _deploys(step)]
        if deploying:
            images = tuple(image for _, found in deploying for image in found)
            if unnamed := [image for image in images if not image.reference.strip()]:
                message, hint = (
                    "deploys an image without a name: the value for it is empty",
                    "Write the image as NAME:TAG",
                )
                raise NotRecognisedError(unnamed[0].step.path, message, hint)
            yield DeployingJob(source=source, id=job_id, steps=steps, first=deploying[0][0].index, images=images)


def split_reference(reference: str) -> tuple[str, str]:
    """Name and tag or digest of an image. A colon inside `${{ … }}` or before a slash does not begin a tag."""
    masked = _EXPRESSION.sub(lambda found: "_" * len(found.group()), reference)
    begin = masked.rfind("/") + 1
    at = next((at for at in range(begin, len(masked)) if masked[at] in ":@"), len(masked))
    return reference[:at], reference[at + 1 :]


def has_shell_value(reference: str) -> bool:
    """Whether only the script knows a part of the reference, as in `frontend:$TAG`."""
    return re.search(r"[$`]", _EXPRESSION.sub("", reference)) is not None


def _is_deployment(command: PlacedCommand) -> bool:
    values = command.values
    if values[:3] == ("gcloud", "run", "deploy") or values[:4] in (
        ("gcloud", "beta", "run", "deploy"),
        ("gcloud", "alpha", "run", "deploy"),
    ):
        return True
    is_script = any("deploy" in value.rpartition("/")[2] for value in values[:2] if not value.startswith("-"))
    return is_script and any(_IMAGE_OPTION.fullmatch(value) for value in values)


def _deploys(step: Step) -> bool:
    uses = step.body.get("uses")
    if isinstance(uses, str) and uses.startswith(_DEPLOY_ACTION):
        return True
    return any(_is_deployment(command) for command in step.commands)


def _deployed_by(step: Step) -> Iterator[DeployedImage]:
    values = step.body.get("with")
    if (
        str(step.body.get("uses", "")).startswith(_DEPLOY_ACTION)
        and isinstance(values, dict)
        and isinstance(values.get("image"), str)
    ):
        image = values["image"]
        yield DeployedImage(reference=image, step=step, key=("with", "image"), begin=0, end=len(image))
    for command in step.commands:
        if _is_deployment(command):
            yield from (_image_of(word, step) for word in _image_words(command))


def _image_words(command: PlacedCommand) -> Iterator[tuple[PlacedWord, str]]:
    for before, word in zip((None, *command.words), command.words, strict=False):
        if found := _IMAGE_OPTION.fullmatch(word.value):
            yield word, found["image"].strip("'\"")
        elif before is not None and re.fullmatch(r"--(?:[a-z]+-)*image", before.value):
            yield word, word.value


def _image_of(found: tuple[PlacedWord, str], step: Step) -> DeployedImage:
    word, image = found
    begin = word.begin + word.text.index(image)
    return DeployedImage(reference=image, step=step, begin=begin, end=begin + len(image))


def _is_push(command: PlacedCommand) -> bool:
    return command.values[:2] == ("docker", "push")


def _pushed_by(step: Step) -> Iterator[str]:
    for command in step.commands:
        if _is_push(command):
            yield from (value for value in command.values[2:] if not value.startswith("-"))
