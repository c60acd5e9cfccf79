"""What must hold for every plan, whatever the settings say: the rules of the policy pack, as plain functions.

Three callers run the same functions: the tests, `readiness check --plan`, and the CrossGuard pack in `policy/`, inside
`pulumi preview` and `up`. Standard library only: the pack has an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from readiness.alerts.severity import SEVERITIES
from readiness.delivered.header import MANAGED_FOLDER, is_managed_path
from readiness.finding import Finding
from readiness.resource_types import ALERT_POLICY, BRANCH_POLICY, ENVIRONMENT, REGISTRY, REPOSITORY_FILE
from readiness.secret_shapes import looks_like_a_secret
from readiness.settings.protected_tags import PROTECTED_TAGS

# Where a resource is declared of which no line is known.
PROGRAM = "__main__.py"
EVERYBODY = ("allUsers", "allAuthenticatedUsers")


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What a rule may know beside the resource: the runbook's anchors, and what is meant to be public by name."""

    runbook_anchors: frozenset[str]
    public_names: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A declared resource. `inputs` as a plan holds them: `[secret]` and `<unknown>` in place of such values.

    `files` are the texts of managed files by path. The engine does not have them: there a component's input `digests`
    shows the paths. `file` and `line` say where the program declares it; the engine does not know that either.
    """

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    file: str = PROGRAM
    line: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule: `check` yields what is wrong with a resource, each as a sentence that says how to fix it."""

    name: str
    description: str
    check: Callable[[Resource, Surroundings], Iterator[str]] = field(repr=False)


def plan_findings(resources: Iterable[Resource], surroundings: Surroundings) -> list[Finding]:
    """Every broken rule, in the order of the resources, at the line that declares the resource."""
    return [
        Finding(
            rule_id=f"policy-{rule.name}",
            file=resource.file,
            line=resource.line,
            key=resource.name,
            message=message,
            hint=f"Rule {rule.name} of the policy pack",
        )
        for resource in resources
        for rule in RULES
        for message in rule.check(resource, surroundings)
    ]


def of_plan(resources: Sequence[Mapping[str, Any]]) -> Iterator[Resource]:
    """The resources of a plan as rules read them."""
    places = places_of(resources)
    for resource in resources:
        file, line = places.get(resource["name"], (PROGRAM, None))
        yield Resource(
            type=resource["type"],
            name=resource["name"],
            inputs=resource.get("inputs", {}),
            protect=resource.get("options", {}).get("protect") is True,
            files=resource.get("files", {}),
            file=file,
            line=line,
        )


def places_of(resources: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, int | None]]:
    """File and line that declare each resource of a plan, by its name, where they are known."""
    places: dict[str, tuple[str, int | None]] = {}
    for resource in resources:
        if source := resource.get("source"):
            places.setdefault(resource["name"], (source["file"], source["line"]))
    return places


def _alert_has_channel(resource: Resource, _: Surroundings) -> Iterator[str]:
    if resource.type == ALERT_POLICY and not resource.inputs.get("notificationChannels"):
        yield "an alert that reaches nobody; give it a notification channel"


def _alert_has_severity(resource: Resource, _: Surroundings) -> Iterator[str]:
    if resource.type == ALERT_POLICY and not resource.inputs.get("severity"):
        *others, least = SEVERITIES
        yield f"an alert without severity; write {', '.join(others)} or {least}"


