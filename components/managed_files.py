"""Files under `.github/` of a GitHub repository.

With the delivery `commit`, each file is a resource that commits it to a branch. With `pull_request`, no file is a
resource: `readiness deliver` opens a pull request with the texts of the plan, because a push to the default branch may
start a deployment.

Not managed here: any path outside `.github/`. The component refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import pulumi
import pulumi_github as github

from readiness.delivered.declared_texts import keep_text
from readiness.delivered.header import MANAGED_FOLDER, file_digest, is_managed_path

from .arguments import Place, check_arguments, refuse_the_same_names
from .outputs import with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedFilesArgs:
    """`files` maps each path in the repository, for example `.github/dependabot.yml`, to the whole text of the file.

    `repository` is the repository's name without its owner. `branch` is where the delivery `commit` commits to. The
    delivery `pull_request` uses neither.
    """

    repository: pulumi.Input[str]
    branch: pulumi.Input[str]
    delivery: Literal["commit", "pull_request"]
    files: Mapping[str, pulumi.Input[str]]


class ManagedFiles(pulumi.ComponentResource):
    """Declares the delivery of each of the argument `files`. The output `files`: their paths.

    The component's inputs, which the state keeps, are the delivery and the `sha256:…` digest of each file. The offline
    plan has the texts beside these inputs, except a text that is secret or not known yet. With the delivery `commit`,
    the state also keeps the texts, as inputs of the files' resources.
    """

    files: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: ManagedFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, ManagedFilesArgs).at(".files")
        _check_paths(args.files, place)
        if args.delivery == "commit":
            refuse_the_same_names({path: f"{name}-{_slug(path)}" for path in args.files}, place)
        texts = {path: pulumi.Output.from_input(text) for path, text in args.files.items()}
        digests = {path: text.apply(file_digest) for path, text in texts.items()}
        super().__init__("readiness:project:ManagedFiles", name, {"delivery": args.delivery, "digests": digests}, opts)
        for path, text in texts.items():
            self._keep_for_the_plan(path, text)
            if args.delivery == "commit":
                self._commit(f"{name}-{_slug(path)}", path, text, args, child_options(self, opts))
        self.files = pulumi.Output.from_input(list(args.files))
        self.register_outputs(with_version({"files": self.files}))

    def _keep_for_the_plan(self, path: str, text: pulumi.Output[str]) -> None:
        def keep(known: Sequence[object]) -> None:
            urn, value, is_secret = known
            if not is_secret:
                keep_text(str(urn), path, str(value))

        pulumi.Output.all(self.urn, text, text.is_secret()).apply(keep)

    def _commit(
        self, name: str, path: str, text: pulumi.Output[str], args: ManagedFilesArgs, opts: pulumi.ResourceOptions
    ) -> None:
        github.RepositoryFile(
            name,
            repository=args.repository,
            branch=args.branch,
            file=path,
            content=text,
            commit_message=f"Update {PurePosixPath(path).name}, which the readiness program declares",
            # An existing file is overwritten: with this delivery, the program decides what it contains.
            overwrite_on_create=True,
            # Otherwise a change of the delivery, or a destroy, would commit the deletion of the file.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
        )


def _check_paths(paths: Iterable[str], place: Place) -> None:
    for path in paths:
        if not is_managed_path(path) or not _slug(path):
            place.refuse(f"{path!r} is no plain path below `{MANAGED_FOLDER}`.")


def _slug(path: str) -> str:
    return re.sub("[^a-z0-9]+", "-", path.removeprefix(".github/").lower()).strip("-")
