"""Response models that are generated from the columns of a list."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field, create_model

from report.column import Column, elsewhere


def model_of(columns: Iterable[Column]) -> type[BaseModel]:
    """A base model with a field for each column that is of use to other programs."""
    return create_model("Columns", **{one.name: _field(one) for one in elsewhere(columns)})


def _field(column: Column) -> Any:
    examples = None if column.example is None else [column.example]
    kind = column.kind | None if column.may_be_null else column.kind
    return kind, Field(description=column.sentence, examples=examples)
