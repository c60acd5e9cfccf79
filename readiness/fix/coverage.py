"""Adds a gate of 80 % line coverage to the steps that run pytest and Jest.

The options of the runners: https://pytest-cov.readthedocs.io/en/latest/config.html (`--cov-fail-under`) and
https://jestjs.io/docs/configuration#coveragethreshold-object. Jest uses a threshold only with `--coverage`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from readiness.ci.shell.places import PlacedCommand, PlacedWord
from readiness.finding import RefusedError
from readiness.fix.checkout import Checkout
from readiness.fix.scripts import Step, steps_of
from readiness.fix.workflow_source import Edit, NotRecognisedError, Source

# https://github.com/pytest-dev/pytest-cov and Jest count the lines that ran, in percent.
MIN_COVERAGE_PERCENT = 80
_JEST_CONFIGS = ("jest.config.js", "jest.config.ts", "jest.config.mjs", "jest.config.cjs", "jest.config.json")
_COVERAGE_CONFIGS = (".coveragerc", "pyproject.toml", "setup.cfg", "tox.ini")
_PYTHON_REQUIREMENTS = re.compile(r"(?:.*requirements.*\.(?:txt|in)|pyproject\.toml|setup\.cfg|Pipfile|.*\.lock)")
_BY_HAND = f"Edit the step by hand so that it fails below {MIN_COVERAGE_PERCENT} % coverage"


def pytest_command(step: Step) -> PlacedCommand | None:
    """The command of the step that runs pytest."""
    for command in step.commands:
        values = command.values
        for at, value in enumerate(values):
            is_module = at > 1 and values[at - 1] == "-m" and re.fullmatch(r"python[\d.]*", values[at - 2])
            is_runner = at == 0 or values[at - 1] in ("run", "exec") or is_module
            if value in ("pytest", "py.test") and is_runner:
                return command
    return None


def with_pytest_gate(step: Step, checkout: Checkout) -> Source | None:
    """The workflow whose step fails below the limit; None if it already does. Raises NotRecognisedError."""
    command = pytest_command(step)
    if command is None:
        return None
    folder = _folder(step)
    limit = next((word for word in command.words if word.value.startswith("--cov-fail-under")), None)
    has_source = any(re.fullmatch(r"--cov(=.*)?", word.value) for word in command.words)
    if limit is None and has_source and _configured_limit(checkout, folder) >= MIN_COVERAGE_PERCENT:
        return None
    options: list[str] = []
    edits: list[tuple[int, int, str]] = []
    if not has_source:
        options += [f"--cov={name}" for name in _sources(checkout, folder)] or ["--cov"]
    if limit is None:
        options.append(f"--cov-fail-under={MIN_COVERAGE_PERCENT}")
    elif _percent(limit, step) < MIN_COVERAGE_PERCENT:
        edits.append((limit.begin, limit.end, f"--cov-fail-under={MIN_COVERAGE_PERCENT}"))
    elif has_source:
        return None
    if options:
        edits.append((command.words[-1].end, command.words[-1].end, " " + " ".join(options)))
    return _with_script_edits(step, edits, _installing_edits(step, checkout, folder))


def _percent(word: PlacedWord, step: Step) -> float:
    try:
        return float(word.value.removeprefix("--cov-fail-under="))
    except ValueError:
        message = f"has `{word.text}`, whose number cannot be read"
        raise NotRecognisedError((*step.path, "run"), message, _BY_HAND) from None


def _folder(step: Step) -> str:
    """The folder of the step in the repository, such as `backend`; empty for the top folder."""
    body = step.body.get("working-directory")
    for holder in (step.job.body, step.source.workflow.body):
        defaults = holder.get("defaults")
        run = defaults.get("run") if isinstance(defaults, dict) else None
        body = body or (run.get("working-directory") if isinstance(run, dict) else None)
    folder = str(body or "").strip("/").removeprefix("./")
    if "$" in folder or ".." in folder:
        path = (*step.path, "working-directory")
        raise NotRecognisedError(path, "is known only when the workflow runs", _BY_HAND)
    return "" if folder == "." else folder


def _in_folder(checkout: Checkout, folder: str) -> Iterator[tuple[str, str]]:
    """For each file in the folder: its name below the folder, and its path."""
    prefix = f"{folder}/" if folder else ""
    yield from ((path.removeprefix(prefix), path) for path in checkout.paths if path.startswith(prefix))


def _sources(checkout: Checkout, folder: str) -> list[str]:
    """The folders with Python code below `folder`, without tests. If named, code that no test imports counts too."""
    names = (PurePosixPath(name).parts for name, _ in _in_folder(checkout, folder) if name.endswith(".py"))
    found = {parts[0] for parts in names if len(parts) > 1}
    return sorted(name for name in found if re.fullmatch(r"\w+", name) and not re.fullmatch(r"tests?", name))


def _configured_limit(checkout: Checkout, folder: str) -> float:
    """The largest `fail_under` of coverage's own configuration, 0 without one."""
    texts = [_text(checkout, path) for name, path in _in_folder(checkout, folder) if name in _COVERAGE_CONFIGS]
    found = re.findall(r"(?m)^\s*fail_under\s*=\s*(\d+(?:\.\d*)?)\s*$", "\n".join(texts))
    return max(map(float, found), default=0)


def _text(checkout: Checkout, path: str) -> str:
    try:
        return checkout.text(path)
    except RefusedError:
        return ""


