"""The one login to Google for every command: `readiness verify` uses the same credentials as `pulumi up`.

It looks for credentials in the order of the Google provider
(https://registry.terraform.io/providers/hashicorp/google, "Authentication"): an access token in
GOOGLE_OAUTH_ACCESS_TOKEN; a key or its path in GOOGLE_CREDENTIALS; application default credentials. The last are the
file that GOOGLE_APPLICATION_CREDENTIALS names, the file that `gcloud auth application-default login` wrote, or the
machine's own account on Google Cloud. GitHub's workload identity is such a file. GOOGLE_IMPERSONATE_SERVICE_ACCOUNT, or
`gcp:impersonateServiceAccount` of a stack, names the account to impersonate.

google-auth provides the credentials; its requests go through the project's HTTP client.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readiness.delivered.http_client import TIMEOUT_SECONDS, NoAnswerError, send
from readiness.files import read_regular_bytes, read_regular_text
from readiness.live.web import Deadline
from readiness.secret_shapes import one_line

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.auth.transport import Request

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
# For all requests of one login together: a token exchange and an impersonation take less than a second each.
LOGIN_SECONDS = 20.0
LOG_IN = (
    "run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN"
)

# Each contains a key as JSON, or the path of its file; the first one that is set counts.
KEY_VARIABLES = ("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON")
TOKEN_VARIABLE = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - a name
FILE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
IMPERSONATE_VARIABLE = "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"
IMPERSONATE_KEY = "gcp:impersonateServiceAccount"
# Our own limit: the key of a service account has 2.4 kB, and a token fits into a header.
MAX_CREDENTIAL_BYTES = 1024 * 1024
# What google-auth reads (google/auth/_default.py, `_VALID_TYPES`).
CREDENTIAL_TYPES = (
    "authorized_user",
    "service_account",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
    "gdch_service_account",
)
# How the HTTP client's errors begin.
NO_ANSWER = "no answer ("
_PRODUCT_NAME = Path("/sys/class/dmi/id/product_name")


class LoginError(Exception):
    """There are no credentials, or they do not work. The text says which, and how to log in; it contains no credential.

    `unanswered`: no answer came, so it is not known whether the credentials work.
    """

    def __init__(self, message: str, *, unanswered: bool = False) -> None:
        self.unanswered = unanswered
        super().__init__(one_line(message))


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where credentials come from. `file` is None for a key in a variable, and for the machine's own account."""

    name: str
    file: Path | None = None


def credential_source(environment: Mapping[str, str]) -> Source | None:
    """Where the credentials come from; None if there are none. It uses no network and reads no credential."""
    for name in (TOKEN_VARIABLE, *KEY_VARIABLES):
        if value := environment.get(name, "").strip():
            is_path = name != TOKEN_VARIABLE and not value.startswith("{")
            return Source(name=name, file=Path(value) if is_path else None)
    if named := environment.get(FILE_VARIABLE):
        return Source(name=FILE_VARIABLE, file=Path(named))
    default = _default_file(environment)
    if default is not None and default.is_file():
        return Source(name="gcloud's application default credentials", file=default)
    return Source(name="the account of this machine") if _on_google_cloud(environment) else None


def access_token(environment: Mapping[str, str], provider_values: Mapping[str, Any] | None = None) -> str:
    """A token for Google's APIs. `provider_values` are a stack's `gcp:` keys. Raises LoginError."""
    source = credential_source(environment)
    if source is None:
        raise LoginError(f"no Google credentials: {LOG_IN}")
    account = environment.get(IMPERSONATE_VARIABLE) or str((provider_values or {}).get(IMPERSONATE_KEY) or "")
    token = environment.get(TOKEN_VARIABLE, "").strip()
    if token and not account:
        return token
    from google.auth.exceptions import GoogleAuthError

    unanswered = False
    try:
        credentials = _impersonating(_credentials(source, environment, token), account)
        credentials.refresh(_transport())
        return str(credentials.token)
    except GoogleAuthError as error:
        reason = str(error.args[0]) if error.args else type(error).__name__
        # google-auth wraps the error of the transport in one of its own, and keeps the text.
        unanswered = NO_ANSWER in reason
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = f"the credentials or the answer have an unknown form ({type(error).__name__})"
    acting = f" when acting as {account}" if account else ""
    refused = f"the Google credentials of {source.name} are refused{acting}: {reason}"
    if unanswered:
        message = f"the Google credentials of {source.name} could not be checked{acting}: {reason.rstrip('.')}"
        raise LoginError(f"{message}. Check the network, then run the command again", unanswered=True)
    raise LoginError(f"{refused.rstrip('.')}. To log in, {LOG_IN}")


