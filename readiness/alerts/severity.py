"""The severities of alerts, by the names of Monitoring's API, the worst first.

Standard library only: the rules of the policy pack import this file, and the pack has its own environment.
"""

from __future__ import annotations

from typing import Literal, get_args

# projects.alertPolicies, field `severity` (docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies).
AlertSeverity = Literal["CRITICAL", "ERROR", "WARNING"]
SEVERITIES: tuple[AlertSeverity, ...] = get_args(AlertSeverity)
