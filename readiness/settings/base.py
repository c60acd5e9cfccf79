"""What every group of settings has in common: the strict base class and the kinds of values that several use."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, LiteralString, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

Item = TypeVar("Item")
# A list in the file. Strict models refuse one for a tuple.
Listed = Annotated[tuple[Item, ...], Field(strict=False)]

# The patterns of the settings hold for the whole value: in pydantic's regular expressions `$` is the end of the text,
# never a place before a last line end. `\A` and `\Z` would not do: editors read the same patterns from the JSON Schema.

# Joiners have no width and are part of words and emoji; other characters of their category turn text around or hide it.
_JOINERS = "\u200c\u200d"


def refusal_of(kind: LiteralString, message: LiteralString, hint: str) -> PydanticCustomError:
    """What a validator raises: the message and the hint that a person gets (`messages.py`)."""
    return PydanticCustomError(kind, message, {"hint": hint})


def _refuse_hidden(text: str) -> None:
    """Refuses what a runner would execute and what a reader would not see.

    A workflow evaluates `${{ }}` wherever it is in the file (docs.github.com/actions, "Contexts"). Control
    characters, line separators, and characters that turn text around show another text than the one that is used.
    """
    if "${{" in text:
        message = "holds `${{`, which begins an expression: a workflow would evaluate it"
        raise refusal_of("expression", message, "Write the value itself")
    # Nearly every text is printable, and holds none of these categories.
    if not text.isprintable() and any(
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS for char in text
    ):
        message = "holds a character that is not shown, such as a line end, a tab, or one that turns text around"
        raise refusal_of("hidden_character", message, "Write it again with plain characters")


# One line that people write as they like: it goes into tables, titles and labels, and is encoded where it does.
FREE_TEXT_PATTERN = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
FreeText = Annotated[str, Field(min_length=1, pattern=FREE_TEXT_PATTERN)]
Text = Annotated[FreeText, Field(max_length=200)]


# Where a link in a text may lead: the text becomes Markdown, in documents that people trust. These are the beginning of
# a destination in plain characters, so that an entity, an escape or `<` never passes for one, and a page beside it.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9\[]|mailto:[A-Za-z0-9]|#[A-Za-z0-9_-]", re.IGNORECASE)
_PAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*/)*[A-Za-z0-9][A-Za-z0-9_-]*\.md(#[A-Za-z0-9_-]+)?\)")
# An inline link or picture, whatever stands around it: text in a code span counts too, because what begins a code span
# depends on the whole paragraph. `<` begins no link: every document writes it as `&lt;`.
_INLINE = re.compile(r"\]\(\s*")
# A definition (github.github.com/gfm, "Link reference definitions"): at the start, behind marks of lists and quotes.
_DEFINITION = re.compile(r"(?:(?:[-*+>]|[0-9]+[.)])\s*)*\[[^\]]*\]:\s*")


def _checked_links(text: str, *, pages: bool) -> str:
    inline = [found.end() for found in _INLINE.finditer(text)]
    definition = _DEFINITION.match(text)
    for start in (*inline, *([definition.end()] if definition else [])):
        if not (_ADDRESS.match(text, start) or (pages and _PAGE.match(text, start))):
            where = "https://…, http://…, mailto:… or #heading"
            hint = f"Link to {where}; where `](` or `[…]:` is no link, write a space in it"
            raise refusal_of("link", "holds a link that leads to no web address", hint)
    return text


def web_links_only(text: str) -> str:
    """Refuses every link but `https://…`, `http://…`, `mailto:…` and `#heading`. Raises PydanticCustomError."""
    return _checked_links(text, pages=False)


def links_of_documents(text: str) -> str:
    """Takes `page.md` and `page.md#heading` too: for texts that are shown in `docs/` of this project alone."""
    return _checked_links(text, pages=True)


MarkdownText = Annotated[Text, AfterValidator(web_links_only)]

# RFC 3986 without `'`, `(`, `)`, `;`, `$` and what it has no place for: they end a link in Markdown or begin a command.
URL_PATH_CHARACTERS = "A-Za-z0-9._~/%:@!&=+,*-"
_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
HttpsUrl = Annotated[str, Field(pattern=rf"^https://{_HOST}(:[0-9]+)?(/[?{URL_PATH_CHARACTERS}]*)?$", max_length=2000)]

# The address of HTML's `input type=email`, without `` ` ``, `$`, `{`, `|` and `}`
# (html.spec.whatwg.org/multipage/input.html#valid-e-mail-address).
_DOMAIN = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+"
EMAIL_PATTERN = rf"[A-Za-z0-9.!#%&'*+/=?^_~-]+@{_DOMAIN}"
EmailAddress = Annotated[str, Field(pattern=f"^{EMAIL_PATTERN}$", max_length=254)]
# Its member may look at dashboards; a service account has no use for one.
DashboardViewer = Annotated[str, Field(pattern=f"^((user|group):{EMAIL_PATTERN}|domain:{_DOMAIN})$", max_length=260)]

# The accounts that people make, and the two that Google makes for a project
# (docs.cloud.google.com/iam/docs/service-account-types). A project of a domain is `name.domain` in an address.
_PROJECT_ID = "[a-z][a-z0-9-]{4,28}[a-z0-9]"
SERVICE_ACCOUNT_PATTERN = (
    rf"^([a-z][a-z0-9-]{{4,28}}[a-z0-9]@{_PROJECT_ID}(\.[a-z0-9-]+)*\.iam\.gserviceaccount\.com"
    rf"|[0-9]+-compute@developer\.gserviceaccount\.com|{_PROJECT_ID}@appspot\.gserviceaccount\.com)$"
)
ServiceAccount = Annotated[str, Field(pattern=SERVICE_ACCOUNT_PATTERN, max_length=254)]

# git's rules for a branch (git-scm.com/docs/git-check-ref-format), and of its characters those that neither a shell
# nor YAML nor Markdown reads as its own. `*` is for patterns alone.
_BRANCH_CHARACTERS = "A-Za-z0-9_+@#=,!%-"
BranchName = Annotated[
    str,
    Field(
        pattern=rf"^[A-Za-z0-9_][{_BRANCH_CHARACTERS}]*([./][{_BRANCH_CHARACTERS}]+)*$",
        max_length=255,
    ),
]
BranchPattern = Annotated[
    str,
    Field(
        pattern=rf"^[A-Za-z0-9_*][*{_BRANCH_CHARACTERS}]*([./][*{_BRANCH_CHARACTERS}]+)*$",
        max_length=255,
    ),
]

# A threshold of 1 or more can never be passed by a share of a whole; 80 for 80 % is the usual slip.
Ratio = Annotated[float, Field(gt=0, lt=1, description="A share of 1: 0.8 is 80 %.")]

# Not below the 179 s over which rates are taken, or one lone error would page; retest windows end at 24 h
# (docs.cloud.google.com/monitoring/alerts/using-promql, "Limitations").
DurationSeconds = Annotated[
    int, Field(ge=180, le=86_400, multiple_of=60, description="How long the condition must hold before it pages.")
]

# The newest sample of a gauge counts. Monitoring may show it only 165 s after it was taken
# (readiness/alerts/metric_catalogue.py), and one in three may be lost: a window of delay plus two samples always holds
# one, rounded up to whole minutes. With a shorter duration, one sample would page.
GAUGE_WINDOW_SECONDS = 300
GaugeDurationSeconds = Annotated[
    int,
    Field(
        ge=GAUGE_WINDOW_SECONDS,
        le=86_400,
        multiple_of=60,
        description="How long the condition must hold before it pages.",
    ),
]


class RefusedValueError(Exception):
    """The value that is read was refused, is missing or stands under a misspelt key. Only a view raises it."""


class Section(BaseModel):
    """A group of settings: frozen, no unknown keys, no conversions, no values in errors.

    One of a view (`view.py`) may lack fields; reading such a field raises RefusedValueError.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty_or_hidden(cls, value: Any) -> Any:
        """A key without a value is a slip: taken for the default, it would switch an alert off without a word."""
        if value is None:
            raise PydanticCustomError("empty", "is empty")
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                _refuse_hidden(text)
        return value

    if not TYPE_CHECKING:  # else every misspelt attribute would pass the type check

        def __getattr__(self, name: str) -> Any:
            """Only for what is not there: no field of validated settings."""
            if name in type(self).model_fields:
                raise RefusedValueError(name)
            return super().__getattr__(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretName:
    """A secret setting `readiness:<name>`, and the setting that makes it needed: None where storing it is enough.

    `pattern` is the whole of a valid value, `form` says it in words.
    """

    name: str
    needed_by: tuple[str, ...] | None
    what: str
    form: str
    pattern: str

    def accepts(self, value: str) -> bool:
        """Whether the value can be what it is said to be; empty text and a line end never are."""
        return re.fullmatch(self.pattern, value) is not None

    @property
    def key(self) -> str:
        """The full configuration key."""
        return f"readiness:{self.name}"

    @property
    def set_command(self) -> str:
        """The command that stores it encrypted."""
        return f"pulumi config set --secret {self.key}"
