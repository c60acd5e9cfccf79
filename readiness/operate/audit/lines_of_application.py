"""Lines on what the application itself does, asked from outside."""

from __future__ import annotations

from readiness.operate.audit.audit_line import Area, AuditLine, Risk

AUTHENTICATION = Area(
    name="Authentication & Authorization",
    lines=(
        AuditLine(
            slug="token-expiry",
            line="Test JWT token expiration (30 min)",
            risk=Risk.MEDIUM,
            checks=("token-expiry",),
            steps=(
                "Log in, and decode the middle part of the access token: exp - iat is 1800 or less.",
                "After 31 minutes the same token gets 401 from an address that needs one.",
            ),
            remediation="Set ACCESS_TOKEN_EXPIRE_MINUTES to 30, and refuse a token without exp.",
            owner="Backend team",
        ),
        AuditLine(
            slug="refresh-rotation",
            line="Test refresh token rotation (7 days)",
            risk=Risk.HIGH,
            checks=("refresh-rotation",),
            steps=(
                "Log in, and renew the token with the refresh token: the answer holds another refresh token.",
                "POST the first one again: 401. Its exp - iat is 604800 or less.",
            ),
            remediation="Revoke a refresh token when it is used, and all of its session when it comes twice.",
            owner="Backend team",
        ),
        AuditLine(
            slug="password-hashing",
            line="Verify password hashing (bcrypt 12 rounds)",
            risk=Risk.HIGH,
            steps=(
                "SELECT left(password_hash, 7) AS kind, count(*) FROM users GROUP BY 1; on a copy of the database: "
                "every kind is $$2b$$12$$ or higher.",
            ),
            remediation="Set 12 rounds, and make a new hash of an old password at the next login.",
            owner="Backend team",
        ),
        AuditLine(
            slug="login-rate-limit",
            line="Test rate limiting on login (5 attempts/15 min)",
            risk=Risk.HIGH,
            checks=("login-rate-limit",),
            steps=(
                "POST six wrong logins for an address that does not exist to the login within a minute: the "
                "sixth gets 429, with Retry-After of 900 or less.",
            ),
            remediation="Give the limiter a store that all instances share, or let the database count.",
            owner="Backend team",
        ),
        AuditLine(
            slug="own-data",
            line="Check authorization (users can only access own data)",
            risk=Risk.HIGH,
            checks=("own-data",),
            steps=(
                "As user A, note the id of something of A's. As user B, GET, PUT and DELETE it: 403 or 404 each time.",
                "The same for everything else that belongs to a user.",
            ),
            remediation="Filter every query by the user of the token, and test that with a second user.",
            owner="Backend team",
            decided_by_checks=False,
        ),
    ),
)

APPLICATION = Area(
    name="Application Security",
    lines=(
        AuditLine(
            slug="upload-restrictions",
            line="Test file upload restrictions (size, type)",
            risk=Risk.MEDIUM,
            checks=("upload-size", "upload-type"),
            steps=(
                "Upload a PDF of more than 30 MB: 400, 413 or 422. Upload a program named letter.exe: the same.",
                "Upload the program under the name letter.pdf: refused by its content.",
            ),
            remediation="Check size while reading and the type by the first bytes, before anything is stored.",
            owner="Backend team",
        ),
        AuditLine(
            slug="input-validation",
            line="Verify input validation (SQL injection, XSS)",
            risk=Risk.HIGH,
            checks=("sql-injection", "reflected-markup", "content-headers"),
            decided_by_checks=False,
            steps=(
                "Run `bandit -r backend/app -t B608` and read every use of text() and of f-strings in queries.",
                "Put <img src=x onerror=alert(1)> into every field that is shown again: it is shown as text.",
            ),
            remediation="Bind every parameter; send X-Content-Type-Options: nosniff and a Content-Security-Policy.",
            owner="Backend team",
        ),
        AuditLine(
            slug="endpoint-authentication",
            line="Check API endpoint authentication",
            risk=Risk.HIGH,
            checks=("endpoint-authentication", "forged-token"),
            decided_by_checks=False,
            steps=(
                "For every path of $url/openapi.json except login, register, refresh and health: without a token 401 "
                "or 403.",
            ),
            remediation="Put the dependency on the user at the router instead of at each function.",
            owner="Backend team",
        ),
        AuditLine(
            slug="error-messages",
            line="Review error messages (no sensitive data leaked)",
            risk=Risk.MEDIUM,
            checks=("error-bodies",),
            steps=(
                "Send broken JSON, an unknown path, an id of the wrong form: no trace, path, query, address or driver.",
                "curl $url/health shows no connection address and no text of the driver.",
            ),
            remediation="Answer with a fixed text and an id, and log the cause under that id.",
            owner="Backend team",
        ),
        AuditLine(
            slug="cors",
            line="Test CORS configuration",
            risk=Risk.MEDIUM,
            checks=("cors",),
            steps=(
                "curl -sI -H 'Origin: https://attacker.example' $url/health: Access-Control-Allow-Origin is neither "
                "that origin nor * with Access-Control-Allow-Credentials.",
            ),
            remediation="List the frontend's own origins in ALLOWED_ORIGINS, without patterns.",
            owner="Backend team",
        ),
    ),
)
