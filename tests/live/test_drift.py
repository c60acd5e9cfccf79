"""Drift is what the engine's refreshed preview or GitHub itself says, and a check that failed is no clean stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.live.drift import MAX_PREVIEW_LINES, Drift, UncheckedError, drift_markdown, find_drift
from readiness.live.github_api import GitHub, GitHubError
from tests.live.loopback import Reply, Request, serving
from tests.projects import settings_of

Fake = Callable[[str], None]


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a `pulumi` on PATH that is this shell script."""

    def install(script: str) -> None:
        command = tmp_path / "pulumi"
        command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n{script}\n', encoding="utf-8")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return install


def find(root: Path, stack: str) -> Drift:
    """The drift of a stack whose GitHub environment does not exist."""

    def answer(asked: Request) -> Reply:
        return Reply(404, {"message": "Not Found"}) if "environments" in asked.path else Reply(200, {"name": "r"})

    with serving(answer) as server:
        return find_drift(root, stack, settings_of(stack), GitHub(owner="o", repository="r", api_url=server.url))


def test_a_refreshed_preview_without_changes_is_no_drift(pulumi: Fake, tmp_path: Path) -> None:
    """Refreshed: without that the engine compares the program with its own memory."""
    pulumi("exit 0")
    assert not find(tmp_path, "staging")
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    assert asked.startswith("preview --stack staging --refresh --expect-no-changes")


def test_changes_in_the_preview_are_drift(pulumi: Fake, tmp_path: Path) -> None:
    """The engine's status 7; colours and credentials are taken out of its text."""
    pulumi("printf '\\033[33m~ query\\033[0m xoxb-not-a-real-token\\n'; exit 7")
    assert find(tmp_path, "staging").preview == "~ query [secret]"


def test_an_open_gate_is_drift_whatever_the_preview_says(pulumi: Fake, tmp_path: Path) -> None:
    """The engine sees nothing of it."""
    pulumi("exit 0")
    found = find(tmp_path, "prod")
    assert found
    assert found.gate == ("production: environment: declared exists, live is missing (WEAKER than declared)",)


def test_a_preview_that_fails_is_not_taken_for_an_answer(pulumi: Fake, tmp_path: Path) -> None:
    """Neither for drift nor for none."""
    pulumi("echo 'error: no credentials' >&2; exit 255")
    with pytest.raises(UncheckedError, match="no credentials"):
        find(tmp_path, "staging")


def test_the_report_shows_the_gate_first_and_how_to_go_on() -> None:
    """And what to do in either case."""
    text = drift_markdown("prod", Drift(preview="~ query", gate=("gate is open",)))
    assert text.index("gate is open") < text.index("~ query")
    assert "readiness up prod" in text


def test_a_long_preview_is_cut_and_a_fence_in_it_does_not_end_the_block() -> None:
    """GitHub takes 65,536 characters, and what is in the text is not ours."""
    lines = ["```", *("line" for _ in range(MAX_PREVIEW_LINES + 10))]
    text = drift_markdown("prod", Drift(preview="\n".join(lines), gate=()))
    assert "… 11 lines more" in text
    assert text.count("````") == 2


def test_a_preview_of_few_and_long_lines_still_fits_into_an_issue() -> None:
    """A dashboard is one line; GitHub refuses an issue of more than 65,536 characters, and nobody would be told."""
    line = "+ dashboardJson: " + "x" * 40_000
    text = drift_markdown("prod", Drift(preview="\n".join([line] * 290), gate=("branch @all",)))
    assert len(text) < 65_000
    assert "lines more" in text


def test_what_github_names_stands_in_a_fence() -> None:
    """A branch's name is somebody else's text: it mentions nobody and opens no tag."""
    text = drift_markdown("prod", Drift(preview="", gate=("production: live branch @team/```<b>",)))
    before, _, rest = text.partition("````text\n")
    assert "@team" not in before
    assert "@team/```<b>\n````\n" in rest


def test_a_repository_that_the_token_does_not_see_is_not_taken_for_an_open_gate(pulumi: Fake, tmp_path: Path) -> None:
    """GitHub says 404 of everything in it: nothing is known, and no issue may cry wolf."""
    pulumi("exit 0")
    with serving(lambda _: Reply(404, {"message": "Not Found"})) as server:
        github = GitHub(owner="o", repository="r", api_url=server.url)
        with pytest.raises(GitHubError, match="for this token"):
            find_drift(tmp_path, "prod", settings_of("prod"), github)


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(pulumi: Fake, tmp_path: Path) -> None:
    """A value of somebody's may hold anything; the rest of the preview is needed all the same."""
    pulumi("printf '~ query \\377\\376'; exit 7")
    assert find(tmp_path, "staging").preview == "~ query \ufffd\ufffd"
