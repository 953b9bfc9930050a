"""How many rows SQLite is to expect: told once, because it counts nothing by itself.

Without figures it takes the rows of a workspace for ten, walks all of them to find a few by their ids, and every batch
takes as long as the workspace is large. PostgreSQL's autovacuum counts. Each column of an index after the second tells
ten times as many rows apart, as far as anybody knows.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

MANY = 1_000_000
"""The rows of a table, all of one workspace."""
OF_A_DAY, OF_A_RECORD = 1_000, 10
"""Those that are alike in a day (or a time, a name, a kind), and those that refer to one other record."""
UNUSUAL = {"ordinal > 1", "seq IS NULL"}
"""What one in twenty rows of a table is at the most, where an index is of those alone."""
BUSY = {
    "acquisition_channel_id",
    "channel_id",
    "resolver_id",
    "responder_id",
    "segment_id",
    "staff_id",
    "survey_id",
    "team_id",
}
"""What as many refer to as happen in a day, or more."""
RARE = {"is_counted", "merged_into_id"}
"""In what nearly all rows are alike: hardly any has it, or lacks it."""


def expect_many(connection: Connection) -> None:
    """Have the planner of this SQLite database expect large workspaces, where it has not counted them itself."""
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table of figures, and counts nothing
    known = set(connection.exec_driver_sql("SELECT idx FROM sqlite_stat1").scalars())
    counted = {
        row[0]: int(row[1].split()[0]) for row in connection.exec_driver_sql("SELECT tbl, stat FROM sqlite_stat1")
    }
    for table, index, columns, is_unique, of in list(_indexes(connection)):
        if index not in known and columns[0] == "tenant_id":
            count = counted.get(table, MANY) // (20 if of in UNUSUAL else 1)
            figures = " ".join(map(str, _figures(count, columns, is_unique=is_unique)))
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (table, index, figures))
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # has this connection read them; others do when they open


def _indexes(connection: Connection) -> Iterator[tuple[str, str, list[str], bool, str]]:
    """The indexes of all tables: table, name, columns ("" for an expression), whether it is unique, of which rows."""
    found = connection.exec_driver_sql(
        "SELECT m.name, l.name, l.\"unique\", (SELECT group_concat(coalesce(i.name, ''), ' ') FROM "
        "pragma_index_info(l.name) i), (SELECT sql FROM sqlite_master s WHERE s.name = l.name) "
        "FROM sqlite_master m, pragma_index_list(m.name) l WHERE m.type = 'table'"
    )
    for table, index, is_unique, columns, sql in found:
        yield table, index, columns.split(" "), bool(is_unique), (sql or "").partition(" WHERE ")[2]


def _figures(count: int, columns: Sequence[str], *, is_unique: bool) -> Iterator[int]:
    """How many rows there are, then how many are alike in the first column, in the first two, and so on."""
    alike = count
    yield alike
    for place, name in enumerate(columns):
        if place:
            is_one = name.endswith("_id") and name not in BUSY
            usual = 1 if name == "id" else count if name in RARE else OF_A_RECORD if is_one else OF_A_DAY
            alike = min(alike if place == 1 else max(alike // 10, 1), usual)
        yield 1 if is_unique and place == len(columns) - 1 else alike
