"""Google's REST APIs for the commands that read live resources, and for the two that write: drill and snooze."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from readiness.delivered.http_client import TIMEOUT_SECONDS, NoAnswerError, request
from readiness.live.google_login import access_token
from readiness.live.web import COMMAND_SECONDS, MAX_PAGES, ApiError, Deadline

# The address of each API. A stack's `gcp:<name>CustomEndpoint` replaces it, as it does for the provider.
ENDPOINTS: Mapping[str, str] = {
    "monitoring": "https://monitoring.googleapis.com/v3/",
    "dashboards": "https://monitoring.googleapis.com/v1/",
    "logging": "https://logging.googleapis.com/v2/",
    "artifactRegistry": "https://artifactregistry.googleapis.com/v1/",
    "cloudRunV2": "https://run.googleapis.com/v2/",
    "iam": "https://iam.googleapis.com/v1/",
    "resourceManager": "https://cloudresourcemanager.googleapis.com/v1/",
    "secretManager": "https://secretmanager.googleapis.com/v1/",
    "vpcAccess": "https://vpcaccess.googleapis.com/v1/",
    "compute": "https://compute.googleapis.com/compute/v1/",
    "sql": "https://sqladmin.googleapis.com/sql/v1beta4/",
    "storage": "https://storage.googleapis.com/storage/v1/",
    "serviceUsage": "https://serviceusage.googleapis.com/v1/",
    # The provider has no setting for this endpoint.
    "policyAnalyzer": "https://policyanalyzer.googleapis.com/v1/",
}
# Dashboards belong to the Monitoring API, in another version; the provider has one endpoint for both.
_VERSION = re.compile(r"/v\d+(beta\d+)?$")
_ENDPOINT_KEYS: Mapping[str, str] = {"dashboards": "monitoring"}


class GoogleError(ApiError):
    """Google refused, or did not answer."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Google:
    """The APIs of one project."""

    project: str
    token: str
    endpoints: Mapping[str, str] = field(default_factory=lambda: ENDPOINTS)
    deadline: Deadline = field(default_factory=lambda: Deadline.after(COMMAND_SECONDS))

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, project: str, provider_values: Mapping[str, Any]
    ) -> Google:
        """Logged in as google_login.py says; `provider_values` are a stack's `gcp:` keys. Raises LoginError."""
        token = access_token(environment, provider_values)
        return cls(project=project, token=token, endpoints=endpoints_of(provider_values))

    def items(self, api: str, path: str, key: str) -> Iterator[dict[str, Any]]:
        """The items under `key` of a listing, over all of its pages. Raises GoogleError."""
        page_token = ""
        for _ in range(MAX_PAGES):
            mark = "&" if "?" in path else "?"
            query = f"{mark}{urlencode({'pageToken': page_token})}" if page_token else ""
            body = self.get(api, f"{path}{query}")
            listed = body.get(key, [])
            if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
                raise GoogleError(0, f"{api} {path}: `{key}` is not a list of objects")
            yield from listed
            page_token = body.get("nextPageToken", "")
            if not page_token:
                return
        raise GoogleError(0, f"{api} {path}: more than {MAX_PAGES} pages")

    def get(self, api: str, path: str) -> dict[str, Any]:
        """The body of one answer. Raises GoogleError."""
        return self.send("GET", api, path)

    def ask(self, api: str, path: str, question: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The same for a query that Google accepts by POST, such as `PROJECT:getIamPolicy`. Changes nothing."""
        return self.send("POST", api, path, question or {})

    def send(self, method: str, api: str, path: str, body: Any = None) -> dict[str, Any]:
        """Sends one request and returns the answer's body. Raises GoogleError."""
        url = f"{self.endpoints[api].rstrip('/')}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        seconds = min(TIMEOUT_SECONDS, self.deadline.request_seconds())
        try:
            answer = request(method, url, headers=headers, body=body, timeout_seconds=seconds, follow_redirects=True)
        except NoAnswerError as error:
            raise GoogleError(0, f"{api} {path}: {error}") from None
        if answer.status != 200:
            error = answer.body.get("error", {}) if isinstance(answer.body, dict) else {}
            message = error.get("message", "") if isinstance(error, dict) else ""
            raise GoogleError(answer.status, f"{api} {path}: {answer.status} {message}".rstrip())
        if not isinstance(answer.body, dict):
            # A proxy's page or an incomplete answer is an error, not an empty result.
            raise GoogleError(0, f"{api} {path}: {answer.status}, and the answer is not a JSON object")
        return answer.body


def endpoints_of(provider_values: Mapping[str, Any]) -> dict[str, str]:
    """The endpoints of a stack: Google's own, or those of its `gcp:…CustomEndpoint` keys in the same form."""
    found = dict(ENDPOINTS)
    for api, standard in ENDPOINTS.items():
        custom = provider_values.get(f"gcp:{_ENDPOINT_KEYS.get(api, api)}CustomEndpoint")
        if isinstance(custom, str):
            version = standard.rstrip("/").rpartition("/")[2]
            found[api] = f"{_VERSION.sub('', custom.rstrip('/'))}/{version}/"
    return found
