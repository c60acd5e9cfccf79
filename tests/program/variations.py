"""Plans of the real program with some settings changed."""

from __future__ import annotations

from typing import Any

from readiness.review.offline_plan import Plan, plan_stack
from readiness.settings.secret_names import SecretName
from tests.projects import config_of, folder_of

POLICY = "gcp:monitoring/alertPolicy:AlertPolicy"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
METRIC = "gcp:logging/metric:Metric"
# Only the owner of the shared resources may have these.
OWNERS_SETTINGS = (
    "branch_ruleset", "dependabot", "deployment_telemetry", "image_registry", "image_workflows",
    "production_environment", "security_alerts",
)  # fmt: skip


def plan_with(stack: str, secrets: tuple[SecretName, ...] = (), **values: Any) -> Plan:
    """The plan of a stack whose settings `readiness:<name>` are replaced, and that stores these secrets too."""
    return _plan(stack, secrets, values)


def own_plan_with(stack: str, secrets: tuple[SecretName, ...] = (), **values: Any) -> Plan:
    """The same without what exists once for all stacks: made in half the time, for what the stack has for itself."""
    shared = dict.fromkeys(OWNERS_SETTINGS)
    return _plan(stack, secrets, shared | {"owns_shared_resources": False} | values)


def plan_without(stack: str, name: str) -> Plan:
    """The plan of a stack from whose settings `readiness:<name>` is removed."""
    config = config_of(stack)
    del config.values[f"readiness:{name}"]
    return plan_stack(folder_of(stack), config)


def _plan(stack: str, secrets: tuple[SecretName, ...], values: dict[str, Any]) -> Plan:
    config = config_of(stack)
    for name, value in values.items():
        config.values[f"readiness:{name}"] = value
        if value is None:
            del config.values[f"readiness:{name}"]
    config.secret_keys |= {secret.key for secret in secrets}
    return plan_stack(folder_of(stack), config)


def services(count: int) -> list[dict[str, Any]]:
    """That many services with a limit of instances, and names as long as the real ones."""
    return [
        {
            "name": f"ai-resume-review-v2-service-number-{number:03}-prod",
            "role": "backend",
            "url": "https://a.b.c",
            "max_instances": 5,
        }
        for number in range(count)
    ]


def policies_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """The PromQL alert policies of a plan by the name of their alert; the security alerts have thresholds."""
    found = (policy for policy in plan.of_type(POLICY) if not policy["name"].startswith("security-alerts-"))
    return {condition_of(policy)["alertRule"]: policy for policy in found}


def condition_of(policy: dict[str, Any]) -> dict[str, Any]:
    """The PromQL condition of a policy."""
    (condition,) = policy["inputs"]["conditions"]
    return condition["conditionPrometheusQueryLanguage"]
