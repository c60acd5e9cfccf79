"""Who owns a file, and whether everything that can change a verdict is owned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from readiness.plan.code_owners import CodeOwners, makes_the_plan, owners_note
from tests.projects import ROOT
from tests.test_layers import imports_of, modules_of

OWNERS = CodeOwners.of_text((ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# What decides on a verdict, or writes it.
ENTRIES = ("readiness.cli.diff", "readiness.cli.pull_request", "readiness.cli.comment", "readiness.__main__")


@pytest.mark.parametrize(
    ("pattern", "owned", "not_owned"),
    [
        ("*", ["a", "a/b.py", ".github/x"], []),
        ("*.py", ["a.py", "a/b.py"], ["a.pyc", "a.py.txt"]),
        ("/a.py", ["a.py"], ["b/a.py"]),
        ("a.py", ["a.py", "b/a.py"], ["ba.py"]),
        ("/docs/", ["docs/a", "docs/b/c"], ["x/docs/a", "docs"]),
        ("docs/", ["docs/a", "x/docs/a"], ["docs"]),
        ("docs/*", ["docs/a"], ["docs/b/c", "x/docs/a"]),
        ("/docs", ["docs", "docs/a/b"], ["docsa"]),
        ("/Pulumi.*.yaml", ["Pulumi.prod.yaml"], ["Pulumi.yaml", "x/Pulumi.prod.yaml"]),
        ("/a/**/b.py", ["a/b.py", "a/x/b.py", "a/x/y/b.py"], ["b.py"]),
        ("**/logs", ["logs", "a/logs/b"], ["alogs"]),
    ],
)
def test_a_pattern_owns_what_github_says_that_it_owns(pattern: str, owned: list[str], not_owned: list[str]) -> None:
    """Examples of docs.github.com, "About code owners"."""
    owners = CodeOwners.of_text(f"# Comment\n{pattern} @a # why\n")
    assert [path for path in owned if owners.of(path) != ("@a",)] == []
    assert [path for path in not_owned if owners.of(path)] == []


def test_the_last_rule_wins_and_may_take_the_owner_away() -> None:
    """As on GitHub."""
    owners = CodeOwners.of_text("* @a\n/b/ @b @c\n/b/free\n")
    assert [owners.of(path) for path in ("x", "b/x", "b/free")] == [("@a",), ("@b", "@c"), ()]


def test_the_first_of_github_s_places_counts() -> None:
    """A file in another place is not read by GitHub either."""
    texts = {"CODEOWNERS": "* @second", "docs/CODEOWNERS": "* @third"}
    assert CodeOwners.of_files(texts.get).of("a") == ("@second",)
    assert CodeOwners.of_files({}.get).of("a") == ()


@pytest.mark.parametrize(
    "path",
    ["__main__.py", "components/a.py", "readiness/plan/weakening.py", "requirements.txt", "requirements-dev.in",
     "pyproject.toml", "uv.lock", "wheels/readiness-1-py3-none-any.whl", "yaml.py", "grpc/__init__.py", "x.so",
     ".github/workflows/plans.yml", ".tools/x", "Makefile", "readiness/plan/replacement_fields.json"],
)  # fmt: skip
def test_what_makes_the_plan_is_known(path: str) -> None:
    """A module beside the program is imported instead of the library of its name."""
    assert makes_the_plan(path)


def test_a_project_in_a_folder_of_a_larger_repository_is_known_by_its_folder() -> None:
    """Paths and owners are the repository's; other projects' code is not its own."""
    names = [
        "infra/requirements.txt",
        "infra/yaml.py",
        ".github/workflows/plans.yml",
        "requirements.txt",
        "app/main.py",
    ]
    assert [path for path in names if makes_the_plan(path, "infra/")] == names[:3]
    note = owners_note(["infra/__main__.py"], CodeOwners.of_text("/infra/ @ops\n"), folder="infra/")
    assert "@ops" in note


@pytest.mark.parametrize("path", ["Pulumi.prod.yaml", "README.md", "docs/a.py", "tests/test_a.py", "tools/bench.py"])
def test_settings_documents_and_tests_do_not_make_the_plan(path: str) -> None:
    """A line above every report would be read by nobody."""
    assert not makes_the_plan(path)


def test_the_note_names_files_and_owners_of_the_base() -> None:
    """And files that nobody owns; a list that is not whole counts as touching everything."""
    owners = CodeOwners.of_text("/components/ @ops\n")
    assert owners_note(["README.md"], owners) == ""
    note = owners_note(["components/a.py", "__main__.py", "README.md"], owners)
    assert note.startswith("The change produced this plan itself: ")
    assert "(__main__.py, components/a.py)" in note
    assert "Owners who must read that code: @ops." in note
    assert "CODEOWNERS of the base names no owner of __main__.py." in note
    assert "more files than GitHub lists" in owners_note([], owners, is_complete=False)
    many = owners_note([f"components/{number}.py" for number in range(9)], owners)
    assert "and 4 more" in many
    assert "\n" not in owners_note(["components/a\n# x.py"], owners)


def _reachable() -> Iterator[str]:
    """Every file of the toolkit that the judge or the program imports, and the data beside them."""
    modules = modules_of(ROOT)
    program = [ROOT / "__main__.py", *(ROOT / "components").rglob("*.py")]
    waiting = [*ENTRIES]
    for path in program:
        yield path.relative_to(ROOT).as_posix()
        waiting += [name for _, name in imports_of("program", path.read_text(encoding="utf-8"), modules)]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        # Importing a module runs every package above it.
        waiting += [name.rpartition(".")[0]] if "." in name else []
        path = modules[name]
        yield path.relative_to(ROOT).as_posix()
        source = path.read_text(encoding="utf-8")
        waiting += [imported for _, imported in imports_of(name, source, modules)]
        for data in path.parent.iterdir():
            if data.is_file() and data.suffix not in (".py", ".pyc") and data.name in _texts_in(source):
                yield data.relative_to(ROOT).as_posix()


def _texts_in(source: str) -> set[str]:
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


def _run_by_workflows() -> Iterator[str]:
    """The workflows, and every file of the repository that a step of theirs names, or that make runs for it."""
    for workflow in WORKFLOWS:
        yield workflow.relative_to(ROOT).as_posix()
        document = yaml.safe_load(workflow.read_text(encoding="utf-8"))
        for job in document["jobs"].values():
            for script in (step.get("run", "") for step in job["steps"]):
                yield from _named_files(script)
                for target in re.findall(r"\bmake ([.\w/-]+)", script):
                    yield "Makefile"
                    yield from _named_files(_recipe(target))


def _recipe(target: str) -> str:
    """What make runs for a target and for those that it needs, with the variables written out."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    variables = dict(re.findall(r"^(\w+) :?\??= (.*)$", makefile, flags=re.MULTILINE))
    rule = re.search(rf"^{re.escape(target)}:([^\n#]*).*\n((?:\t.*\n)*)", makefile, flags=re.MULTILINE)
    if rule is None:
        return target
    needed = re.sub(r"\$\((\w+)\)", lambda name: variables.get(name[1], ""), rule[1]).split()
    commands = re.sub(r"\$\((\w+)\)", lambda name: variables.get(name[1], ""), rule[2])
    return "\n".join([commands, *(_recipe(name) for name in needed)])


