"""Whether these credentials may apply a stack in Google Cloud: login, APIs, permissions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from readiness import resource_types as types
from readiness.live.bootstrap_rights import RIGHTS
from readiness.live.doctor.machine import not_known, optional
from readiness.live.google_api import Google, GoogleError, endpoints_of
from readiness.live.google_login import LoginError, access_token, credential_source
from readiness.live.pulumi_cli import CREDENTIAL_KEYS
from readiness.live.rows import Row, failed, passed

# What the engine asks before the first resource, whatever the program enables.
_FIRST_API = "serviceusage.googleapis.com"
_POLICY_API = "cloudresourcemanager.googleapis.com"
_LOGIN_CHECK, _API_CHECK, _PERMISSION_CHECK = "Google credentials", "enabled APIs", "permissions"
_LOGIN_COMMAND = "gcloud auth application-default login"


def google_rows(
    environment: Mapping[str, str],
    project: str,
    provider_values: Mapping[str, Any],
    resources: Sequence[Mapping[str, Any]],
) -> tuple[list[Row], Google | None]:
    """Credentials, APIs and permissions for the declared resources of a project; its APIs where Google answers."""
    subject = f"Google project {project}"
    login, google = _login(environment, project, provider_values)
    if google is None:
        reason = "Google was not asked: no credentials that work"
        return [login, *(not_known(check, subject, reason) for check in (_API_CHECK, _PERMISSION_CHECK))], None
    answers = [
        _asked(_API_CHECK, subject, lambda: _api_rows(subject, google, resources)),
        _asked(_PERMISSION_CHECK, subject, lambda: _permission_rows(subject, google, resources)),
    ]
    # An access token in a variable is sent as it is: whether it works is known when Google has answered.
    if not any(answered for _, answered in answers):
        login = not_known(_LOGIN_CHECK, subject, f"{login.detail}, and Google does not answer")
        google = None
    return [login, *(row for rows, _ in answers for row in rows)], google


def _login(
    environment: Mapping[str, str], project: str, provider_values: Mapping[str, Any]
) -> tuple[Row, Google | None]:
    """The row of the credentials, and the APIs of the project where there are some."""
    subject, source = f"Google project {project}", credential_source(environment)
    if source is None:
        stored = [key for key in CREDENTIAL_KEYS if key in provider_values]
        if stored:
            what = f"in the stack's {stored[0]}, which only the engine can decrypt"
            return not_known(_LOGIN_CHECK, subject, what), None
        return failed(_LOGIN_CHECK, subject, "there are none", _LOGIN_COMMAND), None
    try:
        token = access_token(environment, provider_values)
    except LoginError as error:
        if error.unanswered:
            return not_known(_LOGIN_CHECK, subject, str(error)), None
        return failed(_LOGIN_CHECK, subject, str(error).partition(". To log in")[0], _LOGIN_COMMAND), None
    google = Google(project=project, token=token, endpoints=endpoints_of(provider_values))
    return passed(_LOGIN_CHECK, subject, f"found in {source.name}"), google


def _asked(check: str, subject: str, ask: Callable[[], Iterable[Row]]) -> tuple[list[Row], bool]:
    """The rows of a question to Google, and whether it answered. What it does not say is not known."""
    try:
        return list(ask()), True
    except GoogleError as error:
        if error.status == 401:
            return [failed(_LOGIN_CHECK, subject, f"Google refuses them: {error}", _LOGIN_COMMAND)], True
        return [not_known(check, subject, str(error))], error.status != 0
    except (KeyError, TypeError, AttributeError) as error:
        return [not_known(check, subject, f"Google's answer has an unknown form ({type(error).__name__})")], False


def _api_rows(subject: str, google: Google, resources: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    check = _API_CHECK
    declared = {str(resource["inputs"]["service"]) for resource in resources if resource["type"] == types.API}
    kinds = {resource["type"] for resource in resources}
    first = {_FIRST_API, *([_POLICY_API] if kinds & {types.PROJECT_MEMBER, types.AUDIT_CONFIG} else [])} - declared
    listed = google.items("serviceUsage", f"projects/{google.project}/services?filter=state:ENABLED", "services")
    enabled = {str(service["name"]).rpartition("/")[2] for service in listed}
    if missing := sorted(first - enabled):
        enable = f"gcloud services enable {' '.join(missing)} --project={google.project}"
        yield failed(check, subject, f"the engine needs {', '.join(missing)} before the first apply", enable)
    if later := sorted(declared - enabled):
        yield optional(check, subject, f"the first apply enables {', '.join(later)}")
    if not missing:
        yield passed(check, subject, f"{len((first | declared) & enabled)} of {len(first | declared)} are enabled")


def _permission_rows(subject: str, google: Google, resources: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    check = _PERMISSION_CHECK
    rights = [RIGHTS[kind] for kind in {resource["type"] for resource in resources} if kind in RIGHTS]
    roles = {right.permission: right.apply for right in rights if right.permission is not None}
    answer = google.ask(
        "resourceManager", f"projects/{google.project}:testIamPermissions", {"permissions": sorted(roles)}
    )
    held = set(answer.get("permissions", ()))
    missing = sorted({str(role) for permission, role in roles.items() if permission not in held})
    for role in missing:
        lacking = ", ".join(sorted(name for name, other in roles.items() if other == role and name not in held))
        grant = (
            f'gcloud projects add-iam-policy-binding {google.project} --member="user:$(gcloud config get account)" '
            f"--role={role} --condition=None"
        )
        yield failed(check, subject, f"the credentials lack {lacking}", grant)
    if not missing:
        yield passed(check, subject, f"the {len(roles)} that an apply needs on the project")
    if kinds := sorted(
        {resource["type"].rpartition(":")[2] for resource in resources if _on_one_thing(resource["type"])}
    ):
        yield not_known(check, subject, f"rights on single things are not asked for: {', '.join(kinds)}")


def _on_one_thing(kind: str) -> bool:
    return kind in RIGHTS and RIGHTS[kind].permission is None
