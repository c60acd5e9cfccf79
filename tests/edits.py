"""Edits of a copied project's files, and what is then found in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from readiness.finding import Finding, text_line
from readiness.rules.stack import check_stack

# Warnings of alerts that a stack lacks, or has in part, for want of a setting (readiness/settings/unwatched.py), and of
# channels that nobody has given: no required answer of `readiness init` brings these about.
ALERT_GAPS = frozenset({"settings-alert-missing", "settings-database-storage", "settings-email-only"})
TWO_PEOPLE = "        - login: ada\n          id: 1001\n        - login: grace\n          id: 1002\n"
# E-mail alone, addresses that reach nobody, pools that are larger than the database, and a disk of which the growth is
# not known: the customer's values as they stand.
_OF_THE_SEED = ("channels", "escalation.contacts", "database.max_connections", "database.storage")
PLACEHOLDERS = "".join(
    f"        - login: to-be-filled-in-{number}\n          id: 0\n" for number in ("first", "second")
)


def with_real_addresses(text: str) -> str:
    """The text of a stack file or of a state, with addresses that an update accepts in place of reserved domains."""
    for reserved, real in (
        ("@example.com", "@harbor.dev"),
        ("shop.example.net", "shop.harbor.dev"),
        ("shop-example-net", "shop-harbor-dev"),
    ):
        text = text.replace(reserved, real)
    return text


def write_real_addresses(project: Path) -> None:
    """What every project does before its first update: real addresses in each stack file."""
    for file in project.glob("Pulumi.*.yaml"):
        file.write_text(with_real_addresses(file.read_text(encoding="utf-8")), encoding="utf-8")


def edit(project: Path, old: str, new: str, file: str = "Pulumi.prod.yaml") -> None:
    """Replaces the one occurrence of `old`."""
    text = (project / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    (project / file).write_text(text.replace(old, new), encoding="utf-8")


def add(project: Path, text: str, file: str = "Pulumi.prod.yaml") -> None:
    """Adds lines at the end, below `config:` where they are indented so."""
    with (project / file).open("a", encoding="utf-8") as stream:
        stream.write(text)


def endpoint_lines(endpoints: Mapping[str, str]) -> str:
    """Lines below `config:` that give Google's APIs, by name, other addresses, with the reason that this needs."""
    keys = {f"gcp:{api}CustomEndpoint": url for api, url in endpoints.items()}
    entries = (f'    - {{key: "{key}", host: "{url}", reason: A test}}\n' for key, url in keys.items())
    lines = (f"  {key}: {url}\n" for key, url in keys.items())
    return "".join([*lines, "  readiness:provider_hosts:\n", *entries])


def send_google_to(project: Path, endpoints: Mapping[str, str]) -> None:
    """Gives Google's APIs, by name, other addresses in every stack file of a copied project."""
    hosts = "  readiness:provider_hosts:\n"
    keys, _, entries = endpoint_lines(endpoints).partition(hosts)
    for file in project.glob("Pulumi.*.yaml"):
        text = file.read_text(encoding="utf-8")
        place = hosts if hosts in text else "config:\n"
        start = keys if hosts in text else f"{place}{keys}"
        file.write_text(text.replace(place, f"{start}{hosts}{entries}", 1), encoding="utf-8")


def add_to_dependabot(project: Path, text: str) -> None:
    """Adds lines at the end of `readiness:dependabot` of `prod`, which are its `updates`."""
    last = "          - /terraform/modules/gcp-environment\n"
    edit(project, last, last + text)


def line_of(project: Path, text: str, file: str = "Pulumi.prod.yaml") -> int:
    """The number of the first line that holds `text`."""
    lines = (project / file).read_text(encoding="utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


def found(project: Path, stack: str = "prod") -> dict[str, Finding]:
    """What is wrong with a stack by the key path without `readiness:`; the first customer's warnings left out."""
    problems = check_stack(project, stack).problems
    keys = [problem.key.removeprefix("readiness:") for problem in problems]
    assert len(set(keys)) == len(keys), f"two problems of one setting: {[text_line(problem) for problem in problems]}"
    return {key: problem for key, problem in zip(keys, problems, strict=True) if not key.startswith(_OF_THE_SEED)}
