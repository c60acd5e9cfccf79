"""The commands of `gcloud` that messages and guides of Readiness name, on the imitated store.

A command or an option that is not here fails, as a misspelt one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.engine.cloud import DELETE_REQUESTED, Cloud, Key, Values
from tests.engine.kinds import (
    ACCOUNT,
    ACCOUNT_GRANT,
    BOOTSTRAP,
    BUCKET,
    CHANNEL,
    DASHBOARD,
    JOB,
    POLICY,
    PROJECT_GRANT,
    REPOSITORY_GRANT,
    SECRET_GRANT,
    UPTIME_CHECK,
)

Options = Mapping[str, str]


class RefusedError(Exception):
    """What gcloud would end with an error for."""


def run(cloud: Cloud, arguments: Sequence[str]) -> tuple[int, str]:
    """Exit status and what is printed."""
    parts = [option.removeprefix("--").partition("=") for option in arguments if option.startswith("--")]
    options = {name: value for name, _, value in parts}
    words = [argument for argument in arguments if not argument.startswith("--")]
    for command, (allowed, action) in _COMMANDS.items():
        fixed = command.split()
        if words[: len(fixed)] == fixed:
            if unknown := options.keys() - allowed - {"project", "quiet"}:
                return 2, f"ERROR: unrecognized arguments: {', '.join(sorted(unknown))}"
            try:
                return 0, action(cloud, words[len(fixed) :], options)
            except (RefusedError, KeyError) as error:
                return 1, f"ERROR: ({command}) {error}"
    return 2, f"ERROR: Invalid choice: {' '.join(words)}"


def _take(cloud: Cloud, key: Key) -> None:
    if key not in cloud.things:
        raise RefusedError(f"NOT_FOUND: {key[1]}")
    del cloud.things[key]


def _deletes(type_: str) -> Callable[[Cloud, Sequence[str], Options], str]:
    def delete(cloud: Cloud, words: Sequence[str], options: Options) -> str:
        (name,) = words
        del options
        _take(cloud, (type_, name))
        return f"Deleted [{name}].\n"

    return delete


def _delete_job(cloud: Cloud, words: Sequence[str], options: Options) -> str:
    (name,) = words
    _take(cloud, (JOB, f"projects/{options['project']}/locations/{options['region']}/jobs/{name}"))
    return f"Deleted job [{name}].\n"


def _undelete_bucket(cloud: Cloud, words: Sequence[str], options: Options) -> str:
    (name,) = words
    bucket = cloud.things[BUCKET, f"projects/{options['project']}/locations/{options['location']}/buckets/{name}"]
    if bucket.pop("lifecycleState", None) != DELETE_REQUESTED:
        raise RefusedError(f"{name} is not deleted")
    return f"Undeleted [{name}].\n"


def _delete_account(cloud: Cloud, words: Sequence[str], options: Options) -> str:
    (email,) = words
    _take(cloud, (ACCOUNT, f"projects/{options['project']}/serviceAccounts/{email}"))
    return f"deleted service account [{email}]\n"


def _delete_of_bootstrap(pattern: str) -> Callable[[Cloud, Sequence[str], Options], str]:
    def delete(cloud: Cloud, words: Sequence[str], options: Options) -> str:
        (name,) = words
        _take(cloud, (BOOTSTRAP, pattern.format(name=name, **options)))
        return f"Deleted [{name}].\n"

    return delete


def _removes(type_: str, key: str) -> Callable[[Cloud, Sequence[str], Options], str]:
    def remove(cloud: Cloud, words: Sequence[str], options: Options) -> str:
        (on,) = words
        found = [
            (kind, identity)
            for (kind, identity), grant in cloud.things.items()
            if kind == type_
            and (grant[key], grant["role"], grant["member"]) == (on, options["role"], options["member"])
            and ("all" in options or _same_limit(grant, options.get("condition", "None")))
        ]
        if not found:
            raise RefusedError(f"Policy binding with the specified principal, role, and condition not found on {on}!")
        for grant_key in found:
            del cloud.things[grant_key]
        return f"Updated IAM policy for [{on}].\n"

    return remove


def _same_limit(grant: Values, option: str) -> bool:
    """Whether `--condition` names the grant's whole condition, as gcloud asks for it."""
    condition = grant.get("condition")
    if condition is None:
        return option == "None"
    _, mark, text = option.split("^", 2)
    named: dict[str, str] = {}
    for part in text.split(mark):
        key, _, value = part.partition("=")
        named[key] = value
    return named == condition


_BINDING = frozenset({"member", "role", "condition", "all"})
_COMMANDS: Mapping[str, tuple[frozenset[str], Callable[[Cloud, Sequence[str], Options], str]]] = {
    "monitoring policies delete": (frozenset(), _deletes(POLICY)),
    "beta monitoring channels delete": (frozenset({"force"}), _deletes(CHANNEL)),
    "monitoring uptime delete": (frozenset(), _deletes(UPTIME_CHECK)),
    "monitoring dashboards delete": (frozenset(), _deletes(DASHBOARD)),
    "run jobs delete": (frozenset({"region"}), _delete_job),
    "logging buckets undelete": (frozenset({"location"}), _undelete_bucket),
    "iam service-accounts delete": (frozenset(), _delete_account),
    "iam workload-identity-pools delete": (
        frozenset({"location"}),
        _delete_of_bootstrap("projects/{project}/locations/{location}/workloadIdentityPools/{name}"),
    ),
    "iam roles delete": (frozenset(), _delete_of_bootstrap("projects/{project}/roles/{name}")),
    "projects remove-iam-policy-binding": (_BINDING, _removes(PROJECT_GRANT, "project")),
    "secrets remove-iam-policy-binding": (_BINDING, _removes(SECRET_GRANT, "secretId")),
    "artifacts repositories remove-iam-policy-binding": (
        _BINDING | {"location"},
        _removes(REPOSITORY_GRANT, "repository"),
    ),
    "iam service-accounts remove-iam-policy-binding": (_BINDING, _removes(ACCOUNT_GRANT, "account")),
}
