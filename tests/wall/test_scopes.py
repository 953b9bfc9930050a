"""A function without a mark cannot run, and an actor without its scope is refused before anything happens."""

import importlib
import pkgutil

import pytest

import app.services
from app.actor import ORDINARY, Actor, Scope, system
from app.errors import Forbidden
from app.models.staff import Staff
from app.services.listing import Listing
from app.services.mirror import Mirrors
from app.uow import check, reads, writes


def is_marked(value):
    return hasattr(value, "scope") and getattr(value, "mode", None) in ("reads", "writes")


def marked():
    """Every service function that carries a mark, by its name."""
    for module in pkgutil.iter_modules(app.services.__path__):
        names = vars(importlib.import_module(f"app.services.{module.name}"))
        more = {f"{name}.{key}": one for name, some in names.items() if name == "MIRRORS" for key, one in some.items()}
        for name, value in (names | more).items():
            if is_marked(value) and value.__module__ == f"app.services.{module.name}":
                yield f"{module.name}.{name}", value
            if isinstance(value, Listing | Mirrors):
                yield from ((f"{module.name}.{name}.{way}", one) for way, one in vars(value).items() if is_marked(one))


MARKED = dict(marked())


def without(two, scope):
    """Somebody who may do everything else."""
    return Actor(two.here, "dana", frozenset(Scope) - {scope})


@pytest.mark.parametrize("name", MARKED)
def test_without_its_scope_a_function_does_not_run(two, name, monkeypatch):
    function = MARKED[name]
    actor = without(two, function.scope)

    def entered(*_):
        pytest.fail(f"{name} was let in")

    monkeypatch.setattr(two.door, "snapshot", entered)
    monkeypatch.setattr(two.door.writer, "submit", entered)
    for call in [two.door.read] if function.mode == "reads" else [two.door.write, two.door.submit]:
        with pytest.raises(Forbidden, match=function.scope.value):
            call(actor, function)


@pytest.mark.parametrize("name", MARKED)
def test_a_function_runs_through_its_own_entrance_only(two, name):
    function = MARKED[name]
    wrong = two.door.write if function.mode == "reads" else two.door.read
    with pytest.raises(RuntimeError, match="is not marked"):
        wrong(system(two.here), function)


@pytest.mark.parametrize("name", MARKED)
def test_who_reads_needs_a_scope_for_reading_and_who_writes_one_for_writing(name):
    function = MARKED[name]
    assert isinstance(function.scope, Scope)
    ending = function.scope.value.partition(":")[2]
    assert ending in ({"read", "admin"} if function.mode == "reads" else {"write", "admin"})


def test_there_are_functions_of_both_kinds():
    assert {function.mode for function in MARKED.values()} == {"reads", "writes"}
    assert {"kpi.answer", "feedback.record_batch", "customer.upsert_batch", "target.set_"} <= set(MARKED)
    for noun in ("channel", "customer", "feedback", "staff", "survey", "target", "team"):
        assert {f"{noun}.LIST.{way}" for way in ("page", "count", "by_ids", "find")} <= set(MARKED)


def test_a_refused_call_leaves_nothing_behind(two):
    before, ran = two.everything(), []

    @writes(Scope.STAFF_WRITE)
    def add(uow):
        ran.append(uow)
        uow.session.add(Staff(key="x", name="x", created_at=uow.now, updated_at=uow.now))

    for call in (two.door.write, two.door.submit):
        with pytest.raises(Forbidden, match="staff:write"):
            call(without(two, Scope.STAFF_WRITE), add)
    with pytest.raises(RuntimeError):
        two.door.read(system(two.here), add)
    assert ran == []
    assert two.everything() == before


def test_a_function_without_a_mark_cannot_run(two):
    before, ran = two.everything(), []

    def unmarked(uow):
        ran.append(uow)

    for call in (two.door.read, two.door.write, two.door.submit):
        with pytest.raises(RuntimeError, match="unmarked is not marked"):
            call(system(two.here), unmarked)
    assert ran == []
    assert two.everything() == before


def test_work_that_raises_leaves_nothing_behind(two):
    before = two.everything()

    @writes(Scope.STAFF_WRITE)
    def stumble(uow):
        uow.session.add(Staff(key="x", name="x", created_at=uow.now, updated_at=uow.now))
        uow.session.flush()
        raise LookupError

    with pytest.raises(LookupError):
        two.door.write(system(two.here), stumble)
    assert two.everything() == before


@pytest.mark.parametrize("held", [*Scope])
def test_a_scope_opens_what_asks_for_it_and_nothing_else(held):
    actor = Actor(tenant_id=None, name="dana", scopes=frozenset({held}))
    opened = set()
    for scope in Scope:
        function = reads(scope)(lambda uow: None)
        try:
            check(actor, function, "reads")
        except Forbidden:
            continue
        opened.add(scope)
    assert opened == {held}


def test_who_names_no_scope_may_do_everything_but_administer_and_audit():
    assert frozenset(Scope) - ORDINARY == {Scope.WORKSPACE_ADMIN, Scope.DEPLOYMENT_ADMIN, Scope.AUDIT_READ}
    assert Actor(None, "alice").scopes == ORDINARY
    assert system(None).scopes == frozenset(Scope)
