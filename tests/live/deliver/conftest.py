"""The application's repository, served, and the command ready to run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from readiness.cli import deliver as deliver_command
from tests.delivered.customer_tree import FILES as TREE
from tests.live.deliver.command import Deliver
from tests.live.github_repository import Repository
from tests.live.loopback import Loopback
from tests.projects import Command


@pytest.fixture
def repository() -> Repository:
    """The application's repository as it stands: nothing of ours in it."""
    made = Repository()
    made.commit("main", dict.fromkeys(TREE, "x"))
    return made


@pytest.fixture
def server(repository: Repository) -> Iterator[Loopback]:
    """It, served."""
    with repository.served() as running:
        yield running


@pytest.fixture
def deliver(command: Command, project: Path, server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Deliver:
    """The command, ready to run; plans are made by hand, because every run would make another one."""
    made = Deliver(command, project, server)
    monkeypatch.setattr(deliver_command, "plan_of", made.plan)
    return made
