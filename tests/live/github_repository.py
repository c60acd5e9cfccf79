"""A GitHub that keeps what is written to it: files, commits, branches and pull requests of one repository.

It refuses as GitHub does: a branch that exists already, a move that is no fast-forward, a token that may not.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.live.loopback import Loopback, Reply, Request, serving

PREFIX = "/repos/stellar-aiz/ai-resume-review-v2"
OWNER = "stellar-aiz"
Files = dict[str, str]


@dataclass
class Commit:
    """Its files whole, and what came before it."""

    message: str
    files: Files
    parents: list[str]


@dataclass
class Repository:
    """One repository. `forbidden` are (method, beginning of path) that the token may not; `special` are no files."""

    default_branch: str = "main"
    exists: bool = True
    archived: bool = False
    truncated: bool = False
    unlisted: frozenset[str] = frozenset()
    allow_auto_merge: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    trees: dict[str, Files] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    forbidden: dict[tuple[str, str], int] = field(default_factory=dict)
    special: dict[str, Any] = field(default_factory=dict)

    def commit(self, branch: str, files: Files, message: str = "work") -> str:
        """Somebody pushes these files on top of the branch, or begins it from the default one."""
        parent = self.branches.get(branch) or self.branches.get(self.default_branch)
        before = dict(self.commits[parent].files) if parent else {}
        identity = self._add(Commit(message, {**before, **files}, [parent] if parent else []))
        self.branches[branch] = identity
        return identity

    def merge(self, number: int) -> None:
        """Somebody merges the pull request."""
        pull = self.pulls[number - 1]
        self.commit(self.default_branch, self.commits[self.branches[pull["head"]]].files, "merge")
        pull |= {"state": "closed", "merged_at": "2026-11-01T00:00:00Z"}

    def files(self, branch: str) -> Files:
        """What the branch holds."""
        return self.commits[self.branches[branch]].files

    def ancestors(self, commit: str) -> set[str]:
        """The commit and all before it."""
        found, waiting = set(), [commit]
        while waiting:
            at = waiting.pop()
            found.add(at)
            waiting += self.commits[at].parents
        return found

    def _add(self, commit: Commit) -> str:
        text = json.dumps([commit.message, commit.files, commit.parents, len(self.commits)])
        identity = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits[identity] = commit
        self.trees[_tree_id(commit.files)] = commit.files
        return identity

    def answer(self, asked: Request) -> Reply:
        """What GitHub says."""
        parts = urlsplit(asked.path)
        path = unquote(parts.path.removeprefix(PREFIX)).strip("/")
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        for (method, start), status in self.forbidden.items():
            if asked.method == method and path.startswith(start):
                return Reply(status, {"message": "Resource not accessible by integration"})
        if not self.exists or not parts.path.startswith(PREFIX):
            return Reply(404, {"message": "Not Found"})
        answers = {"GET": self._read, "POST": self._create, "PATCH": self._change}
        return answers[asked.method](path, query, asked.body)

    def _read(self, path: str, query: dict[str, str], _: Any) -> Reply:
        kind, _slash, rest = path.partition("/")
        if path == "":
            names = ("default_branch", "archived", "allow_auto_merge")
            return Reply(200, {name: getattr(self, name) for name in names})
        if kind == "contents":
            return self._contents(rest, query["ref"])
        if path.startswith("git/ref/heads/"):
            commit = self.branches.get(path.removeprefix("git/ref/heads/"))
            return Reply(200, {"object": {"sha": commit}}) if commit else Reply(404, {"message": "Not Found"})
        if path.startswith("git/commits/"):
            commit = self.commits[path.removeprefix("git/commits/")]
            return Reply(200, {"tree": {"sha": _tree_id(commit.files)}})
        if path.startswith("git/trees/"):
            return self._tree(path.removeprefix("git/trees/"))
        if kind == "compare":
            base, _dots, head = rest.partition("...")
            return self._compare(base, head)
        if kind == "pulls":
            found = [pull for pull in self.pulls if f"{OWNER}:{pull['head']}" == query["head"]]
            return Reply(200, [pull for pull in found if pull["base"] == query["base"]])
        raise AssertionError(path)

    def _tree(self, ref: str) -> Reply:
        commit = self.branches.get(ref, ref)
        if commit not in self.commits:
            return Reply(404, {"message": "Not Found"})
        texts = self.commits[commit].files
        listed = [
            {"path": each, "type": "blob", "sha": _blob_id(text)}
            for each, text in texts.items()
            if each not in self.unlisted
        ]
        listed += [{"path": path, "type": "commit", "sha": "0"} for path in self.special]
        folder = {"path": ".github", "type": "tree", "sha": "1"}
        return Reply(200, {"tree": [folder, *listed], "truncated": self.truncated})

    def _contents(self, path: str, ref: str) -> Reply:
        if path in self.special:
            return Reply(200, self.special[path])
        text = self.commits[self.branches.get(ref, ref)].files.get(path)
        if text is None:
            return Reply(404, {"message": "Not Found"})
        content = base64.encodebytes(text.encode()).decode()
        return Reply(200, {"type": "file", "encoding": "base64", "content": content})

    def _compare(self, base: str, head: str) -> Reply:
        ahead, behind = self.ancestors(head) - self.ancestors(base), self.ancestors(base) - self.ancestors(head)
        commits = [{"commit": {"message": self.commits[sha].message}} for sha in ahead]
        return Reply(200, {"commits": commits, "ahead_by": len(ahead), "behind_by": len(behind)})

    def _create(self, path: str, _: dict[str, str], body: Any) -> Reply:
        if path == "git/trees":
            files = dict(self.trees[body["base_tree"]])
            for entry in body["tree"]:
                if entry.get("sha", "") is None:
                    del files[entry["path"]]
                else:
                    files[entry["path"]] = entry["content"]
            self.trees[_tree_id(files)] = files
            return Reply(201, {"sha": _tree_id(files)})
        if path == "git/commits":
            return Reply(201, {"sha": self._add(Commit(body["message"], self.trees[body["tree"]], body["parents"]))})
        if path == "git/refs":
            branch = body["ref"].removeprefix("refs/heads/")
            if branch in self.branches:
                return Reply(422, {"message": "Reference already exists"})
            self.branches[branch] = body["sha"]
            return Reply(201, {})
        if path == "pulls":
            return self._open(body)
        raise AssertionError(path)

    def _open(self, body: Any) -> Reply:
        if any(pull["state"] == "open" and pull["head"] == body["head"] for pull in self.pulls):
            return Reply(422, {"message": "A pull request already exists"})
        number = len(self.pulls) + 1
        url = f"https://github.example/{number}"
        pull = {**body, "number": number, "html_url": url, "state": "open", "merged_at": None}
        self.pulls.append(pull)
        return Reply(201, pull)

    def _change(self, path: str, _: dict[str, str], body: Any) -> Reply:
        if path.startswith("git/refs/heads/"):
            branch = path.removeprefix("git/refs/heads/")
            if body["force"] or self.branches[branch] not in self.ancestors(body["sha"]):
                return Reply(422, {"message": "Update is not a fast forward"})
            self.branches[branch] = body["sha"]
            return Reply(200, {})
        pull = self.pulls[int(path.removeprefix("pulls/")) - 1]
        pull |= body
        return Reply(200, pull)

    @contextmanager
    def served(self) -> Iterator[Loopback]:
        """On the loopback interface, until the block ends."""
        with serving(self.answer) as server:
            yield server


def _blob_id(text: str) -> str:
    """As `git hash-object` says."""
    data = text.encode()
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


def _tree_id(files: Files) -> str:
    return hashlib.sha1(json.dumps(files, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
