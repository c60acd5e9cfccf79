"""Every command in the documents can be run: its quotes close, the program knows it, and its options exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from readiness.cli.main import cli
from tests.docs.known_commands import known_commands
from tests.docs.shell import code_of_text, commands_of_block, commands_of_text, shell_blocks
from tests.docs.test_links import PAGES
from tests.projects import ROOT, settings_of

KNOWN = known_commands()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
# Of the shell and of every machine; `bash -n` reads them, their options are not looked at.
OTHERS = frozenset(
    {
        "cat", "cd", "cp", "curl", "date", "docker", "echo", "eval", "git", "grep", "jq", "ln", "mkdir", "pg_dump",
        "pip", "printf", "psql", "read", "rm", "sed", "sort", "source", "tail", "tee", "terraform", "test", "touch",
        "true", "unset", "uv", "xargs",
    }
)  # fmt: skip
_PYTHON = re.compile(r"(\.venv/bin/)?python(3(\.\d+)?)?")
READINESS = ("readiness", ".venv/bin/readiness")
IN_TEXT = frozenset({"gcloud", "gh", "make", "pulumi", *READINESS})
IN_CODE = IN_TEXT | {"bandit", "curl", "git", "gitleaks", "openssl"}
# Words of a sentence that no command of the documents has as an argument.
_OF_A_SENTENCE = frozenset(
    {"a", "an", "and", "are", "does", "for", "if", "is", "must", "names", "no", "not", "of", "or", "prints", "shows",
     "the", "then", "to", "with"}
)  # fmt: skip
FILL_INS = "Words in capitals are for you to fill in"
_FILL_IN = re.compile(r"(?<![A-Za-z0-9_$.{-])[A-Z][A-Z_]{1,}(?![A-Za-z0-9_(])")
# A secret that is called so, a method of HTTP, and what git and gcloud call a commit and a revision.
_NO_FILL_INS = frozenset({"AUTO_MERGE_APP_PRIVATE_KEY", "HEAD", "LATEST", "PATCH", "SLACK_TOKEN"})
# What the settings of a stack hold: a page that names the customer's project has no reason to ask for it.
_IN_THE_SETTINGS = frozenset({"OWNER", "PROJECT", "REGION", "REPOSITORY"})
# Its pages say for each alert what a word of its commands is.
_EXPLAINS_ITS_WORDS = "runbook"


def complaints(page: str) -> list[str]:
    """What is wrong with the commands of a page."""
    found: list[str] = []
    commands = commands_of_text(page, IN_TEXT)
    for block in shell_blocks(page):
        try:
            commands += commands_of_block(block)
        except ValueError as error:
            found.append(str(error))
    found += [f"{code}: it holds words of the sentence" for code in code_of_text(page, IN_CODE) if _holds_prose(code)]
    return found + [f"{' '.join(words)}: {what}" for words in commands for what in _complaints_of(words)]


def _holds_prose(code: str) -> bool:
    """Whether the backquotes close too late: the reader would copy the sentence with the command."""
    try:
        commands = commands_of_block(code)
    except ValueError:
        return True
    return any(re.search(r"[^.][.:,;]$", words[-1]) or _OF_A_SENTENCE & set(words[1:]) for words in commands)


def fill_in_complaints(page: str) -> list[str]:
    """Words in capitals in the shell blocks of a page that does not say what they are, or that knows their value."""
    says_so = FILL_INS in " ".join(page.split())
    found: list[str] = []
    for block in shell_blocks(page):
        words = {word for command in commands_of_block(block) for part in command for word in _fill_ins(part)}
        found += [f"{word}: the page does not say that it is to be filled in" for word in sorted(words) if not says_so]
        if settings_of("prod").project in page:
            found += [f"{word}: the settings have it" for word in sorted(words & _IN_THE_SETTINGS)]
    return found


def _fill_ins(part: str) -> set[str]:
    """The words in capitals of one word of the shell; a name in front of `=` is no fill-in, and a query is text."""
    value = re.sub(r"^[A-Z_]+=", "", part)
    return set() if " " in value else set(_FILL_IN.findall(value)) - _NO_FILL_INS


def _complaints_of(words: Sequence[str]) -> Iterator[str]:
    program, arguments = words[0], list(words[1:])
    is_python = _PYTHON.fullmatch(program) is not None
    if is_python and arguments[:2] == ["-m", "readiness"]:
        program, arguments = "readiness", arguments[2:]
    if program in READINESS:
        yield from _of_readiness(arguments)
    elif program == "make":
        yield from (
            f"there is no target {argument}"
            for argument in arguments
            if _is_target(argument) and argument not in TARGETS
        )
    elif program in KNOWN:
        yield from _of_known(program, arguments)
    elif is_python:
        yield from _of_python(arguments)
    elif program not in OTHERS and not (ROOT / program).is_file() and not re.match(r"\.venv-[a-z]+/bin/", program):
        yield "the program is not in the list of this test; add it there if every reader has it"


def _of_python(arguments: list[str]) -> Iterator[str]:
    """A module of this project exists; those of Python itself are not looked at."""
    named = arguments[1] if arguments[:1] == ["-m"] and len(arguments) > 1 else ""
    module = ROOT / (named.replace(".", "/") + ".py")
    if named.partition(".")[0] in ("readiness", "tests", "tools") and not module.is_file():
        yield f"there is no {module.relative_to(ROOT)}"


def _is_target(word: str) -> bool:
    return "=" not in word and not word.startswith("-")


def _of_readiness(arguments: list[str]) -> Iterator[str]:
    command: click.Command = cli
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name = arguments.pop(0)
        if name not in command.commands:
            yield f"there is no command {name}"
            return
        command = command.commands[name]
    options = {name for parameter in command.params for name in parameter.opts} | {"-h", "--help"}
    yield from (f"there is no option {argument}" for argument in _options(arguments) if argument not in options)


def _of_known(program: str, arguments: list[str]) -> Iterator[str]:
    known = KNOWN[program]
    words = [argument for argument in arguments if not argument.startswith("-")]
    found = next((n for n in range(min(len(words), 5), 0, -1) if " ".join(words[:n]) in known["commands"]), 0)
    if not found:
        yield f"not in the list of {program}'s commands; python -m tests.docs.known_commands {program} ... adds it"
        return
    options = {*known["commands"][" ".join(words[:found])], *known["everywhere"]}
    yield from (f"there is no option {argument}" for argument in _options(arguments) if argument not in options)


def _options(arguments: Sequence[str]) -> list[str]:
    return [argument.partition("=")[0] for argument in arguments if re.match(r"--?[A-Za-z]", argument)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_can_be_run(page: Path) -> None:
    """In blocks and in the text: programs, subcommands, options, targets of make. What is planned may come later."""
    text = re.sub(r"planned: .*", "", page.read_text(encoding="utf-8"))
    assert complaints(text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_word_in_capitals_is_declared_or_has_its_value(page: Path) -> None:
    """Readers copy a whole command as it is."""
    if _EXPLAINS_ITS_WORDS not in (page.stem, page.parent.name):
        assert fill_in_complaints(page.read_text(encoding="utf-8")) == []


def test_a_word_in_capitals_that_nothing_explains_is_seen() -> None:
    """Also inside a path; and where the page names the project, the page can name it in the command too."""
    block = "```bash\ngcloud artifacts docker images describe HOST.pkg.dev/PROJECT/REPOSITORY/backend:COMMIT_SHA\n```\n"
    undeclared = "the page does not say that it is to be filled in"
    assert f"PROJECT: {undeclared}" in fill_in_complaints(block)
    assert fill_in_complaints(f"{FILL_INS}.\n\n{block}") == []
    page = f"{FILL_INS}. Project {settings_of('prod').project}.\n\n{block}"
    assert fill_in_complaints(page) == ["PROJECT: the settings have it", "REPOSITORY: the settings have it"]


@pytest.mark.parametrize(
    "code",
    [
        "gcloud logging read 'severity>=ERROR' --limit=20 prints nothing.",
        "gh api repos/a/b --jq .status must print enabled",
        "curl https://example.com/health shows no address",
        "gcloud secrets list,",
        "gh run list of the branch",
    ],
)
def test_a_sentence_inside_the_backquotes_is_seen(code: str) -> None:
    """The command alone passes."""
    assert f"{code}: it holds words of the sentence" in complaints(f"1. `{code}` and more\n")
    assert complaints("1. `gcloud secrets list --project=p` prints nothing.\n") == []


def test_every_shell_block_is_valid_shell() -> None:
    """`bash -n` reads every block of every page; the one that it refuses is named."""
    blocks = [(page.name, block) for page in PAGES for block in shell_blocks(page.read_text(encoding="utf-8"))]
    assert len(blocks) > 50, "the reader of the pages finds their blocks"
    script = "\n".join(f"block_{number}() {{\n{block}\n}}" for number, (_, block) in enumerate(blocks))
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    bad = [name for name, block in blocks if done.returncode != 0 and not _is_shell(block)]
    assert done.returncode == 0, f"{sorted(set(bad))}: {done.stderr}"


def _is_shell(block: str) -> bool:
    return subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("gcloud run services update-trafic s", "not in the list of gcloud's commands"),
        ("gcloud run services update-traffic s --to-revision=r=100", "there is no option --to-revision"),
        ("gh workflow start x.yml", "not in the list of gh's commands"),
        ("gh run list --workfow x", "there is no option --workfow"),
        ("pulumi stack export --stck prod", "there is no option --stck"),
        ("make tests", "there is no target tests"),
        ("readiness verfy prod", "there is no command verfy"),
        ("readiness verify prod --smok", "there is no option --smok"),
        (".venv/bin/python -m readiness cleanup gat prod", "there is no command gat"),
        ("python -m tools.gone", "there is no tools/gone.py"),
        ("frobnicate now", "the program is not in the list"),
        ("echo 'open", "a quotation is not closed"),
        ("true | gcloud sql backup list", "not in the list of gcloud's commands"),
        ('echo "$(gh run lst)"', "not in the list of gh's commands"),
    ],
)
def test_a_command_that_cannot_be_run_is_seen(block: str, says: str) -> None:
    """In a block, behind a pipe, inside a substitution."""
    (found, *_) = complaints(f"text\n\n1. item\n   ```bash\n   {block}\n   ```\n")
    assert says in found


def test_a_command_in_the_text_is_seen() -> None:
    """Also there a renamed option sends people astray; a name alone is none."""
    assert complaints("run `readiness verify prod --smok`, not `readiness`") == [
        "readiness verify prod --smok: there is no option --smok"
    ]


def test_whole_commands_are_understood() -> None:
    """Pipes, lists, variables, comments, and quotations over two lines."""
    block = """\
if true; then gh run list --limit 5; fi   # a comment with `gh oops`
X=1 make test STACK=staging && gcloud logging read 'a
AND b' --project=p --limit=1 | jq '.[0]' > file.json
"""
    assert complaints(f"```bash\n{block}```\n") == []
    assert [words[0] for words in commands_of_block(block)] == ["true", "gh", "make", "gcloud", "jq"]
