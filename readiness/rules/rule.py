"""What a rule about a plan is: a function over a declared resource that yields remarks, which become findings here.

Standard library only: the policy pack runs rules in an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from readiness.finding import Finding

if TYPE_CHECKING:
    from readiness.alerts.metric_catalogue import Metric

# Where a resource is declared if no line is known.
PROGRAM = "__main__.py"
# The path of a field, such as `conditions[0].displayName`, and what is wrong there. Empty means the resource itself.
Remark = tuple[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A declared resource. `inputs` as a plan has them: `[secret]` and `<unknown>` in place of such values.

    `files` are the texts of managed files by path. The engine does not have them: there a component's input `digests`
    shows the paths. `file` and `line` say where the program declares the resource; the engine does not know that.
    `dependencies` are URNs.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    file: str = PROGRAM
    line: int | None = None
    urn: str = ""
    dependencies: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a rule may know besides the resource: the rest of the plan, and what the project says.

    `runbook_targets` are the ends of an address that the runbook has: names of pages, anchors of its common page.
    `metrics` are those that queries may read, by series name. `counted_environments` are project and name of each
    environment whose deployments some stack counts; None if that is not known.
    """

    runbook_targets: frozenset[str] = frozenset()
    resources: tuple[Resource, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    counted_environments: frozenset[tuple[str, str]] | None = None

    def of_type(self, type_: str) -> list[Resource]:
        """The plan's resources of a type."""
        return [resource for resource in self.resources if resource.type == type_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """`check` yields what is wrong with a resource of one of the types. Without types, it checks every resource.

    `id` is that of its findings, in kebab case. `needs_project`: it reads what only the project's folder says.
    """

    id: str
    description: str
    hint: str
    check: Callable[[Resource, Surroundings], Iterable[Remark]] = field(repr=False)
    types: tuple[str, ...] = ()
    needs_project: bool = False

    def findings(self, resource: Resource, surroundings: Surroundings) -> Iterator[Finding]:
        """What the rule finds, at the line that declares the resource."""
        if self.types and resource.type not in self.types:
            return
        for path, message in self.check(resource, surroundings):
            yield Finding(
                rule_id=self.id,
                file=resource.file,
                line=resource.line,
                key=f"{resource.name}: {path}" if path else resource.name,
                message=message.rstrip("."),
                hint=self.hint,
            )


def of_plan(resources: Iterable[Mapping[str, Any]]) -> tuple[Resource, ...]:
    """The resources of a plan (`Plan.resources`) as rules read them."""
    listed = list(resources)
    # A child of a component may be declared where no line is known, under a name that is known.
    places: dict[str, tuple[str, int | None]] = {}
    for resource in listed:
        if source := resource.get("source"):
            places.setdefault(resource["name"], (source["file"], source["line"]))
    found: list[Resource] = []
    for resource in listed:
        file, line = places.get(resource["name"], (PROGRAM, None))
        options = resource.get("options", {})
        found.append(
            Resource(
                type=resource["type"],
                name=resource["name"],
                inputs=resource.get("inputs", {}),
                protect=options.get("protect") is True,
                files=resource.get("files", {}),
                file=file,
                line=line,
                urn=resource.get("urn", ""),
                dependencies=frozenset(options.get("dependencies", ())),
            )
        )
    return tuple(found)


def findings_by(rules: Iterable[Rule], resources: Iterable[Resource], surroundings: Surroundings) -> list[Finding]:
    """What the rules find, in the order of the resources and then of the rules."""
    listed = list(rules)
    return [finding for resource in resources for rule in listed for finding in rule.findings(resource, surroundings)]
