"""What Dependabot and GitHub would refuse or ignore, refused with its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edits import add_to_dependabot, found, line_of


@pytest.mark.parametrize("twin", ["/backend", "/backend/", "/backend//"])
def test_a_folder_that_an_ecosystem_lists_twice_is_refused(prod: Path, twin: str) -> None:
    """Dependabot refuses the whole file for it, and no schema finds it."""
    add_to_dependabot(prod, f"      - ecosystem: pip\n        directories:\n          - /new\n          - {twin}\n")
    (problem,) = found(prod).values()
    assert problem.key == "readiness:dependabot.updates[6].directories[1]"
    assert problem.message == "repeats [0].directories[0], and Dependabot refuses the whole file"
    assert problem.line == line_of(prod, "/new") + 1


def test_two_ecosystems_may_share_a_folder(prod: Path) -> None:
    """The root holds a compose file and workflows."""
    add_to_dependabot(prod, "      - ecosystem: npm\n        directories:\n          - /\n")
    assert found(prod) == {}


def test_labels_that_differ_in_case_only_are_refused(prod: Path) -> None:
    """GitHub has one of them."""
    label = "      - name: {0}\n        color: ededed\n"
    add_to_dependabot(prod, "    labels:\n" + label.format("deps") + label.format("Deps"))
    (problem,) = found(prod).values()
    assert (problem.key, problem.message) == ("readiness:dependabot.labels[1].name", "repeats item [0]")


@pytest.mark.parametrize("name", ['""', '" "', "x" * 51])
def test_a_label_that_github_refuses_is_refused(prod: Path, name: str) -> None:
    """At most 50 characters, and not blank."""
    add_to_dependabot(prod, f"    labels:\n      - name: {name}\n        color: ededed\n")
    assert list(found(prod)) == ["dependabot.labels[0].name"]
