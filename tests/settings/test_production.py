"""`environment.production` beside the section that only production has."""

from __future__ import annotations

from pathlib import Path

from tests.edits import edit, found


def test_the_owner_of_the_production_environment_is_production(project: Path) -> None:
    """Else its failed migration pages nobody, and no other line says why."""
    edit(project, "    short_name: prod\n", "    short_name: prod\n    production: false\n")
    problem = found(project)["environment.production"]
    assert problem.rule_id == "settings-not-production"
    assert "a failed migration pages nobody" in problem.message
