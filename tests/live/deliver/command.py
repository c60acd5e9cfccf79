"""Runs the command against a GitHub that keeps state, with files to change."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from readiness.delivered.dependabot import AUTO_MERGE_PATH
from readiness.delivered.header import file_digest, with_header
from tests.live.loopback import Loopback
from tests.projects import Command, Result

TOKEN = "placeholder-token"  # noqa: S105 - no credential
DEPENDABOT = ".github/dependabot.yml"


class Deliver:
    """Runs the command in a project, against the server. `files` is what the stack declares, to change."""

    def __init__(self, command: Command, project: Path, server: Loopback) -> None:
        self.command, self.project, self.server = command, project, server
        self.files = {path: with_header("dependabot", f"of: {path}\n") for path in (DEPENDABOT, AUTO_MERGE_PATH)}

    def __call__(self, *arguments: str, token: str = TOKEN, stack: str = "prod") -> Result:
        """Of `prod` unless another stack is named."""
        environment = {"GITHUB_API_URL": self.server.url, "GITHUB_TOKEN": token, "GH_TOKEN": ""}
        return self.command("deliver", stack, *arguments, cwd=self.project, **environment)

    def changes(self) -> None:
        """The stack declares something else from now on."""
        self.files[DEPENDABOT] = with_header("dependabot", "changed: true\n")

    def plan(self, _root: Path, stack: str) -> SimpleNamespace:
        """A plan that holds the files."""
        inputs = {"delivery": "pull_request", "digests": {path: file_digest(text) for path, text in self.files.items()}}
        component = {"type": "readiness:github:X", "name": stack, "inputs": inputs, "files": self.files}
        return SimpleNamespace(resources=[component])

    def writes(self) -> list[str]:
        """What was asked that changes something."""
        return [f"{request.method} {request.path}" for request in self.server.requests if request.method != "GET"]


def delivered(deliver: Deliver) -> None:
    """A first delivery that worked."""
    done = deliver()
    assert done.status == 0, done.text
