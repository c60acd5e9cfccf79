"""What `readiness checks-honest` answers to the scripts and workflows that this repository holds.

ADR 0010 was measured on scripts of other people, which are not kept here. In their place stand all compositions of two
constructs of the shell around one command that can fail.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.answers.commands import INPUTS
from tests.answers.corpus import Answer
from tests.answers.scratch import Scratch
from tests.projects import ROOT

_WORKFLOW_FOLDERS = (
    ".github/workflows",
    "tests/golden/managed_files/*/.github/workflows",
    "tests/fixtures/workflows/*",
)
_ACTIONS = ("readiness/delivered/*.action.yml",)
_SHELL_FILES = ("tools/*.sh", ".ci/run")
_COMMAND = "make test"
# `{}` is the command, or a composition of it.
_CONSTRUCTS = (
    "{}", "{} || true", "{} || exit 1", "{} || {{ echo found; exit 1; }}", "{} && echo fine", "! {}", "( {} )",
    "{{ {}; }}", "{} | tee log", "{} |& cat", "set +e\n{}", "set +e\n{}\nexit $?", "set -o pipefail\n{}",
    "if {}; then echo fine; fi", "if ! {}; then exit 1; fi", "[ -f x ] && {}", "[[ -n $x ]] || {}",
    "for name in a b; do {}; done", "while {}; do echo more; done", "until {}; do sleep 1; done",
    "case $x in a) {} ;; *) exit 1 ;; esac", 'text="$({})"', 'echo "$({})"', "run() {{ {}; }}\nrun", "{} > log 2>&1",
    "{}\necho done", "trap 'exit 0' EXIT\n{}", "eval '{}'", "bash -c '{}'", "time {}", "{} &\nwait",
    "cat <<EOF\n$({})\nEOF", "status=0\n{} || status=$?\nexit $status", "timeout 60 {}", "{} # || true", "{}; exit 0",
)  # fmt: skip
_HOSTILE = {
    "5,000 opened substitutions": "$(" * 5_000,
    "5,000 opened groups": "( " * 5_000,
    "40,000 characters": "x" * 40_000,
    "5,000 commands joined by &&": "check && " * 5_000 + "check",
}


def answers_of_scripts(scratch: Scratch) -> Iterator[Answer]:
    """One answer for each script, as a step of GitHub's default shell, and with pipefail where that differs."""
    yield from _answers_of(scratch, dict(_own_scripts()))
    yield from _answers_of(scratch, {_title(text): text for text in [*_inputs()["scripts"], *_compositions()]})
    yield from _answers_of(scratch, _HOSTILE, show=False)


def answers_of_workflows(scratch: Scratch) -> Iterator[Answer]:
    """One answer for each workflow that the tests judge, and for each folder of workflows, whose jobs are required."""
    for pattern in _WORKFLOW_FOLDERS:
        for folder in sorted(ROOT.glob(pattern)):
            texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml"))}
            jobs = [job for text in texts.values() for job in (yaml.safe_load(text).get("jobs") or {}).items()]
            checks = sorted({str(body.get("name", name)) for name, body in jobs})
            yield _judged(scratch, folder.relative_to(ROOT).as_posix(), texts, checks)
    for case in _inputs()["workflows"]:
        digest = hashlib.sha256(json.dumps(case, sort_keys=True).encode()).hexdigest()[:8]
        title = f"workflow {digest}, required check: {case['check']}"
        answer = _judged(scratch, title, case["files"], [case["check"]])
        shown = {f"file {name}": text for name, text in case["files"].items()}
        yield Answer(title=title, status=answer.status, texts={**shown, **answer.texts})


def _answers_of(scratch: Scratch, texts: Mapping[str, str], *, show: bool = True) -> Iterator[Answer]:
    """All of them in one run of the command: each is a workflow of its own with one check."""
    names = {f"s{number:04}": title for number, title in enumerate(texts)}
    files = {f"{name}.yml": _workflow(name, texts[title], "") for name, title in names.items()}
    files |= {
        f"{name}p.yml": _workflow(f"{name}p", texts[title], "        shell: bash\n") for name, title in names.items()
    }
    all_found = _findings(_judged(scratch, "all", files, [name.removesuffix(".yml") for name in files]))
    for name, title in names.items():
        found, with_pipefail = all_found[name], all_found[f"{name}p"]
        shown = {"script": f"{texts[title].rstrip()}\n"} if show else {}
        if with_pipefail != found:
            shown |= {"found with pipefail": with_pipefail or "nothing\n"}
        yield Answer(
            title=title, status=int("error: " in found), texts={**shown, **({"found": found} if found else {})}
        )


def _findings(judged: Answer) -> Mapping[str, str]:
    """What was said of each script by its name: the line inside the script, and the message."""
    found: defaultdict[str, str] = defaultdict(str)
    pattern = re.compile(r"^(\w+): checks/(\w+)\.yml:(\d+): \2: (.*)\n", re.MULTILINE)
    for kind, name, line, rest in pattern.findall("".join(judged.texts.values())):
        found[name] += f"{kind}: line {int(line) - _FIRST_LINE + 1}: {rest}\n"
    return found


def _judged(scratch: Scratch, title: str, files: dict[str, str], checks: list[str]) -> Answer:
    scratch.make("small", {f"checks/{name}": text for name, text in files.items()})
    # A name that is known only when it runs is refused by `check`.
    ruleset = {
        "enforcement": "disabled",
        "required_checks": [{"context": check} for check in checks if "${{" not in check],
    }
    with (scratch.project / "Pulumi.prod.yaml").open("a", encoding="utf-8") as stream:
        stream.write(f"  readiness:branch_ruleset: {json.dumps(ruleset)}\n")
    return scratch.answer(title, ["checks-honest", "--workflows", "checks"])


# Of the script inside `_workflow`.
_FIRST_LINE = 7


def _workflow(name: str, script: str, shell: str) -> str:
    """A workflow whose one step runs the script. Two blanks deeper than the key, whatever the script begins with."""
    body = "".join(f"          {line}\n" if line else "\n" for line in script.split("\n"))
    return f"on:\n  pull_request:\njobs:\n  {name}:\n    steps:\n      - run: |2-\n{body}{shell}"


def _title(script: str) -> str:
    first = script.split("\n")[0][:60]
    return f"script {hashlib.sha256(script.encode()).hexdigest()[:8]}: {first}"


def _compositions() -> list[str]:
    """One construct in another, each text once."""
    return list(dict.fromkeys(outer.format(inner.format(_COMMAND)) for outer in _CONSTRUCTS for inner in _CONSTRUCTS))


def _own_scripts() -> Iterator[tuple[str, str]]:
    """Of this repository's workflows and actions, of those that it delivers, and of its shell files."""
    for pattern in (*(f"{folder}/*.yml" for folder in _WORKFLOW_FOLDERS), *_ACTIONS):
        for path in sorted(ROOT.glob(pattern)):
            scripts = list(_scripts_in(yaml.safe_load(path.read_text(encoding="utf-8"))))
            yield from ((f"{path.relative_to(ROOT)}, script {n}", text) for n, text in enumerate(scripts, 1))
    for pattern in _SHELL_FILES:
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _scripts_in(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "run" and isinstance(value, str):
                yield value
            else:
                yield from _scripts_in(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from _scripts_in(item)


def _inputs() -> dict[str, Any]:
    return yaml.safe_load(Path(INPUTS / "required_checks.yaml").read_text(encoding="utf-8"))
