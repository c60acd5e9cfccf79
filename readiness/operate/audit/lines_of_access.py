"""Lines on who may do what, and on secrets."""

from __future__ import annotations

from readiness.operate.audit.audit_line import Area, AuditLine, Risk

IAM = Area(
    name="IAM & Access Control",
    lines=(
        AuditLine(
            slug="service-account-permissions",
            line="Review all service account permissions",
            risk=Risk.HIGH,
            prowler=("iam_sa_no_administrative_privileges", "iam_no_service_roles_at_project_level"),
            checks=("project-roles",),
            steps=(
                "gcloud projects get-iam-policy $project --flatten=bindings "
                "--format='table(bindings.role, bindings.members)'",
                "No service account may hold roles/owner, roles/editor or a role that ends in Admin.",
            ),
            remediation="Take away the role and grant the narrowest one that works, on the one resource that needs it.",
            owner="DevOps",
        ),
        AuditLine(
            slug="least-privilege",
            line="Verify principle of least privilege",
            risk=Risk.HIGH,
            prowler=("iam_role_sa_enforce_separation_of_duties",),
            checks=("project-wide-grants",),
            steps=(
                "gcloud projects get-iam-policy $project --flatten=bindings "
                "--format='table(bindings.role, bindings.members)'",
                "Neither roles/secretmanager.secretAccessor nor roles/iam.serviceAccountUser may be granted there: "
                "both belong on the single secret and the single account.",
            ),
            remediation="In Terraform, replace the project-wide grants by grants on each secret and each account.",
            owner="DevOps",
        ),
        AuditLine(
            slug="unused-service-accounts",
            line="Check for unused service accounts",
            risk=Risk.MEDIUM,
            prowler=("iam_service_account_unused", "iam_sa_user_managed_key_unused", "iam_sa_no_user_managed_keys"),
            steps=(
                "gcloud policy-intelligence query-activity --activity-type=serviceAccountLastAuthentication "
                "--project=$project",
                "Compare with `gcloud iam service-accounts list --project=$project`: who has no activity is unused.",
            ),
            remediation="Disable the account for 30 days (`gcloud iam service-accounts disable`), then delete it.",
            owner="DevOps",
        ),
        AuditLine(
            slug="workload-identity",
            line="Audit Workload Identity bindings",
            risk=Risk.HIGH,
            prowler=("iam_workload_identity_pool_provider_attribute_condition",),
            checks=("identity-conditions",),
            steps=(
                "gcloud iam workload-identity-pools list --location=global --project=$project",
                "For each: gcloud iam workload-identity-pools providers list --workload-identity-pool=POOL "
                "--location=global --project=$project --format='yaml(name, attributeCondition)'",
                "Every condition must name the repository $repository.",
            ),
            remediation="Set the provider's condition to assertion.repository == '$repository', and delete bindings "
            "that name any other repository.",
            owner="DevOps",
        ),
        AuditLine(
            slug="cloud-run-accounts",
            line="Review Cloud Run service accounts",
            risk=Risk.HIGH,
            checks=("run-accounts",),
            steps=(
                "gcloud run services list --project=$project --region=$region "
                "--format='table(metadata.name, spec.template.spec.serviceAccountName)'",
                "Each service has an account of its own, and none the default one (NUMBER-compute@…).",
            ),
            remediation="Deploy the service with --service-account of its own account.",
            owner="DevOps",
        ),
    ),
)

SECRETS = Area(
    name="Secrets Management",
    lines=(
        AuditLine(
            slug="no-hardcoded-secrets",
            line="Confirm no hardcoded secrets in code",
            risk=Risk.HIGH,
            prowler=("apikeys_key_exists",),
            decided_by_checks=False,
            steps=(
                "In a clone of $repository with its whole history: gitleaks git --redact",
                "gh api repos/$repository --jq .security_and_analysis.secret_scanning.status must print enabled.",
                "Read where the application reads its settings: no password and no key has a default value.",
            ),
            remediation="Remove the value, refuse to start without the variable, and rotate what stood in the history.",
            owner="Backend team",
        ),
        AuditLine(
            slug="secrets-in-secret-manager",
            line="Verify all secrets in Secret Manager",
            risk=Risk.HIGH,
            prowler=("secretmanager_secret_not_publicly_accessible",),
            checks=("secret-variables",),
            steps=(
                "gcloud run services describe $service --project=$project --region=$region "
                "--format='yaml(spec.template.spec.containers[0].env)'",
                "Every variable that holds a password, key or token has valueFrom, none has value.",
            ),
            remediation="Store the value with `gcloud secrets create`, and deploy with --set-secrets.",
            owner="DevOps",
        ),
        AuditLine(
            slug="secret-access-logs",
            line="Check secret access logs",
            risk=Risk.MEDIUM,
            checks=("secret-access-logged",),
            steps=(
                "gcloud projects get-iam-policy $project --format='yaml(auditConfigs)' must name "
                "secretmanager.googleapis.com (or allServices) with DATA_READ.",
                "gcloud logging read 'protoPayload.methodName:\"AccessSecretVersion\"' "
                "--project=$project --freshness=7d",
            ),
            remediation="Switch DATA_READ on for secretmanager.googleapis.com, and read the log once a month.",
            owner="DevOps",
        ),
        AuditLine(
            slug="secrets-differ",
            line="Ensure production secrets differ from staging",
            risk=Risk.HIGH,
            checks=("secret-names-differ", "staging-secret-access"),
            decided_by_checks=False,
            steps=(
                "For each pair, as somebody who may read both: gcloud secrets versions access latest --secret=NAME "
                "--project=$project | sha256sum; the two digests must differ.",
                "No account of staging may read a secret of production: gcloud secrets get-iam-policy NAME "
                "--project=$project",
            ),
            remediation="Rotate the production secret, and grant each environment access to its own secrets only.",
            owner="DevOps",
        ),
        AuditLine(
            slug="secret-rotation",
            line="Review secret rotation policy",
            risk=Risk.MEDIUM,
            prowler=("secretmanager_secret_rotation_enabled",),
            steps=(
                "gcloud secrets list --project=$project --format='table(name, createTime, rotation.rotationPeriod)'",
                "gcloud secrets versions list NAME --project=$project: no enabled version is older than 90 days.",
            ),
            remediation="Set a rotation period of 90 days with a topic that tells the owner, and rotate once now.",
            owner="DevOps",
        ),
    ),
)
