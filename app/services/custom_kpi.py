"""KPIs that a workspace defines: kept as it wrote them, checked when they are defined, found when asked for."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlmodel import col, func, select

from app.actor import Scope
from app.errors import Code, Invalid
from app.kpis import CATALOGUE
from app.kpis.custom import CUSTOM, Definition, build, internal, key_of
from app.kpis.kpi import Direction, Kpi, KpiUnit, LifecycleStage
from app.kpis.parser import LONGEST, FormulaError
from app.models.change import Action
from app.models.custom_kpi import CustomKpi
from app.models.target import Target
from app.services.listing import Listing
from app.services.refusal import like
from app.services.repeatable import fate_of, repeatable, row_of
from app.services.row import Outcome, Row, parse
from app.text import Text
from app.uow import Uow, reads, writes

MOST = 100
"""Most KPIs that one workspace defines."""

LIST = Listing(CustomKpi, Scope.KPI_READ)
_NOUN = "KpiDefinition"
_KEY = re.compile("[A-Z][A-Z0-9_]{0,63}")
_WRITE = Text(
    "A key has capital letters, digits and underscores only, as SHARE_OF_WALLET.",
    "键只能含大写字母、数字和下划线，例如 SHARE_OF_WALLET。",
)
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_About = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class NameRow(Row):
    """A name in one language or in both."""

    en: _Name | None = None
    zh: _Name | None = None


class AboutRow(Row):
    """An explanation in one language or in both."""

    en: _About | None = None
    zh: _About | None = None


class CustomKpiRow(Row):
    """A definition as it comes in; it replaces the whole of what was defined under its key."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=64), like(_KEY.pattern, _WRITE)]
    name: NameRow
    about: AboutRow | None = None
    formula: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)]
    unit: KpiUnit
    direction: Direction
    stage: LifecycleStage
    minimum: Annotated[float, Field(allow_inf_nan=False)] | None = None
    maximum: Annotated[float, Field(allow_inf_nan=False)] | None = None


@writes(Scope.KPI_WRITE)
@repeatable("kpiDefine", fate_of(CustomKpi))
def define(uow: Uow, data: Mapping[str, Any]) -> tuple[CustomKpi, Outcome]:
    """The KPI after `data`, which replaces what was defined under its key. Raises Invalid with every problem."""
    row = parse(CustomKpiRow, data)
    columns = _columns(row)
    uow.take_turn()  # a target that is set meanwhile must see one or the other
    present = _found(uow, row.key)
    if present is None:
        _check_room(uow)
        made = CustomKpi(tenant_id=uow.tenant_id, created_at=uow.now, updated_at=uow.now, **columns)
        uow.session.add(made)
        uow.session.flush()
        uow.record(made, _NOUN, Action.CREATED, external_id=row.key)
        return made, Outcome.CREATED
    changed = [name for name, value in columns.items() if getattr(present, name) != value]
    if not changed:
        return present, Outcome.UNCHANGED
    if {"unit", "direction"} & set(changed):
        _check_unused(uow, row.key, "unit" if "unit" in changed else "direction")
    for name in changed:
        setattr(present, name, columns[name])
    present.updated_at, present.version = uow.now, present.version + 1
    uow.session.flush()
    uow.record(present, _NOUN, Action.UPDATED, changed, external_id=row.key)
    return present, Outcome.UPDATED


@writes(Scope.KPI_WRITE)
@repeatable("kpiDefinitionDelete", row_of(CustomKpi))
def delete(uow: Uow, key: str) -> CustomKpi:
    """Delete what was defined under `key`; the definition as it stood. Raises Invalid where targets use it."""
    uow.take_turn()
    present = _found(uow, key) if _KEY.fullmatch(key) else None
    if present is None:
        raise Invalid(_missing(key), "key", code=Code.NOT_FOUND)
    _check_unused(uow, key, "key")
    uow.session.delete(present)
    uow.session.flush()
    uow.record(present, _NOUN, Action.DELETED, version=present.version + 1, external_id=key)
    return present


def _columns(row: CustomKpiRow) -> dict[str, Any]:
    """The columns of a definition. Raises Invalid for what no KPI could be."""
    if row.key in CATALOGUE or row.key == CUSTOM:
        msg = Text(
            f"{row.key} is a KPI of the catalogue; choose another key.", f"{row.key} 是目录中的 KPI；请换一个键。"
        )
        raise Invalid(msg, "key", code=Code.CONFLICT)
    if row.name.en is None and row.name.zh is None:
        raise Invalid(
            Text("A KPI needs a name, in one language at least.", "KPI 至少需要一种语言的名称。"),
            "name",
            code=Code.REQUIRED,
        )
    if (row.minimum is None) != (row.maximum is None) or (row.minimum or 0) > (row.maximum or 0):
        msg = Text(
            "minimum and maximum come together, the smaller one first.",
            "minimum 与 maximum 须同时给出，且前者不大于后者。",
        )
        raise Invalid(msg, "minimum", code=Code.OUT_OF_RANGE)
    about = row.about or AboutRow()
    columns = row.model_dump(exclude={"name", "about"}) | {
        "name_en": row.name.en or row.name.zh,
        "name_zh": row.name.zh or row.name.en,
        "about_en": about.en or about.zh or row.formula,
        "about_zh": about.zh or about.en or row.formula,
    }
    columns |= {name: columns[name].value for name in ("unit", "direction", "stage")}
    try:
        build(_definition(CustomKpi(**columns)))
    except FormulaError as error:
        raise Invalid(error.text, "formula") from None
    return columns


