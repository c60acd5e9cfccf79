"""Rules of the image registry's cleanup that neither the provider nor the API checks before images are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.finding import Finding, Severity
from readiness.settings.located import duplicates, items_at, problem_at, value_at
from readiness.settings.protected_tags import PROTECTED_TAGS
from readiness.settings.registry import keep_policy_id
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

REGISTRY: KeyPath = ("image_registry",)

# The API's limit (cleanup-policy-overview), less the three policies that stand beside those of the packages.
MAX_POLICIES = 10
MAX_PACKAGES = MAX_POLICIES - 3

_REGISTRY_HOSTS = ("docker.pkg.dev", "gcr.io")


def registry_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Every rule between the settings of the registry, all broken ones at once."""
    if not isinstance(value_at(raw, REGISTRY), dict):
        return
    yield from duplicates(config, raw, (*REGISTRY, "packages"), None)
    yield from duplicates(config, raw, (*REGISTRY, "keep_tags"), None)
    yield from _package_problems(config, raw)
    yield from _tag_problems(config, raw)
    if value_at(raw, (*REGISTRY, "cleanup_dry_run")) is False:
        message = "lets cleanup delete"
        hint = "Write true until the list of what it would delete has been read"
        yield problem_at(
            config,
            (*REGISTRY, "cleanup_dry_run"),
            message,
            hint,
            severity=Severity.WARNING,
            rule_id="settings-registry-dry-run",
        )


def _package_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    packages = [each for each in items_at(raw, (*REGISTRY, "packages")) if isinstance(each, str)]
    if len(packages) > MAX_PACKAGES:
        message = f"lists {len(packages)} packages; a repository takes {MAX_POLICIES} policies, {MAX_PACKAGES} for them"
        yield problem_at(
            config,
            (*REGISTRY, "packages"),
            message,
            "Split the images over two repositories",
            rule_id="settings-registry-packages",
        )
    for index, package in enumerate(packages):
        host = package.partition("/")[0]
        if host.endswith(_REGISTRY_HOSTS):
            message = "is an address; no package has that name, so that its newest would not be kept"
            hint = "Write what follows the repository's name"
            yield problem_at(
                config, (*REGISTRY, "packages", index), message, hint, rule_id="settings-registry-packages"
            )
        wider = next((each for each in packages if package != each and package.startswith(each)), None)
        if wider is not None:
            # A package is matched by prefix: the wider policy would count the images of both together.
            message = f"begins like {wider}, whose keep policy would match it too"
            yield problem_at(
                config,
                (*REGISTRY, "packages", index),
                message,
                "Rename one of the two images",
                rule_id="settings-registry-packages",
            )
        same = (
            each for each in packages[:index] if each != package and keep_policy_id(each) == keep_policy_id(package)
        )
        if other := next(same, None):
            message = f"takes the same policy id as {other}, and the provider would drop one of the two"
            yield problem_at(
                config,
                (*REGISTRY, "packages", index),
                message,
                "Rename one of the two images",
                rule_id="settings-registry-packages",
            )


def _tag_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    tags = value_at(raw, (*REGISTRY, "keep_tags"))
    if not isinstance(tags, list):
        return
    for tag in PROTECTED_TAGS:
        if tag not in tags:
            message = f"does not hold {tag}, so that cleanup could delete what runs or is rolled back to"
            yield problem_at(config, (*REGISTRY, "keep_tags"), message, f"Add {tag}", rule_id="settings-registry-tags")