def _alert_has_runbook(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    if resource.type != ALERT_POLICY:
        return
    links = (resource.inputs.get("documentation") or {}).get("links") or []
    targets = [str(link.get("url", "")).partition("#")[2] for link in links]
    if not any(target in surroundings.runbook_anchors for target in targets):
        yield "no link of the alert leads to a section of the runbook; write that with `readiness runbook`"


def _environment_has_reviewers(resource: Resource, _: Surroundings) -> Iterator[str]:
    if resource.type != ENVIRONMENT:
        return
    reviewers = resource.inputs.get("reviewers") or []
    count = sum(len(each.get(kind) or []) for each in reviewers for kind in ("users", "teams"))
    if count < 2:
        yield f"{count} reviewers; two at least, or nobody could approve what the only one started"


def _environment_is_of_named_branches(resource: Resource, _: Surroundings) -> Iterator[str]:
    if resource.type == ENVIRONMENT:
        policy = resource.inputs.get("deploymentBranchPolicy") or {}
        if policy.get("customBranchPolicies") is not True or policy.get("protectedBranches") is True:
            yield "not every branch is kept out; set custom_branch_policies alone, and name the branch"
    elif resource.type == BRANCH_POLICY:
        pattern = str(resource.inputs.get("branchPattern") or "")
        if resource.inputs.get("tagPattern"):
            yield "a tag may deploy, and whoever may push can set one on any commit; name the branch instead"
        elif pattern[:1] in ("", "*", "?", "["):
            yield f"the pattern {pattern!r} lets branches of any name deploy; name the branch"


def _no_plain_secret(resource: Resource, _: Surroundings) -> Iterator[str]:
    if any(looks_like_a_secret(text) for text in _texts(resource.inputs)):
        yield "an input holds what looks like a credential in plain text; pass it as a secret, and revoke it"
    for path, text in resource.files.items():
        if looks_like_a_secret(text):
            yield f"the file {path!r} holds what looks like a credential; take it out, and revoke it"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.items() for text in _texts(list(item)))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def _registry_keeps_protected_tags(resource: Resource, _: Surroundings) -> Iterator[str]:
    policies = resource.inputs.get("cleanupPolicies") or []
    if resource.type != REGISTRY or not any(policy.get("action") == "DELETE" for policy in policies):
        return
    conditions = [policy.get("condition") or {} for policy in policies if policy.get("action") == "KEEP"]
    kept = [
        str(prefix)
        for condition in conditions
        if _keeps_whatever_its_age(condition)
        for prefix in condition.get("tagPrefixes") or []
    ]
    for tag in PROTECTED_TAGS:
        if not any(tag.startswith(prefix) for prefix in kept):
            yield f"no policy keeps the tag {tag}, so that cleanup could delete what runs; keep it"


def _keeps_whatever_its_age(condition: Mapping[str, Any]) -> bool:
    narrowing = ("olderThan", "newerThan", "packageNamePrefixes", "versionNamePrefixes")
    return condition.get("tagState") in ("TAGGED", "ANY", None) and not any(condition.get(each) for each in narrowing)


def _registry_is_protected(resource: Resource, _: Surroundings) -> Iterator[str]:
    if resource.type == REGISTRY and not resource.protect:
        yield "the registry is not protected, and with it every image would go; set protect"


def _nothing_public_unnamed(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    members = [resource.inputs.get("member"), *(resource.inputs.get("members") or [])]
    if any(member in EVERYBODY for member in members) and resource.name not in surroundings.public_names:
        yield "grants something to everybody, and is not named as public; remove it"


def _managed_files_stay_in_their_folder(resource: Resource, _: Surroundings) -> Iterator[str]:
    paths = [str(resource.inputs.get("file", ""))] if resource.type == REPOSITORY_FILE else []
    digests = resource.inputs.get("digests")
    if resource.type.startswith("readiness:") and isinstance(digests, Mapping):
        paths += list(digests)
    for path in dict.fromkeys([*paths, *resource.files]):
        if not is_managed_path(path):
            yield f"the file {path!r} is outside {MANAGED_FOLDER}; nothing else of the repository is written to"


RULES = (
    Rule(name="alert-channel", description="Every alert policy has a channel.", check=_alert_has_channel),
    Rule(name="alert-severity", description="Every alert policy has a severity.", check=_alert_has_severity),
    Rule(name="alert-runbook", description="Every alert policy links to a runbook section.", check=_alert_has_runbook),
    Rule(
        name="environment-reviewers",
        description="A guarded environment has two reviewers at least.",
        check=_environment_has_reviewers,
    ),
    Rule(
        name="environment-branches",
        description="A guarded environment takes named branches only.",
        check=_environment_is_of_named_branches,
    ),
    Rule(name="no-plain-secret", description="No input holds a credential in plain text.", check=_no_plain_secret),
    Rule(
        name="registry-tags",
        description="Image cleanup keeps the protected tags.",
        check=_registry_keeps_protected_tags,
    ),
    Rule(name="registry-protected", description="The image registry is protected.", check=_registry_is_protected),
    Rule(
        name="nothing-public",
        description="Nothing is granted to everybody but what is named as public.",
        check=_nothing_public_unnamed,
    ),
    Rule(
        name="managed-folder",
        description="Managed files stay below .github/.",
        check=_managed_files_stay_in_their_folder,
    ),
)
