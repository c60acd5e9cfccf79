"""The policy pack inside the real engine: what the rules refuse in a plan, `pulumi preview` and `up` refuse too."""

from __future__ import annotations

import shutil

import pytest

from readiness.rules.policy_rules import POLICY_RULES
from tests.engine.engine import POLICY_PYTHON
from tests.engine.world import World
from tests.projects import EVERY_OPTION, ROOT, Result

pytestmark = pytest.mark.engine


@pytest.fixture
def pack(applied: World) -> World:
    """The applied stacks, and the committed pack in a folder that may be edited beside its runbook."""
    assert POLICY_PYTHON.is_file(), "the pack's environment is missing; run `make test-engine`, which makes it"
    folder = applied.engine.project
    shutil.copytree(ROOT / "policy", folder / "policy", ignore=shutil.ignore_patterns("__pycache__", "venv"))
    (folder / "readiness").symlink_to(ROOT / "readiness")
    return applied


def preview(world: World, stack: str) -> Result:
    """A preview under the pack."""
    return world.preview(stack, "--policy-pack", str(world.engine.project / "policy"))


@pytest.mark.parametrize("stack", ["prod", EVERY_OPTION])
def test_the_pack_passes_what_the_program_declares(pack: World, stack: str) -> None:
    """Also the stack with every option and real secrets: an encrypted token is no plain text."""
    done = preview(pack, stack)
    assert done.status == 0, done.text
    assert "readiness" in done.text, "the pack was run"


def test_an_alert_whose_page_is_gone_is_refused_in_the_engine(pack: World) -> None:
    """By the same rule, with the same words, as `readiness check --plan`."""
    (pack.engine.project / "docs" / "runbook" / "HighLatency.md").unlink()
    done = preview(pack, "staging")
    assert done.status != 0
    assert "[mandatory]" in done.text
    assert "alert-runbook" in done.text
    assert "no link of the alert leads to a page of the runbook" in done.text


def test_a_grant_to_everybody_is_refused_before_it_is_sent(pack: World) -> None:
    """A program that somebody edited: `up` stops at that resource, and the server has not seen it."""
    program = pack.engine.project / "__main__.py"
    text = program.read_text(encoding="utf-8")
    program.unlink()
    grant = 'IAMMember("open", project="ytgrs-464303", role="roles/viewer", member="allUsers")'
    program.write_text(f"{text}\nfrom pulumi_gcp.projects import IAMMember\n{grant}\n", encoding="utf-8")
    done = pack.up("staging", "--policy-pack", str(pack.engine.project / "policy"))
    assert done.status != 0
    assert "nothing-public" in done.text
    assert pack.cloud.sent("POST") == []


def test_every_rule_is_a_mandatory_policy_of_the_pack() -> None:
    """One place for the rules; the pack only wraps them."""
    text = (ROOT / "policy" / "pack.py").read_text(encoding="utf-8")
    assert "for rule in POLICY_RULES" in text
    assert "EnforcementLevel.MANDATORY" in text
    assert len({rule.id for rule in POLICY_RULES}) == len(POLICY_RULES)
