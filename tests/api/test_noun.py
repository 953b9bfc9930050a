"""What the mould is for: a noun that is declared in this file alone is listed, found, filtered, walled and written.

Its table lives in the tests' own databases, its type in a schema of its own; nothing of it is left afterwards.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import SimpleNamespace
from typing import Self
from uuid import UUID

import pytest
import strawberry
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlmodel import Field, SQLModel, select

from app import ids, migrate, wall
from app.actor import ORDINARY, Scope
from app.errors import Code, Forbidden, Invalid
from app.models.base import Owned, choice, instant, ordered, personal, refers, unique
from app.schema.build import Schema, sdl
from app.schema.context import Context, Info
from app.schema.customer import CUSTOMER, Customer
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.mutation import mutations
from app.schema.node import Node
from app.schema.noun import Noun
from app.schema.nouns import NOUNS
from app.schema.query import query
from app.schema.scalars import Moment
from app.schema.writing import Upsert, records
from app.services import customer
from app.services.listing import Listing
from app.services.row import Options, Outcome, Result
from app.text import Text
from app.uow import writes
from migrations.wall import protect

pytestmark = pytest.mark.fresh  # it makes a table

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
READ, WRITE = Scope.SURVEY_READ, Scope.SURVEY_WRITE
"""The scopes that stand for the noun's own."""


class Mood(StrEnum):
    """How it sounds."""

    GLAD = "GLAD"
    CROSS = "CROSS"


enum(Mood, {"GLAD": "Glad.", "CROSS": "Cross."})


@pytest.fixture(scope="module")
def row():
    """The model, for as long as these tests run."""

    class Remark(Owned, table=True):
        __tablename__ = "remark"
        __table_args__ = (
            unique("remark", "source", "external_id"),
            refers("customer_id", "customer"),
            ordered("remark", "written_at"),
            ordered("remark", "stars", empty=True),
            ordered("remark", "words", empty=True),
        )

        source: str = Field(default="default", max_length=100)
        external_id: str = Field(max_length=200)
        words: str | None = personal(default=None, max_length=200)
        feeling: Mood | None = choice(Mood, default=None)
        stars: float | None = None
        likes: int = 0
        is_pinned: bool = False
        due: date | None = None
        customer_id: UUID | None = None
        written_at: datetime = instant()
        deleted_at: datetime | None = instant(default=None)

    yield Remark
    wall._by_table.pop("remark", None)
    SQLModel.metadata.remove(Remark.__table__)
    SQLModel._sa_registry._dispose_cls(Remark)


@input_
class RemarkRecordInput:
    """A remark."""

    external_id: str = plain("Its id in the caller's source.")
    stars: float | None = absent("The stars.")


@pytest.fixture(scope="module")
def noun(row):
    """The service, the type and the declaration: all that a noun takes."""
    rows = Listing(row, READ, present=row.deleted_at.is_(None), columns={"mood": "feeling"})

    def put(uow, data):
        stars = data.get("stars")
        if stars is not None and stars > 5:
            raise Invalid(Text("At most five stars.", "最多五颗星。"), "stars")
        known = uow.session.scalars(select(row).where(row.external_id == data["external_id"])).first()
        made = known or row(tenant_id=uow.tenant_id, external_id=data["external_id"], written_at=uow.now)
        made.stars = stars
        uow.session.add(made)
        uow.session.flush()
        return made, Outcome.UPDATED if known else Outcome.CREATED

    @writes(WRITE)
    def upsert(uow, data, options: Options):
        del options
        return put(uow, data)

    @writes(WRITE)
    def record_batch(uow, given, options: Options):
        found = []
        for index, data in enumerate(given):
            try:
                made, outcome = put(uow, data)
                found.append(Result(index, outcome, made.id, ()))
            except Invalid as error:
                found.append(Result(index, Outcome.REJECTED, None, tuple(error.problems)))
        return found

    @type_
    class Remark(Node):
        """What somebody remarked."""

        external_id: str = plain("Its id in its source.")
        source: str = plain("The source that brought it.")
        words: str | None = plain("What was remarked. Null without the scope personal:read.")
        mood: Mood | None = plain("How it sounds.")
        stars: float | None = plain("How many stars.")
        likes: int = plain("How many liked it.")
        is_pinned: bool = plain("Whether it is pinned.")
        due: date | None = plain("When it is due.")
        written_at: Moment = plain("When it was written.")
        row: strawberry.Private[object]

        @field
        async def customer(self, info: Info) -> Customer | None:
            """Whom it is about."""
            return await CUSTOMER.related(info, self.row.customer_id)

        @classmethod
        def of(cls, row) -> Self:
            same = ("external_id", "source", "words", "stars", "likes", "is_pinned", "due", "written_at")
            values = {name: getattr(row, name) for name in same}
            return cls(id=strawberry.ID(ids.encode("Remark", row.id)), mood=row.feeling, row=row, **values)

    return Noun(
        Remark,
        rows,
        one="remark",
        many="remarks",
        words=("a remark", "remarks"),
        filters=("words", "mood", "stars", "likes", "is_pinned", "due", "customer", "written_at", "external_id"),
        orders=("-written_at", "stars", "words"),
        writes=(Upsert(upsert, RemarkRecordInput), records(record_batch, RemarkRecordInput)),
    )


