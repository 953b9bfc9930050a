"""Changes in the schema: what happened to which record, and the feed by which partners follow it."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

import strawberry

from app import ids
from app.kpis.custom import internal
from app.models.change import Action
from app.schema.catalogue import definition
from app.schema.context import Info
from app.schema.describe import arg, field, interface, plain, type_
from app.schema.node import Node, find
from app.schema.noun import Noun
from app.schema.nouns import NOUNS
from app.schema.record_type import RecordType
from app.schema.scalars import Moment
from app.schema.weight import FEW, KPI_WEIGHT, sized, weighs
from app.schema.workspace import Workspace
from app.services import feed, workspace
from app.services.subject import SUBJECTS, Known, spelled

_NOUNS: Mapping[str, Noun[Any]] = {noun.name: noun for noun in NOUNS}


@interface
class RecordChange:
    """Something that was done to a record."""

    id: strawberry.ID = plain("Names the change, for clients' caches.")
    action: Action = plain("What happened.")
    type: RecordType = plain("What kind of record it happened to.")
    record_id: strawberry.ID = plain("The global id of the record.")
    version: int = plain("The record's version after it.")
    fields: list[str] = plain("The fields that changed, as the schema calls them; empty for what is new or gone.")
    at: Moment = plain("When.")
    actor: str = plain("Who did it: the name of a token, or the part of the program.")
    token_id: strawberry.ID | None = plain("The token; null where the program did it.")
    request_id: str | None = plain("The `x-request-id` of the request.")
    row: strawberry.Private[Any]

    @classmethod
    def of(cls, row: Any, **own: Any) -> Self:  # noqa: ANN401 - a row of columns
        """The row as the schema shows it."""
        return cls(
            id=strawberry.ID(ids.encode(cls.__name__, row.id)),
            action=row.action,
            type=RecordType(row.noun),
            record_id=_record_id(row),
            version=row.version,
            fields=spelled(row.noun, row.fields),
            at=row.at,
            actor=row.actor,
            token_id=None if row.token_id is None else strawberry.ID(ids.encode("Token", row.token_id)),
            request_id=row.request_id,
            row=row,
            **own,
        )


def _record_id(row: Any) -> strawberry.ID:  # noqa: ANN401 - a row of columns
    """The global id of the record: of a KPI of the workspace's own it is made of its key."""
    is_own = row.noun == RecordType.KPI_DEFINITION.value and row.external_id is not None
    return strawberry.ID(ids.encode(row.noun, internal(row.external_id) if is_own else row.record_id))


@type_
class RecordName:
    """What a record is called where it came from."""

    source: str | None = plain("The key of the source system; null for a key of the workspace's own.")
    external_id: str = plain("The record's id there.")


@type_
class Change(RecordChange):
    """A change in the order in which changes were committed, with the record as it is now."""

    cursor: str = plain("Its place: what comes after it is asked for with this as `after`.")

    @field
    @sized(FEW)
    async def external_ids(self, info: Info) -> list[RecordName]:
        """What the record is called where it came from; kept when it is deleted, but for what a merge passed over."""
        if self.row.external_id is not None:
            return [RecordName(source=self.row.source, external_id=self.row.external_id)]
        known = await self._known(info)
        return [RecordName(source=source, external_id=name) for source, name in known.names]

    @field
    async def merged_into(self, info: Info) -> strawberry.ID | None:
        """The customer that this one has become part of, under all of its names, with all that it had."""
        into = (await self._known(info)).merged_into if self.type is RecordType.CUSTOMER else None
        return None if into is None else strawberry.ID(ids.encode("Customer", into))

    @field
    @weighs(1)
    async def record(self, info: Info) -> Node | None:
        """The record as of now, as `node` gives it; null when it is not there any more."""
        context, id_ = info.context, self.row.record_id
        if self.type is RecordType.WORKSPACE:
            found = await context.load(workspace.by_ids, id_)
            return None if found is None else Workspace.of(found)
        if self.type is RecordType.KPI_DEFINITION:
            return await definition(context, self.row.external_id or "")
        noun = _NOUNS.get(self.type.value)
        shown: Node | None = await (noun.related(info, id_) if noun else find(context, self.record_id, {}))
        return shown

    async def _known(self, info: Info) -> Known:
        return await info.context.load(SUBJECTS[self.type].known, self.row.record_id) or Known()


@type_
class ChangePage:
    """A part of the feed of changes."""

    nodes: list[Change] = plain("The changes, in the order in which they were committed.")
    end_cursor: str = plain("Where the page ends; keep it, and ask for what comes after it next time.")
    has_more: bool = plain("Whether there is more by now: ask again at once. A page that looked far may be short.")
    behind: float = plain("How many changes of any type come after this page.")


FIRST = 100
First = Annotated[int, arg(f"How many at most; up to {feed.MOST}.")]
After = Annotated[str | None, arg("The cursor after which to go on; from the very first change when absent.")]
Types = Annotated[
    list[RecordType] | None, arg("Only of records of these types; of all that the caller may read when absent.")
]


class ChangeRoots:
    """The feed."""

    @field
    @weighs(KPI_WEIGHT)
    @sized(FIRST, by=("first",), fields=("nodes",))
    async def changes(
        self, info: Info, first: First = FIRST, after: After = None, types: Types = None
    ) -> ChangePage | None:
        """What has changed, each change at least once, none left out, deletions too; kept for good.

        Of records that the caller may not read nothing is told. Changes are here some hundredths of a second after they
        were committed.
        """
        page = await info.context.run(feed.page, first, after, types)
        nodes = [Change.of(row, cursor=cursor) for row, cursor in zip(page.changes, page.cursors, strict=True)]
        return ChangePage(nodes=nodes, end_cursor=page.end, has_more=page.behind > 0, behind=page.behind)

    @field
    async def changes_head(self, info: Info) -> str | None:
        """The cursor of now. Take it, read everything once, and follow `changes` after it: nothing is missed."""
        return await info.context.run(feed.now)
