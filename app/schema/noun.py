"""The mould of a noun: what can be asked of it and done to it follows from one declaration.

From `Noun(…)` come its two root fields with their filters, orders and pages, its place behind `node`, what other types
show of it, and the mutations with their payloads.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from app.schema.context import Context, Info
from app.schema.describe import arg, field
from app.schema.inputs import as_ref, tree
from app.schema.made import Words, resolver
from app.schema.node import Finder, Node, row_id
from app.schema.page import DEFAULT, After, Before, Connection, First, Last, listed, part
from app.schema.traits import Orders, filter_input, ref_input, trait
from app.schema.weight import sized
from app.schema.writing import Writing
from app.services.cursor import Order
from app.services.listing import Listing

N = TypeVar("N", bound=Node)


class Noun(Generic[N]):
    """A noun of the schema.

    `type_` shows a row by its class method `of`; `rows` is how it is read. `one` and `many` are its root fields,
    `words` what descriptions call it ("an order", "orders"). `filters` and `orders` name fields of the type; the first
    order is the default, and "-" says descending. `by` is the input that names one, where each source does not have
    an id of its own for it or other inputs name it too. `writes` is what can be done to it.
    """

    def __init__(  # noqa: PLR0913 - what a noun is
        self,
        type_: type[N],
        rows: Listing[Any],
        *,
        one: str,
        many: str,
        words: tuple[str, str],
        by: Any = None,  # noqa: ANN401 - a type
        filters: Sequence[str],
        orders: Sequence[str],
        writes: Sequence[Writing] = (),
    ) -> None:
        self.type, self.rows, self.words = type_, rows, Words(*words)
        self.name = type_.__name__
        traits = {name: trait(type_, rows, name) for name in (*filters, *(one.lstrip("-") for one in orders))}
        ordered = [traits[one.lstrip("-")] for one in orders]
        self.filter_input = filter_input(self.name, self.words, [traits[one] for one in filters])
        default = Order(ordered[0].column, descending=orders[0].startswith("-"))
        self.orders = Orders(self.name, self.words, ordered, default)
        self.by = by or ref_input(self.name, self.words)
        self.reads = {one: self._one(one, self.by), many: self._many(many)}
        self.writes = {name: mutation for write in writes for name, mutation in write.fields(self).items()}

    def shown(self, context: Context, row: Any) -> N:  # noqa: ANN401 - the noun's own row
        """The row as this caller may see it."""
        seen = self.rows.seen(row, context.actor)
        shown: N = self.type.of(seen)  # type: ignore[attr-defined]  # every noun's type has it
        return shown

    async def related(self, info: Info, id_: UUID | None) -> N | None:
        """What another row refers to by `id_`."""
        row = await info.context.load(self.rows.by_ids, id_) if id_ else None
        return None if row is None else self.shown(info.context, row)

    @property
    def finder(self) -> Finder:
        """How one is found by its global id."""

        async def find(context: Context, parts: list[str]) -> N | None:
            id_ = row_id(parts)
            row = None if id_ is None else await context.load(self.rows.by_ids, id_)
            return None if row is None else self.shown(context, row)

        return find

    def _one(self, name: str, by: Any) -> Any:  # noqa: ANN401 - a type and a field
        async def one(info: Info, by: Any) -> N | None:  # noqa: ANN401 - the noun's own input
            row = await info.context.run(self.rows.find, as_ref(by))
            return None if row is None else self.shown(info.context, row)

        description = f"{self.words.start}; null when there is none of that name here."
        given: dict[str, Any] = {"by": Annotated[by, arg("Which one.")], "returns": self.type | None}
        return field(resolver(one, name, description, **given))

    def _many(self, name: str) -> Any:  # noqa: ANN401 - a field
        async def many(  # noqa: PLR0913 - the arguments of the field
            info: Info,
            first: First = None,
            after: After = None,
            last: Last = None,
            before: Before = None,
            filter: Any = None,  # noqa: ANN401 - the noun's own input
            order_by: Any = None,  # noqa: ANN401 - the noun's own input
        ) -> Connection[N] | None:
            most = info.context.door.settings.max_page_size
            chosen, order = part(first, after, last, before, most), self.orders.read(order_by)
            return await listed(
                info,
                self.rows.page,
                self.rows.count,
                lambda row: self.shown(info.context, row),
                chosen,
                tree(filter),
                order,
            )

        given = {
            "filter": Annotated[self.filter_input | None, arg("Which ones.")],
            "order_by": Annotated[list[self.orders.input] | None, arg("In which order.")],  # type: ignore[name-defined]  # known when it runs
            "returns": Connection[self.type] | None,  # type: ignore[name-defined]
        }
        size = sized(DEFAULT, by=("first", "last"), fields=("nodes", "edges"))
        return field(size(resolver(many, name, f"The {self.words.many}.", **given)))


def refers(noun: Noun[Any], column: str, description: str) -> Any:  # noqa: ANN401 - a field
    """The field that shows what a row refers to by `column`."""

    async def one(self: Any, info: Info) -> Any:  # noqa: ANN401 - any type with a row
        return await noun.related(info, getattr(self.row, column))

    return field(resolver(one, column.removesuffix("_id"), description, returns=noun.type | None))
