"""Imports and exports of files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLES = ("bulk_import", "import_part", "import_rejection", "import_effect", "bulk_export")
_DOCUMENT = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    _imports()
    _of_imports()
    op.create_table(
        "bulk_export",
        *_keys(),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("filter", _DOCUMENT, nullable=True),
        sa.Column("fields", _DOCUMENT, nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("downloaded_at", _WHEN, nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bulk_export")),
    )
    op.create_index("ix_bulk_export_created_at", "bulk_export", ["tenant_id", "created_at", "id"])
    protect(*_TABLES)


def downgrade() -> None:
    """Take back."""
    for name in ("bulk_export", "import_effect", "import_rejection", "import_part", "bulk_import"):
        op.drop_table(name)


def _keys() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False)]


def _imports() -> None:
    counts = ("bytes_total", "position", "line", "rows_read", "created", "updated", "unchanged", "stale", "rejected")
    op.create_table(
        "bulk_import",
        *_keys(),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.Column("starter", _DOCUMENT, nullable=False),
        sa.Column("undoer", _DOCUMENT, nullable=True),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("options", _DOCUMENT, nullable=False),
        sa.Column("mapping", sa.String(200), nullable=True),
        sa.Column("file", sa.String(1_000), nullable=True),
        sa.Column("stamp", sa.String(64), nullable=True),
        sa.Column("encoding", sa.String(32), nullable=True),
        sa.Column("delimiter", sa.String(1), nullable=True),
        sa.Column("header", _DOCUMENT, nullable=True),
        sa.Column("plan", _DOCUMENT, nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*counts, "undone", "kept")),
        sa.Column("problems", _DOCUMENT, nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.Column("started_at", _WHEN, nullable=True),
        sa.Column("finished_at", _WHEN, nullable=True),
        sa.Column("updated_at", _WHEN, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_bulk_import")),
        sa.UniqueConstraint("tenant_id", "source", "idempotency_key", name="uq_bulk_import_source_idempotency_key"),
    )
    op.create_index("ix_bulk_import_created_at", "bulk_import", ["tenant_id", "created_at", "id"])


def _of_imports() -> None:
    """What belongs to imports."""
    op.create_table(
        "import_part",
        *_keys(),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        *_constraints("import_part"),
        sa.UniqueConstraint("tenant_id", "import_id", "number", name="uq_import_part_import_id_number"),
    )
    op.create_table(
        "import_rejection",
        *_keys(),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("cells", _DOCUMENT, nullable=False),
        sa.Column("problems", _DOCUMENT, nullable=False),
        *_constraints("import_rejection"),
    )
    op.create_index("ix_import_rejection_line", "import_rejection", ["tenant_id", "import_id", "line", "id"])
    op.create_table(
        "import_effect",
        *_keys(),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("record", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("before", _DOCUMENT, nullable=True),
        sa.Column("is_undone", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.String(32), nullable=True),
        *_constraints("import_effect"),
        sa.UniqueConstraint("tenant_id", "import_id", "record", name="uq_import_effect_import_id_record"),
    )
    op.create_index("ix_import_effect_todo", "import_effect", ["tenant_id", "import_id", "is_undone", "id"])


def _constraints(table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"], ["bulk_import.tenant_id", "bulk_import.id"], name=op.f(f"fk_{table}_import_id")
        ),
    ]
