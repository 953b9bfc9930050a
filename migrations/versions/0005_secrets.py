"""A secret for each workspace, to seal cursors with."""

import sqlalchemy as sa
from alembic import op

from migrations.wall import is_postgres

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    if is_postgres():  # the wall hides the rows from an update, a default reaches them
        made = "replace(gen_random_uuid()::text, '-', '')"
        op.execute(f"ALTER TABLE workspace ADD COLUMN secret VARCHAR(32) NOT NULL DEFAULT {made}")
        op.execute("ALTER TABLE workspace ALTER COLUMN secret DROP DEFAULT")
        return
    op.add_column("workspace", sa.Column("secret", sa.String(32), nullable=True))
    op.execute("UPDATE workspace SET secret = lower(hex(randomblob(16)))")
    with op.batch_alter_table("workspace") as table:
        table.alter_column("secret", existing_type=sa.String(32), nullable=False)


def downgrade() -> None:
    """Take back."""
    op.drop_column("workspace", "secret")
