"""Custom attributes of customers: what they may be called where a statement names them, and which are dimensions."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from app.services.refusal import like
from app.text import Text

_WRITE = Text(
    "The name of an attribute has no quotes, backslashes or line breaks.", "属性名称不能含引号、反斜杠或换行。"
)
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), like(r'[^"\\\x00-\x1f]+', _WRITE)]
"""No path of a JSON document can quote quotes and backslashes on both databases."""

Declared = Annotated[
    list[Name],
    Field(max_length=20),
    BeforeValidator(lambda given: [] if given is None else given),
    AfterValidator(lambda names: list(dict.fromkeys(names))),
]
"""The attributes by which KPIs can be cut, each once; null is none."""
