"""What every group of settings has in common: the strict base class and the kinds of values that several use."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

# One line: it goes into tables, titles and labels.
Text = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"),
]
HttpsUrl = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\s#]*)?$", max_length=2000)]
EmailAddress = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+$", max_length=254)]

# A threshold of 1 or more can never be passed by a share of a whole; 80 for 80 % is the usual slip.
Ratio = Annotated[float, Field(gt=0, lt=1, description="A share of 1: 0.8 is 80 %.")]

# Not below the 179 s over which rates are taken, or one lone error would page; retest windows end at 24 h
# (docs.cloud.google.com/monitoring/alerts/using-promql, "Limitations").
DurationSeconds = Annotated[
    int, Field(ge=180, le=86_400, multiple_of=60, description="How long the condition must hold before it pages.")
]


class Section(BaseModel):
    """A group of settings: frozen, no unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: Any) -> Any:
        """A key without a value is a slip: taken for the default, it would switch an alert off without a word."""
        if value is None:
            raise PydanticCustomError("empty", "is empty")
        return value
