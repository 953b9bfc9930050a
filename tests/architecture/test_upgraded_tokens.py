"""Tokens that were made before their digests were keyed go on working, on either database."""

import hashlib

import pytest
from alembic import command
from sqlalchemy import text
from test_migrations import empty, go, owning  # noqa: F401 - a fixture among them
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.bus import Bus
from app.db import Database
from app.errors import Unauthenticated
from app.services import token
from app.services.minting import mint
from app.uow import Door

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")

OLD = """
    INSERT INTO token (id, tenant_id, name, digest, scopes, source, created_at, expires_at, revoked_at)
    VALUES (:id, :tenant, :name, :digest, '["kpi:read"]', 'crm', '2026-01-01', NULL, :revoked)
"""


@pytest.mark.slow
def test_a_token_of_before_is_the_same_after(empty):  # noqa: F811 - the fixture
    tenant, secrets = uuid7(), {name: mint() for name in ("crm", "shop", "gone")}
    go(empty, command.upgrade, "0013")
    with owning(empty) as connection:
        for name, secret in secrets.items():
            # as they were stored then: the plain SHA-256 of the secret
            row = {"digest": hashlib.sha256(secret.encode()).hexdigest(), "name": name, "tenant": tenant.hex}
            row |= {"id": uuid7().hex, "revoked": "2026-02-01" if name == "gone" else None}
            connection.execute(text(OLD), row)
        connection.commit()
    go(empty, command.upgrade, "0014")
    door = Door(Database(empty), empty, Bus())
    try:
        for name in ("crm", "shop"):
            actor = token.authenticate(door, secrets[name])
            assert (actor.tenant_id, actor.name, actor.source, actor.scopes) == (
                tenant, name, "crm", {Scope.KPI_READ},
            )  # fmt: skip
            assert (actor.rows, actor.public) == (None, None)
        with pytest.raises(Unauthenticated, match="revoked"):
            token.authenticate(door, secrets["gone"])
        with door.gate_reader() as gate:
            digests = set(gate.execute(text("SELECT digest FROM token")).scalars())
        assert digests.isdisjoint(hashlib.sha256(secret.encode()).hexdigest() for secret in secrets.values())
    finally:
        door.close()
