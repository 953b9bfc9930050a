"""KPIs of workspaces, targets for them, and which kinds of feedback there are."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from migrations.wall import is_postgres, protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("CSAT", "NPS", "CES", "REVIEW")
_OLD = ("uq_target_kpi_variant_scope_digest_starts_on_ends_on", "kpi variant scope_digest starts_on ends_on")
_NEW = (
    "uq_target_kpi_custom_variant_scope_digest_starts_on_ends_on",
    "kpi custom variant scope_digest starts_on ends_on",
)


def upgrade() -> None:
    """Apply."""
    for kind in _KINDS:
        listed = sa.text(f"kind = '{kind}' AND deleted_at IS NULL")
        columns = ["tenant_id", "day"]
        op.create_index(
            f"ix_feedback_{kind.lower()}", "feedback", columns, sqlite_where=listed, postgresql_where=listed
        )
    when = sa.DateTime(timezone=True)
    op.create_table(
        "custom_kpi",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("name_zh", sa.String(200), nullable=False),
        sa.Column("about_en", sa.String(2_000), nullable=False),
        sa.Column("about_zh", sa.String(2_000), nullable=False),
        sa.Column("formula", sa.String(1_000), nullable=False),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("direction", sa.String(32), nullable=False),
        sa.Column("stage", sa.String(32), nullable=False),
        sa.Column("minimum", sa.Float(), nullable=True),
        sa.Column("maximum", sa.Float(), nullable=True),
        sa.Column("created_at", when, nullable=False),
        sa.Column("updated_at", when, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_custom_kpi")),
        sa.UniqueConstraint("tenant_id", "key", name="uq_custom_kpi_key"),
    )
    protect("custom_kpi")
    with op.batch_alter_table("target") as table:
        table.add_column(sa.Column("custom", sa.String(64), nullable=False, server_default=""))
        _swap(table, _OLD, _NEW)
    with op.batch_alter_table("target") as table:  # in a second step: the rows that there are take it from the first
        table.alter_column("custom", existing_type=sa.String(64), server_default=None)


def downgrade() -> None:
    """Take back."""
    if is_postgres():  # the wall hides from the owner what no older version could read
        op.execute("CREATE POLICY leaving ON target TO CURRENT_USER USING (true)")
    op.execute("DELETE FROM target WHERE custom <> ''")
    if is_postgres():
        op.execute("DROP POLICY leaving ON target")
    with op.batch_alter_table("target") as table:
        _swap(table, _NEW, _OLD)
        table.drop_column("custom")
    op.drop_table("custom_kpi")
    for kind in _KINDS:
        op.drop_index(f"ix_feedback_{kind.lower()}", "feedback")


def _swap(table: BatchOperations, old: tuple[str, str], new: tuple[str, str]) -> None:
    """Put one unique constraint in the place of another."""
    table.drop_constraint(old[0], type_="unique")
    table.create_unique_constraint(new[0], ["tenant_id", *new[1].split()])
