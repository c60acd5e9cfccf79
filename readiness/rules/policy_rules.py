"""What must be true of every plan, whatever the settings say: the rules of the policy pack.

Three callers run them: the tests, `readiness check --plan`, and the CrossGuard pack in `policy/`, inside
`pulumi preview` and `up`. Standard library only: the pack has an environment of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from readiness.alerts.severity import SEVERITIES
from readiness.delivered.header import MANAGED_FOLDER, is_managed_path
from readiness.images.policies import DELETE, policies_of
from readiness.resource_types import ALERT_POLICY, BRANCH_POLICY, ENVIRONMENT, REGISTRY, REPOSITORY_FILE
from readiness.rules.rule import Remark, Resource, Rule, Surroundings
from readiness.secret_shapes import looks_like_a_secret
from readiness.settings.protected_tags import PROTECTED_TAGS

EVERYBODY = ("allUsers", "allAuthenticatedUsers")


def _alert_has_channel(alert: Resource, _: Surroundings) -> Iterator[str]:
    if not alert.inputs.get("notificationChannels"):
        yield "an alert that reaches nobody; give it a notification channel"


def _alert_has_severity(alert: Resource, _: Surroundings) -> Iterator[str]:
    if not alert.inputs.get("severity"):
        *others, least = SEVERITIES
        yield f"an alert without severity; write {', '.join(others)} or {least}"


def _alert_has_runbook(alert: Resource, surroundings: Surroundings) -> Iterator[str]:
    links = (alert.inputs.get("documentation") or {}).get("links") or []
    addresses = [str(link.get("url", "")).partition("#") for link in links]
    targets = [anchor or page.rpartition("/")[2] for page, _, anchor in addresses]
    if not any(target in surroundings.runbook_targets for target in targets):
        yield "no link of the alert leads to a page of the runbook; write that with `readiness runbook`"


def _environment_has_reviewers(environment: Resource, _: Surroundings) -> Iterator[str]:
    groups = environment.inputs.get("reviewers") or []
    count = sum(len(group.get(kind) or []) for group in groups for kind in ("users", "teams"))
    if count < 2:
        yield f"{count} reviewers; two at least, or nobody could approve what the only one started"


def _environment_is_of_named_branches(resource: Resource, _: Surroundings) -> Iterator[str]:
    if resource.type == ENVIRONMENT:
        policy = resource.inputs.get("deploymentBranchPolicy") or {}
        if policy.get("customBranchPolicies") is not True or policy.get("protectedBranches") is True:
            yield "not every branch is kept out; set custom_branch_policies alone, and name the branch"
        return
    pattern = str(resource.inputs.get("branchPattern") or "")
    if resource.inputs.get("tagPattern"):
        yield "a tag may deploy, and everybody who may push can set one on any commit; name the branch instead"
    elif pattern[:1] in ("", "*", "?", "["):
        yield f"the pattern {pattern!r} allows branches of any name to deploy; name the branch"


def _no_plain_secret(resource: Resource, _: Surroundings) -> Iterator[str]:
    if any(looks_like_a_secret(text) for text in _texts(resource.inputs)):
        yield "an input contains what looks like a credential in plain text; pass it as a secret, and revoke it"
    for path, text in resource.files.items():
        if looks_like_a_secret(text):
            yield f"the file {path!r} contains what looks like a credential; take it out, and revoke it"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.items() for text in _texts(list(item)))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def _registry_keeps_protected_tags(registry: Resource, _: Surroundings) -> Iterator[str]:
    try:
        policies = policies_of(registry.inputs.get("cleanupPolicies") or [])
    except ValueError as error:
        yield from (f"declares a cleanup policy that cannot be right: {line}" for line in str(error).splitlines())
        return
    if not any(policy.action == DELETE for policy in policies):
        return
    kept = tuple(prefix for policy in policies if policy.keeps_by_tag_alone for prefix in policy.tag_prefixes)
    for tag in PROTECTED_TAGS:
        if not tag.startswith(kept):
            yield f"no policy keeps the tag {tag}, so that cleanup could delete what runs; keep it"


def _registry_is_protected(registry: Resource, _: Surroundings) -> Iterator[str]:
    if not registry.protect:
        yield "the registry is not protected, and with it every image would go; set protect"


def _nothing_public(resource: Resource, _: Surroundings) -> Iterator[str]:
    members = [resource.inputs.get("member"), *(resource.inputs.get("members") or [])]
    if any(member in EVERYBODY for member in members):
        yield "grants something to everybody; remove it"


def _managed_files_stay_in_their_folder(resource: Resource, _: Surroundings) -> Iterator[str]:
    paths = [str(resource.inputs.get("file", ""))] if resource.type == REPOSITORY_FILE else []
    digests = resource.inputs.get("digests")
    if resource.type.startswith("readiness:") and isinstance(digests, Mapping):
        paths += list(digests)
    for path in dict.fromkeys([*paths, *resource.files]):
        if not is_managed_path(path):
            yield f"the file {path!r} is outside {MANAGED_FOLDER}; nothing else of the repository is written to"


def _rule(
    name: str,
    description: str,
    check: Callable[[Resource, Surroundings], Iterable[str]],
    *types: str,
    needs_project: bool = False,
) -> Rule:
    def remarks(resource: Resource, surroundings: Surroundings) -> Iterator[Remark]:
        return (("", message) for message in check(resource, surroundings))

    hint = f"Rule {name} of the policy pack"
    return Rule(
        id=f"policy-{name}",
        description=description,
        hint=hint,
        check=remarks,
        types=types,
        needs_project=needs_project,
    )


POLICY_RULES = (
    _rule("alert-channel", "Every alert policy has a channel.", _alert_has_channel, ALERT_POLICY),
    _rule("alert-severity", "Every alert policy has a severity.", _alert_has_severity, ALERT_POLICY),
    _rule(
        "alert-runbook",
        "Every alert policy links to a page of the runbook.",
        _alert_has_runbook,
        ALERT_POLICY,
        needs_project=True,
    ),
    _rule(
        "environment-reviewers",
        "A protected environment has at least two reviewers.",
        _environment_has_reviewers,
        ENVIRONMENT,
    ),
    _rule(
        "environment-branches",
        "A protected environment allows only named branches.",
        _environment_is_of_named_branches,
        ENVIRONMENT,
        BRANCH_POLICY,
    ),
    _rule("no-plain-secret", "No input contains a credential in plain text.", _no_plain_secret),
    _rule("registry-tags", "Image cleanup keeps the protected tags.", _registry_keeps_protected_tags, REGISTRY),
    _rule("registry-protected", "The image registry is protected.", _registry_is_protected, REGISTRY),
    _rule("nothing-public", "Nothing is granted to everybody.", _nothing_public),
    _rule("managed-folder", "Managed files stay below .github/.", _managed_files_stay_in_their_folder),
)
