"""Row-level security and its roles (PostgreSQL)."""

from alembic import op

from app.db import APP_ROLE, GATE_ROLE
from migrations.wall import is_postgres, let_owner_read, make_roles, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "change",
    "channel",
    "customer",
    "customer_external_id",
    "feedback",
    "idempotency",
    "rollup",
    "rollup_entry",
    "rollup_state",
    "spell",
    "staff",
    "survey",
    "target",
    "target_revision",
    "tombstone",
    "workspace",
)


def upgrade() -> None:
    """Apply."""
    if not is_postgres():
        return
    make_roles()
    protect(*TABLES)
    let_owner_read("workspace", "rollup_state")
    # tokens and jobs are read before the workspace is known: ordinary work may only leave a job behind
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON token, job TO {GATE_ROLE}")
    op.execute(f"GRANT INSERT ON job TO {APP_ROLE}")


def downgrade() -> None:
    """Take back; the roles stay, other databases may use them."""
    if not is_postgres():
        return
    for table in ("workspace", "rollup_state"):
        op.execute(f"DROP POLICY upkeep ON {table}")
    for table in TABLES:
        op.execute(f"DROP POLICY workspace ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {APP_ROLE}")
    op.execute(f"REVOKE ALL ON token, job FROM {APP_ROLE}, {GATE_ROLE}")
