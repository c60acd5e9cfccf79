"""The Apps that doctor and bootstrap name are those that the workflows take their tokens from, with the same rights."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from readiness.live.bootstrap import DRIFT, PREVIEW
from readiness.live.github_apps import github_apps
from tests.projects import CUSTOMER_STACKS, ROOT, settings_of


def minted_in(text: str) -> list[dict[str, Any]]:
    """The inputs of create-github-app-token in a workflow."""
    jobs = yaml.safe_load(text)["jobs"].values()
    steps = [step for job in jobs for step in job.get("steps", ())]
    return [step["with"] for step in steps if "create-github-app-token" in step.get("uses", "")]


@pytest.mark.parametrize("name", ["apply.yml", "drift.yml", "pull-request.yml"])
def test_each_job_asks_for_the_rights_of_its_app(name: str) -> None:
    """Else GitHub refuses the token, or the App may do more than any job needs."""
    apps = {
        f"${{{{ vars.{app.client_id} }}}}": app
        for app in github_apps({stack: settings_of(stack) for stack in CUSTOMER_STACKS}, reading=(PREVIEW, DRIFT))
    }
    assert len(apps) == 2
    minted = minted_in((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))
    assert minted
    for inputs in minted:
        app = apps[inputs["client-id"]]
        assert inputs["private-key"] == f"${{{{ secrets.{app.private_key} }}}}"
        asked = {
            key.removeprefix("permission-"): right for key, right in inputs.items() if key.startswith("permission-")
        }
        assert asked == dict(app.permissions)
        assert (inputs["owner"], inputs["repositories"]) == (app.owner, app.application)


def test_without_a_stack_that_owns_what_exists_once_no_job_needs_the_second_app() -> None:
    """Such a stack alone declares something of GitHub."""
    staging = settings_of("staging")
    assert not staging.owns_shared_resources
    assert [app.prefix for app in github_apps({"staging": staging}, reading=(PREVIEW,))] == ["PREVIEW"]
