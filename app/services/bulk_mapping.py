"""Mappings: which column of a file is which field of a record, and what its values mean there.

A mapping is a document, such as those in `app/mappings/`, that names for each field the columns that may hold it.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path as File
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Code, Invalid, Problem
from app.models.bulk_import import BulkType
from app.services import shape
from app.services.bulk import BULK
from app.services.refusal import problem
from app.services.shape import Path
from app.text import Text

FOLDER = File(__file__).parent.parent / "mappings"
REJECTED = ("rejectedRow", "rejectedColumn", "rejectedReason")
"""What a report of rejected rows has beside their columns; passed over when it is sent again."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """The same words in both languages."""

    en: Name
    zh: Name


class Condition(_Part):
    """What must stand in one of some columns for a field to be filled."""

    columns: Annotated[tuple[Name, ...], Field(min_length=1)]
    among: tuple[str, ...]


class Rule(_Part):
    """How a field is filled: from the first of `columns` that the file has, from several together, or always alike.

    Of a `person` the parts are the given name and the family name, which Chinese puts first and without a space.
    `values` says what the file's words mean; `otherwise` is what any other word means, where it is not taken as it is.
    `default` takes the place of an empty cell. `constant` is filled in always, or where `when` holds.
    """

    columns: tuple[Name, ...] = ()
    join: tuple[tuple[Name, ...], ...] = ()
    separator: str = " "
    person: bool = False
    constant: Any = None
    default: Any = None
    values: dict[str, Any] = {}
    otherwise: Any = None
    when: Condition | None = None
    prefix: str = ""


class Plan(_Part):
    """A mapping: of which system and type, and how each field is filled.

    `dates` are formats as of strptime, `zone` is that of instants without one (by default the workspace's), and
    `attributes` says that columns which no field takes are kept as the customer's attributes.
    """

    name: Name = "inline"
    system: Name = "OTHER"
    title: Words | None = None
    type: BulkType
    fields: Annotated[dict[Name, Rule], Field(min_length=1, max_length=200)]
    dates: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    zone: str | None = None
    decimal_comma: bool = Field(default=False, alias="decimalComma")
    attributes: bool = False


def checked(document: Any, *path: str) -> Plan:  # noqa: ANN401 - any JSON
    """The mapping that a document holds. Raises Invalid with every problem, each with its path."""
    try:
        plan = Plan.model_validate(document)
    except ValidationError as error:
        raise Invalid([_found(item).under(*path) for item in error.errors(include_url=False)]) from None
    problems = []
    for key, rule in plan.fields.items():
        try:
            shape.at(BULK[plan.type].row, tuple(key.split(".")))
        except Invalid as error:
            problems += [Problem(one.code, one.message, (*path, "fields", key)) for one in error.problems]
        if not rule.columns and not rule.join and rule.constant is None:
            msg = Text(
                f"{key} is filled from nothing: give columns, join or constant.",
                f"{key} 没有来源：请给出 columns、join 或 constant。",
            )
            problems.append(Problem(Code.REQUIRED, msg, (*path, "fields", key)))
    if plan.zone is not None and plan.zone not in available_timezones():
        msg = Text(f"There is no time zone {plan.zone!r}.", f"没有时区 {plan.zone!r}。")
        problems.append(Problem(Code.INVALID, msg, (*path, "zone")))
    if problems:
        raise Invalid(problems)
    return plan


def _found(item: Any) -> Problem:  # noqa: ANN401 - pydantic's own error record
    """What is wrong with the document, by the names that stand in it."""
    if item["type"] == "extra_forbidden":
        here = ".".join(map(str, item["loc"]))
        return Problem(
            Code.INVALID, Text(f"A mapping has no {here}.", f"映射没有 {here}。"), tuple(map(str, item["loc"]))
        )
    one = problem(item)
    return Problem(one.code, one.message, tuple(map(str, item["loc"])))


@cache
def known() -> Mapping[str, Plan]:
    """The mappings that come with the product, by name."""
    files = sorted(FOLDER.glob("*.json"))
    plans = [checked(orjson.loads(file.read_bytes()) | {"name": file.stem}) for file in files]
    return {plan.name: plan for plan in plans}


def of_name(name: str, *path: str) -> Plan:
    """The mapping of that name. Raises Invalid."""
    if name in known():
        return known()[name]
    near = get_close_matches(name, known(), 1, 0.4)
    those = near[0] if near else ", ".join(known())
    msg = Text(f"There is no mapping {name!r}; use {those}.", f"没有映射 {name!r}；请使用 {those}。")
    raise Invalid(msg, *path, code=Code.NOT_FOUND)


def asked(type_: BulkType, mapping: Mapping[str, Any] | None) -> Plan | None:
    """The mapping that is asked for, by name or inline, checked. Raises Invalid."""
    if not mapping:
        return None
    plan = (
        of_name(mapping["name"], "mapping", "name")
        if "name" in mapping
        else checked(mapping["inline"], "mapping", "inline")
    )
    if plan.type is not type_:
        msg = Text(
            f"This mapping is of {plan.type.value}, and the file of {type_.value}.",
            f"此映射用于 {plan.type.value}，而文件类型为 {type_.value}。",
        )
        raise Invalid(msg, "mapping", code=Code.CONFLICT)
    return plan


def of_headings(type_: BulkType, header: Sequence[str]) -> Plan:
    """The mapping of a file whose columns are called like the fields. Raises Invalid for one that is not."""
    problems = []
    for place, name in enumerate(header):
        if name in REJECTED:
            continue
        try:
            shape.at(BULK[type_].row, tuple(name.split(".")))
        except Invalid as error:
            msg = Text(
                f"Column {place + 1}, {name!r}: {error.text.en} Name it after a field, or give a mapping.",
                f"第 {place + 1} 列 {name!r}：{error.text.zh}请以字段命名该列，或提供映射。",
            )
            problems.append(Problem(Code.INVALID, msg, (name,)))
    if problems:
        raise Invalid(problems[:20])
    rules = {name: Rule(columns=(name,)) for name in header if name not in REJECTED}
    return Plan(type=type_, fields=rules, name="fields")


@dataclass(frozen=True)
class Bound:
    """A mapping held against the columns of a file."""

    plan: Plan
    columns: Mapping[str, str]
    """The column that each name of the mapping stands for here."""
    missing: Mapping[str, Sequence[str]]
    """The fields for which the file has no column, and what it might be called."""
    unmapped: Sequence[str]
    """The columns that no field takes."""

    @property
    def of_field(self) -> Mapping[str, str]:
        """The column from which each field is filled."""
        found = {}
        for key, rule in self.plan.fields.items():
            names = [*rule.columns, *(one for some in rule.join for one in some)]
            if (column := next((self.columns[name] for name in names if name in self.columns), None)) is not None:
                found[key] = column
        return found

    def suggestion(self, column: str) -> str | None:
        """The field that a column was most likely meant for."""
        names = {bare(name): key for key, some in self.missing.items() for name in some}
        near = get_close_matches(bare(column), names, 1, 0.75)
        return names[near[0]] if near else None


@cache
def bare(name: str) -> str:
    """A heading as headings are compared: whatever the case, the width and the spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().replace("_", " ").split())


