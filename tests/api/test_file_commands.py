"""The commands `import` and `export`, and the folder from which a server may read files itself."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from importing import counts, look
from sqlmodel import func, select
from test_commands import BERLIN, Run, address

from app import commands
from app.actor import system
from app.errors import Invalid
from app.models.bulk_import import BulkFormat, BulkType, Import
from app.models.customer import Customer
from app.services import bulk_import
from app.worker import Worker

ROOT = Path(__file__).parents[2]


@pytest.fixture
def custograph(monkeypatch, capsys, database):
    """Runs a command in this process, on a fresh database."""
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", address(database))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["custograph", *map(str, arguments)])
        capsys.readouterr()
        try:
            commands.main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        return Run(code, told.out, told.err)

    return run


@pytest.fixture
def shop(custograph):
    return custograph("workspace", "create", *BERLIN).out.strip()


def test_a_file_is_imported_mended_and_exported(custograph, shop, tmp_path):
    file, report, out = tmp_path / "people.csv", tmp_path / "report.csv", tmp_path / "people.jsonl"
    file.write_text("Contact ID,Last Name,Email\n1,Ann,ann@example.org\n2,Bob,nobody\n", encoding="utf-8")
    where = ("--workspace", shop, "--type", "customers")
    ran = custograph("import", file, *where, "--mapping", "salesforce.contacts", "--report", report)
    assert (ran.code, ran.out) == (1, "DONE: 1 created, 0 updated, 0 unchanged, 0 stale, 1 rejected.\n")
    report.write_bytes(report.read_bytes().replace(b"nobody", b"bob@example.org"))
    ran = custograph("import", report, *where, "--mapping", "salesforce.contacts")
    assert (ran.code, ran.out) == (0, "DONE: 1 created, 0 updated, 0 unchanged, 0 stale, 0 rejected.\n")
    ran = custograph("export", out, *where, "--field", "externalId", "--field", "name")
    assert (ran.code, ran.out) == (0, "2 records exported.\n")
    assert out.read_text() == '{"externalId":"1","name":"Ann"}\n{"externalId":"2","name":"Bob"}\n'
    assert list(tmp_path.glob("*.part")) == []


def test_wrong_usage_ends_with_a_sentence(custograph, shop, tmp_path):
    file, mapping = tmp_path / "a.csv", tmp_path / "own.json"
    file.write_text("externalId\n1\n")
    mapping.write_text("{")
    where = ("--workspace", shop, "--type", "customers")
    cases = {
        ("import", tmp_path / "none.csv", *where): "none.csv cannot be read: No such file",
        ("import", file, "--workspace", shop, "--type", "people"): "There is no type 'people'; there are channels, ",
        ("import", file, "--workspace", "x", "--type", "customers"): "'x' is not the id of a workspace.",
        ("import", tmp_path / "a.xls", *where): "Say by --format whether a.xls is jsonl or csv.",
        ("import", file, *where, "--mapping", "nowhere"): "There is no mapping 'nowhere'; use ",
        ("import", file, *where, "--mapping", mapping): "holds no mapping",
        ("export", tmp_path / "no" / "a.csv", *where): "a.csv cannot be written: No such file",
        ("export", file, "--workspace", str(os.urandom(16).hex()), "--type", "customers"): "There is no workspace ",
    }
    for words, said in cases.items():
        ran = custograph(*words)
        assert (ran.code, said in ran.err) == (2, True), ran
        assert ran.out == ""


@pytest.mark.slow
def test_a_killed_import_is_gone_on_with_by_a_server(custograph, shop, tmp_path, database, open_door, clock):
    file = tmp_path / "many.csv"
    file.write_text("externalId\n" + "".join(f"c{i}\n" for i in range(6_000)))
    words = [sys.executable, "-m", "app", "import", str(file), "--workspace", shop, "--type", "customers"]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ}, stdout=subprocess.DEVNULL)
    door = open_door()

    def rows():
        with door.snapshot(system(UUID(shop))) as uow:
            return uow.session.scalar(select(func.count()).select_from(Customer))

    while rows() < 1_000:
        assert process.poll() is None
    process.kill()
    process.wait()
    stood = rows()
    assert 0 < stood < 6_000
    assert stood % 500 == 0
    clock.set(datetime.now(UTC) + timedelta(minutes=10))
    while Worker(door).drain():
        pass
    assert rows() == 6_000
    with door.snapshot(system(UUID(shop))) as uow:
        (row,) = uow.session.scalars(select(Import))
        assert (row.state, counts(row)) == ("DONE", {"created": 6_000})


# files that the server reads itself


@pytest.fixture
def folder(tmp_path, open_door, make_workspace):
    """A folder with files of a workspace and of others, and the workspace."""
    root = tmp_path / "files"
    people = make_workspace()
    people = type(people)(open_door(import_dir=root), people.id)
    mine = root / str(people.id)
    (mine / "sub").mkdir(parents=True)
    (root / "other").mkdir()
    text = "externalId\nc1\n"
    for place in (mine / "a.csv", mine / "sub" / "b.csv", root / "other" / "c.csv", root / "d.csv", tmp_path / "e.csv"):
        place.write_text(text)
    (mine / "link.csv").symlink_to(tmp_path / "e.csv")
    (mine / "inner.csv").symlink_to(mine / "a.csv")
    (mine / "way").symlink_to(tmp_path)
    os.mkfifo(mine / "pipe.csv")
    return people


def start(people, file, **more):
    asked = {"type": BulkType.CUSTOMERS, "format": BulkFormat.CSV, "file": file, **more}
    return people.write(bulk_import.start, asked)[0]


@pytest.mark.parametrize("name", ["a.csv", "sub/b.csv"])
def test_a_file_in_the_folder_of_the_workspace_is_read(folder, name):
    row = start(folder, name)
    Worker(folder.door).drain()
    assert (look(folder, row).state, counts(look(folder, row))) == ("DONE", {"created": 1})


WAYS = [
    "../d.csv", "../other/c.csv", "sub/../../d.csv", "/etc/passwd", "link.csv", "inner.csv", "way/e.csv", "pipe.csv",
    "sub", ".", "..", "none.csv", "..\\d.csv", "a\0.csv", "./../d.csv",
]  # fmt: skip


@pytest.mark.some(5)
@pytest.mark.parametrize("name", WAYS)
def test_no_name_leads_out_of_the_folder(folder, name):
    with pytest.raises(Invalid):
        start(folder, name)


def test_a_file_that_changes_meanwhile_stops_its_import(folder, tmp_path):
    row = start(folder, "a.csv")
    (tmp_path / "files" / str(folder.id) / "a.csv").write_text("externalId\nc1\nc2\n")
    Worker(folder.door).drain()
    row = look(folder, row)
    assert row.state == "FAILED"
    assert row.problems[0][1] == "The file 'a.csv' has changed since the import began; start another one."


def test_without_the_setting_no_file_is_read(workspace):
    with pytest.raises(Invalid, match="CUSTOGRAPH_IMPORT_DIR is not set"):
        start(workspace, "a.csv")