def _installing_edits(step: Step, checkout: Checkout, folder: str) -> list[tuple[Step, int]]:
    """Where to add `pytest-cov` to a `pip install` of the job; nothing if the job already installs it."""
    requirements = (path for name, path in _in_folder(checkout, folder) if _PYTHON_REQUIREMENTS.fullmatch(name))
    if any(re.search(r"(?mi)(^|[\"'\s])pytest[-_]cov\b", _text(checkout, path)) for path in requirements):
        return []
    for other in steps_of(step.source, step.job_id, step.reader):
        for command in other.commands:
            values = command.values
            if "install" in values and any(value.rpartition("/")[2].startswith("pip") for value in values):
                if any(re.match(r"pytest[-_]cov\b", value) for value in values):
                    return []
                for word in command.words:
                    if re.fullmatch(r"pytest(?:[=<>~!].*)?", word.value):
                        return [(other, word.end)]
    message = "runs pytest, but nothing installs pytest-cov, which measures the coverage"
    raise NotRecognisedError(step.path, message, "Add pytest-cov to the requirements, then run the command again")


def _with_script_edits(step: Step, edits: list[tuple[int, int, str]], installing: list[tuple[Step, int]]) -> Source:
    source = step.source
    source.refuse_shared_nodes()
    by_step = {step.index: edits}
    for other, at in installing:
        by_step.setdefault(other.index, []).append((at, at, " pytest-cov"))
    expected, changes = copy.deepcopy(source.workflow.body), list[Edit]()
    for index, wanted in by_step.items():
        body = expected["jobs"][step.job_id]["steps"][index]
        for begin, end, text in sorted(wanted, reverse=True):
            changes.append(source.in_script(("jobs", step.job_id, "steps", index, "run"), begin, end, text))
            body["run"] = body["run"][:begin] + text + body["run"][end:]
    return source.edited(changes, expected)


def jest_command(step: Step, checkout: Checkout) -> tuple[PlacedCommand, bool] | None:
    """The command of the step that runs Jest, and whether npm needs `--` before options for it."""
    for command in step.commands:
        values = command.values
        if values[0] == "jest" or values[:2] in (("npx", "jest"), ("yarn", "jest"), ("pnpm", "jest")):
            return command, False
        if values[0] in ("npm", "yarn", "pnpm") and (script := _script_name(values)):
            written = _package(step, checkout).get("scripts")
            runs = str(written.get(script, "")) if isinstance(written, dict) else ""
            if re.search(r"(?:^|\s|/)jest(?:\s|$)", runs):
                return command, values[0] == "npm"
    return None


def _script_name(values: tuple[str, ...]) -> str:
    words = [value for value in values[1:] if not value.startswith("-")]
    if words[:1] in (["run"], ["run-script"]):
        words = words[1:]
    return words[0] if words and words[0] not in ("install", "ci", "exec") else ""


def _package(step: Step, checkout: Checkout) -> dict[str, Any]:
    folder = _folder(step)
    path = f"{folder}/package.json" if folder else "package.json"
    if path not in checkout.paths:
        return {}
    try:
        found = json.loads(checkout.text(path).removeprefix("\ufeff"))
    except (RefusedError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def with_jest_gate(step: Step, checkout: Checkout) -> Source | None:
    """The workflow whose step fails below the limit; None if it already does. Raises NotRecognisedError."""
    found = jest_command(step, checkout)
    if found is None:
        return None
    command, needs_dashes = found
    written = _package(step, checkout).get("scripts")
    script = str(written.get(_script_name(command.values), "")) if isinstance(written, dict) else ""
    given = [*command.values, *script.split()]
    options: list[str] = []
    if not any(re.fullmatch(r"--coverage(=true)?|--collectCoverage(=true)?", word) for word in given):
        options.append("--coverage")
    if not any(word.startswith("--coverageThreshold") for word in given) and not _has_threshold(step, checkout):
        options.append(f"""--coverageThreshold='{{"global":{{"lines":{MIN_COVERAGE_PERCENT}}}}}'""")
    if not options:
        return None
    if needs_dashes and "--" not in command.values:
        options.insert(0, "--")
    at = command.words[-1].end
    return _with_script_edits(step, [(at, at, " " + " ".join(options))], [])


def _has_threshold(step: Step, checkout: Checkout) -> bool:
    """Whether Jest's own configuration has a global threshold that is high enough. Raises NotRecognisedError."""
    folder, package = _folder(step), _package(step, checkout).get("jest")
    texts = [json.dumps(package)] if isinstance(package, dict) else []
    texts += [_text(checkout, path) for name, path in _in_folder(checkout, folder) if name in _JEST_CONFIGS]
    text = "\n".join(texts)
    if "coverageThreshold" not in text:
        return False
    found = re.search(r"coverageThreshold[\"']?\s*:\s*\{\s*[\"']?global[\"']?\s*:\s*\{([^{}]*)\}", text)
    lines = re.search(r"\b(?:lines|statements)[\"']?\s*:\s*(\d+(?:\.\d+)?)", found[1]) if found else None
    if lines is None or float(lines[1]) < MIN_COVERAGE_PERCENT:
        message = f"runs Jest, whose configuration has a coverageThreshold that is not at least {MIN_COVERAGE_PERCENT}"
        hint = f"Write `global: {{ lines: {MIN_COVERAGE_PERCENT} }}` there, then run the command again"
        raise NotRecognisedError(step.path, message, hint)
    return True
