"""What the keys of a dimension are called: outside (a channel's key), inside (its id), and to a reader (its name)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import select

from app import ids
from app.actor import Scope
from app.errors import Code, Invalid
from app.kpis.dimension import Dimension
from app.kpis.kpi import LifecycleStage
from app.models.base import ChurnKind, CustomerKind
from app.models.channel import Channel
from app.models.customer import Customer
from app.models.feedback import FeedbackOrigin
from app.models.keyed import Keyed
from app.models.staff import Staff
from app.models.survey import Survey
from app.models.team import Team
from app.services import descendants
from app.services.belonging import defined
from app.services.scan import Condition
from app.text import Text
from app.uow import Uow

KEYED: Mapping[Dimension, type[Keyed]] = {
    Dimension.CHANNEL: Channel,
    Dimension.ACQUISITION_CHANNEL: Channel,
    Dimension.STAFF: Staff,
    Dimension.TEAM: Team,
    Dimension.SURVEY: Survey,
}
CHOICES: Mapping[Dimension, type[StrEnum]] = {
    Dimension.CUSTOMER_KIND: CustomerKind,
    Dimension.CHURN_KIND: ChurnKind,
    Dimension.ORIGIN: FeedbackOrigin,
    Dimension.LIFECYCLE_STAGE: LifecycleStage,
}

_COHORTS = (Dimension.COHORT, Dimension.PURCHASE_COHORT)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)

MOST_NAMED = 10
"""How many of the names that are not known an error repeats."""
UNKNOWN = Text("Unknown", "未知")
OTHER = Text("Other", "其他")
_WORDS = {
    "PERSON": Text("Person", "个人"),
    "ACCOUNT": Text("Account", "企业"),
    "VOLUNTARY": Text("Voluntary", "主动"),
    "INVOLUNTARY": Text("Involuntary", "被动"),
    "ACQUIRE": Text("Acquire", "获客"),
    "CONVERT": Text("Convert", "转化"),
    "RETAIN": Text("Retain", "留存"),
    "EXPAND": Text("Expand", "拓展"),
    "SURVEY": Text("Survey", "调查"),
    "REVIEW_SITE": Text("Review site", "评价网站"),
    "INTERVIEW": Text("Interview", "访谈"),
    "SOCIAL_LISTENING": Text("Social listening", "社交媒体"),
    "SUPPORT_CONTACT": Text("Support contact", "客服联系"),
    "COMPLAINT": Text("Complaint", "投诉"),
    "WIDGET": Text("Widget", "网页组件"),
    "OTHER": OTHER,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as a caller writes it: keys as `KpiSlice.key` gives them, "" for none; of an attribute its name.

    With `with_descendants` customers stand for everybody below them as well.
    """

    by: Dimension
    any_of: tuple[str, ...] | None = None
    none_of: tuple[str, ...] = ()
    attribute: str | None = None
    with_descendants: bool = False

    @property
    def parts(self) -> list[object]:
        """What it says, for names: the same for the same filter, and no more than is said."""
        named = [] if self.attribute is None else [self.attribute]
        return [self.by.value, self.any_of, self.none_of, *named, *([True] if self.with_descendants else [])]


def filter_of(by: str, any_of: list[str] | None, none_of: list[str], *more: Any) -> Filter:  # noqa: ANN401 - from outside
    """The filter of these `parts`: what follows the first three is a name of an attribute, or true."""
    attribute = next((one for one in more if one is not True), None)
    return Filter(Dimension(by), None if any_of is None else tuple(any_of), tuple(none_of), attribute, True in more)


@dataclass(frozen=True, slots=True)
class Slice:
    """One value of a dimension: its key for callers and its name for readers."""

    key: str
    label: Text


def conditions(uow: Uow, filters: Sequence[Filter]) -> tuple[Condition, ...]:
    """The filters over inner keys. Raises Invalid for a channel, staff, survey or word that is not known."""
    found = []
    for place, filter_ in enumerate(filters):
        path = ("filter", str(place))
        if filter_.any_of is not None and not filter_.any_of:
            msg = Text(
                "anyOf names nothing, so nothing could be counted; leave it out to count everything.",
                "anyOf 为空，因此没有可统计的内容；若要统计全部，请省略它。",
            )
            raise Invalid(msg, *path, "anyOf")
        if filter_.any_of is None and not filter_.none_of:
            msg = Text("A filter needs anyOf or noneOf.", "筛选需要 anyOf 或 noneOf。")
            raise Invalid(msg, *path)
        check_attribute(uow, filter_.by, filter_.attribute, *path)
        inner = _inner(uow, filter_.by, {*(filter_.any_of or ()), *filter_.none_of}, path)
        any_of = None if filter_.any_of is None else frozenset(inner[key] for key in filter_.any_of)
        none_of = frozenset(inner[key] for key in filter_.none_of)
        if filter_.with_descendants:
            if filter_.by is not Dimension.CUSTOMER:
                msg = Text("Only customers have others below them.", "只有客户才有下级。")
                raise Invalid(msg, *path, "withDescendants")
            any_of = None if any_of is None else descendants.and_below(uow, any_of)
            none_of = descendants.and_below(uow, none_of)
        found.append(Condition(filter_.by, any_of, none_of, filter_.attribute))
    return tuple(found)


