"""What a validation error means to the person who wrote the file. Text values are never repeated, numbers are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from readiness.settings.configuration_keys import SECRETS
from readiness.settings.nearest import did_you_mean, suggestion

_KINDS = {
    "model_type": "an object (keys and values)",
    "model_attributes_type": "an object (keys and values)",
    "dict_type": "an object (keys and values)",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}

_URL_CHARACTERS = "letters, digits and . _ ~ % : @ ! & = + , * - are allowed in a path, and any other as %XX"
# What a pattern asks for, in words, by a piece of the pattern that no other one has.
_PATTERNS = (
    (
        "(user|group|serviceAccount):",
        "is not a member of an IAM policy",
        "Write it as user:ADDRESS, group:ADDRESS or serviceAccount:ADDRESS",
    ),
    ("(GET|HEAD", "is not an operation", "Write the method and the path, as `POST /api/v1/register`"),
    (
        "[A-Za-z0-9 %,./()_-]",
        "is not the name of a figure",
        "Begin with a letter or digit; use letters, digits, spaces and % , . / ( ) _ -, at most 80 characters",
    ),
    (r"\{upload\}", "is not a path", f"Write it as /path/{{upload}}; {_URL_CHARACTERS}"),
    (
        r"=@!~-]+$",
        "is not plain text of a log line",
        "Begin with a letter; use letters, digits, spaces and _ . , : ; / ( ) [ ] = @ ! ~ -; leave out what differs",
    ),
    ("{1,220}", "is not the name of a bucket", "Write it as in gs://NAME: lower case, digits, `.`, `_` and `-`"),
    ("googleapis", "is not the name of a Google API", "Write it as secretmanager.googleapis.com"),
    (
        "+@#=,!%",
        "is not the name of a branch",
        "Use letters, digits and _ + @ # = , ! % -, with `.` or `/` between them",
    ),
    (r"\x7f", "is not plain text on one line", "Remove line ends, tabs, and spaces at either end"),
    ("gserviceaccount", "is not a service account", "Write it as NAME@PROJECT.iam.gserviceaccount.com"),
    ("(user|group):", "is not a member of an IAM policy", "Write it as user:ADDRESS, group:ADDRESS or domain:NAME"),
    ("https://", "is not an https address", f"Write it as https://host/path; {_URL_CHARACTERS}"),
    (r"\{id\}", "is not a path", f"Write it as /path/{{id}}; {_URL_CHARACTERS}"),
    ("^/[?", "is not a path", f"Write it as /path; {_URL_CHARACTERS}"),
    ("._~/%:@", "is not a path", f"Write it as /path, without `?`; {_URL_CHARACTERS}"),
    (
        r"~+@,=!()\[\]",
        "is not a folder",
        "Write it as /path from the repository's root: letters, digits and . _ ~ + @ , = ! ( ) [ ] -",
    ),
    ("?^_~-]+@", "is not an e-mail address", "Write it as name@domain.example"),
    ("notificationChannels", "is not the id of a channel", "Write it as projects/PROJECT/notificationChannels/NUMBER"),
    ("[._-]+", "is not the name of an image", "Write it in lower case, as `web` or `shop/web`"),
    ("^#", "is not the name of a Slack channel", "Write it as #name, in lower case and in quotes"),
    (
        r"^[a-z]+-[a-z]+[0-9]+$",
        "is not a Google Cloud region",
        "Write it as europe-west1 or us-central1: a region, not a zone of it",
    ),
    (
        "^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        "is not the id of a Google Cloud project",
        "Use 6 to 30 of a-z, 0-9 and `-`, with a letter first and no `-` last, as shop-prod-4711",
    ),
    (
        "^[a-z]([a-z0-9-]{4,28}[a-z0-9])$",
        "is not the id of a service account",
        "Use 6 to 30 of a-z, 0-9 and `-`, with a letter first and no `-` last: what is before the @ of its address",
    ),
    (
        "{0,38}$",
        "is not an account on GitHub",
        "Write the user or organization as github.com/NAME has it: letters, digits and `-`",
    ),
    (
        "CVE-",
        "is not the id of a vulnerability",
        "Write it as CVE-2026-12345 or GHSA-xxxx-xxxx-xxxx",
    ),
    (
        "^pkg:",
        "is not the purl of a package",
        "Write it as pkg:npm/next or pkg:deb/debian/libssl3",
    ),
    ("{4}-[0-9]{2}-[0-9]{2}$", "is no day of the calendar", 'Write it as "2027-03-31"'),
    (
        "{1,64}$",
        "is not the client id of a GitHub App",
        "Copy it from the page of the app: letters, digits and `.`",
    ),
    (r"\.ya?ml$", "is not the name of a workflow file", "Write the name alone, as deploy.yml"),
    ("^[0-9a-f]{6}$", "is not a color", "Write six hexadecimal digits in quotes, without `#`, as 'd93f0b'"),
    (
        "workloadIdentityPools",
        "is not a workload identity provider",
        "Write it as projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    ),
    (r"^\$(", "is not a path into JSON", "Write it as $.status or $.checks.database: `$`, then each key after a `.`"),
    (
        "{0,127}$",
        "is not the tag of an image",
        "Use at most 128 letters, digits and _ . -, with a letter, a digit or _ first",
    ),
    (
        "^[A-Za-z_][A-Za-z0-9_-]{0,62}$",
        "is not a name that PostgreSQL takes",
        "Use at most 63 letters, digits, _ and -, with a letter or _ first",
    ),
    ("{1,255}$", "is not the name of a secret", "Write its name in Secret Manager alone: letters, digits, _ and -"),
    (
        "]*=[",
        "is not NAME=VALUE",
        "Write it as image_tag=v1.2, with a value of letters, digits and . _ / -",
    ),
    ("{0,100}$", "is not the name of an environment", "Use letters, digits and `-`, with a letter first"),
    (
        "CustomEndpoint",
        "is not a provider's key for a host",
        "Write github:baseUrl, gcp:universeDomain or gcp:APICustomEndpoint, as gcp:storageCustomEndpoint",
    ),
    (r"^\.?[", "is not the name of a repository", "Write the name without its owner: letters, digits and . _ -"),
    (
        "^[a-z0-9][a-z0-9_-]{0,99}$",
        "is not the slug of a team",
        "Write it as the end of the team's address on GitHub, without the organization: a-z, 0-9, _ and -",
    ),
    ("^[A-Za-z_][A-Za-z0-9_]*$", "is not a key of JSON", "Use letters, digits and _, with a letter or _ first"),
    (
        "@=%!#~-]+",
        "is not a pattern of a log message",
        "Use letters, digits, spaces and _ . , : ; / ( ) [ ] | * + ? ^ @ = % ! # ~ -, with `.` for any other character",
    ),
    ("([.][A-Za-z_]", "is not a field of JSON", "Write it without `jsonPayload.`, as event or shop.text"),
    ("{0,60}$", "is not a login on GitHub", "Write it as github.com/LOGIN has it, without @: letters, digits, - and _"),
)
_NAME_PATTERN = re.compile(r"\^\[a-z\]\(?\[a-z0-9-\]\{0,(\d+)\}(\[a-z0-9\]\)\?)?\$")
_RANGE_ERRORS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of")
_RANGE_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most", "multiple_of": "a multiple of"}
_SECRET_WORDS = re.compile(
    r"token|passw|secret|credential|webhook|(service|integration|api|private)_?key", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """Where a validation error is: the value, its setting, the keys beside it and those that it may hold itself."""

    value: Any
    field: FieldInfo | None
    allowed: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    meant: str | None = None
    replaces_project_value: bool = False


def explain(error: Mapping[str, Any], spot: Spot) -> tuple[str, str]:
    """What is wrong and how to fix it, both without a closing full stop."""
    description = (spot.field.description or "") if spot.field else ""
    kind, context, value = error["type"], error.get("ctx", {}), spot.value
    about = f" ({description.rstrip('.')})" if description else ""
    if kind == "missing":
        return "is missing", _hint_missing(spot, about)
    if kind == "extra_forbidden":
        return "is an unknown key", _hint_unknown(str(error["loc"][-1]), spot)
    if value is None or (isinstance(value, str) and not value.strip()):
        optional = ", or remove the key" if spot.field and not spot.field.is_required() else ""
        return "is empty", f"Write a value{optional}{about}"
    if "hint" in context:  # of a validator of ours
        return str(error["msg"]), str(context["hint"])
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {_kind_of(value)}", _hint_kind(kind, value, spot.inner, about)
    if kind in _RANGE_ERRORS:
        return _explain_range(spot.field, value, about)
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        meant = suggestion(value, choices) if isinstance(value, str) else ""
        return "is not one of the allowed values", f"{meant}Allowed: {', '.join(choices)}"
    if kind == "too_short":
        return "is empty", f"List at least one{about}"
    if kind == "string_pattern_mismatch":
        return _explain_pattern(str(context.get("pattern", "")), value, about)
    if kind in ("string_too_long", "too_long"):
        unit = "characters" if isinstance(value, str) else "items"
        return f"has more than {context.get('max_length')} {unit}", f"Shorten it{about}"
    return f"is not valid ({str(error['msg']).rstrip('.')})", f"Change it{about}"


def why_no_text(value: Any) -> tuple[str, str] | None:
    """What is wrong with a value that must be a text, and how to fix it; None where it is one that says something."""
    if value is None:
        return "is missing or empty", "Write a text"
    if isinstance(value, str):
        return None if value.strip() else ("is empty", "Write a text")
    return f"must be text, not {_kind_of(value)}", _hint_kind("string_type", value, (), "")


def _hint_missing(spot: Spot, about: str) -> str:
    if spot.replaces_project_value:
        return f"Write it here too: this object replaces the one in Pulumi.yaml whole{about}"
    return f"Add it{about}"


def _hint_unknown(name: str, spot: Spot) -> str:
    hint = f"{did_you_mean(spot.meant)}Allowed: {', '.join(spot.allowed)}"
    if spot.meant is None and _SECRET_WORDS.search(name):
        hint += f". Secrets are stored with `pulumi config set --secret`: {', '.join(secret.key for secret in SECRETS)}"
    return hint


def _explain_range(field: FieldInfo | None, value: Any, about: str) -> tuple[str, str]:
    limits = {
        name: getattr(rule, name)
        for rule in (field.metadata if field else ())
        for name in _RANGE_WORDS
        if getattr(rule, name, None) is not None
    }
    wanted = " and ".join(f"{_RANGE_WORDS[name]} {limit}" for name, limit in limits.items())
    message = f"is {value}, but must be {wanted}"
    if limits.get("lt") == 1 and value >= 1:
        percent = value if value < 100 else 80
        return message, f"A ratio is a share of 1: write {percent / 100:g} for {percent:g} %"
    return message, f"Change it{about}"


def _explain_pattern(pattern: str, value: str, about: str) -> tuple[str, str]:
    for piece, message, hint in _PATTERNS:
        if piece in pattern:
            return message, hint
    name = _NAME_PATTERN.fullmatch(pattern)
    if name is None:
        return f"is not of the form `{pattern}`", f"Change it{about}"
    longest = int(name[1]) + (2 if name[2] else 1)
    if len(value) > longest:
        return f"has more than {longest} characters", f"Shorten it{about}"
    last = " and no `-` last" if name[2] else ""
    return "is not a lower-case name", f"Use a-z, 0-9 and `-`, with a letter first{last}{about}"


def _hint_kind(kind: str, value: Any, inner: tuple[str, ...], about: str) -> str:
    wanted = _KINDS[kind]
    if wanted.endswith("number") and isinstance(value, str):
        return f"Write the number without quotes and units{about}"
    if wanted == "a list":
        return f"Write each item on a line of its own, as `- …`{about}"
    if wanted.startswith("an object") and inner:
        return f"Write its keys below it, indented: {', '.join(inner)}"
    if wanted == "text" and isinstance(value, int | float):
        return f"Put it in quotes{about}"
    return f"Write {wanted}{about}"


def _kind_of(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return "text"
        case list():
            return "a list"
    return "an object"
