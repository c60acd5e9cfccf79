"""Read-only checks of accounts, network, databases, secrets, audit logs and alerts of the live project.

Prowler has most of these checks too. They are here so that the audit does not need Prowler.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from readiness import clock
from readiness.alerts.security_alerts import SECURITY_ALERTS, SecurityAlert
from readiness.audit.live_project import EVERYBODY, OF_GOOGLE, LiveProject, short_name
from readiness.live.rows import NotCheckedError, Observation, Outcome, judged
from readiness.settings.model import Settings
from readiness.settings.security_audit import DEFAULT_AUDIT_LOGS, SecurityAudit
from readiness.times import instant, instant_text

Check = Callable[[LiveProject, Sequence[Settings]], Iterable[Observation]]

# Policy Analyzer observes 90 days; CIS Google Cloud requires keys and secrets to be at most 90 days old.
MAX_UNUSED_DAYS = 90
MAX_SECRET_AGE_DAYS = 90
ACCESS_DAYS = 7
# Our own choice: a source range with a shorter prefix counts as "the internet".
_WIDE_PREFIX = {4: 8, 6: 16}
# Permissions to read or copy all data of an instance (docs.cloud.google.com/sql/docs/postgres/iam-permissions).
_BACKUP_PERMISSIONS = (
    "cloudsql.backupRuns.get",
    "cloudsql.backupRuns.list",
    "cloudsql.instances.clone",
    "cloudsql.instances.export",
    "cloudsql.instances.restoreBackup",
)
_OBJECT_READ = "storage.objects.get"
# The modes that refuse a connection without TLS (docs.cloud.google.com/sql/docs/postgres/configure-ssl-instance).
_ONLY_TLS = frozenset({"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"})


def unused_accounts(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Every service account that is not disabled has authenticated within the observed days."""
    accounts = [account for account in project.accounts if not account.get("disabled")]
    last = project.last_authentications
    if accounts and not any(last.values()):
        raise NotCheckedError("Policy Analyzer has no activity of any account, so it is not known which are used")
    oldest = clock.now() - timedelta(days=MAX_UNUSED_DAYS)
    unused = []
    for account in accounts:
        email = str(account["email"])
        time = last.get(email) or last.get(str(account.get("uniqueId")))
        if not time or instant(time) < oldest:
            unused.append(f"{email} has not authenticated for {MAX_UNUSED_DAYS} days")
    yield from judged(unused, f"{len(accounts)} accounts have authenticated within {MAX_UNUSED_DAYS} days")


