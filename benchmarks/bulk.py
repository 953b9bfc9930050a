"""What importing files costs beside the least that a database could do with the same rows.

    python benchmarks/bulk.py [--customers 100000] [--databases sqlite postgresql]

A file of customers and one of five times as many orders, of one to three lines, are imported by the command, in a
process of its own, whose peak memory is told; then exported. The floor is the same rows, as they were stored, into
tables with the same columns and indexes in one transaction: COPY on PostgreSQL, `executemany` on SQLite; no parsing, no
history, no KPI kept up to date, no foreign keys.
"""

import argparse
import csv
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from filling import furnish
from support import DATABASES, ROOT, Databases, table

from app.models.customer import Customer
from app.models.order import Order

CUSTOMERS, ORDERS_EACH = 100_000, 5
HEAD = (
    *("database", "file", "rows", "import, rows/s", "floor, rows/s"),
    *("ratio", "peak MiB", "export, rows/s", "peak MiB"),
)
HELD = """\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and tells the most that it held: Linux counts in what its parent held before, so that is small."""
SEGMENTS, REGIONS = ("A", "B", "C", "D", "E"), 30


def customers(count: int) -> Iterator[Sequence[object]]:
    """The lines of a file of customers."""
    yield "externalId", "name", "email", "segment", "region", "acquisitionChannel", "joinedOn"
    for i in range(count):
        name = f"c{i}"
        day = f"{2023 + i % 3}-{i % 12 + 1:02}-{i % 28 + 1:02}"
        yield name, f"Customer {i}", f"{name}@example.org", SEGMENTS[i % 5], f"r{i % REGIONS}", "web", day


def orders(count: int, people: int) -> Iterator[Sequence[object]]:
    """The lines of a file of orders."""
    yield "externalId", "amount", "currency", "customer", "channel", "product", "occurredAt"
    for i in range(count):
        when = f"{2023 + i % 3}-{i // 3 % 12 + 1:02}-{i % 28 + 1:02}T{i % 24:02}:30:00Z"
        who, where = f"c{i * 7 % people}", ("web", "store")[i % 2]
        yield f"o{i}", f"{i % 20_000 / 100:.2f}", "EUR", who, where, f"p{i % 20}", when


def command(url: str, *words: str) -> tuple[float, float]:
    """Run a command of the program; the seconds that it took, and the most MiB that it held."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CUSTOGRAPH_")}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", HELD, sys.executable, "-m", "app", *words],
        cwd=ROOT,
        env={**kept, "CUSTOGRAPH_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        check=True,
    )
    return time.perf_counter() - began, int(done.stdout) / 1024


def floor(url: str, model: Any) -> float:  # noqa: ANN401 - a table
    """The seconds that the stored rows of `model` take into a table like theirs."""
    name = model.__table__.name
    if url.startswith("sqlite"):
        return _executemany(url.removeprefix("sqlite:///"), name)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE floor (LIKE {name} INCLUDING INDEXES INCLUDING DEFAULTS)")
        with cursor.copy(f"COPY {name} TO STDOUT (FORMAT binary)") as copy:
            data = [bytes(piece) for piece in copy]
        connection.commit()
        began = time.perf_counter()
        with cursor.copy("COPY floor FROM STDIN (FORMAT binary)") as copy:
            for piece in data:
                copy.write(piece)
        connection.commit()
        took = time.perf_counter() - began
        cursor.execute("DROP TABLE floor")
    return took


def _executemany(path: str, name: str) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        like = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
        (made,) = connection.execute(like, (name, "table")).fetchone()
        connection.execute(re.sub(rf'^CREATE TABLE "?{name}"?', "CREATE TABLE floor", made))
        for (index,) in connection.execute(like, (name, "index")).fetchall():
            connection.execute(re.sub(rf' ON "?{name}"?', " ON floor", index).replace(f"ix_{name}", "ix_floor"))
        rows = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - a name of ours
        marks = ", ".join("?" * len(rows[0]))
        began = time.perf_counter()
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO floor VALUES ({marks})", rows)  # noqa: S608 - marks alone
        connection.execute("COMMIT")
        took = time.perf_counter() - began
        connection.execute("DROP TABLE floor")
    return took


def _file(path: Path, lines: Iterator[Sequence[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(lines)
    return path


def run(databases: Databases, kinds: Sequence[str], *, count: int = CUSTOMERS) -> None:
    """Measure and print."""
    shown: list[list[object]] = []
    files = {
        "customers": (_file(databases.folder / "customers.csv", customers(count)), count, Customer),
        "orders": (_file(databases.folder / "orders.csv", orders(ORDERS_EACH * count, count)), 5 * count, Order),
    }
    for kind in kinds:
        url = databases.fresh(kind, "bench_bulk")
        door, actor, _ = furnish(url)
        door.close()
        where = ("--workspace", str(actor.tenant_id), "--type")
        for type_, (path, rows, model) in files.items():
            took, peak = command(url, "import", str(path), *where, type_)
            least = floor(url, model)
            sent, held = command(url, "export", str(path.with_suffix(".out.csv")), *where, type_)
            ratio = f"{rows / took:,.0f}", f"{rows / least:,.0f}", least / took
            shown.append([kind, type_, f"{rows:,}", *ratio, f"{peak:,.0f}", f"{rows / sent:,.0f}", f"{held:,.0f}"])
            path.with_suffix(".out.csv").unlink()
    for path, *_ in files.values():
        path.unlink()
    table(f"Files of {count:,} customers and {ORDERS_EACH * count:,} orders", HEAD, shown)


def main() -> None:
    """Run this benchmark alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    chosen = parser.parse_args()
    with Databases() as databases:
        run(databases, chosen.databases, count=chosen.customers)


if __name__ == "__main__":
    main()
