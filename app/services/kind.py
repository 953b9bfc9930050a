"""What is particular to one kind of record, and how its rows become columns: references found, problems gathered."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from app.errors import Invalid, Problem
from app.models.base import TRAITS, Fact, Recorded, Served, Traits
from app.models.keyed import Keyed
from app.services import ref, team
from app.services.row import Batch, Key, Options, Outcome, Ref, Row, moment
from app.uow import Uow

Part = Callable[[], dict[str, Any]]
"""Gives some of a row's columns, or raises Invalid."""


Derive = Callable[[Mapping[str, Any], Any], dict[str, Any]]
"""Gives columns that follow from a row's others and from what is stored under its name, or raises Invalid."""


Stubs = dict[str, dict[Ref, UUID]]
"""The stubs that a batch has made so far, by the column that refers to them."""


class RecordRow(Row):
    """What all records have that a source knows by an id."""

    external_id: Key
    source_updated_at: datetime | date | None = None
    expected_version: int | None = None


class Kind(ABC):
    """What is particular to one kind of record.

    `plain` are the columns that a row gives as they are, `people` the parts of a row that name customers, `references`
    the keyed things that it names, `derived` the columns that follow from others, `keys` those by which other records
    are concerned, and `blank` those that a deletion empties, and with what.
    """

    noun: str
    model: type[Recorded]
    row: type[Row]
    plain: Sequence[str] = ()
    people: Sequence[str] = ("customer",)
    references: Mapping[str, type[Keyed]] = {}
    derived: frozenset[str] = frozenset()
    keys: Sequence[str] = ("customer_id",)
    blank: Mapping[str, Any] = {}

    @abstractmethod
    def parts(self, uow: Uow, row: Any) -> Iterable[Part]:  # noqa: ANN401 - the kind's own row
        """What gives the columns beside the plain ones and the references; each may refuse the row."""

    @cached_property
    def content(self) -> frozenset[str]:
        """The columns that a caller gives."""
        ours = {"tenant_id", "id", "recorded_at", "known_on", "deleted_at", "version", *_NAMES, *TRAITS, *self.derived}
        follows = {"day"} if issubclass(self.model, Fact) else set()  # from the instant
        follows |= {"team_id"} if self.has_team else set()  # from the staff and the day
        return frozenset(self.model.model_fields) - ours - follows

    @cached_property
    def named(self) -> Sequence[str]:
        """The parts of its rows that may name customers."""
        return [name for name in self.people if name in self.row.model_fields]

    @property
    def has_traits(self) -> bool:
        """Whether it freezes what is said of its customer at the time."""
        return issubclass(self.model, Traits)

    @property
    def has_team(self) -> bool:
        """Whether it keeps the team to which whoever served belonged."""
        return issubclass(self.model, Served)

    def found(self, uow: Uow, rows: Sequence[Any]) -> dict[str, ref.Found]:
        """What the references of `rows` name, by the name of the reference."""
        hits: dict[str, ref.Found] = {}
        for name in self.named:
            hits[name] = ref.customers(uow, {wanted for row in rows if (wanted := getattr(row, name))})
        for name, model in self.references.items():
            named = {wanted for row in rows if (wanted := getattr(row, name))}
            hits[name] = ref.keyed(uow, model, named)
        return hits

    def values(self, uow: Uow, batch: Batch, options: Options) -> dict[int, dict[str, Any]]:
        """The columns of each waiting row; rows that cannot be are rejected in `batch`. Reads only.

        A reference that a stub must be made for is left in as `ref.Missing`.
        """
        found = self.found(uow, list(batch.waiting.values()))
        values: dict[int, dict[str, Any]] = {}
        for index, row in list(batch.waiting.items()):
            problems: list[Problem] = []
            columns = self._columns(uow, row, found, problems, create=options.create_missing)
            if problems:
                batch.reject(index, *problems)
            else:
                values[index] = columns
        return values

    def _columns(
        self,
        uow: Uow,
        row: Any,  # noqa: ANN401 - the kind's own row
        found: Mapping[str, ref.Found],
        problems: list[Problem],
        *,
        create: bool | None,
    ) -> dict[str, Any]:
        """The columns of one row; what is wrong with it is added to `problems`."""
        columns: dict[str, Any] = {name: getattr(row, name) for name in ("external_id", *self.plain)}
        columns["source"] = uow.actor.source
        parts: list[Part] = [*self.parts(uow, row), partial(_version, uow, row)]
        for name, hits in found.items():
            what = "customer" if name in self.people else name
            parts.append(partial(_reference, name, what, hits, getattr(row, name), create=create))
        for part in parts:
            try:
                columns |= part()
            except Invalid as error:
                problems += error.problems
        return columns

    def make_stubs(self, uow: Uow, rows: Sequence[dict[str, Any]], made: Stubs) -> None:
        """Make the stubs that `rows` need, note them in `made`, and put their ids in."""
        columns = [f"{name}_id" for name in self.named]
        # one stub each, whichever part of a row names them
        stubs = ref.customer_stubs(uow, {one for column in columns for one in missing(rows, column)})
        for column in columns:
            made[column] |= stubs
        for name, model in self.references.items():
            made[f"{name}_id"] |= ref.keyed_stubs(uow, model, missing(rows, f"{name}_id"))
        fill(rows, made)

    def complete(
        self,
        uow: Uow,
        wave: dict[int, dict[str, Any]],
        stored: Mapping[str, Any],
        fates: Mapping[int, Outcome],
        batch: Batch,
    ) -> None:
        """Add what is derived to the rows of a wave that will be written; refuse those that cannot stand.

        A row that is refused is rejected in `batch` and taken out of `wave`.
        """
        written = {index: row for index, row in wave.items() if fates[index] in (Outcome.CREATED, Outcome.UPDATED)}
        self._serve(uow, list(written.values()))
        derive = self.deriving(uow, list(written.values())) if written else None
        for index, columns in written.items():
            try:
                wave[index] = columns | (derive(columns, stored.get(columns["external_id"])) if derive else {})
            except Invalid as error:
                batch.reject(index, *error.problems)
                del wave[index]

    def _serve(self, uow: Uow, rows: Sequence[dict[str, Any]]) -> None:
        """Put in the team to which the staff of each row belonged on its day."""
        if self.has_team:
            team_of = team.teams(uow, [(row["staff_id"], row["day"]) for row in rows])
            for row in rows:
                row["team_id"] = team_of(row["staff_id"], row["day"])

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive | None:
        """What gives the derived columns of each of `rows`, which will be written; None where there are none."""
        del uow, rows
        return None

    def frozen(
        self,
        present: Any,  # noqa: ANN401 - the stored row
        columns: Mapping[str, Any],
        traits: Mapping[UUID, Any],
    ) -> dict[str, Any]:
        """The dimensions of the record's own time: kept while it stays with its customer, but for the test flag."""
        if not self.has_traits:
            return {}
        customer = traits.get(columns["customer_id"])
        now = {name: getattr(customer, name, False if name == "is_test" else None) for name in TRAITS}
        if present is not None and present.customer_id == columns["customer_id"] and present.deleted_at is None:
            now |= {name: getattr(present, name) for name in TRAITS if name != "is_test"}
        return now

    def concerned(self, before: Iterable[Any], after: Iterable[Mapping[str, Any]]) -> dict[str, set[Any]]:
        """To what the records refer or referred, by each of the columns `keys`."""
        found: dict[str, set[Any]] = {}
        rows, columns = list(before), list(after)
        for name in self.keys:
            found[name] = {getattr(row, name) for row in rows} | {given[name] for given in columns}
            found[name] -= {None}
        return found

    def settle(  # noqa: B027 - nothing follows from most
        self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]
    ) -> None:
        """Bring up to date what follows from the records `ids`, which have been written."""