@pytest.fixture(scope="module")
def schema(noun):
    """The schema of the program with one noun more, put together as it is."""
    nouns = (*NOUNS, noun)
    return Schema(query=query(nouns), mutation=mutations(nouns))


@pytest.fixture
def asked(row, noun, schema, database, workspace, elsewhere):
    """Asks the schema, in a database with thirty remarks, some of them elsewhere, deleted or without stars."""
    engine = migrate.owner_engine(database)
    with engine.begin() as connection:
        row.__table__.create(connection)
        with Operations.context(MigrationContext.configure(connection)):
            protect("remark")
    engine.dispose()
    wall._tenanted("customer")  # knows every table by now
    wall._by_table["remark"] = row
    for people in (workspace, elsewhere):
        people.write(fill, row)

    def ask(document, by=workspace.alice, **variables):
        async def run():
            with ThreadPoolExecutor(2) as threads:
                context = Context(workspace.door, threads, asyncio.Semaphore(2), by)
                try:
                    return await schema.execute(document, variable_values=variables, context_value=context)
                finally:
                    await context.close()

        return asyncio.run(run())

    def told(document, by=workspace.alice, **variables):
        result = ask(document, by, **variables)
        assert result.errors is None, result.errors
        (value,) = result.data.values()
        return value

    def refused(document, by=workspace.alice, **variables):
        (error,) = ask(document, by, **variables).errors
        return error.original_error

    return SimpleNamespace(told=told, refused=refused, here=workspace, there=elsewhere)


@writes(Scope.CUSTOMER_WRITE)
def fill(uow, row):
    """Twenty remarks, and one that was deleted."""
    (cara,) = customer.upsert_batch(uow, [{"external_id": "c1", "name": "Cara"}], Options())
    for i in range(21):
        uow.session.add(
            row(
                tenant_id=uow.tenant_id,
                external_id=f"r{i:02}",
                words=None if i % 4 == 0 else f"word {i % 3}",
                feeling=None if i % 5 == 0 else Mood.GLAD if i % 2 else Mood.CROSS,
                stars=None if i % 3 == 0 else float(i % 5),
                likes=i,
                is_pinned=i % 7 == 0,
                due=None if i % 2 else date(2026, 6, 1) + timedelta(days=i),
                customer_id=cara.id if i % 10 == 0 else None,
                written_at=NOW - timedelta(hours=i),
                deleted_at=NOW if i == 20 else None,
            )
        )


LIST = """query($first: Int, $after: String, $last: Int, $before: String, $filter: RemarkFilterInput, $order: [RemarkOrderInput!]) {
    remarks(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $order) {
        nodes { externalId } edges { cursor node { externalId } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}"""  # noqa: E501 - the arguments of a list
ALL = [f"r{i:02}" for i in range(20)]


def keys(page):
    return [node["externalId"] for node in page["nodes"]]


