"""Customers: one record per person or account, merged from what every source says of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import and_, col, insert, select

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.base import FOREVER, TRAITS
from app.models.change import Action
from app.models.channel import Channel
from app.models.customer import Customer, CustomerExternalId
from app.services import (
    attribution,
    customer_name,
    frozen,
    lifecycle,
    prediction,
    ref,
    referring,
    seen,
    spell,
    standing,
    within,
)
from app.services.customer_fate import Known
from app.services.customer_row import CustomerRow
from app.services.idempotency import once
from app.services.joining import joins
from app.services.listing import Listing
from app.services.row import Batch, Options, Outcome, Ref, Result, moment, waves
from app.text import Text
from app.uow import Uow, reads, writes

_PLAIN = ("name", "segment", "region", "email", "phone")
_DATES = {"joined_on": "joined", "churned_on": "churned", "churn_reason": "reason", "churn_kind": "kind"}


@joins
@writes(Scope.CUSTOMER_WRITE, within_rows=True)
def upsert_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Upsert up to 500 customers by their external id in the caller's source; what became of each, in order."""
    return once(uow, "Customer", rows, options, lambda: _upsert(uow, rows, options))


def _upsert(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    batch = Batch.read(CustomerRow, rows)
    uow.take_turn()
    seen.note(uow, "Customer", rows, options)
    above = {index: row.parent.external_id for index, row in batch.waiting.items() if row.parent}
    # after a merge a customer has several names in one source, which must not be written side by side
    known = _named(uow, {*(row.external_id for row in batch.waiting.values()), *filter(None, above.values())})
    within.bar_names(uow, Customer, batch, known)
    one = {name: str(id_) for name, id_ in known.items()}
    for wave in waves(
        batch.waiting,
        lambda row: one.get(row.external_id, row.external_id),
        lambda row: row.parent and one.get(row.parent.external_id, row.parent.external_id),
    ):
        _Wave(uow, batch, wave, options).apply()
    return batch.done(options)


def _named(uow: Uow, names: Iterable[str]) -> dict[str, UUID]:
    """The customers that the caller's source calls by these names, or did."""
    found = customer_name.of_source(uow, uow.actor.source, sorted(set(names)))
    return {name: row.customer_id for name, row in found.items()}


class _Wave:
    """Rows of different customers, written together."""

    def __init__(self, uow: Uow, batch: Batch, rows: dict[int, CustomerRow], options: Options) -> None:
        self.uow, self.batch, self.rows, self.options = uow, batch, rows, options
        given = [row.external_id for row in rows.values()]
        self.known = Known(uow, given)
        self.present = self._present()
        self.new: dict[str, Customer] = {}
        self.ledgers = spell.in_force(uow, [customer.id for customer in self.present.values()])
        self.stages = lifecycle.Statements(uow, list(self.ledgers))
        parents = {row.parent for row in rows.values() if row.parent}
        channels = {row.acquisition_channel for row in rows.values() if row.acquisition_channel}
        self.parents, self.channels = ref.customers(uow, parents), ref.keyed(uow, Channel, channels)
        self.above = self._ancestry()

    def _present(self) -> dict[str, Customer]:
        """The customers that are known already, locked in the order of their ids."""
        known = {name: row.customer_id for name, row in self.known.names.items()}
        statement = select(Customer).where(self.uow.db.is_any(Customer.id, sorted(set(known.values()))))
        held = self.uow.db.locked(statement, Customer.id).execution_options(populate_existing=True)
        locked = {customer.id: customer for customer in self.uow.session.scalars(held)}
        return {name: locked[id_] for name, id_ in known.items()}

    def _ancestry(self) -> dict[UUID, UUID | None]:
        """Who stands above the parents that are named, and so on up, a query for each level."""
        found: dict[UUID, UUID | None] = {}
        level = {hit for hit in self.parents.values() if isinstance(hit, UUID)}
        while level := level - set(found):
            statement = select(Customer.id, Customer.parent_id).where(self.uow.db.is_any(Customer.id, list(level)))
            found |= dict.fromkeys(level) | dict(self.uow.session.execute(statement).all())
            level = {found[id_] for id_ in level} - {None}  # type: ignore[assignment]  # no None is left
        return found

    def _columns(self, row: CustomerRow) -> dict[str, Any]:
        """What the row sets; references that need a stub are Missing. Raises Invalid."""
        present, given, create = self.present.get(row.external_id), row.model_fields_set, self.options.create_missing
        self.known.check_version(row, present)
        columns: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN if name in given}
        if "kind" in given:
            columns["customer_kind"] = row.kind
        flags = ("is_test", "is_key_contact", "profiling_opt_out")
        columns |= {name: bool(getattr(row, name)) for name in flags if name in given}
        if "attributes" in given:
            columns["attributes"] = row.attributes or {}
        if "first_contact_at" in given:
            columns["first_contact_at"] = moment(self.uow, row.first_contact_at, "firstContactAt")
        if "parent" in given:
            columns["parent_id"] = ref.require(self.parents, row.parent, "customer", "parent", create=create)
            self._check_parent(present, columns["parent_id"])
        if "acquisition_channel" in given:
            columns["acquisition_channel_id"] = ref.require(
                self.channels, row.acquisition_channel, "channel", "acquisitionChannel", create=create
            )
        if (updated := moment(self.uow, row.source_updated_at, "sourceUpdatedAt", past=False)) is not None:
            columns["source_updated_at"] = updated
        return columns

    def _check_parent(self, present: Customer | None, parent: UUID | ref.Missing | None) -> None:
        """Refuse a circle of accounts."""
        seen = {present.id} if present else set()
        while isinstance(parent, UUID):
            if parent in seen:
                msg = Text("An account cannot stand above itself.", "客户不能成为自己的上级。")
                raise Invalid(msg, "parent", code=Code.CONFLICT)
            seen.add(parent)
            parent = self.above.get(parent)

    def _spells(self, row: CustomerRow) -> list[spell.Dates] | None:
        """The customer's spells after this row; None when it says nothing of them."""
        given = {name for field, name in _DATES.items() if field in row.model_fields_set}
        present = self.present.get(row.external_id)
        told = [spell.Dates(h.from_, h.before or FOREVER, h.reason, h.churn_kind) for h in row.history or ()]
        history = None if row.history is None else tuple(told)
        if not given and row.status is None and history is None:
            return None
        said = {name: getattr(row, field) for field, name in _DATES.items()}
        wish = spell.Wish(frozenset(given), **said, status=row.status, history=history)
        return spell.wished(spell.dates(self.ledgers[present.id]) if present else [], wish, self.uow.today)

    def apply(self) -> None:
        """Write what the rows say: customers, their spells, and what facts froze of those that were stubs."""
        wanted: dict[UUID, Any] = {}
        restate: dict[UUID, dict[str, Any]] = {}
        mode = self.options.mode
        for index, row in self.rows.items():
            present = self.present.get(row.external_id)
            now = self.ledgers[present.id] if present else spell.Ledger()
            try:
                columns, spells, stated = self._columns(row), self._spells(row), self.stages.changed(present, row)
                within.check(self.uow, Customer, columns, present)
                spells = spell.dates(now) if spells is None else spells
                columns |= standing.columns(spells, self.uow.today)
                moved = spells != spell.dates(now)
                outcome, changed = self.known.fate(row, present, columns, stated if present else [], moved, mode)
            except Invalid as error:
                self.batch.reject(index, *error.problems)
                continue
            if outcome is Outcome.STALE:
                self.batch.settle(index, outcome, present.id if present else None)
                continue
            id_, traits, was_stub = self._write(row, present, columns, outcome, changed)
            self.batch.settle(index, outcome, id_)
            self.stages.take(id_, row)
            if outcome is not Outcome.UNCHANGED:
                wanted[id_] = (now, spells, traits, was_stub)
                standing.await_turn(self.uow, id_, spells, spell.dates(now))
            if was_stub:
                restate[id_] = traits
            elif present is not None and "is_test" in changed:
                restate[id_] = {"is_test": traits["is_test"]}
        self._insert()
        self.stages.write()
        self.uow.session.flush()
        within.confirm(self.uow, Customer, wanted)
        self._follow(wanted, restate)

    def _follow(self, wanted: Mapping[UUID, Any], restate: Mapping[UUID, dict[str, Any]]) -> None:
        """Bring up to date what rests on the customers who changed: their spells, and what facts froze of them."""
        spell.settle(self.uow, wanted)
        # facts froze nothing of a stub, so all of it once it is whole; else only the test flag reaches back
        frozen.restate(self.uow, restate)
        referring.follow(self.uow, wanted.keys())
        attribution.restate(self.uow, wanted.keys())
        prediction.forget(self.uow, wanted.keys())

    def _write(
        self, row: CustomerRow, present: Customer | None, columns: dict[str, Any], outcome: Outcome, changed: list[str]
    ) -> tuple[UUID, dict[str, Any], bool]:
        """The customer's id and traits after the row, and whether a stub has become whole by it."""
        uow = self.uow
        self._stubs(columns)
        if present is None:
            present = Customer(tenant_id=uow.tenant_id, created_at=uow.now, updated_at=uow.now, **columns)
            self.new[row.external_id] = present
            return present.id, {name: getattr(present, name) for name in TRAITS}, False
        was_stub, name = present.is_stub, self.known.names[row.external_id]
        name.deleted_at, name.source_updated_at = None, columns.get("source_updated_at", name.source_updated_at)
        if outcome is Outcome.CREATED:
            customer_name.restore(uow, present)
            uow.record(present, "Customer", Action.CREATED)
        for column, value in columns.items():
            setattr(present, column, value)
        if outcome is Outcome.UPDATED or was_stub:
            present.is_stub, present.updated_at, present.version = False, uow.now, present.version + 1
            uow.record(present, "Customer", Action.UPDATED, changed)
        return present.id, {name: getattr(present, name) for name in TRAITS}, was_stub

    def _insert(self) -> None:
        """Write the new customers, set based, and what the source calls them."""
        uow = self.uow
        if not self.new:
            return
        uow.session.execute(insert(Customer), [customer.model_dump() for customer in self.new.values()])
        names = [
            CustomerExternalId(
                tenant_id=uow.tenant_id,
                customer_id=customer.id,
                source=uow.actor.source,
                external_id=external_id,
                source_updated_at=customer.source_updated_at,
            ).model_dump()
            for external_id, customer in self.new.items()
        ]
        uow.session.execute(insert(CustomerExternalId), names)
        for customer in self.new.values():
            uow.record(customer, "Customer", Action.CREATED)

    def _stubs(self, columns: dict[str, Any]) -> None:
        """Make the parent and channel that are named and not known yet, and put their ids in."""
        parent, channel = columns.get("parent_id"), columns.get("acquisition_channel_id")
        if isinstance(parent, ref.Missing):
            if not isinstance(self.parents.get(parent.ref), UUID):
                self.parents |= ref.customer_stubs(self.uow, [parent.ref])
            columns["parent_id"] = self.parents[parent.ref]
        if isinstance(channel, ref.Missing):
            if isinstance(self.channels[channel.ref], ref.Missing):
                self.channels |= ref.keyed_stubs(self.uow, Channel, [channel.ref])
            columns["acquisition_channel_id"] = self.channels[channel.ref]


def _find(uow: Uow, wanted: Ref) -> Customer | None:
    hit = ref.customers(uow, [wanted])[wanted]
    return uow.session.get(Customer, (uow.tenant_id, hit)) if isinstance(hit, UUID) else None


LIST = Listing(
    Customer,
    Scope.CUSTOMER_READ,
    present=and_(col(Customer.merged_into_id).is_(None), col(Customer.deleted_at).is_(None)),
    find=_find,
    columns={"kind": "customer_kind"},
)


@reads(Scope.CUSTOMER_READ)
def external_ids(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[CustomerExternalId]]:
    """Under which names each of the customers `ids` is known, by source."""
    return customer_name.of_customers(uow, ids)


@reads(Scope.CUSTOMER_READ)
def spells(uow: Uow, ids: Sequence[UUID]) -> dict[UUID, list[spell.Dates]]:
    """The times in which each of the customers `ids` was one, in order."""
    return {id_: spell.dates(ledger) for id_, ledger in spell.in_force(uow, ids).items()}
