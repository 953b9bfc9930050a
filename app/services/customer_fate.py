"""What is to become of rows of customers, by what their source has said and taken back before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.models.customer import Customer
from app.services import customer_name, tomb
from app.services.customer_row import CustomerRow
from app.services.mode import Mode, check_mode, check_version
from app.services.row import Outcome
from app.uow import Uow


class Known:
    """What the caller's source calls some customers or has called them, and which it deleted before they came."""

    def __init__(self, uow: Uow, external_ids: Sequence[str]) -> None:
        self.names = customer_name.of_source(uow, uow.actor.source, external_ids)
        self.buried = tomb.buried(uow, "Customer", [name for name in external_ids if name not in self.names])

    def is_dead(self, row: CustomerRow) -> bool:
        """Whether the source has deleted the name."""
        name = self.names.get(row.external_id)
        return name is not None and name.deleted_at is not None

    def is_there(self, row: CustomerRow, present: Customer | None) -> bool:
        """Whether the source has sent the customer, and not deleted it since."""
        return present is not None and not present.is_stub and not self.is_dead(row)

    def check_version(self, row: CustomerRow, present: Customer | None) -> None:
        """Refuse a customer who is not at the version that the row expects. Raises Invalid."""
        version = present.version if present and not self.is_dead(row) else 0
        check_version(row.expected_version, version, is_there=self.is_there(row, present))

    def fate(  # noqa: PLR0913 - what a fate follows from
        self,
        row: CustomerRow,
        present: Customer | None,
        columns: Mapping[str, Any],
        stated: Sequence[str],
        is_moved: bool,  # noqa: FBT001 - one of many
        mode: Mode,
    ) -> tuple[Outcome, list[str]]:
        """What becomes of a row, and the names of what it changes: of its `columns`, of what it states beside them.

        `is_moved` says whether the times as a customer change. Raises Invalid where the mode does not want it.
        """
        if self._is_stale(row, present, columns.get("source_updated_at")):
            return Outcome.STALE, []
        changed = [*_changed(present, columns), *stated]
        if present is not None and not changed and is_moved:
            changed = ["history"]
        changed += ["external_ids"] if self.is_dead(row) else []
        is_new = present is None or present.deleted_at is not None
        outcome = Outcome.CREATED if is_new else Outcome.UPDATED if changed else Outcome.UNCHANGED
        check_mode(mode, is_there=self.is_there(row, present), is_news=outcome is Outcome.UPDATED)
        return outcome, changed

    def _is_stale(self, row: CustomerRow, present: Customer | None, updated: datetime | None) -> bool:
        """Whether something newer is known; of two with one stamp a deletion holds."""
        if updated is None:
            return False
        dead = self.names[row.external_id].source_updated_at if self.is_dead(row) else self.buried.get(row.external_id)
        said = present.source_updated_at if present else None
        return (dead is not None and updated <= dead) or (said is not None and updated < said)


def _changed(present: Customer | None, columns: Mapping[str, Any]) -> list[str]:
    known = {} if present is None else {name: getattr(present, name) for name in columns}
    return [name for name, now in known.items() if name != "source_updated_at" and now != columns[name]]
