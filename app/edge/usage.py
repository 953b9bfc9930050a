"""Who still uses what is deprecated: found once for a document, counted by element and caller whenever it runs."""

from functools import cache
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLInputObjectType,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

from app.actor import Actor
from app.metrics import DEPRECATED
from app.schema.build import Schema


def deprecated(schema: Schema, document: DocumentNode) -> tuple[str, ...]:
    """The deprecated elements that a valid document names, by their schema coordinates: `Query.old`, `Kind.OLD`."""
    if not _has_any(schema):
        return ()
    info = TypeInfo(schema.core)
    finder = _Finder(info)
    visit(document, TypeInfoVisitor(info, finder))
    return tuple(sorted(finder.found))


def count(elements: tuple[str, ...], actor: Actor | None) -> None:
    """Count a use of each of `elements` by the caller's token."""
    caller = str(actor.caller) if actor and actor.caller else "none"
    for element in elements:
        DEPRECATED.labels(element, caller).inc()


class _Finder(Visitor):
    """Collects the coordinates of what is deprecated."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info, self._field = info, ""
        self.found: set[str] = set()

    def _see(self, definition: Any, *names: object) -> None:  # noqa: ANN401 - any definition of graphql-core
        if definition is not None and definition.deprecation_reason is not None:
            self.found.add(".".join(str(name) for name in names))

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """A field of an object."""
        self._field = node.name.value
        self._see(self._info.get_field_def(), self._info.get_parent_type(), node.name.value)

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """An argument of a field, as `Type.field(argument:)`."""
        self._see(self._info.get_argument(), self._info.get_parent_type(), f"{self._field}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """A field of an input object."""
        kind = get_named_type(self._info.get_parent_input_type())
        if isinstance(kind, GraphQLInputObjectType):
            self._see(kind.fields.get(node.name.value), kind, node.name.value)

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        """A value of an enum."""
        self._see(self._info.get_enum_value(), get_named_type(self._info.get_input_type()), node.value)


@cache
def _has_any(schema: Schema) -> bool:
    """Whether anything in the schema is deprecated; mostly nothing is, and looking costs as much as validating."""
    for kind in schema.core.type_map.values():
        if kind.name.startswith("__"):
            continue
        for one in (*getattr(kind, "fields", {}).values(), *getattr(kind, "values", {}).values()):
            arguments = getattr(one, "args", {}).values()
            if any(part.deprecation_reason is not None for part in (one, *arguments)):
                return True
    return False
