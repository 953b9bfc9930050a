"""A key for the deployment, made once; what tokens are known by depends on it, and they have more to tell."""

import hmac
import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.db import GATE_ROLE
from migrations.wall import is_postgres

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_COLUMNS = (
    ("previous_digest", sa.String(length=64)),
    ("previous_until", sa.DateTime(timezone=True)),
    ("rows", _JSON),
    ("origins", _JSON),
    ("answers_per_minute", sa.Integer()),
    ("created_by", sa.String(length=200)),
    ("last_used_at", sa.DateTime(timezone=True)),
    ("version", sa.BigInteger()),
)


def _carry_over(key: str) -> None:
    """Know every token by its digest under the key, made from the plain one that was stored; none stops working."""
    # HKDF with SHA-256 (RFC 5869), written out: a migration goes on meaning the same
    extracted = hmac.digest(bytes(32), key.encode(), "sha256")
    digests = hmac.digest(extracted, b"custograph digests\x01", "sha256")
    token = sa.table("token", sa.column("id", sa.Uuid()), sa.column("digest", sa.String()))
    for id_, digest in op.get_bind().execute(sa.select(token.c.id, token.c.digest)).all():
        keyed = hmac.digest(digests, digest.encode(), "sha256").hex()
        op.execute(sa.update(token).where(token.c.id == id_).values(digest=keyed))


def upgrade() -> None:
    """Apply."""
    deployment = op.create_table(
        "deployment",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_deployment")),
    )
    key = secrets.token_urlsafe(32)
    op.bulk_insert(deployment, [{"name": "key", "value": key}])
    for name, kind in _COLUMNS:
        op.add_column("token", sa.Column(name, kind, nullable=True))
    op.execute("UPDATE token SET version = 1")
    with op.batch_alter_table("token") as table:
        table.alter_column("version", existing_type=sa.BigInteger(), nullable=False)
    op.create_index("ix_token_previous_digest", "token", ["previous_digest"], unique=True)
    _carry_over(key)
    if is_postgres():
        # the key is made here and nowhere else; ordinary work does not see it
        op.execute(f"GRANT SELECT, UPDATE ON deployment TO {GATE_ROLE}")
        # which workspaces there are is told to a deployment's administrator; what is in them is not
        op.execute(f"GRANT SELECT (tenant_id, id, name, time_zone, currency, created_at) ON workspace TO {GATE_ROLE}")
        op.execute(f"CREATE POLICY deployment ON workspace FOR SELECT TO {GATE_ROLE} USING (true)")


def downgrade() -> None:
    """Take back. Tokens have to be made anew: what they were known by cannot be told from what they are known by."""
    if is_postgres():
        op.execute("DROP POLICY deployment ON workspace")
        op.execute(f"REVOKE ALL ON workspace FROM {GATE_ROLE}")
    op.drop_index("ix_token_previous_digest", "token")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("token", name)
    op.drop_table("deployment")
