"""Rules of segments in the schema: how they come in, and how they are shown, which is as they were given."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Self

from app.models.base import CustomerKind
from app.models.customer import CustomerStatus
from app.models.feedback import FeedbackKind
from app.schema import customer_input, feedback_input, rfv  # noqa: F401 - they give the enums their names in the schema
from app.schema.describe import absent, enum, input_, one_of, plain, type_
from app.schema.made import made
from app.services.rfv import RfvClass
from app.services.segment_rule import DEEPEST, MOST, Rule, SegmentValue

enum(
    SegmentValue,
    {
        "REVENUE": "What their purchases came to, less refunds.",
        "ORDERS": "How many purchases they made.",
        "AVERAGE_ORDER": "What one purchase came to on average.",
    },
)


class Pair(NamedTuple):
    """One condition: its input, its type, and how a stored one is shown."""

    given: Any
    shown: Any
    show: Callable[[Any], Any]


Fields = Mapping[str, tuple[Any, str]]
"""Names of fields, each with what it holds and its description. All may be absent but those of `_NEEDED`."""
_NEEDED = {("Attribute", "name"), ("Score", "kind"), ("Rank", "by")}


def _pair(name: str, about: str, fields: Fields) -> Pair:
    """A condition as input and as type; fields may hold conditions themselves."""
    given, shown = {}, {}
    for field, (kind, text) in fields.items():
        is_needed = (name, field) in _NEEDED
        inner, outer = (kind.given, kind.shown) if isinstance(kind, Pair) else (kind, kind)
        given[field] = (inner, plain(text)) if is_needed else (inner | None, absent(text))
        shown[field] = (outer if is_needed else outer | None, plain(text))
    input_type = made(input_, f"Segment{name}RuleInput", about, given)
    output = made(type_, f"Segment{name}Rule", about, shown)

    def show(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a type
        return output(**{field: _value(fields[field][0], value.get(field)) for field in fields})

    return Pair(input_type, output, show)


def _value(kind: Any, value: Any) -> Any:  # noqa: ANN401 - as it is stored, and as it is shown
    if value is None:
        return None
    if isinstance(kind, Pair):
        return kind.show(value)
    if kind in _READ:
        return kind(value)
    if kind in _LISTS:
        return [_LISTS[kind](one) for one in value]
    return value


_READ: Sequence[Any] = (Decimal, FeedbackKind, SegmentValue)
_LISTS: Mapping[Any, Any] = {
    list[CustomerKind]: CustomerKind,
    list[CustomerStatus]: CustomerStatus,
    list[RfvClass]: RfvClass,
}

_DAYS: Fields = {"last_days": (int, "Only of the last so many days, today among them; ever when absent.")}
_TEXTS: Fields = {
    "any_of": (list[str], "One of these; the empty text is none."),
    "none_of": (list[str], "None of these."),
    "contains": (str, "Contains this, whatever the case."),
}


def _bounds(kind: Any) -> Fields:  # noqa: ANN401 - a type
    return {"at_least": (kind, "This or more."), "at_most": (kind, "This or less.")}


_TEXT = _pair("Text", "Conditions on a text; all of them must hold.", _TEXTS)
_ATTRIBUTE = _pair(
    "Attribute",
    "Conditions on a custom attribute; all of them must hold. What is compared as text is a number by its digits, "
    "true and false.",
    {"name": (str, "The name of the attribute."), **_TEXTS, **_bounds(float)},
)
_COUNT = _pair("Count", "How often.", {**_DAYS, **_bounds(int)})
_AMOUNT = _pair(
    "Amount", "How much, in the workspace's currency; not met where a rate is missing.", {**_DAYS, **_bounds(Decimal)}
)
_AGO = _pair("Days", "How many days ago; not met by whoever never did.", _bounds(int))
_SCORE = _pair(
    "Score",
    "The latest answer of a kind.",
    {"kind": (FeedbackKind, "Of which kind."), **_DAYS, **_bounds(float)},
)
_RANK = _pair(
    "Rank",
    "The first of those who bought, by one of three borders; who are alike at the border are in together.",
    {
        "by": (SegmentValue, "By what they are ranked."),
        **_DAYS,
        "top": (int, "So many."),
        "top_percent": (float, "So many of a hundred, from above 0 to 100."),
        "top_share": (float, "As few as together bring so much of a hundred, from above 0 to 100."),
    },
)
_GRADE = _pair("Grade", "A grade from 1 to 5: among all who bought, in which fifth.", _bounds(int))
_RFV = _pair(
    "Rfv",
    "Grades of those who bought, by their purchases to date; all must hold.",
    {
        "recency": (_GRADE, "How lately; 5 is latest."),
        "frequency": (_GRADE, "How often; 5 is most often."),
        "value": (_GRADE, "What they brought, less refunds; 5 is most."),
        "classes": (list[RfvClass], "In one of these classes."),
    },
)

_ASKED: Fields = {
    "name": (_TEXT, "The customer's name. Needs the scope personal:read."),
    "kind": (list[CustomerKind], "Of one of these kinds."),
    "status": (list[CustomerStatus], "Stands in one of these ways."),
    "region": (_TEXT, "The customer's region."),
    "segment": (_TEXT, "The segment that sources say the customer is of."),
    "acquisition_channel": (_TEXT, "The key of the channel that the customer came through."),
    "attribute": (_ATTRIBUTE, "A custom attribute. Needs personal:read unless the workspace declares it a dimension."),
    "orders": (_COUNT, "How many purchases; one that was wholly refunded is none."),
    "revenue": (_AMOUNT, "What the orders came to, less refunds."),
    "average_order": (_AMOUNT, "What one purchase came to on average; not met without purchases."),
    "days_since_purchase": (_AGO, "How many days ago the last purchase was."),
    "days_since_use": (_AGO, "How many days ago the last event of use was that counts as engagement."),
    "uses": (_COUNT, "How many events of use there were that count as engagement."),
    "score": (_SCORE, "The latest answer."),
    "complaints": (_COUNT, "How many complaints."),
    "referrals": (_COUNT, "How many customers were brought."),
    "rank": (_RANK, "The place among those who bought."),
    "rfv": (_RFV, "Grades of recency, frequency and value."),
}


def _optional(kind: Any, *, is_input: bool) -> Any:  # noqa: ANN401 - a type
    if isinstance(kind, Pair):
        kind = kind.given if is_input else kind.shown
    return kind | None


_ALL = "All of these hold."
_ANY = "One of these holds."
_NOT = "This does not hold."
SegmentRuleInput = made(
    one_of,
    "SegmentRuleInput",
    f"Who belongs to a segment: rules put together, or one condition. At most {MOST} parts, {DEEPEST} deep.",
    {
        "all": (list[Self] | None, absent(_ALL)),  # type: ignore[misc]  # Strawberry's
        "any": (list[Self] | None, absent(_ANY)),  # type: ignore[misc]
        "not_": (Self | None, absent(_NOT, name="not")),
        **{name: (_optional(kind, is_input=True), absent(text)) for name, (kind, text) in _ASKED.items()},
    },
)
SegmentRule = made(
    type_,
    "SegmentRule",
    "Who belongs to a segment, as it was given: exactly one field is set.",
    {
        "all": (list[Self] | None, plain(_ALL)),  # type: ignore[misc]
        "any": (list[Self] | None, plain(_ANY)),  # type: ignore[misc]
        "not_": (Self | None, plain(_NOT, name="not")),
        **{name: (_optional(kind, is_input=False), plain(text)) for name, (kind, text) in _ASKED.items()},
    },
)


def shown_rule(rule: Rule | None) -> Any:  # noqa: ANN401 - a type that is made
    """A rule as the schema shows it."""
    if rule is None:
        return None
    found: dict[str, Any] = dict.fromkeys(("all", "any", "not_", *_ASKED))
    for name, value in rule.items():
        if name in ("all", "any"):
            found[name] = [shown_rule(one) for one in value]
        else:
            found[name] = shown_rule(value) if name == "not_" else _value(_ASKED[name][0], value)
    return SegmentRule(**found)