ORDERS = {
    "as declared": (None, lambda i: i),
    "WRITTEN_AT": ([{"field": "WRITTEN_AT"}], lambda i: -i),
    "STARS": ([{"field": "STARS"}, {"field": "WRITTEN_AT"}], lambda i: (i % 3 == 0, 0 if i % 3 == 0 else i % 5, -i)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_its_pages_are_the_list_in_both_directions(asked, name):
    order, key = ORDERS[name]
    forward, after = [], None
    while True:
        page = asked.told(LIST, first=6, after=after, order=order)
        assert (page["totalCount"], [edge["node"] for edge in page["edges"]]) == (20, page["nodes"])
        forward += keys(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert forward == sorted(ALL, key=lambda one: key(int(one[1:])))
    backward, before = [], None
    while True:
        page = asked.told(LIST, last=6, before=before, order=order)
        backward = keys(page) + backward
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backward == forward


def test_it_is_filtered_by_every_kind_of_column(asked):
    cara = asked.told('{ customer(by: {externalId: "c1"}) { id } }')["id"]
    for filter_, meant in (
        ({"words": {"contains": "WORD 1"}}, lambda i: i % 4 and i % 3 == 1),
        ({"mood": {"in": ["GLAD"]}}, lambda i: i % 5 and i % 2),
        ({"mood": {"isNull": True}}, lambda i: i % 5 == 0),
        ({"stars": {"gte": 3}}, lambda i: i % 3 and i % 5 >= 3),
        ({"likes": {"lt": 4}}, lambda i: i < 4),
        ({"isPinned": {"eq": True}}, lambda i: i % 7 == 0),
        ({"due": {"lte": "2026-06-05"}}, lambda i: i % 2 == 0 and i <= 4),
        ({"customerId": {"eq": cara}}, lambda i: i % 10 == 0),
        ({"writtenAt": {"gt": (NOW - timedelta(hours=3)).isoformat()}}, lambda i: i < 3),
        ({"externalId": {"eq": "r07"}}, lambda i: i == 7),
        ({"or": [{"likes": {"eq": 1}}, {"not": {"likes": {"lt": 18}}}]}, lambda i: i == 1 or i >= 18),
        ({"and": [{"likes": {"gt": 1}}, {"likes": {"lt": 3}}]}, lambda i: i == 2),
    ):
        page = asked.told(LIST, filter=filter_, first=100)
        assert keys(page) == [f"r{i:02}" for i in range(20) if meant(i)], filter_
        assert page["totalCount"] == len(page["nodes"])


def test_it_is_found_by_its_names_and_its_id(asked):
    found = asked.told('{ remark(by: {externalId: "r10"}) { id mood stars customer { name } } }')
    assert found["customer"] == {"name": "Cara"}
    assert asked.told('{ remark(by: {external: {source: "default", externalId: "r10"}}) { id } }')["id"] == found["id"]
    assert asked.told("query($id: ID!) { remark(by: {id: $id}) { externalId } }", id=found["id"]) == {
        "externalId": "r10"
    }
    node = "query($id: ID!) { node(id: $id) { __typename id ... on Remark { externalId } } }"
    assert asked.told(node, id=found["id"]) == {"__typename": "Remark", "id": found["id"], "externalId": "r10"}
    # the other nouns of the same schema are found as before, and what was deleted is not
    cara = asked.told('{ customer(by: {externalId: "c1"}) { id } }')["id"]
    assert asked.told(node, id=cara) == {"__typename": "Customer", "id": cara}
    assert asked.told('{ remark(by: {externalId: "r20"}) { id } }') is None
    assert asked.told(node, id=ids.encode("Remark", "x")) is None
    # nor what is elsewhere
    assert asked.told(node, by=asked.there.alice, id=found["id"]) is None
    assert asked.told(LIST, by=asked.there.alice)["totalCount"] == 20


def test_the_sizes_of_its_pages_are_limited(asked):
    assert len(asked.told(LIST)["nodes"]) == 20
    assert asked.told(LIST, first=0)["nodes"] == []
    for sizes in ({"first": 101}, {"last": 101}, {"first": -1}, {"last": -1}, {"first": 1, "last": 1}):
        assert isinstance(asked.refused(LIST, **sizes), Invalid), sizes
    assert isinstance(asked.refused(LIST, after="x"), Invalid)
    strange = asked.told("{ customers { pageInfo { endCursor } } }")["pageInfo"]["endCursor"]
    assert isinstance(asked.refused(LIST, after=strange), Invalid)


def test_it_takes_its_scope_and_hides_what_is_personal(asked):
    nothing = asked.here.actor(ORDINARY - {READ})
    for document in (
        "{ remarks { nodes { id } } }",
        '{ remark(by: {externalId: "r01"}) { id } }',
        f'{{ node(id: "{ids.encode("Remark", UUID(int=1))}") {{ id }} }}',
    ):
        assert isinstance(asked.refused(document, by=nothing), Forbidden)
    assert asked.told('{ remark(by: {externalId: "r01"}) { words } }') == {"words": "word 1"}
    assert asked.told('{ remark(by: {externalId: "r01"}) { words } }', by=asked.here.bob) == {"words": None}
    assert isinstance(asked.refused(LIST, by=asked.here.bob, filter={"words": {"eq": "word 1"}}), Forbidden)
    assert isinstance(asked.refused(LIST, by=asked.here.bob, order=[{"field": "WORDS"}]), Forbidden)


def test_it_is_written_one_by_one_and_in_batches(asked):
    upsert = """mutation($input: RemarkRecordInput!) {
        remarkUpsert(input: $input) { remark { stars } outcome userErrors { code path } }
    }"""
    assert asked.told(upsert, input={"externalId": "r01", "stars": 2}) == {
        "remark": {"stars": 2},
        "outcome": "UPDATED",
        "userErrors": [],
    }
    wrong = [{"code": Code.INVALID.value, "path": ["stars"]}]
    assert asked.told(upsert, input={"externalId": "r01", "stars": 9}) == {
        "remark": None,
        "outcome": "REJECTED",
        "userErrors": wrong,
    }
    record = upsert.replace("remarkUpsert", "remarkRecord")
    assert asked.told(record, input={"externalId": "new", "stars": 1})["remark"] == {"stars": 1}
    batch = """mutation($input: RemarkRecordBatchInput!) {
        remarkRecordBatch(input: $input) {
            results { index outcome remark { externalId stars } userErrors { code path } }
            counts { created updated rejected } userErrors { code }
        }
    }"""
    rows = [{"externalId": "new", "stars": 3}, {"externalId": "r02", "stars": 6}, {"externalId": "newer"}]
    assert asked.told(batch, input={"rows": rows}) == {
        "results": [
            {"index": 0, "outcome": "UPDATED", "remark": {"externalId": "new", "stars": 3}, "userErrors": []},
            {
                "index": 1,
                "outcome": "REJECTED",
                "remark": None,
                "userErrors": [wrong[0] | {"path": ["rows", "1", "stars"]}],
            },
            {"index": 2, "outcome": "CREATED", "remark": {"externalId": "newer", "stars": None}, "userErrors": []},
        ],
        "counts": {"created": 1, "updated": 1, "rejected": 1},
        "userErrors": [],
    }
    assert isinstance(asked.refused(upsert, by=asked.here.bob, input={"externalId": "x"}), Forbidden)
    assert asked.told(LIST, first=1)["totalCount"] == 22


def test_it_says_what_it_costs_and_what_it_is(schema):
    remarks = schema.core.query_type.fields["remarks"]
    assert "@listSize(assumedSize: 20" in schema.as_str().partition("): RemarkConnection")[2].partition("\n")[0]
    assert [*remarks.args] == ["first", "after", "last", "before", "filter", "orderBy"]
    described = {**schema.core.type_map["RemarkFilterInput"].fields, **schema.core.type_map["RemarkOrderField"].values}
    assert {name: described[name].description for name in ("words", "customerId", "STARS", "WORDS", "WRITTEN_AT")} == {
        "words": "What was remarked. Needs the scope personal:read.",
        "customerId": "Whom it is about.",
        "STARS": "By how many stars.",
        "WORDS": "By what was remarked; needs the scope personal:read.",
        "WRITTEN_AT": "By when it was written.",
    }


def test_the_schema_of_the_program_knows_nothing_of_it(schema):
    assert "Remark" in schema.as_str()
    assert "Remark" not in sdl()


def test_a_declaration_that_cannot_be_is_refused(row, noun):
    plain_ = {"one": "x", "many": "xs", "words": ("an x", "xs")}
    for wrong in (
        {"filters": ("nothing",), "orders": ("stars",)},
        {"filters": (), "orders": ("nothing",)},
        {"filters": ("id", "row"), "orders": ("stars",)},
    ):
        with pytest.raises((LookupError, AttributeError)):
            Noun(noun.type, noun.rows, **plain_, **wrong)
    with pytest.raises(TypeError, match="twice"):
        query((noun, noun))
