"""A key for the deployment, made once."""

import secrets

import sqlalchemy as sa
from alembic import op

from app.db import GATE_ROLE
from migrations.wall import is_postgres

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    deployment = op.create_table(
        "deployment",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_deployment")),
    )
    op.bulk_insert(deployment, [{"name": "key", "value": secrets.token_urlsafe(32)}])
    if is_postgres():  # made here and nowhere else; ordinary work does not see it
        op.execute(f"GRANT SELECT, UPDATE ON deployment TO {GATE_ROLE}")


def downgrade() -> None:
    """Take back."""
    op.drop_table("deployment")
