"""References: the rows that callers name by id or external id, found in bulk, made as stubs where that is wanted."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false
from sqlmodel import col, insert, select
from uuid_utils.compat import uuid7

from app import ids
from app.errors import Code, Invalid
from app.models.base import Recorded
from app.models.change import Action
from app.models.customer import Customer, CustomerExternalId
from app.models.keyed import Keyed
from app.services import customer_name
from app.services.row import Ref
from app.text import Text
from app.uow import Uow

NOUNS = {
    "business_calendar": Text("business calendar", "工作日历"),
    "channel": Text("channel", "渠道"),
    "contract": Text("contract", "合同"),
    "cost": Text("cost", "成本"),
    "customer": Text("customer", "客户"),
    "engagement": Text("engagement", "使用事件"),
    "exchange_rate": Text("exchange rate", "汇率"),
    "import": Text("import", "导入"),
    "interaction": Text("interaction", "互动"),
    "export": Text("export", "导出"),
    "feedback": Text("feedback", "反馈"),
    "lead": Text("lead", "线索"),
    "invitation": Text("invitation", "邀请"),
    "member": Text("member", "成员"),
    "mirror": Text("mirror", "镜像"),
    "order": Text("order", "订单"),
    "prediction_fit": Text("fit of the models", "模型拟合"),
    "referral": Text("referral", "推荐"),
    "refund": Text("refund", "退款"),
    "segment": Text("segment", "客户分群"),
    "staff": Text("staff", "员工"),
    "survey": Text("survey", "调查"),
    "target": Text("target", "目标"),
    "team": Text("team", "团队"),
    "touchpoint": Text("touchpoint", "触点"),
    "webhook": Text("webhook", "webhook 端点"),
    "webhook_delivery": Text("delivery of a webhook", "webhook 投递"),
}
"""What messages call the nouns."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that nothing answers to yet, but that a stub could, unless it `is_barred`."""

    ref: Ref
    is_barred: bool = False


Found = Mapping[Ref, UUID | Missing]


def customers(uow: Uow, refs: Iterable[Ref], *, of_all: bool = False) -> dict[Ref, UUID | Missing]:
    """The customers that `refs` name; what is not found is Missing, by one name however it was called.

    With `of_all` also those that the actor may not see: a name is taken, whoever has it.
    """
    wanted = set(refs)
    seen: Callable[[Any], Any] = (lambda statement: statement) if of_all else uow.within
    found: dict[Ref, UUID | Missing] = {}
    for ref in wanted:
        source = ref.source or uow.actor.source
        found[ref] = Missing(replace(ref, source=source), is_barred=not may_stub(uow, source))
    by_id = {ref: ids.decode_uuid(ref.id, "Customer") for ref in wanted if ref.id is not None}
    if by_id:
        some = [id_ for id_ in by_id.values() if id_]
        chosen = (uow.db.is_any(Customer.id, some), col(Customer.deleted_at).is_(None))
        those = select(Customer.id, Customer.merged_into_id).where(*chosen)
        rows = uow.session.execute(seen(those))
        present = {id_: merged_into or id_ for id_, merged_into in rows}
        found |= {ref: present[id_] for ref, id_ in by_id.items() if id_ in present}
    by_source: dict[str, dict[str, Ref]] = {}
    for ref in wanted:
        if ref.external_id is not None:
            by_source.setdefault(ref.source or uow.actor.source, {})[ref.external_id] = ref
    for source, names in by_source.items():
        statement = select(CustomerExternalId.external_id, CustomerExternalId.customer_id).where(
            CustomerExternalId.source == source,
            uow.db.is_any(CustomerExternalId.external_id, list(names)),
            col(CustomerExternalId.deleted_at).is_(None),
        )
        found |= {names[name]: id_ for name, id_ in uow.session.execute(seen(statement))}
    return found


def may_stub(uow: Uow, source: str) -> bool:
    """Whether the actor would see a stub of that source, of which nothing else is known."""
    rows = uow.actor.rows
    if rows is None:
        return True
    return rows.channels is None and rows.segments is None and rows.sources is not None and source in rows.sources


def keyed(uow: Uow, model: type[Keyed], refs: Iterable[Ref]) -> dict[Ref, UUID | Missing]:
    """The channels, staff, teams or surveys that `refs` name; what is not found is Missing."""
    wanted = set(refs)
    # how the company is set up is for those to say who see all of it
    found: dict[Ref, UUID | Missing] = {ref: Missing(ref, is_barred=uow.actor.rows is not None) for ref in wanted}
    names = {ref.external_id: ref for ref in wanted if ref.external_id is not None}
    if names:
        statement = select(model.key, model.id).where(uow.db.is_any(model.key, list(names)))
        rows = uow.session.execute(uow.within(statement))
        found |= {names[key]: id_ for key, id_ in rows}
    by_id = {ids.decode_uuid(ref.id, model.__name__): ref for ref in wanted if ref.id is not None}
    some = [id_ for id_ in by_id if id_]
    if some:
        known = uow.session.scalars(uow.within(select(model.id).where(col(model.id).in_(some))))
        found |= {by_id[id_]: id_ for id_ in known}
    return found