def check_attribute(uow: Uow, by: Dimension, attribute: str | None, *path: str) -> None:
    """Refuse to cut by an attribute that the workspace does not offer as a dimension. Raises Invalid.

    Attributes are personal data: those that are declared are shown to everybody who may read KPIs, others to nobody.
    """
    if (by is Dimension.ATTRIBUTE) != (attribute is not None):
        msg = Text(
            "attribute names the attribute where the dimension is ATTRIBUTE, and is left out otherwise.",
            "维度为 ATTRIBUTE 时，attribute 指明属性名称；其他维度请省略。",
        )
        raise Invalid(msg, *path, "attribute", code=Code.REQUIRED if attribute is None else Code.INVALID)
    declared = uow.workspace.attribute_dimensions
    if attribute is not None and attribute not in declared:
        msg = Text(
            f"The workspace does not declare the attribute {attribute!r} as a dimension (attributeDimensions).",
            f"工作区未将属性 {attribute!r} 声明为维度（attributeDimensions）。",
        )
        raise Invalid(msg, *path, "attribute", code=Code.NOT_FOUND)


def _inner(uow: Uow, by: Dimension, keys: set[str], path: tuple[str, ...]) -> dict[str, str]:
    known = {"": ""}
    if model := KEYED.get(by):
        known |= _found(uow, model, keys - {""})
    elif choices := CHOICES.get(by):
        known |= {choice.value: choice.value for choice in choices}
    elif by is Dimension.SEGMENT:
        own = defined(uow)
        return {key: own[key].inner if key in own else key for key in keys}
    elif by is Dimension.CUSTOMER:
        known |= {key: id_.hex for key in keys if (id_ := ids.decode_uuid(key, "Customer"))}
    elif by in _COHORTS:
        known |= {key: key for key in keys if _MONTH.fullmatch(key)}
    else:
        return {key: key for key in keys}
    if missing := sorted(keys - set(known)):
        named, rest = ", ".join(map(repr, missing[:MOST_NAMED])), len(missing) - MOST_NAMED
        more = Text(f" and {rest} more", f" 以及另外 {rest} 个") if rest > 0 else Text("", "")
        msg = Text(f"There is no {by.value} {named}{more.en}.", f"没有 {by.value} {named}{more.zh}。")
        raise Invalid(msg, *path, code=Code.NOT_FOUND)
    return known


def look_up(uow: Uow, filters: Iterable[Filter]) -> None:
    """Find what all `filters` of an operation name in one statement per kind; `conditions` then asks no more."""
    named: dict[type[Keyed], set[str]] = defaultdict(set)
    for filter_ in filters:
        if model := KEYED.get(filter_.by):
            named[model] |= {*(filter_.any_of or ()), *filter_.none_of} - {""}
    for model, keys in named.items():
        _found(uow, model, keys)


def _found(uow: Uow, model: type[Keyed], keys: AbstractSet[str]) -> dict[str, str]:
    """The inner key of each of `keys` that there is."""
    seen = uow.seen.setdefault(model, {})
    if new := sorted(keys - seen.keys()):
        rows = uow.session.execute(select(model.key, model.id).where(uow.db.is_any(model.key, new)))
        seen |= {key: id_.hex for key, id_ in rows}
    return {key: seen[key] for key in keys if key in seen}


def slices(uow: Uow, by: Dimension, keys: Iterable[str]) -> dict[str, Slice]:
    """What the inner `keys` of `by` are called."""
    named = uow.seen.setdefault((slices, by, uow.may(Scope.PERSONAL_READ)), {"": Slice("", UNKNOWN)})
    wanted = [key for key in keys if key not in named]
    if not wanted:
        return named
    if by in KEYED:
        model = KEYED[by]
        chosen = uow.db.is_any(model.id, [UUID(key) for key in wanted])
        for id_, key, name in uow.session.execute(select(model.id, model.key, model.name).where(chosen)):
            named[id_.hex] = Slice(key, Text(name, name))
        for key in wanted:  # what has gone again, with all that named it
            named.setdefault(key, Slice(key, Text(key[-8:], key[-8:])))
    elif by is Dimension.CUSTOMER:
        chosen = uow.db.is_any(Customer.id, [UUID(key) for key in wanted])
        for id_, name in uow.session.execute(select(Customer.id, Customer.name).where(chosen)):
            shown = (name if uow.may(Scope.PERSONAL_READ) else None) or id_.hex[-8:]
            named[id_.hex] = Slice(ids.encode("Customer", id_), Text(shown, shown))
        for key in wanted:  # of whom the caller sees facts, but not the record
            named.setdefault(key, Slice(ids.encode("Customer", UUID(key)), Text(key[-8:], key[-8:])))
    elif by is Dimension.SEGMENT:
        own = {one.inner: Slice(one.key, Text(one.name, one.name)) for one in defined(uow).values()}
        named |= {key: own.get(key, Slice(key, Text(key, key))) for key in wanted}
    else:
        named |= {
            key: Slice(key, _WORDS.get(key, Text(key, key)) if by in CHOICES else Text(key, key)) for key in wanted
        }
    return named
