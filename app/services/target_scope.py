"""The scope of a target: to what it is narrowed, and how that is kept."""

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from app.kpis.custom import internal
from app.kpis.dimension import Dimension
from app.models.target import Target
from app.services.slices import Filter


def scope_digest(scope: Sequence[Filter]) -> str:
    """The same for the same scope, in whatever order it was written."""
    return hashlib.sha256(orjson.dumps(stored(scope))).hexdigest()


def stored(scope: Sequence[Filter]) -> list[dict[str, Any]]:
    """A scope as it is kept: the same for the same scope, in whatever order it was written."""
    rows = [
        {
            "by": f.by.value,
            "anyOf": sorted(set(f.any_of)) if f.any_of is not None else None,
            "noneOf": sorted(set(f.none_of)),
            **({} if f.attribute is None else {"attribute": f.attribute}),
            **({"withDescendants": True} if f.with_descendants else {}),
        }
        for f in scope
    ]
    return sorted(rows, key=orjson.dumps)


def kpi_of(target: Target) -> str:
    """The KPI that a target is for, as questions name it."""
    return internal(target.custom) if target.custom else target.kpi


def scope_of(target: Target) -> tuple[Filter, ...]:
    """The filters that a target is narrowed to."""
    return tuple(
        Filter(
            Dimension(f["by"]),
            None if f["anyOf"] is None else tuple(f["anyOf"]),
            tuple(f["noneOf"]),
            f.get("attribute"),
            f.get("withDescendants", False),
        )
        for f in target.scope
    )
