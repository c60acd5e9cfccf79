"""The live project for our own checks: it reads each listing once, when a check needs it, and changes nothing."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from readiness.live.google_api import Google, GoogleError

# Accounts that Google creates and owns; the user cannot remove their roles.
OF_GOOGLE = re.compile(
    r"@(gcp-sa-[a-z0-9-]+|cloudservices|container-engine-robot|cloudbuild)\.(iam\.)?gserviceaccount\.com$"
)
EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
# The limit for one search of the logs: enough for a verdict, and in one answer.
LOG_ENTRIES = 200
# Roles with the permission secretmanager.versions.access.
SECRET_READING_ROLES = frozenset({"roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner"})


class LiveProject:
    """The live project. Every property raises GoogleError if Google refuses or does not answer."""

    def __init__(self, google: Google, *, region: str) -> None:
        self.google = google
        self._project = f"projects/{google.project}"
        self._region = f"{self._project}/locations/{region}"
        self._secret_readers: dict[str, frozenset[str]] = {}
        self._permissions: dict[str, frozenset[str]] = {}
        self._bucket_policies: dict[str, dict[str, Any]] = {}

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
        return frozenset(short_name(secret["name"]) for secret in self.described_secrets)

    @cached_property
    def described_secrets(self) -> list[dict[str, Any]]:
        """The secrets with their rotation, without their values."""
        return list(self.google.items("secretManager", f"{self._project}/secrets", "secrets"))

    @cached_property
    def accounts(self) -> list[dict[str, Any]]:
        """The service accounts of the project: `email`, `uniqueId`, `disabled`."""
        return list(self.google.items("iam", f"{self._project}/serviceAccounts", "accounts"))

    @cached_property
    def last_authentications(self) -> dict[str, str]:
        """When each account last authenticated, by its e-mail address or unique id; empty for never.

        Policy Analyzer observes up to 90 days and is some days behind
        (docs.cloud.google.com/policy-intelligence/docs/activity-analyzer-service-account-authentication).
        """
        place = f"{self._project}/locations/global/activityTypes/serviceAccountLastAuthentication/activities:query"
        found: dict[str, str] = {}
        for item in self.google.items("policyAnalyzer", place, "activities"):
            activity = item.get("activity", {})
            last = activity.get("lastAuthenticatedTime", "")
            found[short_name(item["fullResourceName"])] = last
            found[str(activity.get("serviceAccount", {}).get("serviceAccountId", ""))] = last
        return found

    @cached_property
    def databases(self) -> list[dict[str, Any]]:
        """The Cloud SQL instances of the project."""
        return list(self.google.items("sql", f"{self._project}/instances", "items"))

    @cached_property
    def firewall_rules(self) -> list[dict[str, Any]]:
        """The VPC firewall rules of every network of the project."""
        return list(self.google.items("compute", f"{self._project}/global/firewalls", "items"))

    @cached_property
    def firewall_policies(self) -> list[dict[str, Any]]:
        """The global network firewall policies with their rules, without regional ones and those of an organization."""
        return list(self.google.items("compute", f"{self._project}/global/firewallPolicies", "items"))

    @cached_property
    def storage_buckets(self) -> list[str]:
        """The names of the project's buckets."""
        buckets = self.google.items("storage", f"b?project={self.google.project}", "items")
        return [str(bucket["name"]) for bucket in buckets]

    @cached_property
    def log_metrics(self) -> list[dict[str, Any]]:
        """The log-based metrics."""
        return list(self.google.items("logging", f"{self._project}/metrics", "metrics"))

    @cached_property
    def alert_policies(self) -> list[dict[str, Any]]:
        """The alert policies."""
        return list(self.google.items("monitoring", f"{self._project}/alertPolicies", "alertPolicies"))

    @cached_property
    def log_buckets(self) -> list[dict[str, Any]]:
        """The log buckets of every location."""
        return list(self.google.items("logging", f"{self._project}/locations/-/buckets", "buckets"))

    @cached_property
    def identity_providers(self) -> list[dict[str, Any]]:
        """The enabled providers of every enabled workload identity pool."""
        place, pools = f"{self._project}/locations/global/workloadIdentityPools", "workloadIdentityPools"
        return [
            provider
            for pool in self._enabled(place, pools)
            for provider in self._enabled(f"{pool['name']}/providers", "workloadIdentityPoolProviders")
        ]

    def invokers(self, service: Mapping[str, Any]) -> frozenset[str]:
        """The members that may call a service."""
        policy = self.google.get("cloudRunV2", f"{service['name']}:getIamPolicy")
        return _members(policy, frozenset({"roles/run.invoker"}))

    def secret_readers(self, secret: str) -> frozenset[str]:
        """The members that may read a secret by a grant on the secret itself."""
        if secret not in self._secret_readers:
            policy = self.google.get("secretManager", f"{self._project}/secrets/{secret}:getIamPolicy")
            self._secret_readers[secret] = _members(policy, SECRET_READING_ROLES)
        return self._secret_readers[secret]

    def bucket_policy(self, bucket: str) -> dict[str, Any]:
        """The IAM policy of a bucket."""
        if bucket not in self._bucket_policies:
            self._bucket_policies[bucket] = self.google.get("storage", f"b/{bucket}/iam")
        return self._bucket_policies[bucket]

    def permissions(self, role: str) -> frozenset[str]:
        """The permissions of a role, predefined or custom."""
        if role not in self._permissions:
            self._permissions[role] = frozenset(self.google.get("iam", role).get("includedPermissions", ()))
        return self._permissions[role]

    def keys(self, account: str) -> list[dict[str, Any]]:
        """The user-managed keys of a service account."""
        path = f"{self._project}/serviceAccounts/{account}/keys?keyTypes=USER_MANAGED"
        return list(self.google.items("iam", path, "keys"))

    def versions(self, secret: str) -> list[dict[str, Any]]:
        """The versions of a secret: `createTime`, `state`."""
        return list(self.google.items("secretManager", f"{self._project}/secrets/{secret}/versions", "versions"))

    def secret_value(self, secret: str) -> bytes:
        """The newest value of a secret, for a comparison. Never print or store it."""
        body = self.google.get("secretManager", f"{self._project}/secrets/{secret}/versions/latest:access")
        try:
            return base64.b64decode(body["payload"]["data"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            raise GoogleError(0, f"secretManager {secret}: the answer has no value") from None

    def log_entries(self, filter_text: str, limit: int = LOG_ENTRIES) -> list[dict[str, Any]]:
        """The newest entries that match, at most `limit`."""
        question = {
            "resourceNames": [self._project],
            "filter": filter_text,
            "orderBy": "timestamp desc",
            "pageSize": limit,
        }
        entries = self.google.ask("logging", "entries:list", question).get("entries", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise GoogleError(0, "logging entries:list: `entries` is not a list of objects")
        return entries[:limit]

    def places(self) -> dict[str, Callable[[str], bool]]:
        """Searches of the project for a word, by the name of the place."""
        return {
            "the logs": lambda word: bool(self.log_entries(f'"{word}"', limit=1)),
            "the names of the objects in the project's buckets": self._names_an_object,
        }

    def _names_an_object(self, word: str) -> bool:
        return any(
            True
            for bucket in self.storage_buckets
            for _ in self.google.items("storage", f"b/{bucket}/o?matchGlob=**{word}**&maxResults=1", "items")
        )

    @property
    def project_wide_secret_readers(self) -> frozenset[str]:
        """The members that may read every secret, by a grant on the project without a condition."""
        return _members(self.policy, SECRET_READING_ROLES)

    def _enabled(self, place: str, key: str) -> Iterator[dict[str, Any]]:
        for item in self.google.items("iam", place, key):
            if item.get("state", "ACTIVE") == "ACTIVE" and not item.get("disabled"):
                yield item


def grants(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`(role, member)` of a policy, without conditional grants."""
    for binding in policy.get("bindings", ()):
        if not binding.get("condition"):
            yield from ((binding["role"], member) for member in binding.get("members", ()))


def short_name(name: str) -> str:
    """The last part of a resource's name."""
    return name.rpartition("/")[2]


def account_of(service: Mapping[str, Any]) -> str:
    """The account of a service, empty for the default one."""
    return str(service.get("template", {}).get("serviceAccount", ""))


def variables_of(service: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The environment variables of all containers."""
    for container in service.get("template", {}).get("containers", ()):
        yield from container.get("env", ())


def secret_variables_of(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each variable that a service reads from a secret, with the secret's short name."""
    for variable in variables_of(service):
        secret = variable.get("valueSource", {}).get("secretKeyRef", {}).get("secret")
        if secret:
            yield str(variable.get("name", "")), short_name(secret)


def secrets_of(service: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that a service reads as variables, by their short names."""
    return frozenset(secret for _, secret in secret_variables_of(service))


def _members(policy: Mapping[str, Any], roles: frozenset[str]) -> frozenset[str]:
    return frozenset(member for role, member in grants(policy) if role in roles)