def account_keys(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No service account has a key that somebody could copy."""
    keys = {str(account["email"]): project.keys(str(account["email"])) for account in project.accounts}
    faults = [
        f"{email} has {len(found)} user-managed key(s), the oldest of {min(map(_day_of_key, found))}"
        for email, found in keys.items()
        if found
    ]
    return judged(faults, f"{len(keys)} accounts, none with a user-managed key")


def sql_addresses(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """No instance has a public address or allows an external network to connect."""
    for name, instance in _databases(project):
        config = instance.get("settings", {}).get("ipConfiguration", {})
        kinds = {str(address.get("type")) for address in instance.get("ipAddresses", ())}
        networks = [str(network.get("value")) for network in config.get("authorizedNetworks", ())]
        faults = [f"{name} has a public address"] if config.get("ipv4Enabled") or "PRIMARY" in kinds else []
        faults += [f"{name} allows {network} to connect" for network in networks]
        if not faults and config.get("ipv4Enabled") is not False and "PRIVATE" not in kinds:
            yield Outcome.NOT_CHECKED, f"{name}: the answer names no address"
        else:
            yield from judged(faults, f"{name} has no public address")
    yield from _missing_databases(project, stacks)


def sql_encryption(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """The key that encrypts the data of each instance. Cloud SQL stores nothing unencrypted."""
    for name, instance in _databases(project):
        key = instance.get("diskEncryptionConfiguration", {}).get("kmsKeyName")
        by = f"your key {short_name(str(key))}" if key else "Google's keys (Cloud SQL always encrypts)"
        yield Outcome.PASS, f"{name} is encrypted at rest with {by}"
    yield from _missing_databases(project, stacks)


def sql_transport(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Every instance refuses connections without TLS."""
    for name, instance in _databases(project):
        mode = str(instance.get("settings", {}).get("ipConfiguration", {}).get("sslMode", "not set"))
        if mode in _ONLY_TLS:
            yield Outcome.PASS, f"{name} accepts only connections with TLS ({mode})"
        else:
            yield Outcome.FAIL, f"{name} accepts connections without TLS: sslMode is {mode}"
    yield from _missing_databases(project, stacks)


def sql_backups(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Every instance makes backups, and has point-in-time recovery."""
    for name, instance in _databases(project):
        config = instance.get("settings", {}).get("backupConfiguration", {})
        faults = [] if config.get("enabled") else [f"{name} makes no automatic backups"]
        if not config.get("pointInTimeRecoveryEnabled"):
            faults.append(f"{name} has no point-in-time recovery")
        yield from judged(faults, f"{name} makes backups, with point-in-time recovery")
    yield from _missing_databases(project, stacks)


def backup_readers(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Nobody but the declared readers may read, copy or export a backup, or read the buckets with exports.

    Grants on a folder or an organization are not read.
    """
    audit = _security_audit(stacks)
    readers = {
        member: role
        for role, member in _all_grants(project.policy)
        if not OF_GOOGLE.search(member) and project.permissions(role) & set(_BACKUP_PERMISSIONS)
    }
    for bucket in audit.backup_buckets:
        for role, member in _all_grants(project.bucket_policy(bucket)):
            # `projectOwner:PROJECT` and the like are members with basic roles, whom the project's policy names.
            if not member.startswith("project") and _OBJECT_READ in project.permissions(role):
                readers.setdefault(member, f"{role} on the bucket {bucket}")
    if readers and not audit.backup_readers:
        names = ", ".join(sorted(readers))
        raise NotCheckedError(f"security_audit.backup_readers names nobody; these may read backups: {names}")
    faults = [
        f"{member} may read or export backups ({role}), and security_audit.backup_readers does not name it"
        for member, role in sorted(readers.items())
        if member not in audit.backup_readers
    ]
    buckets = ", ".join(audit.backup_buckets) or "no bucket is named in security_audit.backup_buckets"
    yield from judged(faults, f"only {', '.join(sorted(readers)) or 'nobody'} may read backups; buckets: {buckets}")


def public_buckets(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No bucket of the project is open to everybody."""
    faults = [
        f"the bucket {bucket} grants {role} to {member}"
        for bucket in project.storage_buckets
        for role, member in _all_grants(project.bucket_policy(bucket))
        if member in EVERYBODY
    ]
    return judged(faults, f"{len(project.storage_buckets)} buckets, none open to everybody")


def open_firewall(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No rule allows the internet on any port, unless the settings name the rule.

    Regional firewall policies and those of a folder or an organization are not read.
    """
    allowed = _security_audit(stacks).open_firewall_rules
    faults = [
        f"{name} allows {', '.join(sources)} ({ports})"
        for name, sources, ports in _open_rules(project)
        if name not in allowed
    ]
    except_for = f", except {', '.join(allowed)}" if allowed else ""
    count = f"{len(project.firewall_rules)} firewall rules and {len(project.firewall_policies)} global policies"
    return judged(faults, f"{count}: none allows the internet{except_for}")


def secret_rotation(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """The newest enabled version of every secret is young enough. A rotation policy alone sends only reminders."""
    oldest = clock.now() - timedelta(days=MAX_SECRET_AGE_DAYS)
    faults: list[str] = []
    without_policy = 0
    for secret in project.described_secrets:
        name = short_name(secret["name"])
        without_policy += not secret.get("rotation", {}).get("rotationPeriod")
        enabled = [version for version in project.versions(name) if version.get("state") == "ENABLED"]
        newest = max((instant(version["createTime"]) for version in enabled), default=None)
        if newest is not None and newest < oldest:
            faults.append(f"{name} was last changed on {newest.date()}, more than {MAX_SECRET_AGE_DAYS} days ago")
    count = f"{len(project.described_secrets)} secrets, {without_policy} of them without a rotation policy"
    yield from judged(faults, f"{count}: no newest enabled version is older than {MAX_SECRET_AGE_DAYS} days")


def audit_logs(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """The Data Access logs of the settings, or the default three, are on for everybody."""
    section = _security_audit(stacks)
    recorded: dict[tuple[str, str], list[str]] = {}
    for config in project.policy.get("auditConfigs", ()):
        for log in config.get("auditLogConfigs", ()):
            key = str(config.get("service")), str(log.get("logType"))
            recorded.setdefault(key, []).extend(map(str, log.get("exemptedMembers", ())))
    for wanted in section.audit_logs:
        faults = []
        for log_type in wanted.log_types:
            found = [
                recorded[key] for key in ((wanted.service, log_type), ("allServices", log_type)) if key in recorded
            ]
            if not found:
                faults.append(f"{log_type} is off for {wanted.service}")
            elif exempted := sorted({member for members in found for member in members}):
                faults.append(f"{log_type} of {wanted.service} exempts {', '.join(exempted)}")
        yield from judged(faults, f"{', '.join(wanted.log_types)} on for {wanted.service}")


def secret_accesses(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Only the declared readers have read secrets within ACCESS_DAYS."""
    declared = _security_audit(stacks).secret_readers
    since = instant_text(clock.now() - timedelta(days=ACCESS_DAYS))
    reads = f'protoPayload.methodName:"AccessSecretVersion" AND timestamp>="{since}"'
    entries = project.log_entries(reads)
    counts = _by_principal(entries)
    days = f"the newest {len(entries)} reads within {ACCESS_DAYS} days"
    if not counts:
        raise NotCheckedError(
            f"no read within {ACCESS_DAYS} days is visible: the log is off, nobody read a secret, or the credentials "
            "lack roles/logging.privateLogViewer, which Data Access logs require"
        )
    if not declared:
        raise NotCheckedError(f"security_audit.secret_readers names nobody; {days} were by {_counted(counts)}")
    names = " OR ".join(f'"{email}"' for email in declared)
    # A separate search: the only read of an undeclared reader can be older than the newest reads of an application.
    strangers = _by_principal(
        project.log_entries(f"{reads} AND NOT protoPayload.authenticationInfo.principalEmail=({names})")
    )
    faults = [
        f"{principal} read a secret ({number} times), and security_audit.secret_readers does not name it"
        for principal, number in sorted(strangers.items())
    ]
    yield from judged(faults, f"within {ACCESS_DAYS} days, only {', '.join(declared)} read secrets")


def security_alert_policies(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Each of the eight alerts is deployed: a log-based metric, and an enabled policy that reads it and notifies."""
    for alert in SECURITY_ALERTS:
        counters = [metric["name"] for metric in project.log_metrics if alert.filter in str(metric.get("filter"))]
        policies = [policy for policy in project.alert_policies if _reads(policy, counters)]
        if not counters:
            yield Outcome.FAIL, f"no log-based metric has the filter of {alert.name} ({_cis(alert)})"
        elif not policies:
            yield Outcome.FAIL, f"no enabled alert policy reads the log-based metric of {alert.name} ({_cis(alert)})"
        elif not any(policy.get("notificationChannels") for policy in policies):
            yield Outcome.FAIL, f"the policy of {alert.name} ({_cis(alert)}) notifies nobody"
        else:
            yield Outcome.PASS, f"{alert.name} ({_cis(alert)}) is deployed"


RESOURCE_CHECKS: Mapping[str, tuple[str, Check]] = {
    "unused-accounts": ("service accounts and their last authentication", unused_accounts),
    "account-keys": ("keys of service accounts", account_keys),
    "sql-addresses": ("Cloud SQL instances", sql_addresses),
    "sql-encryption": ("Cloud SQL instances", sql_encryption),
    "sql-transport": ("Cloud SQL instances", sql_transport),
    "sql-backups": ("Cloud SQL instances", sql_backups),
    "backup-readers": ("IAM policies of project and buckets, and their roles", backup_readers),
    "public-buckets": ("IAM policies of buckets", public_buckets),
    "open-firewall": ("firewall rules and global policies", open_firewall),
    "secret-rotation": ("versions of secrets", secret_rotation),
    "audit-logs": ("audit configuration of the project", audit_logs),
    "secret-accesses": ("Data Access log of Secret Manager", secret_accesses),
    "security-alert-policies": ("log-based metrics and alert policies", security_alert_policies),
}


def _security_audit(stacks: Sequence[Settings]) -> SecurityAudit:
    declared = (stack.security_audit for stack in stacks if stack.security_audit is not None)
    return next(declared, SecurityAudit(audit_logs=DEFAULT_AUDIT_LOGS))


def _databases(project: LiveProject) -> Iterator[tuple[str, dict[str, Any]]]:
    for instance in project.databases:
        yield str(instance["name"]), instance


def _missing_databases(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """The declared instances that do not exist; one pass if there are neither declared nor live instances."""
    present = {name for name, _ in _databases(project)}
    declared = {stack.database.instance for stack in stacks if stack.database is not None}
    for name in sorted(declared - present):
        yield Outcome.NOT_CHECKED, f"the project has no instance {name}"
    if not present | declared:
        yield Outcome.PASS, "the project has no Cloud SQL instance, and no stack declares one"


def _all_grants(policy: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`(role, member)`, including conditional grants, without deleted accounts, which have no access."""
    for binding in policy.get("bindings", ()):
        members = map(str, binding.get("members", ()))
        yield from ((str(binding["role"]), member) for member in members if not member.startswith("deleted:"))


def _open_rules(project: LiveProject) -> Iterator[tuple[str, list[str], str]]:
    """Name, wide sources and ports of every enabled rule that allows the internet."""
    for rule in project.firewall_rules:
        sources = rule.get("sourceRanges") or []
        if not sources and not rule.get("sourceTags") and not rule.get("sourceServiceAccounts"):
            sources = ["0.0.0.0/0"]
        wide = [source for source in sources if _is_wide(source)]
        if wide and rule.get("direction", "INGRESS") == "INGRESS" and rule.get("allowed") and not rule.get("disabled"):
            yield str(rule["name"]), wide, _ports(rule["allowed"])
    for policy in project.firewall_policies:
        for rule in policy.get("rules", ()):
            match = rule.get("match", {})
            wide = [source for source in match.get("srcIpRanges", ()) if _is_wide(source)]
            if (
                wide
                and rule.get("direction") == "INGRESS"
                and rule.get("action") == "allow"
                and not rule.get("disabled")
            ):
                name = f"{policy['name']}, rule {rule.get('ruleName') or rule.get('priority')}"
                yield name, wide, _ports(match.get("layer4Configs", ()))


def _is_wide(source: str) -> bool:
    network = ipaddress.ip_network(source, strict=False)
    return network.prefixlen < _WIDE_PREFIX[network.version]


def _ports(allowed: Iterable[Mapping[str, Any]]) -> str:
    parts = []
    for entry in allowed:
        protocol = str(entry.get("IPProtocol") or entry.get("ipProtocol") or "all")
        parts.append(f"{protocol}:{'+'.join(map(str, entry['ports']))}" if entry.get("ports") else protocol)
    return ", ".join(parts) or "all"


def _reads(policy: Mapping[str, Any], counters: Sequence[str]) -> bool:
    filters = [
        str(condition.get("conditionThreshold", {}).get("filter", "")) for condition in policy.get("conditions", ())
    ]
    # If an answer lacks `enabled`, the policy is not disabled.
    is_enabled = policy.get("enabled", True) is True
    return is_enabled and any(f'user/{counter}"' in text for counter in counters for text in filters)


def _cis(alert: SecurityAlert) -> str:
    return f"CIS {alert.cis}"


def _by_principal(entries: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(
        str(entry.get("protoPayload", {}).get("authenticationInfo", {}).get("principalEmail", "no e-mail address"))
        for entry in entries
    )


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in sorted(counts.items()))


def _day_of_key(key: Mapping[str, Any]) -> str:
    return str(key.get("validAfterTime", "an unknown day"))[:10]