def fill(rows: Iterable[dict[str, Any]], made: Stubs) -> None:
    """Put the ids of stubs that were made in the place of the references that asked for them."""
    for columns in rows:
        for name, stubs in made.items():
            if isinstance(columns[name], ref.Missing) and columns[name].ref in stubs:
                columns[name] = stubs[columns[name].ref]


_NAMES = ("source", "external_id", "source_updated_at")


def missing(rows: Iterable[Mapping[str, Any]], name: str) -> set[Ref]:
    """The references under `name` that nothing answers to yet."""
    return {columns[name].ref for columns in rows if isinstance(columns[name], ref.Missing)}


def happened(uow: Uow, value: Any) -> dict[str, Any]:  # noqa: ANN401 - an instant or a bare date
    """The columns that say when something happened. Raises Invalid."""
    at = moment(uow, value, "occurredAt")
    assert isinstance(at, datetime)  # noqa: S101 - the row requires it
    return {"occurred_at": at, "day": at.astimezone(uow.zone).date()}


def _version(uow: Uow, row: Any) -> dict[str, Any]:  # noqa: ANN401 - any row
    return {"source_updated_at": moment(uow, row.source_updated_at, "sourceUpdatedAt", past=False)}


def _reference(name: str, what: str, hits: ref.Found, wanted: Ref | None, *, create: bool | None) -> dict[str, Any]:
    return {f"{name}_id": ref.require(hits, wanted, what, name, create=create)}
