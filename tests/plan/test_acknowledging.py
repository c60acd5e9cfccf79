"""`readiness diff --acknowledge` writes entries and drops stale ones, and leaves everything else as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.finding import RefusedError
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE, acknowledgement_status, read_acknowledgements
from readiness.plan.acknowledging import Written, acknowledge, code_owners
from readiness.plan.change_groups import ChangeGroup, change_groups
from readiness.plan.code_owners import CODE_OWNERS_FILES
from readiness.plan.weakening import weakenings
from readiness.resource_types import ALERT_POLICY
from tests.edits import edit
from tests.plan.clones import git
from tests.plan.diff_plans import diff_of, plan_value, resource
from tests.projects import Command

STALE = "w0123456789abcdef0123"
OTHER = "w00000000000000000001"
# With what a person may have written around the entries.
WRITTEN = f"""# Who may agree: see CODEOWNERS.
acknowledged: # the list

  # prod, gone: an old change
  - digest: {STALE} # merged
    reason: >
      Long ago,
      and agreed.
    by: ada

  # kept for the other stack
  - by: grace
    digest: [{OTHER}, {{kept}}]
    reason: "still: needed"
# The end.
"""


def groups_of(*names: str) -> tuple[ChangeGroup, ...]:
    """Alerts whose severity is lowered, each by another change so that each is a group."""
    sides: list[list[dict[str, object]]] = [[], []]
    for index, name in enumerate(names):
        for side, value in zip(sides, ("CRITICAL", "ERROR" if index % 2 else "WARNING"), strict=True):
            side.append(resource(ALERT_POLICY, {"severity": value}, name=name))
    return change_groups(weakenings(diff_of(*(plan_value(*side) for side in sides))))


def written(root: Path, *names: str, reason: str = "OPS-12: quiet nights", by: str = "ada") -> Written:
    """What acknowledging these alerts' changes did to the file."""
    return acknowledge(
        root, acknowledgement_status(groups_of(*names), read_acknowledgements(root)), reason=reason, by=by
    )


def text_of(root: Path) -> str:
    """The file's text."""
    return (root / ACKNOWLEDGED_FILE).read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    "before", [None, "# Nobody yet.\nacknowledged: [] # none\n", "acknowledged: []", "acknowledged:\n  []\n"]
)
def test_the_first_entries_are_written(tmp_path: Path, before: str | None) -> None:
    """Where there is no file, or an empty list; comments stay, and the entries are those of the diff."""
    if before is not None:
        (tmp_path / ACKNOWLEDGED_FILE).write_text(before, encoding="utf-8")
    done = written(tmp_path, "a", "b")
    assert [group.subject for group in done.added] == ["a", "b"]
    entries = read_acknowledgements(tmp_path)
    assert [(entry.digest, entry.reason, entry.by) for entry in entries] == [
        (group.digests[0], "OPS-12: quiet nights", "ada") for group in groups_of("a", "b")
    ]
    assert not acknowledgement_status(groups_of("a", "b"), entries).open
    assert re.search(r"^  # prod, a: .*\n  - digest: w", text_of(tmp_path), re.MULTILINE)
    for comment in re.findall(r"#.*", before or ""):
        assert comment in text_of(tmp_path)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_stale_entries_go_and_comments_and_layout_stay(tmp_path: Path, line_end: str) -> None:
    """An entry goes with the comment right above it; of a list, the digest alone; nothing else changes."""
    (kept,) = groups_of("kept")
    text = WRITTEN.format(kept=kept.digests[0]).replace("\n", line_end)
    (tmp_path / ACKNOWLEDGED_FILE).write_bytes(text.encode())
    done = written(tmp_path, "kept", "new")
    assert [group.subject for group in done.added] == ["new"]
    assert {*done.dropped} == {STALE, OTHER}
    (new,) = (group for group in groups_of("kept", "new") if group.subject == "new")
    assert text_of(tmp_path).split(line_end) == [
        "# Who may agree: see CODEOWNERS.",
        "acknowledged: # the list",
        "",
        "",
        "  # kept for the other stack",
        "  - by: grace",
        f"    digest: {kept.digests[0]}",
        '    reason: "still: needed"',
        f"  # prod, new: {'; '.join(new.reasons)}",
        f"  - digest: {new.digests[0]}",
        '    reason: "OPS-12: quiet nights"',
        '    by: "ada"',
        "# The end.",
        "",
    ]
    assert written(tmp_path, "kept", "new") == Written(added=(), dropped=()), "a second time, nothing is left to do"


def test_the_last_stale_entry_leaves_an_empty_list(tmp_path: Path) -> None:
    """Which can be read, and filled again."""
    (tmp_path / ACKNOWLEDGED_FILE).write_text(
        f"acknowledged: # the list\n- digest: {STALE}\n  reason: Agreed\n  by: ada\n", encoding="utf-8"
    )
    assert written(tmp_path).dropped == (STALE,)
    assert text_of(tmp_path) == "acknowledged: [] # the list\n"
    assert len(written(tmp_path, "a").added) == 1
    assert text_of(tmp_path).startswith("acknowledged: # the list\n  # prod, a: ")


@pytest.mark.parametrize(
    "text", ["yes", '"', "a: b # c", "\u2028x\u0085y", "{} [] & * !", "'", "\\n", "1:30", "0x1F", "ünï"]
)
def test_any_reason_is_kept_as_text(tmp_path: Path, text: str) -> None:
    """Whatever YAML would make of it; what ends a line becomes a space."""
    written(tmp_path, "a", reason=text, by=text)
    (entry,) = read_acknowledgements(tmp_path)
    assert entry.reason == entry.by == "".join(letter if letter.isprintable() else " " for letter in text).strip()


