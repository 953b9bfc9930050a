"""Several systems' names for one customer: given to somebody who is known, and taken back."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from app.actor import Scope
from app.errors import Code, Forbidden, Invalid
from app.models.change import Action
from app.models.customer import Customer, CustomerExternalId
from app.services import customer_name, ref, seen
from app.services.idempotency import once
from app.services.row import Key, Options, Outcome, Ref, Result, Row, parse
from app.text import Text
from app.uow import Uow, writes


class NameRow(Row):
    """A name that a system has for a customer; by default the caller's own."""

    source: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    external_id: Key


class LinkRow(NameRow):
    """A name, and whose it is to be."""

    customer: Ref


def customer_once(
    uow: Uow, what: str, data: Mapping[str, Any], options: Options, work: Callable[[], tuple[Customer, Outcome]]
) -> tuple[Customer, Outcome]:
    """The customer and outcome that `work` gives, once under one idempotency key."""

    def results() -> list[Result]:
        customer, outcome = work()
        return [Result(0, outcome, customer.id)]

    (result,) = once(uow, what, [data], options, results)
    return uow.session.get_one(Customer, (uow.tenant_id, result.id)), result.outcome


@writes(Scope.CUSTOMER_WRITE)
def link(uow: Uow, data: Mapping[str, Any], options: Options) -> tuple[Customer, Outcome]:
    """The customer, whom a system knows by one more name now. Raises Invalid or Forbidden.

    A name that means somebody else already is a conflict, and changes nothing.
    """
    return customer_once(uow, "Customer.link", data, options, lambda: _link(uow, parse(LinkRow, data)))


def _link(uow: Uow, row: LinkRow) -> tuple[Customer, Outcome]:
    uow.take_turn()
    found = ref.customers(uow, [row.customer])
    customer = _held(uow, ref.require(found, row.customer, "customer", "customer"))
    source = row.source or uow.actor.source
    _check_reach(uow, customer, source)
    name = customer_name.of_source(uow, source, [row.external_id]).get(row.external_id)
    if name is not None:
        if name.customer_id == customer.id and name.deleted_at is None:
            return customer, Outcome.UNCHANGED
        raise Invalid(_taken(source, row.external_id, name), "externalId", code=Code.CONFLICT)
    seen.note(uow, "Customer", [{"external_id": row.external_id}], source=source)
    uow.session.add(
        CustomerExternalId(tenant_id=uow.tenant_id, customer_id=customer.id, source=source, external_id=row.external_id)
    )
    return _changed(uow, customer)


def _taken(source: str, external_id: str, name: CustomerExternalId) -> Text:
    if name.deleted_at is not None:
        return Text(
            f"The source {source!r} has deleted {external_id!r}; it must send it again first.",
            f"来源 {source!r} 已删除 {external_id!r}；须先由它重新发送。",
        )
    return Text(
        f"{external_id!r} of the source {source!r} is another customer; customerMerge makes the two one.",
        f"来源 {source!r} 的 {external_id!r} 是另一位客户；customerMerge 可将两者合并。",
    )


@writes(Scope.CUSTOMER_WRITE)
def unlink(uow: Uow, data: Mapping[str, Any], options: Options) -> tuple[Customer, Outcome]:
    """The customer, whom a system does not know by this name any more. Raises Invalid or Forbidden.

    What was recorded under the name stays with the customer; what comes under it from now on is somebody else's.
    """
    return customer_once(uow, "Customer.unlink", data, options, lambda: _unlink(uow, parse(NameRow, data)))


def _unlink(uow: Uow, row: NameRow) -> tuple[Customer, Outcome]:
    uow.take_turn()
    source = row.source or uow.actor.source
    name = customer_name.of_source(uow, source, [row.external_id]).get(row.external_id)
    if name is None or name.deleted_at is not None:
        msg = Text(
            f"There is no customer {row.external_id!r} of the source {source!r}.",
            f"来源 {source!r} 没有客户 {row.external_id!r}。",
        )
        raise Invalid(msg, "externalId", code=Code.NOT_FOUND)
    customer = _held(uow, name.customer_id)
    _check_reach(uow, customer, source)
    if len(customer_name.of_customers(uow, [customer.id])[customer.id]) == 1:
        msg = Text(
            "This is the last name of the customer; customerDeleteBatch deletes who is known to nobody.",
            "这是该客户的最后一个名称；customerDeleteBatch 可删除不再为任何来源所知的客户。",
        )
        raise Invalid(msg, "externalId", code=Code.CONFLICT)
    uow.session.delete(name)
    return _changed(uow, customer)


def _held(uow: Uow, id_: UUID | ref.Missing | None) -> Customer:
    """The customer, locked."""
    assert isinstance(id_, UUID)  # noqa: S101 - require() made sure
    return uow.session.get_one(Customer, (uow.tenant_id, id_), with_for_update=True, populate_existing=True)


def _check_reach(uow: Uow, customer: Customer, source: str) -> None:
    """Refuse a name of another system for a customer whom the caller's own does not know. Raises Forbidden."""
    if source == uow.actor.source or uow.may(Scope.WORKSPACE_ADMIN):
        return
    names = customer_name.of_customers(uow, [customer.id])[customer.id]
    if all(name.source != uow.actor.source for name in names):
        msg = Text(
            "Names that other systems have for a customer whom the token's source does not know need the scope "
            f"{Scope.WORKSPACE_ADMIN.value}.",
            f"令牌的来源不认识该客户时，更改其他系统对该客户的名称需要权限范围 {Scope.WORKSPACE_ADMIN.value}。",
        )
        raise Forbidden(msg)


def _changed(uow: Uow, customer: Customer) -> tuple[Customer, Outcome]:
    customer.updated_at, customer.version = uow.now, customer.version + 1
    uow.record(customer, "Customer", Action.UPDATED, ["external_ids"])
    uow.session.flush()
    return customer, Outcome.UPDATED
