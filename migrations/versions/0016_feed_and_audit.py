"""The feed of changes and the audit: indexes by what readers ask, and the head of each chain, kept apart from it."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import is_postgres, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_SEALED = "seq IS NOT NULL"
_INDEXES = {
    "ix_change_at": (["at", "id"], _SEALED),
    "ix_change_actor": (["actor", "at", "id"], _SEALED),
    "ix_change_token": (["token_id", "at", "id"], _SEALED),
    "ix_change_noun": (["noun", "at", "id"], _SEALED),
    "ix_change_action": (["action", "at", "id"], _SEALED),
    "ix_change_record": (["record_id"], _SEALED),
    "ix_change_request": (["request_id"], f"{_SEALED} AND request_id IS NOT NULL"),
}


def _fill() -> None:
    """Keep the heads of the chains that there are."""
    change = sa.table("change", *map(sa.column, ("tenant_id", "seq", "hash")))
    head = sa.table("change_head", *map(sa.column, ("tenant_id", "id", "seq", "hash")))
    last = sa.select(change.c.tenant_id, sa.func.max(change.c.seq).label("seq")).group_by(change.c.tenant_id).subquery()
    own = (change.c.tenant_id == last.c.tenant_id) & (change.c.seq == last.c.seq)
    found = sa.select(change.c.tenant_id, change.c.tenant_id, change.c.seq, change.c.hash).join(last, own)
    op.execute(sa.insert(head).from_select(["tenant_id", "id", "seq", "hash"], found))


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_change_record", "change")
    op.add_column("change", sa.Column("source", sa.String(100), nullable=True))
    op.add_column("change", sa.Column("external_id", sa.String(200), nullable=True))
    for name, (columns, where) in _INDEXES.items():
        part = sa.text(where)
        op.create_index(name, "change", ["tenant_id", *columns], sqlite_where=part, postgresql_where=part)
    op.create_table(
        "change_head",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_change_head")),
    )
    walled = ("change",) if is_postgres() else ()
    for name in walled:  # the wall binds the owner too, who belongs to no workspace
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    _fill()
    for name in walled:
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
    protect("change_head")
    with op.batch_alter_table("workspace") as table:
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("workspace") as table:  # in a second step: the rows that there are take it from the first
        table.alter_column("version", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("workspace") as table:
        table.drop_column("version")
    op.drop_table("change_head")
    for name in _INDEXES:
        op.drop_index(name, "change")
    op.drop_column("change", "external_id")
    op.drop_column("change", "source")
    op.create_index("ix_change_record", "change", ["tenant_id", "record_id"])