def facts(uow: Uow, model: type[Recorded], refs: Iterable[Ref]) -> dict[Ref, UUID | Missing]:
    """The records that `refs` name, deleted ones too; what is not found is Missing."""
    wanted = set(refs)
    found: dict[Ref, UUID | Missing] = {
        ref: Missing(ref, is_barred=not may_stub(uow, ref.source or uow.actor.source)) for ref in wanted
    }
    by_id = {ref: ids.decode_uuid(ref.id, model.__name__) for ref in wanted if ref.id is not None}
    some = [id_ for id_ in by_id.values() if id_]
    those = uow.within(select(model.id).where(uow.db.is_any(model.id, some)))
    present = set(uow.session.scalars(those)) if some else set()
    found |= {ref: id_ for ref, id_ in by_id.items() if id_ in present}
    by_source: dict[str, dict[str, Ref]] = {}
    for ref in wanted:
        if ref.external_id is not None:
            by_source.setdefault(ref.source or uow.actor.source, {})[ref.external_id] = ref
    for source, names in by_source.items():
        statement = select(model.external_id, model.id).where(
            model.source == source, uow.db.is_any(model.external_id, list(names))
        )
        found |= {names[name]: id_ for name, id_ in uow.session.execute(uow.within(statement))}
    return found


def require(
    found: Found, ref: Ref | None, what: str, path: str, *, create: bool | None = None
) -> UUID | Missing | None:
    """What `ref` names. Raises Invalid (NOT_FOUND) when nothing does and no stub may be made.

    Whether the caller wants stubs is `create`; None where none can be asked for.
    """
    if ref is None:
        return None
    hit = found[ref]
    if isinstance(hit, Missing) and (hit.is_barred or not (create and ref.external_id is not None)):
        noun = NOUNS[what]
        msg = Text(f"There is no {noun.en} with this id.", f"没有此 ID 的{noun.zh}。")
        if hit.is_barred and ref.external_id is not None:
            msg = Text(
                f"There is no {noun.en} {ref.external_id!r} among the rows that you may see.",
                f"在您可见的数据范围内没有{noun.zh} {ref.external_id!r}。",
            )
        elif ref.external_id is not None:
            way = Text("", "") if create is None else Text(", or set createMissing", "，或设置 createMissing")
            msg = Text(
                f"There is no {noun.en} {ref.external_id!r}; send it first{way.en}.",
                f"没有{noun.zh} {ref.external_id!r}；请先发送它{way.zh}。",
            )
        raise Invalid(msg, path, code=Code.NOT_FOUND)
    return hit


def customer_stubs(uow: Uow, refs: Iterable[Ref]) -> dict[Ref, UUID]:
    """Stubs for customers that a fact names before their own record has come, or after it was deleted."""
    made: dict[Ref, UUID] = {}
    for ref in sorted(set(refs), key=lambda ref: (ref.source or "", ref.external_id or "")):
        assert ref.external_id is not None  # noqa: S101 - require() lets no other pass
        if dead := customer_name.of_source(uow, ref.source or uow.actor.source, [ref.external_id]):
            made[ref] = customer_name.revive(uow, dead[ref.external_id])
            continue
        customer = Customer(tenant_id=uow.tenant_id, is_stub=True, created_at=uow.now, updated_at=uow.now)
        source = ref.source or uow.actor.source
        uow.session.add(customer)
        uow.session.flush()
        uow.session.add(
            CustomerExternalId(
                tenant_id=uow.tenant_id, customer_id=customer.id, source=source, external_id=ref.external_id
            )
        )
        uow.record(customer, "Customer", Action.CREATED)
        made[ref] = customer.id
    uow.session.flush()
    return made


def keyed_stubs(uow: Uow, model: type[Keyed], refs: Iterable[Ref]) -> dict[Ref, UUID]:
    """Stubs for channels, staff or surveys that a fact names before they were upserted."""
    made: dict[Ref, UUID] = {}
    for ref in sorted(set(refs), key=lambda ref: ref.external_id or ""):
        assert ref.external_id is not None  # noqa: S101 - require() lets no other pass
        row = model(
            tenant_id=uow.tenant_id,
            key=ref.external_id,
            name=ref.external_id,
            is_stub=True,
            created_at=uow.now,
            updated_at=uow.now,
        )
        uow.session.add(row)
        uow.record(row, model.__name__, Action.CREATED)
        made[ref] = row.id
    uow.session.flush()
    return made


def fact_stub(uow: Uow, model: type[Any], wanted: Ref, of: Mapping[str, Any], **own: object) -> UUID:
    """A stub for a fact that another, of the columns `of`, names before it has come: of its time, and not counted."""
    assert wanted.external_id is not None  # noqa: S101 - require() lets no other pass
    columns: dict[str, Any] = {name: of[name] for name in ("occurred_at", "day")} | own
    columns |= {"source": wanted.source or uow.actor.source, "external_id": wanted.external_id}
    columns |= {"recorded_at": uow.now, "known_on": uow.today}
    id_ = uuid7()
    fact = model(tenant_id=uow.tenant_id, id=id_, is_stub=True, **columns)
    uow.session.execute(insert(model), [fact.model_dump()])
    uow.record(id_, model.__name__, Action.CREATED, version=1)
    return id_


def named(uow: Uow, model: type[Any], wanted: Ref) -> ColumnElement[bool]:
    """The condition under which a row of `model`, known by one key or by source and id, is what `wanted` names."""
    if wanted.id is not None:
        id_ = ids.decode_uuid(wanted.id, model.__name__)
        return false() if id_ is None else col(model.id) == id_
    if issubclass(model, Keyed):
        return col(model.key) == wanted.external_id
    source = wanted.source or uow.actor.source
    return and_(col(model.source) == source, col(model.external_id) == wanted.external_id)
