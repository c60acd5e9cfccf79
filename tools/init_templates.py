"""Makes the templates of `readiness init` from this repository's own program and workflows, so that they cannot differ.

Usage: python -m tools.init_templates [--check]. The program imports `readiness.components`, as in the wheel. It has no
aliases for earlier releases, because a new project has no state of those. The workflows install the package and
use none of this repository's tools. If a text that this module replaces is not found, it ends with an error.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "readiness" / "live" / "init" / "templates"
WORKFLOWS = ROOT / ".github" / "workflows"
# Splits apply.yml into three parts: before the job of a stack, that job, and after it.
JOB_MARK = "# --- the job of a stack\n"
REST_MARK = "# --- after the jobs of all stacks\n"
# Begins a line of that job that only the owner of the shared resources has.
OWNER_FIELD = "{{owner}}"

# A project of `readiness init` does not need these workflows: it releases no wheel.
OWN_WORKFLOWS = {"release.yml"}

_FORMER_PLACES = {"shared", "in_shared", "in_deployments", "former_parents"}
_PROGRAM_HEAD = '''\
"""The Pulumi program: reads the settings, declares the components and exports what other tools read.

It is yours to edit. `readiness init` wrote it; what it declares is decided by the settings in the stack files.
"""
'''

_INSTALL = "      - run: python -m venv .venv && .venv/bin/pip install --requirement requirements.txt\n"
_CHECK = "      - run: .venv/bin/readiness check --plan\n      - run: .venv/bin/readiness runbook --check\n"
_LIST = """\
          shopt -s failglob
          files=(Pulumi.*.yaml)
          stacks="$(printf '%s\\n' "${files[@]}" | sed -E 's/^Pulumi\\.(.+)\\.yaml$/\\1/' | jq -cRn '[inputs]')"
"""
_SETUP = "      - run: make .venv/.ready\n"
# The steps of this repository, and the steps of a project that has installed the package.
_STEPS = {
    "      - run: bash .ci/run\n": f"{_INSTALL}{_CHECK}",
    _SETUP: _INSTALL,
    '          stacks="$(python3 -m tools.list_stacks)"\n': _LIST,
    "  test:\n    name: Tests\n": "  check:\n    name: Check\n",
    "    timeout-minutes: 90\n": "    timeout-minutes: 15\n",
    "      group: test-": "      group: check-",
}  # fmt: skip


def templates() -> dict[str, str]:
    """Every template by its name. Raises ValueError if a text to replace is missing."""
    texts = {
        "__main__.py.txt": program((ROOT / "__main__.py").read_text(encoding="utf-8")),
        "pulumi.version.txt": (ROOT / ".pulumi.version").read_text(encoding="utf-8"),
    }
    for path in sorted(WORKFLOWS.glob("*.yml")):
        if path.name in OWN_WORKFLOWS:
            continue
        make = _MAKERS.get(path.name)
        if make is None:
            raise ValueError(f"{path.name}: add to _MAKERS how `readiness init` writes it")
        texts[path.name] = make(path.read_text(encoding="utf-8"))
    return texts


def program(source: str) -> str:
    """The program of another project, formatted as ruff does by default."""
    tree = ast.parse(source)
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    text = source.encode()
    for start, end, new in sorted(_edits(tree, starts, text), reverse=True):
        text = text[:start] + new + text[end:]
    renamed = re.sub(r"^(\s*from )components\.", r"\1readiness.components.", text.decode(), flags=re.MULTILINE)
    if left := re.findall(r"moved_from|former_parents|readiness:project:\w+", renamed):
        raise ValueError(f"__main__.py: {', '.join(sorted(set(left)))} is left of former places")
    return _formatted(renamed)


def _edits(tree: ast.Module, starts: list[int], text: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and new text of everything that differs, in bytes of the source."""

    def span(first: ast.expr | ast.stmt, last: ast.expr | ast.stmt) -> tuple[int, int]:
        assert last.end_lineno is not None
        assert last.end_col_offset is not None
        return starts[first.lineno - 1] + first.col_offset, starts[last.end_lineno - 1] + last.end_col_offset

    docstring = tree.body[0]
    yield *span(docstring, docstring), _PROGRAM_HEAD.strip().encode()
    for node in ast.walk(tree):
        names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
        targets = {ast.unparse(target) for target in node.targets} if isinstance(node, ast.Assign) else {""}
        if isinstance(node, ast.stmt) and ("moved_from" in names or targets <= _FORMER_PLACES):
            yield *span(node, node), b""
        elif isinstance(node, ast.Call):
            for before, argument in itertools.pairwise(node.args):
                if isinstance(argument, ast.Call) and ast.unparse(argument.func) == "moved_from":
                    order = next((word.value for word in argument.keywords if word.arg == "depends_on"), None)
                    start, end = span(argument, argument)
                    if order is None:
                        yield span(before, before)[1], end, b""
                    else:
                        yield (
                            start,
                            end,
                            b"pulumi.ResourceOptions(depends_on=" + text[slice(*span(order, order))] + b")",
                        )