def _credentials(source: Source, environment: Mapping[str, str], token: str) -> Credentials:
    if token:
        from google.oauth2.credentials import Credentials as UserCredentials

        return UserCredentials(token)
    if source.file is None and source.name not in KEY_VARIABLES:
        from google.auth.compute_engine import Credentials as MachineCredentials

        return MachineCredentials()
    import google.auth

    with warnings.catch_warnings():
        # It warns about credentials from untrusted sources; these are the user's own.
        warnings.simplefilter("ignore")
        credentials, _ = google.auth.load_credentials_from_dict(_key(source, environment), request=_transport())
    return credentials


def _key(source: Source, environment: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of a key or of a configuration. Raises LoginError."""
    try:
        text = environment[source.name] if source.file is None else read_regular_text(source.file, MAX_CREDENTIAL_BYTES)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        if source.name in KEY_VARIABLES:
            # The variable may contain a key in another form, such as base64, so the message never shows its value.
            message = f"{source.name} is neither a key as JSON nor the path of a file that can be read"
            raise LoginError(f"{message}: {LOG_IN}") from None
        named = str(source.file) if _looks_like_a_path(str(source.file)) else "a file"
        raise LoginError(f"{source.name} names {named}, which cannot be read ({reason}): {LOG_IN}") from None
    except UnicodeDecodeError:
        text = ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise LoginError(f"{source.name} contains no JSON object, so no Google credentials: {LOG_IN}")
    _check_configuration(source.name, found)
    return found


def _looks_like_a_path(value: str) -> bool:
    """Whether a message may show the value of a variable for a path: not if somebody pasted a key into it."""
    return len(value) < 1000 and (value.startswith(("/", ".", "~")) or value.endswith(".json"))


def _check_configuration(name: str, found: dict[str, Any]) -> None:
    """Raises LoginError for an unknown type, and for a token's file that is not a regular file.

    google-auth would show the unknown type, which may be a pasted secret, and would wait for a named pipe forever.
    """
    inner = found.get("source_credentials")
    for part in (found, *([inner] if isinstance(inner, dict) else [])):
        if part.get("type") not in CREDENTIAL_TYPES:
            allowed = ", ".join(CREDENTIAL_TYPES)
            raise LoginError(f"the `type` in the Google credentials of {name} is not one of {allowed}: {LOG_IN}")
        token_source = part.get("credential_source")
        token_file = token_source.get("file") if isinstance(token_source, dict) else None
        if isinstance(token_file, str):
            try:
                read_regular_bytes(Path(token_file), MAX_CREDENTIAL_BYTES)
            except (OSError, ValueError) as error:
                reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
                what = "the file that `credential_source` names"
                message = f"{what} in the Google credentials of {name} cannot be read ({reason})"
                raise LoginError(f"{message}: {LOG_IN}") from None


def _impersonating(credentials: Credentials, account: str) -> Credentials:
    if not account:
        from google.auth.credentials import with_scopes_if_required

        return with_scopes_if_required(credentials, list(SCOPES))
    from google.auth.impersonated_credentials import Credentials as ImpersonatedCredentials

    return ImpersonatedCredentials(credentials, target_principal=account, target_scopes=list(SCOPES))


def _transport() -> Request:
    """The project's HTTP client in the form that google-auth needs, with one time limit for all of its requests."""
    from google.auth.exceptions import TransportError

    deadline = Deadline.after(LOGIN_SECONDS)

    def send_request(
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> Any:
        data = body.encode() if isinstance(body, str) else body
        seconds = min(timeout or TIMEOUT_SECONDS, TIMEOUT_SECONDS, deadline.request_seconds())
        try:
            return send(method, url, headers=headers, data=data, timeout_seconds=seconds)
        except NoAnswerError as error:
            raise TransportError(str(error)) from None

    return send_request  # type: ignore[return-value] # an Answer has the same three attributes as its Response


def _default_file(environment: Mapping[str, str]) -> Path | None:
    folder = environment.get("CLOUDSDK_CONFIG") or ""
    if not folder and (home := environment.get("HOME")):
        folder = f"{home}/.config/gcloud"
    return Path(folder) / "application_default_credentials.json" if folder else None


def _on_google_cloud(environment: Mapping[str, str]) -> bool:
    """Whether this machine is one of Google Cloud, from local files and variables without network."""
    if environment.get("NO_GCE_CHECK") == "true":
        return False
    if environment.get("GCE_METADATA_HOST"):
        return True
    try:
        return _PRODUCT_NAME.read_text(encoding="utf-8").startswith("Google")
    except (OSError, UnicodeDecodeError):
        return False
