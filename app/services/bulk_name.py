"""What records are called by a source, as documents name them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.models.base import Recorded
from app.models.customer import Customer, CustomerExternalId
from app.uow import Uow


@dataclass
class Names:
    """What records are called by `source`: found for many at once."""

    uow: Uow
    source: str
    customers: dict[UUID, Any] = field(default_factory=dict)
    others: dict[tuple[type[Any], UUID], Any] = field(default_factory=dict)

    def look_up(self, wanted: Mapping[type[Any], set[UUID]]) -> None:
        """Find the names of these records."""
        uow = self.uow
        ids = list(wanted.get(Customer, set()) - self.customers.keys())
        if ids:
            statement = select(CustomerExternalId).where(uow.db.is_any(CustomerExternalId.customer_id, ids))
            order = col(CustomerExternalId.source), col(CustomerExternalId.external_id)
            for row in uow.session.scalars(statement.order_by(*order)):
                if row.customer_id not in self.customers or self._is_better(row):
                    self.customers[row.customer_id] = self._named(row.source, row.external_id)
        for model in wanted.keys() - {Customer}:
            some = [id_ for id_ in wanted[model] if (model, id_) not in self.others]
            is_fact = issubclass(model, Recorded)
            columns = (model.id, model.source, model.external_id) if is_fact else (model.id, model.key)
            for id_, *name in uow.session.execute(select(*columns).where(uow.db.is_any(model.id, some))):
                self.others[model, id_] = self._named(*name) if is_fact else name[0]

    def _is_better(self, row: CustomerExternalId) -> bool:
        """Whether the source's own name comes after another's; of several of its own the first one stays."""
        return row.source == self.source and isinstance(self.customers[row.customer_id], dict)

    def _named(self, source: str, external_id: str) -> Any:  # noqa: ANN401 - as inputs name it
        return external_id if source == self.source else {"external": {"source": source, "externalId": external_id}}
