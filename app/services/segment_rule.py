"""Rules of segments: what one may say, and which scopes that takes. Pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.base import CustomerKind
from app.models.customer import CustomerStatus
from app.models.feedback import FeedbackKind
from app.services.attribute import Name
from app.services.refusal import refused
from app.services.rfv import RfvClass
from app.services.row import Row, Word, check_readable, parse
from app.text import Text

MOST = 100
"""Parts that one rule may have."""
DEEPEST = 10
"""How deep they may be nested."""
LONGEST_DAYS = 3_650

Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Score = Annotated[int, Field(ge=1, le=5)]
Amount = Annotated[Decimal, Field(ge=0, lt=10**12, decimal_places=4)]
Values = Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(min_length=1, max_length=1_000)]


class SegmentValue(StrEnum):
    """By what customers are ranked."""

    REVENUE = "REVENUE"
    ORDERS = "ORDERS"
    AVERAGE_ORDER = "AVERAGE_ORDER"


class Part(Row):
    """Something that a rule asks; says at least one thing."""

    @model_validator(mode="after")
    def _says_something(self) -> "Part":
        asked = {name for name in self.model_fields_set if getattr(self, name) is not None} - self._beside()
        if not asked:
            msg = Text("A condition says nothing; give one of its bounds.", "条件没有内容；请至少给出一个界限。")
            raise refused(msg)
        return self

    @classmethod
    def _beside(cls) -> set[str]:
        """What is no condition by itself."""
        return {"last_days", "name", "kind", "by"}


class TextPart(Part):
    """A text: one of some, none of some, containing something; "" is no text."""

    any_of: Values | None = None
    none_of: Values | None = None
    contains: Word | None = None


class AttributePart(TextPart):
    """A custom attribute, compared as text or as a number."""

    name: Name
    at_least: float | None = None
    at_most: float | None = None


class CountPart(Part):
    """How often something happened, in the last so many days or ever."""

    last_days: Days | None = None
    at_least: Count | None = None
    at_most: Count | None = None


class AmountPart(Part):
    """How much it came to, in the workspace's currency."""

    last_days: Days | None = None
    at_least: Amount | None = None
    at_most: Amount | None = None


class DaysPart(Part):
    """How many days ago."""

    at_least: Count | None = None
    at_most: Count | None = None


class ScorePart(Part):
    """The latest answer of a kind."""

    kind: FeedbackKind
    last_days: Days | None = None
    at_least: float | None = None
    at_most: float | None = None


class RankPart(Part):
    """The first ones by value: so many, so many of a hundred, or who together bring so much of a hundred."""

    by: SegmentValue
    last_days: Days | None = None
    top: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    top_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    top_share: Annotated[float, Field(gt=0, le=100)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "RankPart":
        if self.top_share is not None and self.by is SegmentValue.AVERAGE_ORDER:
            msg = Text("Averages do not add up; topShare needs another `by`.", "平均值不能相加；topShare 需要其他 by。")
            raise refused(msg)
        if sum(one is not None for one in (self.top, self.top_percent, self.top_share)) != 1:
            msg = Text("Give one of top, topPercent and topShare.", "top、topPercent 与 topShare 只能提供一个。")
            raise refused(msg)
        return self


class GradePart(Part):
    """A score from 1 to 5."""

    at_least: Score | None = None
    at_most: Score | None = None


class RfvPart(Part):
    """Scores of recency, frequency and value, or the classes that follow from them."""

    recency: GradePart | None = None
    frequency: GradePart | None = None
    value: GradePart | None = None
    classes: Annotated[list[RfvClass], Field(min_length=1, max_length=len(RfvClass))] | None = None


LEAVES: Mapping[str, Scope] = {
    "name": Scope.PERSONAL_READ,
    **dict.fromkeys(("kind", "status", "region", "segment", "acquisition_channel", "attribute"), Scope.CUSTOMER_READ),
    **dict.fromkeys(("orders", "revenue", "average_order", "days_since_purchase", "rank", "rfv"), Scope.ORDER_READ),
    **dict.fromkeys(("days_since_use", "uses"), Scope.ENGAGEMENT_READ),
    "score": Scope.FEEDBACK_READ,
    "complaints": Scope.INTERACTION_READ,
    "referrals": Scope.REFERRAL_READ,
}
"""What a rule may ask, and the scope without which nobody may ask it."""


class RuleRow(Row):
    """A rule as it comes in: all, any or none of some rules, or one thing that it asks."""

    all: Annotated[list["RuleRow"], Field(min_length=1, max_length=MOST)] | None = None
    any: Annotated[list["RuleRow"], Field(min_length=1, max_length=MOST)] | None = None
    not_: "RuleRow | None" = None
    name: TextPart | None = None
    kind: Annotated[list[CustomerKind], Field(min_length=1)] | None = None
    status: Annotated[list[CustomerStatus], Field(min_length=1)] | None = None
    region: TextPart | None = None
    segment: TextPart | None = None
    acquisition_channel: TextPart | None = None
    attribute: AttributePart | None = None
    orders: CountPart | None = None
    revenue: AmountPart | None = None
    average_order: AmountPart | None = None
    days_since_purchase: DaysPart | None = None
    days_since_use: DaysPart | None = None
    uses: CountPart | None = None
    score: ScorePart | None = None
    complaints: CountPart | None = None
    referrals: CountPart | None = None
    rank: RankPart | None = None
    rfv: RfvPart | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "RuleRow":
        if sum(getattr(self, name) is not None for name in self.model_fields_set) != 1:
            msg = Text("A rule asks one thing; put several into all or any.", "一条规则只含一项；多项放入 all 或 any。")
            raise refused(msg)
        return self


Rule = dict[str, Any]
"""A rule as it is kept: what was given, as JSON can hold it."""


def checked(data: Mapping[str, Any]) -> Rule:
    """The rule as it is kept. Raises Invalid with the path of each thing that is wrong."""
    check_readable(data)  # which bounds the depth of what is walked along next
    for count, (depth, path) in enumerate(_places(data, ()), start=1):
        if depth > DEEPEST or count > MOST:
            msg = Text(
                f"A rule has at most {MOST} parts, nested at most {DEEPEST} deep.",
                f"规则最多有 {MOST} 个部分，嵌套最多 {DEEPEST} 层。",
            )
            raise Invalid(msg, *path, code=Code.TOO_MANY)
    rule: Rule = parse(RuleRow, data).model_dump(mode="json", exclude_none=True)
    return rule


def _places(data: Any, path: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:  # noqa: ANN401 - as it came in
    """Where the rules inside a rule stand, and how deep."""
    yield len([step for step in path if not step.isdigit()]), path
    if not isinstance(data, Mapping):
        return
    for name in ("all", "any"):
        for place, one in enumerate(data.get(name) or ()):
            yield from _places(one, (*path, name, str(place)))
    if data.get("not_") is not None:
        yield from _places(data["not_"], (*path, "not"))


def leaves(rule: Rule) -> Iterator[tuple[str, Any]]:
    """Everything that a rule asks: its name, and how it is said."""
    for name, value in rule.items():
        if name in ("all", "any"):
            for one in value:
                yield from leaves(one)
        elif name == "not_":
            yield from leaves(value)
        else:
            yield name, value


def needed(rule: Rule, declared: list[str]) -> set[Scope]:
    """The scopes without which nobody may ask this: personal data takes its own, but for `declared` attributes."""
    found = {LEAVES[name] for name, _ in leaves(rule)}
    if any(name == "attribute" and value["name"] not in declared for name, value in leaves(rule)):
        found.add(Scope.PERSONAL_READ)
    return found