def _formatted(source: str) -> str:
    """The source as ruff formats it in a folder without configuration, where `readiness` is a library."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "__main__.py"
        path.write_text(source, encoding="utf-8")
        ruff = [sys.executable, "-m", "ruff"]
        for command in (
            ["check", "--isolated", "--quiet", "--fix", "--select", "I"],
            ["format", "--isolated", "--quiet"],
        ):
            subprocess.run([*ruff, *command, str(path)], cwd=folder, check=True)
        return path.read_text(encoding="utf-8")


def _replaced(text: str, *, file: str, steps: tuple[str, ...]) -> str:
    for old in steps:
        if old not in text:
            raise ValueError(f"{file}: does not hold {old.strip()!r} any more; correct tools/init_templates.py")
        text = text.replace(old, _STEPS[old])
    if left := re.findall(r"run: .*\bmake [.\w/]+|\btools\.\w+|\.ci/run", text):
        raise ValueError(f"{file}: {', '.join(left)} is of this repository; correct tools/init_templates.py")
    return text


def _pull_request(text: str) -> str:
    without, count = re.subn(r"  pythons:\n(?:(?:    .*)?\n)+(?=  stacks:\n)", "", text)
    if count != 1:
        raise ValueError(
            "pull-request.yml: has no job `pythons` before `stacks` any more; correct tools/init_templates.py"
        )
    steps = tuple(old for old in _STEPS if "{{" not in old and "group:" not in old)
    return _in_another_project(
        _replaced(_without_go(without, "pull-request.yml"), file="pull-request.yml", steps=steps), "pull-request.yml"
    )


def _plans(text: str) -> str:
    return _replaced(text, file="plans.yml", steps=(_SETUP,))


def _merge_queue(text: str) -> str:
    return _replaced(text, file="merge-queue.yml", steps=(_SETUP,))


def _judge(text: str) -> str:
    return _replaced(text, file="judge.yml", steps=(_SETUP,))


def _drift(text: str) -> str:
    return _in_another_project(_replaced(text, file="drift.yml", steps=(_SETUP,)), "drift.yml")


def _apply(text: str) -> str:
    """The head, the job of a stack with the lines of the owner marked, and the rest, each behind its mark."""
    head, staging = text.split("  staging:\n")
    staging, prod = staging.split("  prod:\n")
    prod, rest = prod.split("  report:\n")
    job = _job(staging, stack="staging", needs="test, scope", environment="staging")
    owner = _job(prod, stack="prod", needs="test, scope, staging", environment="production")
    setup = ("      - run: make .venv/.ready\n",)
    first = (
        "      - run: bash .ci/run\n",
        "  test:\n    name: Tests\n",
        "    timeout-minutes: 90\n",
        "      group: test-",
    )
    head = _replaced(_without_go(head, "apply.yml"), file="apply.yml", steps=(*first, *setup))
    job = _replaced(_marked(job, owner), file="apply.yml", steps=setup)
    rest = _replaced(f"  report:\n{rest}", file="apply.yml", steps=setup)
    needs = "    needs: [test, scope, staging, prod]\n"
    if needs not in rest:
        raise ValueError(f"apply.yml: the last job has no {needs.strip()!r} any more; correct tools/init_templates.py")
    rest = rest.replace(needs, "    needs: [{{needs}}]\n")
    return _in_another_project(head + JOB_MARK + job + REST_MARK + rest, "apply.yml")


def _marked(job: str, owner: str) -> str:
    """The owner's job, with a mark on each line that the other jobs do not have. Raises ValueError for one it lacks."""
    marked: list[str] = []
    other = job.splitlines(keepends=True)
    for line in owner.splitlines(keepends=True):
        if other and line == other[0]:
            marked.append(other.pop(0))
        else:
            marked.append(f"{OWNER_FIELD}{line}")
    if other:
        raise ValueError(f"apply.yml: the job of prod lacks {other[0].strip()!r}, which that of staging has")
    return "".join(marked)


def _without_go(head: str, file: str) -> str:
    """The text without the steps that build this repository's tools."""
    without, count = re.subn(
        r"      - uses: actions/setup-go@.*\n(?:(?!      - run:).*\n)+(?=      - run: bash)", "", head
    )
    if count != 1:
        raise ValueError(f"{file}: sets up no Go before its tests any more; correct tools/init_templates.py")
    return without


def _in_another_project(text: str, file: str) -> str:
    """The text with fields for the application's repository, in place of the first customer's repository."""
    for old, new in (
        ("          owner: stellar-aiz\n", "          owner: {{application_owner}}\n"),
        ("          repositories: ai-resume-review-v2\n", "          repositories: {{application_repository}}\n"),
    ):
        if old not in text:
            raise ValueError(f"{file}: does not hold {old.strip()!r} any more; correct tools/init_templates.py")
        text = text.replace(old, new)
    return text


def _job(text: str, *, stack: str, needs: str, environment: str) -> str:
    """A stack's job, its names replaced by placeholders."""
    for old, new in (
        (f"needs: [{needs}]\n", "needs: [{{needs}}]\n"),
        (f"environment: {environment}\n", "environment: {{environment}}\n"),
        (f"environment `{environment}`", "environment `{{environment}}`"),
        (f"Apply {stack}\n", "Apply {{stack}}\n"),
        (f"stack-{stack}\n", "stack-{{stack}}\n"),
        (f"'[]'), '{stack}')\n", "'[]'), '{{stack}}')\n"),
        (f"readiness ci begin {stack}\n", "readiness ci begin {{stack}}\n"),
        (f"readiness up {stack} ", "readiness up {{stack}} "),
    ):
        if old not in text:
            raise ValueError(f"apply.yml: the job of {stack} does not hold {old.strip()!r}")
        text = text.replace(old, new)
    return "  apply-{{stack}}:\n" + text.rstrip("\n") + "\n"


_MAKERS = {
    "pull-request.yml": _pull_request,
    "plans.yml": _plans,
    "judge.yml": _judge,
    "merge-queue.yml": _merge_queue,
    "apply.yml": _apply,
    "drift.yml": _drift,
}


def main(arguments: list[str]) -> int:
    """Writes the templates, or compares them and returns 1 where one differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    try:
        made = templates()
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, text in made.items():
        path = TEMPLATES / name
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"error: {path.relative_to(ROOT)} is out of date. Run `make docs`", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
