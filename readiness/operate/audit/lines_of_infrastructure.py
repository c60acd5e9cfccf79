"""Lines on the network, on data, and on logs."""

from __future__ import annotations

from readiness.alerting.security_alerts import SECURITY_ALERTS
from readiness.operate.audit.audit_line import Area, AuditLine, Risk

NETWORK = Area(
    name="Network Security",
    lines=(
        AuditLine(
            slug="sql-private-address",
            line="Verify Cloud SQL has private IP only (no public access)",
            risk=Risk.HIGH,
            prowler=(
                "cloudsql_instance_public_ip",
                "cloudsql_instance_public_access",
                "cloudsql_instance_private_ip_assignment",
            ),
            steps=(
                "gcloud sql instances describe $instance --project=$project --format='yaml(ipAddresses, "
                "settings.ipConfiguration)'",
                "Every address has type PRIVATE, ipv4Enabled is false, authorizedNetworks is empty.",
            ),
            remediation="gcloud sql instances patch INSTANCE --no-assign-ip, through Terraform.",
            owner="DevOps",
        ),
        AuditLine(
            slug="vpc-connector",
            line="Confirm VPC connector configuration",
            risk=Risk.MEDIUM,
            checks=("vpc-connector",),
            steps=(
                "gcloud compute networks vpc-access connectors list --region=$region --project=$project",
                "The state is READY; the services name it: gcloud run services describe $service --region=$region "
                "--project=$project --format='yaml(spec.template.metadata.annotations)'",
            ),
            remediation="Give the connector one owner in Terraform, and deploy the services with --vpc-connector.",
            owner="DevOps",
        ),
        AuditLine(
            slug="firewall-rules",
            line="Check firewall rules",
            risk=Risk.HIGH,
            prowler=(
                "compute_firewall_ssh_access_from_the_internet_allowed",
                "compute_firewall_rdp_access_from_the_internet_allowed",
                "compute_network_default_in_use",
            ),
            steps=(
                "gcloud compute firewall-rules list --project=$project --format='table(name, sourceRanges.list(), "
                "allowed[].map().firewall_rule().list())'",
                "No rule lets 0.0.0.0/0 in. Nothing here serves from a virtual machine.",
            ),
            remediation="Delete the rule, or narrow its source to Google's health checks and the own ranges.",
            owner="DevOps",
        ),
        AuditLine(
            slug="https-only",
            line="Verify HTTPS enforcement (no HTTP)",
            risk=Risk.MEDIUM,
            checks=("https-redirect", "strict-transport"),
            steps=(
                "curl -sI http://HOST/ of each service: the answer is a redirect to https://.",
                "curl -sI $url: Strict-Transport-Security is there, with a max-age of 31536000 or more.",
            ),
            remediation="Send Strict-Transport-Security: max-age=31536000 from a middleware of both services.",
            owner="Backend team",
        ),
        AuditLine(
            slug="ingress-egress",
            line="Review ingress/egress settings",
            risk=Risk.MEDIUM,
            checks=("run-ingress",),
            steps=(
                "gcloud run services list --project=$project --region=$region --format='yaml(metadata.name, "
                "metadata.annotations)'",
                "Only the services that people or browsers call are open to allUsers with ingress all; egress of what "
                "uses the database is private-ranges-only through the connector.",
            ),
            remediation="Deploy with --ingress written out; put internal behind what no browser calls.",
            owner="DevOps",
        ),
    ),
)