def bound(plan: Plan, header: Sequence[str]) -> Bound:
    """The mapping held against a header. Raises Invalid for headings that come twice, or none for the external id."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header):
        places.setdefault(bare(name), []).append(place)
    columns: dict[str, str] = {}
    missing: dict[str, Sequence[str]] = {}
    problems: list[Problem] = []
    for key, rule in plan.fields.items():
        groups = [group for group in (rule.columns, *rule.join, rule.when.columns if rule.when else ()) if group]
        for group in groups:
            there = [one for one in group if bare(one) in places]
            if not there:
                missing.setdefault(key, group)
            for one in there:
                here = places[bare(one)]
                columns[one] = header[here[0]]
                if len(here) > 1:
                    problems.append(_twice(header[here[0]], here))
    required = [one.key for one in shape.fields(BULK[plan.type].row).values() if one.is_required]
    filled = {key.split(".")[0] for key in plan.fields if key not in missing or plan.fields[key].constant is not None}
    taken = set(columns.values())
    unmapped = [name for name in header if name and name not in taken and name not in REJECTED]
    found = Bound(plan, columns, missing, unmapped)
    problems += [_lacking(found, key) for key in required if key not in filled and key != "events"]
    if problems:
        raise Invalid(list(dict.fromkeys(problems)))
    return found


def of_objects(plan: Plan) -> Bound:
    """The mapping held against objects, each of which may have any names."""
    groups = [group for rule in plan.fields.values() for group in (rule.columns, *rule.join)]
    groups += [rule.when.columns for rule in plan.fields.values() if rule.when]
    return Bound(plan, {name: name for group in groups for name in group}, {}, ())


def _twice(name: str, places: Sequence[int]) -> Problem:
    those = ", ".join(str(place + 1) for place in places)
    msg = Text(
        f"The heading {name!r} stands in the columns {those}; give each a name of its own.",
        f"表头 {name!r} 出现在第 {those} 列；请使用不同的名称。",
    )
    return Problem(Code.CONFLICT, msg, (name,))


def _lacking(found: Bound, key: str) -> Problem:
    """What is said where no column fills a field that every record needs."""
    names = next((some for field, some in found.missing.items() if field.split(".")[0] == key), (key,))
    near = [column for column in found.unmapped if get_close_matches(bare(column), [bare(n) for n in names], 1, 0.6)]
    meant = Text(f"; did you mean {near[0]!r}?", f"；是否应为 {near[0]!r}？") if near else Text(".", "。")
    those = ", ".join(names)
    msg = Text(
        f"No column holds {key}, which is required. It may be called {those}{meant.en}",
        f"没有列对应必填字段 {key}。该列可命名为 {those}{meant.zh}",
    )
    return Problem(Code.REQUIRED, msg, (key,))


def zone_of(plan: Plan, own: ZoneInfo) -> ZoneInfo:
    """The zone of instants that name none."""
    return ZoneInfo(plan.zone) if plan.zone else own


def split(key: str) -> Path:
    """The path that a field's name spells."""
    return tuple(key.split("."))
