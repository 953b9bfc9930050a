"""Names that sources take back, customers who are deleted, mirrors, sandboxes."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import is_postgres, protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_WHEN = sa.DateTime(timezone=True)
_WALLED = ("customer", "customer_external_id")


def _unwalled(statement: sa.Executable) -> None:
    """Run a statement over all workspaces: the wall binds the owner too, who belongs to none."""
    walled = _WALLED if is_postgres() else ()
    for name in walled:
        op.execute(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    for name in walled:
        op.execute(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY")


def upgrade() -> None:
    """Apply."""
    op.add_column("customer", sa.Column("deleted_at", _WHEN, nullable=True))
    op.add_column("customer_external_id", sa.Column("source_updated_at", _WHEN, nullable=True))
    op.add_column("customer_external_id", sa.Column("deleted_at", _WHEN, nullable=True))
    name = sa.table("customer_external_id", *map(sa.column, ("tenant_id", "customer_id", "source_updated_at")))
    customer = sa.table("customer", *map(sa.column, ("tenant_id", "id", "source_updated_at")))
    own = (customer.c.tenant_id == name.c.tenant_id, customer.c.id == name.c.customer_id)
    said = sa.select(customer.c.source_updated_at).where(*own).scalar_subquery()
    _unwalled(sa.update(name).values(source_updated_at=said))
    with op.batch_alter_table("workspace") as table:
        table.add_column(sa.Column("is_sandbox", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("workspace") as table:  # in a second step: the rows that there are take it from the first
        table.alter_column("is_sandbox", existing_type=sa.Boolean(), server_default=None)
    _mirrors()


def _mirrors() -> None:
    op.create_table(
        "mirror",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("noun", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("started_at", _WHEN, nullable=False),
        sa.Column("expires_at", _WHEN, nullable=False),
        sa.Column("finished_at", _WHEN, nullable=True),
        sa.Column("finished_by", sa.String(length=200), nullable=True),
        sa.Column("cursor", sa.String(length=200), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_mirror")),
    )
    op.create_index("ix_mirror_open", "mirror", ["tenant_id", "source", "noun", "state"])
    op.create_table(
        "mirror_seen",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("mirror_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("seen_at", _WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "mirror_id"], ["mirror.tenant_id", "mirror.id"], name=op.f("fk_mirror_seen_mirror_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "mirror_id", "external_id", name=op.f("pk_mirror_seen")),
    )
    protect("mirror", "mirror_seen")


def downgrade() -> None:
    """Take back."""
    op.drop_table("mirror_seen")
    op.drop_table("mirror")
    with op.batch_alter_table("workspace") as table:
        table.drop_column("is_sandbox")
    name = sa.table("customer_external_id", sa.column("deleted_at"))
    _unwalled(sa.delete(name).where(name.c.deleted_at.is_not(None)))
    op.drop_column("customer_external_id", "deleted_at")
    op.drop_column("customer_external_id", "source_updated_at")
    op.drop_column("customer", "deleted_at")
