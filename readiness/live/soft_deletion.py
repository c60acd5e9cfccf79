"""Log buckets that are deleted and can still be restored.

Google keeps a deleted log bucket for seven days in the state DELETE_REQUESTED
(https://cloud.google.com/logging/docs/reference/v2/rest/v2/locations.buckets/undelete). The provider treats it as an
existing bucket: a refresh shows no difference, and Google refuses an update. No other declared type keeps its name
after a deletion (docs/facts/providers.md#what-can-be-restored-after-a-deletion).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness import resource_types as types
from readiness.live.google_api import Google, GoogleError

_DELETED = "DELETE_REQUESTED"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeletedBucket:
    """A declared log bucket that is deleted and can be restored. `resource` is its name in the program."""

    resource: str
    project: str
    location: str
    bucket: str

    @property
    def name(self) -> str:
        """Its name in the API."""
        return f"projects/{self.project}/locations/{self.location}/buckets/{self.bucket}"

    @property
    def command(self) -> str:
        """The command that restores it by hand (https://cloud.google.com/sdk/gcloud/reference/logging/buckets/undelete)."""
        options = [f"--location={self.location}", f"--project={self.project}"]
        return shlex.join(["gcloud", "logging", "buckets", "undelete", self.bucket, *options])


def deleted_buckets(google: Google, resources: Sequence[Mapping[str, Any]]) -> list[DeletedBucket]:
    """The deleted buckets among a plan's log buckets. Raises GoogleError, but not for an API that is not enabled."""
    found = []
    for resource in resources:
        if resource["type"] != types.LOG_BUCKET:
            continue
        inputs = resource["inputs"]
        bucket = DeletedBucket(
            resource=resource["name"],
            project=str(inputs["project"]),
            location=str(inputs["location"]),
            bucket=str(inputs["bucketId"]),
        )
        try:
            if google.get("logging", bucket.name).get("lifecycleState") == _DELETED:
                found.append(bucket)
        except GoogleError as error:
            is_off = error.status == 403 and "has not been used in project" in str(error)
            if error.status != 404 and not is_off:
                raise
    return found


def restore(google: Google, bucket: DeletedBucket) -> None:
    """Restores the bucket and its log entries. Raises GoogleError."""
    google.ask("logging", f"{bucket.name}:undelete")
