"""Packages import only what is above them in CONTRIBUTING.md's table, and no two modules import each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.projects import ROOT

# Modules beside the packages: they import one another only, and every package may import them.
FOUNDATION = "the modules beside the packages"


PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
# By package, from the bottom up, what the table of CONTRIBUTING.md says that it imports.
IMPORTS_ON_THE_PAGE = dict(re.findall(r"^\| `readiness/([a-z/]+?)(?:/|\.py)` \| ([^|]+) \|", PAGE, flags=re.MULTILINE))
LAYERS = [FOUNDATION, *IMPORTS_ON_THE_PAGE]


def modules_of(root: Path) -> dict[str, Path]:
    """Every module of the toolkit by its dotted name."""
    paths = sorted((root / "readiness").rglob("*.py"))
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def imports_of(name: str, source: str, modules: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Line and module of every import of ours, inside functions too."""
    known = set(modules)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            if node.level:
                parent = ".".join([*name.split(".")[: -node.level], *([node.module] if node.module else [])])
            names = [f"{parent}.{alias.name}" if f"{parent}.{alias.name}" in known else parent for alias in node.names]
        else:
            continue
        yield from ((node.lineno, imported) for imported in names if imported in known)


def layer_of(module: str, layers: list[str]) -> str:
    """The innermost package of the table that the module is in, or what all packages rest on."""
    path = f"{module.replace('.', '/')}/"
    return max((layer for layer in layers if path.startswith(f"readiness/{layer}/")), key=len, default=FOUNDATION)


def offending_imports(sources: Mapping[str, str], layers: list[str]) -> list[str]:
    """One line for each import of a package that is further down in the table."""
    return [
        f"{name}:{line} imports {imported}"
        for name, source in sources.items()
        for line, imported in imports_of(name, source, sources)
        if layers.index(layer_of(imported, layers)) > layers.index(layer_of(name, layers))
    ]


SOURCES = {name: path.read_text(encoding="utf-8") for name, path in modules_of(ROOT).items()}


def test_the_page_lists_every_package() -> None:
    """A package that the table leaves out would be taken for one that everything may import."""
    packages = {path.parent.name for path in (ROOT / "readiness").glob("*/__init__.py")}
    assert set(LAYERS) - {FOUNDATION, "alerts/scenarios", "program"} == packages


@pytest.mark.parametrize("layer", IMPORTS_ON_THE_PAGE)
def test_the_page_says_what_each_package_imports(layer: str) -> None:
    """No import that the table does not have, and none that the code no longer has."""
    imported = {
        layer_of(module, LAYERS)
        for name, source in SOURCES.items()
        if layer_of(name, LAYERS) == layer
        for _, module in imports_of(name, source, SOURCES)
    }
    others = [other for other in LAYERS if other in imported - {layer, FOUNDATION}]
    left_out = [other for other in LAYERS if other not in {*imported, layer, FOUNDATION}]
    assert IMPORTS_ON_THE_PAGE[layer] in (", ".join(others) or "-", f"all but {', '.join(left_out)}")


def test_no_package_imports_one_that_is_further_down() -> None:
    """`python -m readiness` is the entry point and starts the command line."""
    sources = {name: source for name, source in SOURCES.items() if name != "readiness.__main__"}
    assert offending_imports(sources, LAYERS) == []


@pytest.mark.parametrize(
    ("module", "source", "offence"),
    [
        ("readiness.settings.model", "from readiness.plan.recorder import record", "readiness.plan.recorder"),
        ("readiness.files", "import readiness.settings.model", "readiness.settings.model"),
        ("readiness.alerts.rules", "def f():\n    from readiness.cli import check", "readiness.cli.check"),
        ("readiness.alerts.rules", "from .scenarios import stack", "readiness.alerts.scenarios.stack"),
        ("readiness.images.gate", "from ..live import github_api", "readiness.live.github_api"),
    ],
)
def test_an_import_of_a_lower_package_is_named(module: str, source: str, offence: str) -> None:
    """At the top of the file, inside a function, and relative."""
    found = offending_imports({**dict.fromkeys(SOURCES, ""), module: source}, LAYERS)
    line = source.count("\n") + 1
    assert found == [f"{module}:{line} imports {offence}"]


def test_no_two_modules_import_each_other() -> None:
    """Neither directly nor around a corner; imports inside functions count."""
    graph = {name: {imported for _, imported in imports_of(name, source, SOURCES)} for name, source in SOURCES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_page_says_what_the_components_import() -> None:
    """Their packages, as the paragraph below the table lists them."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "components").glob("*.py")]
    imported = {name for source in sources for name in re.findall(r"^ *from readiness\.(\w+)\.", source, re.MULTILINE)}
    sentence = re.search(r"`components/` imports ([^;]+);", PAGE)
    assert sentence is not None
    assert set(re.findall(r"`(\w+)`", sentence[1])) == imported


def test_the_toolkit_never_imports_the_program_or_the_components() -> None:
    """It runs the program; a wheel without a program works."""
    offenders = [
        f"{name}:{node.lineno}"
        for name, source in SOURCES.items()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"components", "__main__"}
    ]
    assert offenders == []


def test_pure_packages_never_import_pulumi() -> None:
    """Only what runs the program does, and what reads the engine's configuration for it."""
    importing = {
        name for name, source in SOURCES.items() if re.search(r"^\s*(import|from) pulumi", source, flags=re.MULTILINE)
    }
    assert importing == {
        "readiness.plan.recorder", "readiness.plan.run_program", "readiness.plan.program_process", "readiness.program",
    }  # fmt: skip
