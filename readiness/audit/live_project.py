"""The live project as the own checks read it: each thing once, and only when a check asks. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from readiness.live.google_api import Google

# Roles that hold secretmanager.versions.access.
SECRET_READING_ROLES = frozenset({"roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner"})


class LiveProject:
    """Every property raises GoogleError where Google refuses or does not answer."""

    def __init__(self, google: Google, *, region: str) -> None:
        self.google = google
        self._project = f"projects/{google.project}"
        self._region = f"{self._project}/locations/{region}"
        self._secret_readers: dict[str, frozenset[str]] = {}

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The project's IAM policy: `bindings`, `auditConfigs`."""
        return self.google.ask("resourceManager", f"{self._project}:getIamPolicy")

    @cached_property
    def services(self) -> list[dict[str, Any]]:
        """The Cloud Run services of the region."""
        return list(self.google.items("cloudRunV2", f"{self._region}/services", "services"))

    @cached_property
    def connectors(self) -> list[dict[str, Any]]:
        """The VPC connectors of the region."""
        return list(self.google.items("vpcAccess", f"{self._region}/connectors", "connectors"))

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets."""
        found = self.google.items("secretManager", f"{self._project}/secrets", "secrets")
        return frozenset(short_name(secret["name"]) for secret in found)

    @cached_property
    def log_buckets(self) -> list[dict[str, Any]]:
        """The log buckets of every location."""
        return list(self.google.items("logging", f"{self._project}/locations/-/buckets", "buckets"))

    @cached_property
    def identity_providers(self) -> list[dict[str, Any]]:
        """The providers of every workload identity pool, without pools and providers that are switched off."""
        place, pools = f"{self._project}/locations/global/workloadIdentityPools", "workloadIdentityPools"
        return [
            provider
            for pool in self._switched_on(place, pools)
            for provider in self._switched_on(f"{pool['name']}/providers", "workloadIdentityPoolProviders")
        ]

    def invokers(self, service: Mapping[str, Any]) -> frozenset[str]:
        """Who may call a service."""
        policy = self.google.get("cloudRunV2", f"{service['name']}:getIamPolicy")
        return _members(policy, frozenset({"roles/run.invoker"}))

    def secret_readers(self, secret: str) -> frozenset[str]:
        """Who may read a secret by a grant on the secret itself."""
        if secret not in self._secret_readers:
            policy = self.google.get("secretManager", f"{self._project}/secrets/{secret}:getIamPolicy")
            self._secret_readers[secret] = _members(policy, SECRET_READING_ROLES)
        return self._secret_readers[secret]

    @property
    def project_wide_secret_readers(self) -> frozenset[str]:
        """Who may read every secret, by a grant on the project without a condition."""
        return _members(self.policy, SECRET_READING_ROLES)

    def _switched_on(self, place: str, key: str) -> Iterator[dict[str, Any]]:
        for item in self.google.items("iam", place, key):
            if item.get("state", "ACTIVE") == "ACTIVE" and not item.get("disabled"):
                yield item


def grants(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`(role, member)` of a policy, without those that only hold on a condition."""
    for binding in policy.get("bindings", ()):
        if not binding.get("condition"):
            yield from ((binding["role"], member) for member in binding.get("members", ()))


def short_name(name: str) -> str:
    """The last part of a resource's name."""
    return name.rpartition("/")[2]


def account_of(service: Mapping[str, Any]) -> str:
    """The account that a service runs as, empty for the default one."""
    return str(service.get("template", {}).get("serviceAccount", ""))


def variables_of(service: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The environment variables of all containers."""
    for container in service.get("template", {}).get("containers", ()):
        yield from container.get("env", ())


def secrets_of(service: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that a service reads as variables, by their short names."""
    sources = (variable.get("valueSource", {}) for variable in variables_of(service))
    secrets = (source.get("secretKeyRef", {}).get("secret") for source in sources)
    return frozenset(short_name(secret) for secret in secrets if secret)


def _members(policy: Mapping[str, Any], roles: frozenset[str]) -> frozenset[str]:
    return frozenset(member for role, member in grants(policy) if role in roles)
