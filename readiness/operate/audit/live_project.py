"""The live project as the own checks read it: each thing once, and only when a check asks. Nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from readiness.operate.google_api import Google


class LiveProject:
    """Every property raises GoogleError where Google refuses or does not answer."""

    def __init__(self, google: Google, *, region: str) -> None:
        self.google = google
        self.name = google.project
        self._region = region
        self._secret_readers: dict[str, frozenset[str]] = {}

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The project's IAM policy: `bindings`, `auditConfigs`."""
        return self.google.ask("resourceManager", f"projects/{self.name}:getIamPolicy")

    @cached_property
    def services(self) -> list[dict[str, Any]]:
        """The Cloud Run services of the region."""
        return list(
            self.google.items("cloudRunV2", f"projects/{self.name}/locations/{self._region}/services", "services")
        )

    @cached_property
    def connectors(self) -> list[dict[str, Any]]:
        """The VPC connectors of the region."""
        place = f"projects/{self.name}/locations/{self._region}/connectors"
        return list(self.google.items("vpcAccess", place, "connectors"))

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets."""
        found = self.google.items("secretManager", f"projects/{self.name}/secrets", "secrets")
        return frozenset(short_name(each["name"]) for each in found)

    @cached_property
    def log_buckets(self) -> list[dict[str, Any]]:
        """The log buckets of every location."""
        return list(self.google.items("logging", f"projects/{self.name}/locations/-/buckets", "buckets"))

    @cached_property
    def identity_providers(self) -> list[dict[str, Any]]:
        """The providers of every workload identity pool that is switched on."""
        pools = self.google.items(
            "iam", f"projects/{self.name}/locations/global/workloadIdentityPools", "workloadIdentityPools"
        )
        return [
            provider
            for pool in pools
            if pool.get("state", "ACTIVE") == "ACTIVE" and not pool.get("disabled")
            for provider in self.google.items("iam", f"{pool['name']}/providers", "workloadIdentityPoolProviders")
            if provider.get("state", "ACTIVE") == "ACTIVE" and not provider.get("disabled")
        ]

    def invokers(self, service: Mapping[str, Any]) -> frozenset[str]:
        """Who may call a service."""
        policy = self.google.get("cloudRunV2", f"{service['name']}:getIamPolicy")
        return frozenset(member for role, member in grants(policy) if role == "roles/run.invoker")

    def secret_readers(self, secret: str) -> frozenset[str]:
        """Who may read a secret by a grant on the secret itself."""
        if secret not in self._secret_readers:
            policy = self.google.get("secretManager", f"projects/{self.name}/secrets/{secret}:getIamPolicy")
            self._secret_readers[secret] = frozenset(
                member for role, member in grants(policy) if role in SECRET_READING_ROLES
            )
        return self._secret_readers[secret]

    @property
    def project_wide_secret_readers(self) -> frozenset[str]:
        """Who may read every secret, by a grant on the project without a condition."""
        return frozenset(member for role, member in grants(self.policy) if role in SECRET_READING_ROLES)


# Roles that hold secretmanager.versions.access.
SECRET_READING_ROLES = frozenset({"roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner"})


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
    references = (each.get("valueSource", {}).get("secretKeyRef", {}).get("secret") for each in variables_of(service))
    return frozenset(short_name(each) for each in references if each)
