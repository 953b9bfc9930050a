"""Who may import whom, and which words may stand where: read from the source."""

import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import app.services
from app.services.listing import Listing
from app.uow import Uow

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
FILES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(APP.rglob("*.py"))}


@cache
def tree_of(name):
    """What a file says."""
    return ast.parse(FILES[name])


def holding(pattern, *, under="app/"):
    """The files under a folder whose code, comments and docstrings apart, matches `pattern`."""
    return {name for name in FILES if name.startswith(under) and re.search(pattern, code(name))}


@cache
def code(name):
    """A file's source without its docstrings and comments."""
    tree = ast.parse(FILES[name])
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                one
                for one in body
                if not (
                    isinstance(one, ast.Expr)
                    and isinstance(one.value, ast.Constant)
                    and isinstance(one.value.value, str)
                )
            ] or [ast.Pass()]
    return ast.unparse(tree)


def imports(name):
    """The modules that a file imports."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_contracts_between_the_layers_hold():
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))",
    ]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_resolvers_know_no_database():
    assert {
        n
        for n in FILES
        if n.startswith("app/schema/") and any(i.split(".")[0] in ("sqlalchemy", "sqlmodel") for i in imports(n))
    } == set()


def test_services_models_and_kpis_know_no_graphql():
    below = [name for name in FILES if name.startswith(("app/services/", "app/models/", "app/kpis/"))]
    assert {
        n for n in below if any(i.split(".")[0] in ("strawberry", "graphql", "fastapi") for i in imports(n))
    } == set()


DOORS = {"app/uow.py", "app/writer.py", "app/wall.py", "app/db.py", "app/migrate.py"}


def test_nobody_else_commits():
    assert holding(r"\.commit\(") <= DOORS


def test_nobody_else_opens_a_session():
    assert holding(r"\b(Walled)?Session\(|\bsessionmaker\b|\bscoped_session\b") <= {"app/uow.py", "app/wall.py"}


def test_nobody_else_makes_an_engine():
    assert holding(r"\bcreate_engine\(|\bcreate_async_engine\(") == {"app/db.py", "app/migrate.py"}


def test_nobody_else_passes_by_the_session():
    assert holding(r"\.connection\(|exec_driver_sql|\.raw_connection\(|\.get_bind\(") <= {
        "app/db.py",
        "app/expectation.py",  # of a migration
        "app/migrate.py",
    }


def test_the_engines_are_used_where_they_are_made():
    assert holding(r"\bdb\.(reader|writer)\b|\bself\.(reader|writer)\.(connect|begin)\b") <= {
        "app/db.py",
        "app/uow.py",
        "app/migrate.py",
    }


def test_the_wall_is_passed_by_the_rollups_and_the_members_of_segments_only():
    passing = {"app/wall.py", "app/services/rollup.py", "app/services/segment_member.py"}
    assert holding(r"\bEXEMPT\b|custograph_exempt") == passing


def test_the_gate_is_stepped_to_for_tokens_and_the_list_of_workspaces_only():
    assert holding(r"\.at_gate\(", under="app/services/") == {"app/services/token.py", "app/services/deployment.py"}
    assert holding(r"\.at_gate\(") - holding(r"\.at_gate\(", under="app/services/") == {"app/uow.py"}


def test_what_the_wall_cannot_scope_is_not_written_in_services():
    assert holding(r"\btext\(|\bfrom_statement\(|\bbulk_\w+\(", under="app/services/") == set()
    assert holding(r"\bliteral_column\(", under="app/services/") <= {"app/services/rollup.py"}
    # the columns of a class may be listed, not selected from
    assert holding(r"__table__(?!\.columns\b|\.c\b)|metadata\.tables", under="app/services/") == set()


DIALECTS = {
    "app/db.py",  # where the two differ
    "app/dialect.py",  # in what they are told
    "app/models/base.py",  # a column's type on either
    "app/kpis/measure.py",  # a fingerprint needs one dialect to print in, always the same
    "app/migrate.py",  # migrates as the owner, before there is a Database
    "app/settings.py",  # knows the addresses
}


SPEAK_OF_EITHER = {f"app/{name}.py" for name in ("__main__", "cli", "commands", "main", "serve", "upkeep")}
"""The command line and what it runs: messages to people, and a backup that copies a file."""


def test_dialects_are_named_where_they_differ():
    named = holding(r"(?i)['\"][^'\"]*\b(sqlite|postgresql|postgres|psycopg)\b|\bdialects\b|(sqlite|postgresql)_where")
    assert named - SPEAK_OF_EITHER == DIALECTS


def test_no_module_is_longer_than_three_hundred_lines():
    long = {name: text.count("\n") for name, text in FILES.items() if text.count("\n") > 300}
    assert long == {}


def test_no_function_is_longer_than_forty_lines():
    long = {}
    for name in FILES:
        for node in ast.walk(tree_of(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                if length > 40:
                    long[f"{name}:{node.name}"] = length
    assert long == {}


def test_every_module_says_what_it_is():
    assert {name for name in FILES if not (ast.get_docstring(tree_of(name)) or "").strip()} == set()


# what the edges may call

EDGES = [name for name in FILES if name.startswith(("app/schema/", "app/demo/")) or name.count("/") == 1]


def service(name):
    return importlib.import_module(f"app.services.{name}")


def called(name):
    """What an edge takes from the services: (module, attribute)."""
    modules, found = {}, set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.ImportFrom) and node.module == "app.services":
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.services."):
            found |= {(node.module.removeprefix("app.services."), alias.name) for alias in node.names}
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add((modules[node.value.id], node.attr))
    return found


def takes_a_unit(function):
    """Whether it is a function over a unit of work."""
    if not inspect.isfunction(function):
        return False
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.annotation in (Uow, "Uow")


@pytest.mark.parametrize("name", EDGES)
def test_what_an_edge_calls_in_the_services_carries_a_mark(name):
    unmarked = {
        f"{module}.{attribute}"
        for module, attribute in called(name)
        if takes_a_unit(one := getattr(service(module), attribute, None)) and getattr(one, "mode", None) is None
    }
    assert unmarked == set()


def test_edges_do_call_services():
    schema = set().union(*(called(name) for name in EDGES if name.startswith("app/schema/")))
    assert {("feedback", "record_batch"), ("customer", "upsert_batch"), ("kpi", "answer")} <= schema


def test_a_mark_stands_on_functions_over_a_unit_only():
    for module in pkgutil.iter_modules(app.services.__path__):
        for attribute, value in vars(service(module.name)).items():
            if getattr(value, "mode", None) is not None and inspect.isfunction(value):
                assert takes_a_unit(value), f"{module.name}.{attribute}"
                assert value.mode in ("reads", "writes")


LISTINGS = [
    value
    for module in pkgutil.iter_modules(app.services.__path__)
    for value in vars(service(module.name)).values()
    if isinstance(value, Listing)
]


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.model.__name__)
def test_every_function_of_a_listing_carries_its_mark(listing):
    functions = {name: value for name, value in vars(listing).items() if takes_a_unit(value) and name[0] != "_"}
    assert set(functions) == {"page", "count", "by_ids", "find"}
    assert {(value.mode, value.scope) for value in functions.values()} == {("reads", listing.scope)}
    # loaders are known by their function, so it must be the same one each time
    assert all(getattr(listing, name) is value for name, value in functions.items())


def test_an_edge_takes_from_a_listing_what_carries_a_mark():
    marked = {name for listing in LISTINGS for name, value in vars(listing).items() if hasattr(value, "mode")}
    plain = {"model", "scope", "columns", "references", "personal", "type_of", "seen"}  # know the table, read no row
    for name in EDGES:
        taken = {
            node.attr
            for node in ast.walk(tree_of(name))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Attribute | ast.Name)
            and (getattr(node.value, "attr", None) or getattr(node.value, "id", None)) in ("LIST", "rows")
            and hasattr(Listing, node.attr) | (node.attr in marked)
        }
        assert taken <= marked | plain, name


def test_the_same_noun_is_the_same_file_in_every_layer():
    layers = {
        layer: {Path(n).stem for n in FILES if n.startswith(f"app/{layer}/")}
        for layer in ("models", "services", "schema")
    }
    nouns = {"channel", "customer", "feedback", "staff", "survey", "target", "team", "workspace"}
    assert {layer: nouns - found for layer, found in layers.items()} == {layer: set() for layer in layers}
