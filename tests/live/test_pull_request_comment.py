"""A pull request has one comment of ours, whoever quotes its marker and however long the conversation is."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from readiness.live.github_api import GitHub
from readiness.live.pull_request_comment import ACTIONS_BOT, put_comment, put_label
from readiness.plan.diff_verdict import LABELS, Verdict, other_labels
from tests.live.loopback import Loopback, Reply, Request, serving

MARKER = "<!-- readiness diff -->"


class Conversation:
    """A pull request's comments, thirty a page."""

    def __init__(self, comments: list[dict[str, Any]]) -> None:
        self.comments = comments
        self.server: Loopback | None = None

    def __call__(self, asked: Request) -> Reply:
        """Answers as GitHub does."""
        if asked.method == "POST":
            self.comments.append({"id": 999, "user": {"login": ACTIONS_BOT}, "body": asked.body["body"]})
            return Reply(201, self.comments[-1])
        if asked.method == "PATCH":
            identity = int(asked.path.rpartition("/")[2])
            next(comment for comment in self.comments if comment["id"] == identity)["body"] = asked.body["body"]
            return Reply(200, {})
        page = int(asked.path.partition("&page=")[2] or 1)
        shown = self.comments[(page - 1) * 30 : page * 30]
        more = len(self.comments) > page * 30
        following = f'<{asked.path.partition("&page=")[0]}&page={page + 1}>; rel="next"'
        return Reply(200, shown, {"Link": following} if more else {})


def put(comments: list[dict[str, Any]], text: str) -> tuple[str, list[dict[str, Any]]]:
    """What the command did, and the conversation after it."""
    conversation = Conversation(comments)
    with serving(conversation) as server:
        done = put_comment(GitHub(owner="o", repository="r", api_url=server.url), 7, text, marker=MARKER)
    return done, conversation.comments


def comment(number: int, login: str = "somebody", body: str = "hm") -> dict[str, Any]:
    """A comment of the conversation."""
    return {"id": number, "user": {"login": login}, "body": body}


def test_the_first_run_creates_the_comment() -> None:
    """Where no comment of ours is."""
    done, after = put([comment(1)], f"{MARKER}\nnew")
    assert (done, len(after)) == ("created", 2)


def test_a_later_run_edits_the_comment_wherever_it_is() -> None:
    """On the third page as on the first."""
    before = [comment(number) for number in range(1, 80)]
    before[70] = comment(71, ACTIONS_BOT, f"{MARKER}\nold")
    done, after = put(before, f"{MARKER}\nnew")
    assert (done, len(after), after[70]["body"]) == ("updated", 79, f"{MARKER}\nnew")


def test_a_comment_of_somebody_else_with_the_marker_is_not_touched() -> None:
    """A quoted or forged marker is not ours."""
    done, after = put([comment(1, "mallory", f"{MARKER}\nmine")], f"{MARKER}\nnew")
    assert (done, after[0]["body"]) == ("created", f"{MARKER}\nmine")


def test_a_comment_of_a_deleted_account_is_not_ours() -> None:
    """GitHub names no user there."""
    done, after = put([{"id": 1, "user": None, "body": f"{MARKER}\nold"}], f"{MARKER}\nnew")
    assert (done, len(after)) == ("created", 2)


def test_the_same_text_changes_nothing() -> None:
    """GitHub gives the text back with its own line ends."""
    done, after = put([comment(1, ACTIONS_BOT, f"{MARKER}\r\nsame")], f"{MARKER}\nsame\n")
    assert (done, len(after)) == ("unchanged", 1)


@pytest.mark.parametrize("text", ["no marker", f"{MARKER}\n{'x' * 70_000}"])
def test_a_text_that_would_be_lost_is_refused(text: str) -> None:
    """One that could not be found again, or that GitHub would not take."""
    with pytest.raises(ValueError, match=r"marker|not begin|characters"):
        put([], text)


class Labels:
    """The labels of a pull request."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.changes: list[str] = []

    def __call__(self, asked: Request) -> Reply:
        """Answers as GitHub does."""
        if asked.method == "GET":
            return Reply(200, [{"name": name} for name in self.names])
        self.changes.append(f"{asked.method} {asked.path.rpartition('/')[2]}")
        if asked.method == "POST":
            self.names += asked.body["labels"]
        else:
            self.names.remove(unquote(asked.path.rpartition("/")[2]))
        return Reply(200, [])


@pytest.mark.parametrize(
    ("before", "done", "changes"),
    [
        ([], "set", ["POST labels"]),
        (["bug", "plan: changes"], "unchanged", []),
        (["bug", "plan: weakens protection"], "set", ["DELETE plan%3A%20weakens%20protection", "POST labels"]),
        (["plan: changes", "plan: failed"], "set", ["DELETE plan%3A%20failed"]),
    ],
)
def test_a_pull_request_has_the_label_of_its_verdict_alone(before: list[str], done: str, changes: list[str]) -> None:
    """Another verdict's label goes, and nobody else's; what is right already is not sent again."""
    labels = Labels(*before)
    with serving(labels) as server:
        github = GitHub(owner="o", repository="r", api_url=server.url)
        assert put_label(github, 7, LABELS[Verdict.CHANGES], instead_of=other_labels(Verdict.CHANGES)) == done
    assert labels.changes == changes
    assert [name for name in labels.names if name.startswith("plan:")] == ["plan: changes"]
    assert ("bug" in before) == ("bug" in labels.names)
