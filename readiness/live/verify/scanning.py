"""Whether the registry scans what is pushed: INHERITED in a plan proves nothing while the scanning API is off."""

from __future__ import annotations

from readiness.live.google_api import Google
from readiness.live.verify.rows import Row, failed, passed

CHECK = "image scanning"


def scanning_rows(google: Google, *, region: str, repository_id: str) -> list[Row]:
    """One row, by the state that Artifact Registry itself computes. Raises GoogleError."""
    path = f"projects/{google.project}/locations/{region}/repositories/{repository_id}"
    config = google.get("artifactRegistry", path).get("vulnerabilityScanningConfig", {})
    state = config.get("enablementState", "unknown")
    if state != "SCANNING_ACTIVE":
        reason = config.get("enablementStateReason", "")
        return [failed(CHECK, repository_id, f"{state}{f': {reason}' if reason else ''}")]
    return [passed(CHECK, repository_id, state)]
