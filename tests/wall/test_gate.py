"""The gate: who a secret stands for, asked before any workspace is known, and refused without a trace."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.actor import ORDINARY, Scope
from app.errors import Invalid, NotFound, Unauthenticated
from app.models.token import Token
from app.services import token

pytestmark = pytest.mark.engine


def rows(door):
    """The tokens that are stored."""
    with door.gate_reader() as gate:
        return gate.execute(select(Token)).all()


def test_a_secret_stands_for_its_workspace_source_and_scopes(door, workspace, elsewhere):
    secret = token.create(door, workspace.id, "CRM", scopes=["kpi:read", "customer:write"], source="crm")
    token.create(door, elsewhere.id, "Other")
    actor = token.authenticate(door, secret, "request 1")
    assert (actor.tenant_id, actor.name, actor.source, actor.request_id) == (workspace.id, "CRM", "crm", "request 1")
    assert actor.scopes == {Scope.KPI_READ, Scope.CUSTOMER_WRITE}
    assert actor.token_id in {row.id for row in rows(door)}


def test_a_token_without_scopes_may_do_everything_but_administer(door, workspace):
    assert token.authenticate(door, token.create(door, workspace.id, "Plain")).scopes == ORDINARY
    assert token.authenticate(door, token.create(door, workspace.id, "None", scopes=[])).scopes == frozenset()


def test_the_secret_itself_is_not_stored(door, workspace):
    secret = token.create(door, workspace.id, "Plain")
    (row,) = rows(door)
    assert secret not in repr(row)
    assert secret.split("_")[1] not in repr(row._asdict())
    assert len(row.digest) == 64


def test_what_is_unknown_mistyped_expired_or_revoked_is_refused(door, workspace, clock):
    secret = token.create(door, workspace.id, "Short", expires_in=timedelta(days=1))
    for strange in (token.mint(), secret[:-1] + ("a" if secret[-1] != "a" else "b"), "", "cgt__", secret.lower()):
        with pytest.raises(Unauthenticated, match="not one of ours"):
            token.authenticate(door, strange)
    clock.advance(hours=23, minutes=59)
    assert token.authenticate(door, secret).name == "Short"
    clock.advance(minutes=1)
    with pytest.raises(Unauthenticated, match="expired"):
        token.authenticate(door, secret)
    lasting = token.create(door, workspace.id, "Lasting")
    with door.gate() as session:
        session.scalars(select(Token).where(Token.name == "Lasting")).one().revoked_at = clock()
    with pytest.raises(Unauthenticated, match="revoked"):
        token.authenticate(door, lasting)


def test_a_scope_that_is_no_more_opens_nothing(door, workspace):
    secret = token.create(door, workspace.id, "Old", scopes=["kpi:read"])
    with door.gate() as session:
        session.scalars(select(Token)).one().scopes = ["kpi:read", "moon:write"]
    assert token.authenticate(door, secret).scopes == {Scope.KPI_READ}


def test_a_token_that_cannot_be_made_is_not_made(door, workspace, make_workspace):
    for wrong, error in (
        ({"scopes": ["kpi:read", "moon:write"]}, Invalid),
        ({"name": ""}, Invalid),
        ({"name": "x" * 101}, Invalid),
        ({"name": "a\0b"}, Invalid),
        ({"source": ""}, Invalid),
        ({"source": "s" * 101}, Invalid),
        ({"tenant_id": type(workspace.id)(int=7)}, NotFound),
    ):
        with pytest.raises(error):
            token.create(door, **{"tenant_id": workspace.id, "name": "Plain", **wrong})
    assert rows(door) == []
