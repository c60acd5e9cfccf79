"""Who owns a file by CODEOWNERS, and which changed files make the plan.

GitHub takes CODEOWNERS from the base of a pull request, so the list that is read here is that of the base too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from readiness.plan.change_lines import printable

# Where GitHub looks, in this order (docs.github.com, "About code owners").
CODE_OWNERS_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
# Named in the note; the rest is counted.
MAX_NAMED = 5

# Folders whose Python files no program imports. Every other one comes before the libraries on the import path, where a
# folder of the name of a library is imported instead of it.
_NOT_IMPORTED = frozenset({"tests", "tools", "docs", "examples", "policy", "records", "reports"})
_MAKES_PLAN = re.compile(
    r"""
      __main__\.py | (components|readiness|wheels)/.* | pyproject\.toml | (uv|poetry|pip)\.(toml|conf) | .*\.lock
    | (requirements|constraints)[^/]*
    | Makefile | tools/setup_venv\.sh | \.tools/.* | \.venv.*/.*
    """,
    re.VERBOSE,
)
# What a pull request's own run makes the plan with, at the top of the repository.
_RUNS = re.compile(r"(\.github|\.ci)/.*")
_IMPORTED = re.compile(r".*\.(py|pyc|so|pyd|pth|zip|egg)")


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """The rules of a CODEOWNERS file: pattern and owners, the last that matches wins."""

    rules: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of_text(cls, text: str) -> CodeOwners:
        """The rules of a file's text. A rule without an owner takes the owner away, as on GitHub."""
        lines = (re.sub(r"(^|\s)#.*", "", line).split() for line in text.splitlines())
        return cls(tuple((words[0], tuple(words[1:])) for words in lines if words))

    @classmethod
    def of_files(cls, read: Callable[[str], str | None]) -> CodeOwners:
        """The rules of the first file that there is; `read` gives its text, None where there is none."""
        texts = (read(name) for name in CODE_OWNERS_FILES)
        return cls.of_text(next((text for text in texts if text is not None), ""))

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file; none where nobody owns it."""
        return next((owners for pattern, owners in reversed(self.rules) if _expression(pattern).fullmatch(path)), ())


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    """The pattern as an expression. As in .gitignore, but without `!`, `[ ]` and `\\#` (GitHub's page says so)."""
    anchored = "/" in pattern.rstrip("/")
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(words.get(part, re.escape(part)) for part in parts)
    # `docs/*` owns the files of the folder and not those of folders in it.
    inside = "/.*" if pattern.endswith("/") else "" if pattern.endswith("/*") else "(?:/.*)?"
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{body}{inside}", re.DOTALL)


def makes_the_plan(path: str, folder: str = "") -> bool:
    """Whether a file, by its path in the repository, can change what its own plan says.

    `folder` is the project's, which ends in a slash; empty where that is the repository's own.
    """
    if _RUNS.fullmatch(path):
        return True
    if not path.startswith(folder):
        return False
    path = path.removeprefix(folder)
    if _MAKES_PLAN.fullmatch(path):
        return True
    return bool(_IMPORTED.fullmatch(path)) and path.partition("/")[0] not in _NOT_IMPORTED


def owners_note(changed: Iterable[str], owners: CodeOwners, *, folder: str = "", is_complete: bool = True) -> str:
    """The line that says whose word the plan is; empty where no changed file makes the plan.

    Paths are those in the repository, and `folder` is the project's in it. `is_complete` is whether `changed` names
    every file: GitHub lists 3,000 of a pull request.
    """
    makers = sorted({path for path in changed if makes_the_plan(path, folder)})
    if is_complete and not makers:
        return ""
    named = sorted({owner for path in makers for owner in owners.of(path)})
    nobodys = [path for path in makers if not owners.of(path)]
    readers = f"Owners who must read that code: {', '.join(named)}." if named else ""
    if nobodys:
        readers = f"{readers} CODEOWNERS of the base names no owner of {_listed(nobodys)}.".strip()
    what = _listed(makers) if is_complete else "more files than GitHub lists"
    return printable(
        f"The change produced this plan itself: it changes code that makes the plan ({what}). {readers}".rstrip()
    )


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(path[:120] for path in paths[:MAX_NAMED]) + more