def _check_room(uow: Uow) -> None:
    if (uow.session.scalar(select(func.count()).select_from(CustomKpi)) or 0) >= MOST:
        msg = Text(
            f"A workspace defines at most {MOST} KPIs; delete one first.",
            f"一个工作区最多定义 {MOST} 个 KPI；请先删除一个。",
        )
        raise Invalid(msg, "key", code=Code.TOO_MANY)


def _check_unused(uow: Uow, key: str, path: str) -> None:
    """Refuse what would leave targets without a meaning. Raises Invalid."""
    statement = select(Target.external_id).where(Target.kpi == CUSTOM, Target.custom == key)
    used = uow.session.scalars(statement.order_by(col(Target.external_id)).limit(1)).first()
    if used is not None:
        msg = Text(
            f"A target ({used!r}) is set for this KPI; delete its targets first.",
            f"已有目标（{used!r}）使用此 KPI；请先删除其目标。",
        )
        raise Invalid(msg, path, code=Code.CONFLICT)


def _found(uow: Uow, key: str) -> CustomKpi | None:
    return uow.session.scalars(select(CustomKpi).where(CustomKpi.key == key).with_for_update()).first()


def _missing(key: str) -> Text:
    key = key[:64]
    return Text(
        f"This workspace defines no KPI {key!r}; kpiDefinitions lists those that it does.",
        f"此工作区没有定义 KPI {key!r}；kpiDefinitions 会列出已有的。",
    )


def _definition(row: CustomKpi) -> Definition:
    return Definition(
        row.key,
        Text(row.name_en, row.name_zh),
        Text(row.about_en, row.about_zh),
        row.formula,
        KpiUnit(row.unit),
        Direction(row.direction),
        LifecycleStage(row.stage),
        None if row.minimum is None or row.maximum is None else (row.minimum, row.maximum),
    )


def kpi(row: CustomKpi) -> Kpi:
    """The KPI that a row defines. Raises Invalid where its formula names what there is no more."""
    try:
        return build(_definition(row))
    except FormulaError as error:
        msg = Text(
            f"{error.text.en} So the formula of {row.key} can be read no more; define it anew.",
            f"{error.text.zh}因此 {row.key} 的公式已无法读取；请重新定义。",
        )
        raise Invalid(msg, "custom") from None


def asked(key: str, custom: str | None) -> str:
    """A KPI as questions name it: `key` of the catalogue, or the workspace's own `custom`. Raises Invalid."""
    if (key == CUSTOM) == (custom is not None):
        return key if custom is None else internal(custom)
    msg = Text(
        f"`custom` names a KPI of this workspace where the key is {CUSTOM}, and only there.",
        f"键为 {CUSTOM} 时须用 `custom` 指明本工作区的 KPI，其他情况下不可使用。",
    )
    raise Invalid(msg, "custom", code=Code.REQUIRED if custom is None else Code.INVALID)


def look_up(uow: Uow, keys: Iterable[str]) -> None:
    """Find the definitions of all `keys` of an operation in one statement; `named` then asks no more."""
    seen: dict[str, CustomKpi | None] = uow.seen.setdefault(look_up, {})
    # what is no key at all no database needs to be asked for
    new = sorted({name for key in keys if _KEY.fullmatch(name := key_of(key) or "")} - seen.keys())
    if new:
        rows = uow.session.scalars(select(CustomKpi).where(uow.db.is_any(CustomKpi.key, new)))
        seen |= dict.fromkeys(new) | {row.key: row for row in rows}


def named(uow: Uow, key: str) -> Kpi:
    """The KPI of this workspace's own that `key` names, prefix and all. Raises Invalid when there is no such."""
    look_up(uow, [key])
    name = key_of(key) or ""
    row = uow.seen[look_up].get(name)
    if row is None:
        raise Invalid(_missing(name), "custom", code=Code.NOT_FOUND)
    return kpi(row)


@reads(Scope.KPI_READ)
def everything(uow: Uow) -> list[CustomKpi]:
    """All that this workspace defines, by key."""
    return list(uow.session.scalars(select(CustomKpi).order_by(col(CustomKpi.key))))
