"""Files of application default credentials, for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.live.loopback import Loopback

SUBJECT_TOKEN = "the-subject-token"  # noqa: S105 - of a test


def workload_identity(folder: Path, server: Loopback, *, impersonate: bool = False) -> dict[str, Any]:
    """What `google-github-actions/auth` writes, with the subject token in a file."""
    (folder / "subject").write_text(SUBJECT_TOKEN, encoding="utf-8")
    account = "robot@some-project.iam.gserviceaccount.com"
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/g",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{server.url}/token",
        "credential_source": {"file": str(folder / "subject")},
        **(
            {"service_account_impersonation_url": f"{server.url}/v1/serviceAccounts/{account}:generateAccessToken"}
            if impersonate
            else {}
        ),
    }


def adc(folder: Path, content: Any) -> dict[str, str]:
    """An environment whose GOOGLE_APPLICATION_CREDENTIALS names a file of that content."""
    file = folder / "credentials.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}