DATA = Area(
    name="Data Protection",
    lines=(
        AuditLine(
            slug="encryption-at-rest",
            line="Verify encryption at rest (Cloud SQL)",
            risk=Risk.MEDIUM,
            steps=(
                "Cloud SQL encrypts always: cloud.google.com/sql/docs/postgres/cmek. Decide whether a key of your own "
                "is required, and record the decision.",
                "gcloud sql instances describe $instance --project=$project "
                "--format='value(diskEncryptionConfiguration)'",
            ),
            remediation="Record that Google's keys are accepted, or make a new instance with a key of your own.",
            owner="Security team",
        ),
        AuditLine(
            slug="encryption-in-transit",
            line="Verify encryption in transit (TLS 1.2+)",
            risk=Risk.HIGH,
            prowler=("cloudsql_instance_ssl_connections",),
            checks=("tls-versions",),
            steps=(
                "gcloud sql instances describe $instance --project=$project "
                "--format='value(settings.ipConfiguration.sslMode)' prints ENCRYPTED_ONLY or stricter.",
                "openssl s_client -connect HOST:443 -tls1_1 for each service: the handshake fails.",
            ),
            remediation="Set ssl_mode to ENCRYPTED_ONLY in Terraform. Google's front end speaks TLS 1.2 and 1.3 only.",
            owner="DevOps",
        ),
        AuditLine(
            slug="resume-data",
            line="Check resume data is not stored persistently",
            risk=Risk.HIGH,
            steps=(
                "Upload a file with a word of your own, delete it in the application, wait for a minute.",
                "Search for the word in every text column of the database, and in the log: gcloud logging read "
                "'\"WORD\"' --project=$project --freshness=1h",
                "gcloud storage buckets list --project=$project: is there one that uploads go to?",
            ),
            remediation="Delete the text after the analysis, or state in the privacy notice how long it is kept.",
            owner="Backend team",
        ),
        AuditLine(
            slug="backup-access",
            line="Review database backup access",
            risk=Risk.MEDIUM,
            prowler=("cloudsql_instance_automated_backups",),
            decided_by_checks=False,
            steps=(
                "gcloud projects get-iam-policy $project --flatten=bindings --filter='bindings.role~cloudsql OR "
                "bindings.role=roles/owner OR bindings.role=roles/editor' "
                "--format='table(bindings.role, bindings.members)'",
                "gcloud sql instances describe $instance --project=$project "
                "--format='yaml(settings.backupConfiguration)': enabled, and pointInTimeRecoveryEnabled.",
                "Restore the newest backup into a new instance once, and write down how long it took.",
            ),
            remediation="Switch point-in-time recovery on, and take cloudsql roles from whoever does not operate it.",
            owner="DevOps",
        ),
        AuditLine(
            slug="data-deletion",
            line="Verify GDPR compliance (data deletion capability)",
            risk=Risk.HIGH,
            steps=(
                "As a test user, ask for the deletion of the account by the way that the privacy notice names.",
                "Afterwards no row of any table holds the user's id or e-mail address; backups end after 7 days.",
            ),
            remediation="Provide a deletion that takes every table that refers to the user, and test it.",
            owner="Backend team",
        ),
    ),
)

LOGGING = Area(
    name="Logging & Monitoring",
    lines=(
        AuditLine(
            slug="sensitive-log-data",
            line="Ensure no sensitive data in logs (passwords, tokens, PII)",
            risk=Risk.HIGH,
            steps=(
                'gcloud logging read \'resource.type="cloud_run_revision" AND '
                'textPayload=~"[^ ]+@[^ ]+[.][a-z]+|eyJ[A-Za-z0-9_-]{20}'
                "|[Pp]assword\"' --project=$project --freshness=1d --limit=20 prints nothing.",
                "gcloud run services describe $service --project=$project --region=$region: DEBUG is set to False.",
            ),
            remediation="Set DEBUG=False where the service is deployed, and log an id instead of the e-mail address.",
            owner="Backend team",
        ),
        AuditLine(
            slug="audit-logs",
            line="Verify audit logs enabled for critical operations",
            risk=Risk.MEDIUM,
            prowler=("iam_audit_logs_enabled",),
            steps=(
                "gcloud projects get-iam-policy $project --format='yaml(auditConfigs)' names DATA_READ and DATA_WRITE "
                "for what is critical. Admin Activity is always on.",
            ),
            remediation="Declare an audit configuration for secretmanager, iam and cloudsql.",
            owner="DevOps",
        ),
        AuditLine(
            slug="security-alerts",
            line="Check security events trigger alerts",
            risk=Risk.MEDIUM,
            prowler=tuple(alert.prowler_check for alert in SECURITY_ALERTS),
            steps=(
                "readiness plan of the stack that owns the shared resources shows eight security-alerts policies; "
                "after `make up` they are live.",
                "Add and delete a custom role without permissions: an e-mail arrives within ten minutes.",
            ),
            remediation="Set readiness:security_alerts to enabled: true in the owner's stack, and apply it.",
            owner="DevOps",
        ),
        AuditLine(
            slug="log-retention",
            line="Review log retention policies",
            risk=Risk.LOW,
            checks=("log-retention",),
            steps=(
                "gcloud logging buckets list --project=$project --format='table(name, retentionDays, locked)'",
                "_Required keeps 400 days and cannot be changed; _Default keeps what your policy says, 30 at least.",
            ),
            remediation="gcloud logging buckets update _Default --location=global --retention-days=90",
            owner="DevOps",
        ),
    ),
)