@pytest.mark.parametrize(
    "text",
    [
        f"acknowledged: [{{digest: {STALE}, reason: x, by: y}}]\n",
        f"acknowledged:\n- {{digest: {STALE}, reason: x, by: y}}\n",
        "{acknowledged: []}\n",
        f"acknowledged:\n- digest: &a {STALE}\n  reason: x\n  by: y\n",
        f"acknowledged:\n- digest:\n  - {STALE}\n  - {{kept}}\n  reason: x\n  by: y\n",
        "acknowledged: none\n",
        "acknowledged: [\n",
    ],
)
def test_a_file_that_is_written_otherwise_stays_as_it_is(tmp_path: Path, text: str) -> None:
    """One error that names the file, and no half of an edit."""
    (kept,) = groups_of("kept")
    text = text.replace("{kept}", kept.digests[0])
    (tmp_path / ACKNOWLEDGED_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError) as refused:
        written(tmp_path, "kept", "new")
    assert {problem.file for problem in refused.value.problems} == {ACKNOWLEDGED_FILE}
    assert text_of(tmp_path) == text
    assert [path.name for path in tmp_path.iterdir()] == [ACKNOWLEDGED_FILE]


@pytest.mark.parametrize(("reason", "by"), [("", "ada"), (" ", "ada"), ("x", ""), ("x", "\n")])
def test_an_agreement_without_reason_or_name_is_refused(tmp_path: Path, reason: str, by: str) -> None:
    """And names the option."""
    with pytest.raises(RefusedError, match="--by" if reason == "x" else "--reason"):
        written(tmp_path, "a", reason=reason, by=by)
    assert not (tmp_path / ACKNOWLEDGED_FILE).exists()


def with_owners(folder: Path, text: str, name: str = CODE_OWNERS_FILES[0]) -> Path:
    """A clone with code owners."""
    git(folder, "init", "--quiet")
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("* @ada", ["@ada"]),
        ("* @ada # all\n/acknowledged-weakenings.yaml @grace @shop/ops", ["@grace", "@shop/ops"]),
        ("acknowledged-weakenings.yaml @grace\n* @ada", ["@ada"]),
        ("*.yaml @grace", ["@grace"]),
        ("/docs/ @ada\n*.md @ada\n", []),
        ("* @ada\n/acknowledged-weakenings.yaml", []),
        ("**/acknowledged-weakenings.yaml ada@shop.com", ["ada@shop.com"]),
        ("#* @ada\n\n", []),
    ],
)
def test_the_last_pattern_that_matches_names_the_owners(tmp_path: Path, text: str, owners: list[str]) -> None:
    """As GitHub reads the file."""
    assert code_owners(with_owners(tmp_path, text)) == tuple(owners)


@pytest.mark.parametrize(
    ("pattern", "is_owner"),
    [
        ("/infra/", True),
        ("infra/", True),
        ("/infra/*", True),
        ("infra", True),
        ("/acknowledged-weakenings.yaml", False),
        ("/*", False),
    ],
)
def test_a_project_in_a_folder_has_the_owners_of_the_folder(tmp_path: Path, pattern: str, is_owner: bool) -> None:
    """The path counts from the repository's top."""
    root = with_owners(tmp_path, f"{pattern} @ada") / "infra"
    root.mkdir()
    assert code_owners(root) == (("@ada",) if is_owner else ())


@pytest.mark.parametrize("by", ["grace", "@grace", "Grace"])
def test_only_an_owner_may_agree_where_the_owners_are_people(tmp_path: Path, by: str) -> None:
    """Whatever the case, with or without `@`."""
    with_owners(tmp_path, "* @grace @lin", CODE_OWNERS_FILES[1])
    with pytest.raises(RefusedError, match="mallory is not a code owner") as refused:
        written(tmp_path, "a", by="mallory")
    assert "grace, lin" in str(refused.value)
    assert not (tmp_path / ACKNOWLEDGED_FILE).exists()
    assert written(tmp_path, "a", by=by).added


def test_anybody_may_be_named_where_a_team_owns_the_file(tmp_path: Path) -> None:
    """Who is in a team is not known here; GitHub asks one of them for a review."""
    with_owners(tmp_path, "* @grace @shop/ops")
    assert written(tmp_path, "a", by="mallory").added


def test_the_command_writes_says_what_it_wrote_and_the_diff_passes(clone: Path, command: Command) -> None:
    """Of all stacks at once; after the change is taken back, the entry goes."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 0.5", "Pulumi.yaml")
    words = ("diff", "--base", "HEAD", "--acknowledge", "--reason", "OPS-12", "--by", "ada")
    for half in (words[:4], words[:6], (*words[:3], *words[4:]), (*words, "--format", "json")):
        assert command(*half, cwd=clone).status == 1
    assert not (clone / ACKNOWLEDGED_FILE).exists()
    done = command(*words, cwd=clone)
    assert (done.status, done.err) == (0, "")
    assert re.fullmatch(
        rf"{ACKNOWLEDGED_FILE}: acknowledged prod, staging, alerts-high-error-rate: "
        r"threshold > 0.05 -> > 0.5 \(w\w{20}, w\w{20}\)\n",
        done.out,
    )
    assert command("diff", "--base", "HEAD", cwd=clone).status == 0
    assert "unchanged" in command(*words, cwd=clone).out
    edit(clone, "error_ratio: 0.5", "error_ratio: 0.05", "Pulumi.yaml")
    assert command(*words, "--stack", "prod", cwd=clone).out.count("dropped") == 0, "the other stack may need it"
    assert command(*words, cwd=clone).out.count("dropped") == 2
    assert text_of(clone) == "acknowledged: []\n"
