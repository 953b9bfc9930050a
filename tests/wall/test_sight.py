"""Whatever a statement looks like, a session of one workspace sees no row of another."""

from sqlalchemy import Uuid, exists, func, literal, select, true, union, union_all
from sqlalchemy.orm import aliased, undefer

from app.models.channel import Channel
from app.models.workspace import Workspace


def beside(model):
    """Another class, to look from."""
    return Channel if model is Workspace else Workspace


def _alias(model, two):
    return select(aliased(model).tenant_id)


def _alias_of_rows(model, two):
    return select(aliased(model, select(model).subquery()).tenant_id)


def _self_join(model, two):
    other = aliased(model)
    return select(other.tenant_id).select_from(model).join(other, true())


def _two_froms(model, two):
    return select(model.tenant_id).where(model.tenant_id == beside(model).tenant_id)


def _subquery(model, two):
    return select(select(model.tenant_id).subquery().c.tenant_id)


def _nested_subquery(model, two):
    inner = select(model.tenant_id).subquery()
    return select(select(inner.c.tenant_id).subquery().c.tenant_id)


def _cte(model, two):
    return select(select(model.tenant_id).cte().c.tenant_id)


def _recursive(model, two):
    found = select(model.tenant_id, literal(1).label("n")).cte(recursive=True)
    found = found.union_all(
        select(model.tenant_id, found.c.n + 1).join(found, model.tenant_id == found.c.tenant_id).where(found.c.n < 2)
    )
    return select(found.c.tenant_id)


def _union_all(model, two):
    return union_all(select(model.tenant_id), select(beside(model).tenant_id))


def _union_of_entities(model, two):
    both = union(select(model), select(model)).subquery()
    return select(aliased(model, both).tenant_id)


SIGHTS = {
    "select": lambda model, two: select(model.tenant_id),
    "where nothing": lambda model, two: select(model.tenant_id).where(true()),
    "where either": lambda model, two: select(model.tenant_id).where(
        (model.tenant_id == two.there) | (model.tenant_id == two.here)
    ),
    "distinct": lambda model, two: select(model.tenant_id).distinct(),
    "group": lambda model, two: select(model.tenant_id).group_by(model.tenant_id),
    "window": lambda model, two: select(model.tenant_id, func.row_number().over(order_by=model.tenant_id)),
    "alias": _alias,
    "alias of rows": _alias_of_rows,
    "join": lambda model, two: select(model.tenant_id).join(beside(model), beside(model).tenant_id.is_not(None)),
    "join from beside": lambda model, two: (
        select(model.tenant_id).select_from(beside(model)).join(model, model.tenant_id.is_not(None))
    ),
    "outer join": lambda model, two: (
        select(model.tenant_id).select_from(beside(model)).outerjoin(model, model.tenant_id.is_not(None))
    ),
    "full join": lambda model, two: select(model.tenant_id).outerjoin(
        beside(model), beside(model).tenant_id == model.tenant_id, full=True
    ),
    "self join": _self_join,
    "two froms": _two_froms,
    "subquery": _subquery,
    "nested subquery": _nested_subquery,
    "cte": _cte,
    "recursive": _recursive,
    "union all": _union_all,
    "union of entities": _union_of_entities,
}


def test_only_rows_of_the_workspace_are_seen_however_one_looks(two, model):
    with two.reading() as session:
        seen = {name: {row[0] for row in session.execute(look(model, two))} for name, look in SIGHTS.items()}
    assert seen == {name: {two.here} for name in SIGHTS}


def test_entities_are_seen_whole_and_only_those_of_the_workspace(two, model):
    with two.reading() as session:
        seen = session.scalars(select(model)).all()
        again = session.query(model).all()
    assert {row.tenant_id for row in seen} == {two.here}
    assert len(seen) == len(again) == two.count(model.__table__, two.here)


BLIND = {
    "where": lambda model, two: select(model.tenant_id).where(model.tenant_id == two.there),
    "exists": lambda model, two: select(beside(model).tenant_id).where(
        exists(select(model.tenant_id).where(model.tenant_id == two.there))
    ),
    "exists where": lambda model, two: select(beside(model).tenant_id).where(
        exists().where(model.tenant_id == two.there)
    ),
    "in": lambda model, two: select(beside(model).tenant_id).where(
        literal(two.there, Uuid).in_(select(model.tenant_id))
    ),
    "any": lambda model, two: select(beside(model).tenant_id).where(
        select(func.count()).select_from(model).where(model.tenant_id == two.there).scalar_subquery() > 0
    ),
    "having": lambda model, two: select(model.tenant_id).group_by(model.tenant_id).having(model.tenant_id == two.there),
    "cte": lambda model, two: select(select(model.tenant_id).where(model.tenant_id == two.there).cte().c.tenant_id),
}


def test_rows_of_another_workspace_are_not_found_when_asked_for(two, model):
    with two.reading() as session:
        found = {name: session.execute(look(model, two)).all() for name, look in BLIND.items()}
    assert found == {name: [] for name in BLIND}


def test_every_table_is_filled_so_that_these_tests_see_something(two, table):
    assert two.count(table, two.there) > 0
    assert two.count(table, two.here) > 0


def test_counting_counts_the_own_rows(two, model):
    own = two.count(model.__table__, two.here)
    with two.reading() as session:
        assert session.scalar(select(func.count()).select_from(model)) == own
        assert session.scalar(select(func.count()).select_from(aliased(model))) == own
        assert session.scalar(select(func.count()).select_from(select(model.tenant_id).subquery())) == own
        assert session.scalar(select(select(func.count()).select_from(model).scalar_subquery())) == own
        assert session.query(model).count() == own


def test_a_row_of_another_workspace_is_not_got_by_its_key(two, model):
    own, foreign = two.key(model, two.here), two.key(model, two.there)
    with two.reading() as session:
        assert session.get(model, foreign) is None
        assert session.get(model, own).tenant_id == two.here
        assert session.get(model, foreign, populate_existing=True) is None
        assert session.scalars(select(model).where(model.tenant_id == two.there)).first() is None


def test_nor_by_its_id_under_the_own_workspace(two, model):
    foreign = two.key(model, two.there)
    if len(foreign) < 2 or not hasattr(model, "id"):
        return
    with two.reading() as session:
        assert session.get(model, (two.here, *foreign[1:])) is None
        assert session.scalars(select(model).where(model.id == model.id, model.id == foreign[1])).first() is None


def test_options_and_locks_do_not_open_the_wall(two, model):
    with two.writing() as session:
        seen = session.scalars(
            select(model).options(undefer("*")).with_for_update().execution_options(populate_existing=True, yield_per=1)
        ).all()
        assert {row.tenant_id for row in seen} == {two.here}
