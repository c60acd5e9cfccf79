"""Files in the application's repository: digests in the state, texts in the plan, and a commit where you ask for one.

With the delivery `commit` each file is a resource on a branch. With `pull_request` no file is a resource: `readiness
deliver` opens a pull request with the texts of the plan, because every push to the default branch may deploy.

Not managed here: any path outside `.github/`, which is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import pulumi
import pulumi_github as github

from components.arguments import Place, check_arguments, refuse_the_same_names
from components.resource_options import child_options
from readiness.managed_files.declared_texts import keep_text
from readiness.managed_files.header import MANAGED_FOLDER, file_digest, is_managed_path


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedFilesArgs:
    """`files` maps each path in the repository, for example `.github/dependabot.yml`, to the whole text of the file.

    `repository` is the repository's name without its owner. `branch` is the branch that the delivery `commit` writes
    to; the delivery `pull_request` uses neither.
    """

    repository: pulumi.Input[str]
    branch: pulumi.Input[str]
    delivery: Literal["commit", "pull_request"]
    files: Mapping[str, pulumi.Input[str]]


class ManagedFiles(pulumi.ComponentResource):
    """One file for each of `files`. `files`: their paths.

    The state holds the delivery and the `sha256:…` digest of each file, not its text. The offline plan holds the text
    beside the component's inputs, except a text that is secret or not known yet.
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
        self.register_outputs({"files": self.files})

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
            # A file that exists is overwritten: declaring it is what this delivery means.
            overwrite_on_create=True,
            # Else a change of delivery, or a destroy, would commit the file's deletion to the default branch.
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
        )


def _check_paths(paths: Iterable[str], place: Place) -> None:
    for path in paths:
        if not is_managed_path(path) or not _slug(path):
            place.refuse(f"{path!r} is no plain path below `{MANAGED_FOLDER}`.")


def _slug(path: str) -> str:
    return re.sub("[^a-z0-9]+", "-", path.removeprefix(".github/").lower()).strip("-")
