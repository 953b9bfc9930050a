"""An index behind every order in which a list is offered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REPLACED = (
    ("customer", "ix_customer_name", ("name",)),
    ("feedback", "ix_feedback_occurred", ("occurred_at",)),
)
PLAIN = (
    ("channel", "key"),
    ("channel", "name"),
    ("staff", "key"),
    ("staff", "name"),
    ("survey", "key"),
    ("survey", "name"),
    ("customer", "updated_at"),
    ("target", "starts_on"),
)
# where the column may be null, whether it is comes first, as it does in the order
EMPTY = (("customer", "name"), ("customer", "joined_on"))
PRESENT = ("occurred_at", "recorded_at", "score")


def _create(table: str, column: str, *, empty: bool = False, where: str | None = None) -> None:
    flag = [sa.text(f"({column} IS NULL)")] if empty else []
    part = None if where is None else sa.text(where)
    columns = ["tenant_id", *flag, column, "id"]
    op.create_index(f"ix_{table}_{column}", table, columns, sqlite_where=part, postgresql_where=part)


def upgrade() -> None:
    """Apply."""
    for table, name, _ in REPLACED:
        op.drop_index(name, table)
    for table, column in PLAIN:
        _create(table, column)
    for table, column in EMPTY:
        _create(table, column, empty=True)
    for column in PRESENT:
        _create("feedback", column, empty=column == "score", where="deleted_at IS NULL")


def downgrade() -> None:
    """Take back."""
    for table, column in (*PLAIN, *EMPTY, *(("feedback", column) for column in PRESENT)):
        op.drop_index(f"ix_{table}_{column}", table)
    for table, name, columns in REPLACED:
        op.create_index(name, table, ["tenant_id", *columns, "id"])
