"""A project that `readiness init` writes, in a world of its own: an engine, live things, and what an owner sets up.

The commands run on the contents of the wheel, as they do in a customer's project. The engine runs the project's own
`__main__.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

import readiness
from tests.documents.cloud_model import shell_of
from tests.edits import send_google_to
from tests.engine import owners_apis
from tests.engine.cloud import Cloud
from tests.engine.contract_provider import serve
from tests.engine.engine import engine_in
from tests.engine.http_api import endpoints, serving_apis
from tests.engine.world import World
from tests.live.init.installed import Installed, install
from tests.live.owners_cloud import OwnersCloud

GOOGLE_PROJECT, NUMBER, REGION = "cargo-4711", "55", "us-east1"
APPLICATION, OWN = "cargo-app", "cargo/cargo-app-readiness"
STACKS = ("staging", "prod")
ANSWERS: dict[str, Any] = {
    "stacks": list(STACKS),
    "project": GOOGLE_PROJECT,
    "project_number": int(NUMBER),
    "region": REGION,
    "github_owner": "cargo",
    "repository": APPLICATION,
    "visibility": "public",
    "services": ["api-{env}=backend:/healthz", "web-{env}=frontend"],
    "database": "pg-{env}",
    "logs": ["api-{env}=java/json", "web-{env}=node/text"],
    "emails": ["{env}@cargo.dev"],
    "slack_channel": f"projects/{GOOGLE_PROJECT}/notificationChannels/7001",
    "reviewers": ["ada:1001", "bob:1002"],
    "images": ["api", "web"],
    "registry": "cargo-images",
    "adopt_registry": True,
    "migration_database": "cargo_{env}",
    "migration_user": "cargo",
    "migration_password_secret": "pw-{env}",
    "vpc_connector": "cargo-vpc",
    "dependabot": ["pip=/api", "docker=/api,/web"],
}


@dataclass(kw_only=True, slots=True)
class Project:
    """`owners` is what the script of `readiness bootstrap` sets up, and `said` what `readiness init` printed.

    `kept_settings` is the stack file of prod, as a walk keeps it for later.
    """

    world: World
    owners: OwnersCloud
    installed: Installed
    said: str
    kept_settings: str = ""

    def run_script(self, script: str) -> str:
        """Runs a script as its owner does, with stand-ins for gcloud, gh and pulumi. Returns both streams."""
        folder = self.world.folder / "desk"
        folder.mkdir(exist_ok=True)
        (folder / "script.sh").write_text(script, encoding="utf-8")
        with shell_of(self.owners, folder, ("gcloud", "gh", "pulumi")) as run:
            return run(f"bash {folder}/script.sh 2>&1")


@contextmanager
def written_project(folder: Path, pulumi: Path) -> Iterator[Project]:
    """What `readiness init` wrote, with Google's APIs where the tests answer. No stack exists yet."""
    project, packages, cloud = folder / "project", folder / "site-packages", Cloud()
    packages.mkdir()
    installed = install(packages)
    said = _write(installed, project, folder)
    owners = OwnersCloud(numbers={GOOGLE_PROJECT: NUMBER}, repositories={OWN: 101})
    owners.things |= {f"projects/{GOOGLE_PROJECT}/secrets/pw-{stack}": {"state": "ACTIVE"} for stack in STACKS}
    server, port = serve(cloud)
    try:
        with (
            serving_apis(cloud, partial(owners_apis.answer, owners)) as apis,
            engine_in(folder, project, pulumi=pulumi, provider_port=port, apis=apis.url) as engine,
            _importable(packages),
        ):
            send_google_to(project, endpoints(apis))
            world = World(engine=engine, cloud=cloud, folder=folder, apis=apis.url, packages=packages)
            yield Project(world=world, owners=owners, installed=installed, said=said)
    finally:
        server.stop(0)


def _write(installed: Installed, project: Path, folder: Path) -> str:
    answers = folder / "answers.yaml"
    answers.write_text(yaml.safe_dump(ANSWERS), encoding="utf-8")
    done = installed.readiness("init", str(project), "--answers", str(answers), cwd=folder)
    assert done.status == 0, done.text
    return done.out


@contextmanager
def _importable(packages: Path) -> Iterator[None]:
    """`readiness.components` of the wheel, for the program that the language host runs in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "__path__", [*readiness.__path__, str(packages / "readiness")])
        try:
            yield
        finally:
            for name in [name for name in sys.modules if name.startswith("readiness.components")]:
                del sys.modules[name]
            vars(readiness).pop("components", None)