def _named_files(text: str) -> Iterator[str]:
    """Files of the repository that a script names, by their path or as a Python module."""
    for word in re.findall(r"[\w./-]+", text):
        for name in (word.removeprefix("./"), f"{word.replace('.', '/')}.py"):
            if (ROOT / name).is_file() and not name.startswith((".venv", ".tools")):
                yield name


def test_everything_that_can_change_a_verdict_has_an_owner() -> None:
    """Derived from the imports of judge and program, and from what the workflows run."""
    files = sorted({*_reachable(), *_run_by_workflows()})
    assert {"__main__.py", "readiness/plan/weakening.py", "tools/setup_venv.sh", "Makefile"} <= set(files)
    assert "readiness/plan/replacement_fields.json" in files
    assert [path for path in files if not OWNERS.of(path)] == []


def test_what_makes_the_plan_and_what_agrees_to_it_has_an_owner() -> None:
    """Files that are not there yet too: a module of the name of a library, a planted tool, another lock."""
    names = ["acknowledged-weakenings.yaml", ".github/CODEOWNERS", ".tools/x", "wheels/a.whl", "yaml.py", "uv.lock",
             "requirements-new.txt", "components/new.py", "readiness/new.json", "grpc/x.py", ".venv/x"]  # fmt: skip
    tracked = [path.relative_to(ROOT).as_posix() for path in ROOT.iterdir() if path.is_file()]
    makers = [path for path in [*names, *tracked] if makes_the_plan(path) or path in names[:3]]
    assert [path for path in makers if not OWNERS.of(path)] == []


def test_the_template_of_init_owns_all_of_it_too() -> None:
    """With the owners filled in."""
    text = Path(ROOT, "readiness/live/init/templates/CODEOWNERS.txt").read_text(encoding="utf-8")
    owners = CodeOwners.of_text(text.replace("{{owners}}", "@team"))
    paths = [
        "__main__.py",
        "yaml.py",
        "requirements.txt",
        ".github/workflows/judge.yml",
        ".github/CODEOWNERS",
        "new/a.py",
    ]
    assert [path for path in paths if owners.of(path) != ("@team",)] == []
