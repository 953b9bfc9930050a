"""Of which records webhooks tell, and who may be told of them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import inspect

from app.models.change import Change, RecordType
from app.services.subject import SUBJECTS, spelled

TYPES = {
    type_.value: subject.scope
    for type_, subject in SUBJECTS.items()
    if type_ not in (RecordType.KPI_DEFINITION, RecordType.MIRROR)  # whose changes do not lead to the record
}
"""The types of records, and the scope that whoever is told of their changes must have."""

BESIDE = {"Segment": ("members",), "Staff": ("teams",), "Survey": ("questions",), "Webhook": ("deliveries",)}
"""What changes of a record without being a column of it."""


def allowed(types: Sequence[str], scopes: Iterable[str]) -> list[str]:
    """Of `types` (of all, where there are none) those that somebody with `scopes` may be told of."""
    held = frozenset(scopes)
    return [one for one, scope in TYPES.items() if scope.value in held and (one in types or not types)]


def fields_of(types: Sequence[str]) -> frozenset[str]:
    """The names that changed fields of `types` can have; of all types where there are none."""
    found: set[str] = set()
    for mapper in inspect(Change).registry.mappers:
        name = mapper.class_.__name__
        if name in (types or TYPES):
            columns = {column.name for column in mapper.columns} - {"tenant_id", "id"}
            found.update(spelled(name, [*sorted(columns), *BESIDE.get(name, ())]))
    return frozenset(found)
