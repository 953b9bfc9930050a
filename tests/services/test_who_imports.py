"""Who began an import is looked at again while it runs: members as tokens are."""

import pytest
from importing import begin, counts, load, look, undo
from sqlmodel import select

from app import ids
from app.actor import Role, Scope
from app.models.customer import CustomerExternalId
from app.services import bulk_import, member
from app.services.member import Person
from app.services.row import Ref
from app.worker import Worker

FILE = b"externalId,name\nc1,Ann\nc2,Bob\n"


@pytest.fixture
def cora(workspace):
    """A member who may import, and the id by which she is changed."""
    given = {"email": "cora@example.org", "role": Role.CONTRIBUTOR, "scopes": [Scope.IMPORT_WRITE]}
    row, _ = workspace.write(member.add, given)
    actor = member.actor_of(workspace.door, Person("https://issuer", "cora", "cora@example.org"), workspace.id)
    assert actor.member_id == row.id
    return actor, Ref(id=ids.encode("Member", row.id))


def names(people):
    with people.door.snapshot(people.system) as uow:
        return sorted(uow.session.scalars(select(CustomerExternalId.external_id)).all())


def test_a_member_imports_and_undoes(workspace, cora):
    row = load(workspace, "CUSTOMERS", FILE, by=cora[0])
    assert (row.state, counts(row), names(workspace)) == ("DONE", {"created": 2}, ["c1", "c2"])
    assert (undo(workspace, row, by=cora[0]).state, names(workspace)) == ("UNDONE", [])


CHANGES = {
    "removed": (lambda people, who: people.write(member.remove, who), "The member was removed from the workspace."),
    "of a lesser role": (
        lambda people, who: people.write(member.update, who, {"role": Role.VIEWER}),
        "This needs the scope customer:write, which the token does not have.",
    ),
    "without the grant": (
        lambda people, who: people.write(member.update, who, {"scopes": []}),
        "This needs the scope import:write, which the token does not have.",
    ),
    "bound to rows": (
        lambda people, who: people.write(member.update, who, {"rows": {"sources": ["crm"]}}),
        "This is for those who see the whole workspace; the token is limited to some of its rows.",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_import_of_a_member_who_may_no_longer_stops(workspace, cora, what):
    change, why = CHANGES[what]
    row = begin(workspace, "CUSTOMERS", FILE, by=cora[0])
    change(workspace, cora[1])
    Worker(workspace.door).drain()
    row = look(workspace, row)
    assert (row.state, [one[1] for one in row.problems], counts(row)) == ("FAILED", [why], {})
    assert names(workspace) == []


def test_what_a_member_undoes_stops_when_they_are_removed(workspace, cora):
    row = load(workspace, "CUSTOMERS", FILE, by=cora[0])
    workspace.write(bulk_import.undo, ids.encode("Import", row.id), by=cora[0])
    workspace.write(member.remove, cora[1])
    Worker(workspace.door).drain()
    row = look(workspace, row)
    assert (row.state, row.problems[0][1]) == ("FAILED", "The member was removed from the workspace.")
    assert names(workspace) == ["c1", "c2"]
    # somebody else may go on with it
    assert (undo(workspace, row).state, names(workspace)) == ("UNDONE", [])
