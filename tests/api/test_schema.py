"""The schema as it is published: described throughout, as committed, and without a break."""

import subprocess
from functools import partial
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    find_breaking_changes,
    get_named_type,
    is_interface_type,
)

from app.kpis.page import page
from app.schema.build import build, sdl

ROOT = Path(__file__).parents[2]
SCHEMA = build().core
OWN = [kind for kind in SCHEMA.type_map.values() if not kind.name.startswith("__")]
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def things():
    """Everything that has a description, with its name."""
    for kind in OWN:
        yield kind.name, kind
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", field
                for argument, value in getattr(field, "args", {}).items():
                    yield f"{kind.name}.{name}({argument})", value
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield f"{kind.name}.{name}", value


def test_everything_is_described():
    assert not [name for name, thing in things() if not (thing.description or "").strip()]


def test_descriptions_are_sentences():
    assert not [name for name, thing in things() if thing.description.strip()[-1] not in ".`" and name not in BUILT_IN]


def test_every_scalar_says_where_it_is_specified():
    scalars = [kind for kind in OWN if isinstance(kind, GraphQLScalarType) and kind.name not in BUILT_IN]
    assert {scalar.name for scalar in scalars} >= {"Date", "DateTime", "Decimal", "JSON", "CurrencyCode"}
    assert not [scalar.name for scalar in scalars if not (scalar.specified_by_url or "").startswith("https://")]


def test_a_root_that_reads_can_fail_alone():
    # definitions are no data; a list of figures is nullable by item
    told = {name for name, field in SCHEMA.query_type.fields.items() if str(field.type).endswith("!")}
    assert told == {"kpis", "kpiDefinitions", "industries", "kpiMeasures", "importMappings", "nodes"}


def test_a_deprecation_names_a_replacement_and_a_day():
    for name, thing in things():
        reason = getattr(thing, "deprecation_reason", None)
        assert reason is None or ("202" in reason and "`" in reason), name


def test_the_published_schema_is_this_one():
    assert (ROOT / "docs/schema.graphql").read_text("utf-8") == sdl(), (
        "write it anew: custograph schema --write docs/schema.graphql"
    )


def test_the_published_catalogue_is_this_one():
    assert (ROOT / "docs/kpis.md").read_text("utf-8") == page(), "write it anew: custograph docs --write docs/kpis.md"


def published_before():
    """The schema as the newest version tag has it or, before there is one, as the commit before last change had it."""
    git = partial(subprocess.run, cwd=ROOT, capture_output=True, check=False, text=True)
    tag = git(["git", "describe", "--tags", "--abbrev=0", "--match", "v*"]).stdout.strip()
    changes = git(["git", "log", "-2", "--format=%H", "--", "docs/schema.graphql"]).stdout.split()
    before = tag or (changes[-1] if len(changes) > 1 else "")
    if not before:
        pytest.skip("there is no earlier version, or this is no checkout")
    return git(["git", "show", f"{before}:docs/schema.graphql"]).stdout


def test_nothing_breaks_without_a_word_in_the_changelog():
    changes = find_breaking_changes(build_schema(published_before()), build_schema(sdl()))
    told = " ".join((ROOT / "CHANGELOG.md").read_text("utf-8").split())
    assert not [change.description for change in changes if change.description not in told]


def test_a_break_would_be_noticed():
    text = sdl()
    assert not find_breaking_changes(build_schema(text), build_schema(text))
    broken = text.replace("  kpiDefinition(", "  kpiMeaning(", 1)
    assert [change.description for change in find_breaking_changes(build_schema(text), build_schema(broken))]


@pytest.mark.parametrize("path", ["/schema.graphql", "/healthz", "/readyz", "/metrics"])
def test_what_needs_no_token_is_served(api, path):
    response = api.request("GET", path)
    assert response.status_code == 200
    if path == "/schema.graphql":
        assert response.text == sdl()


def test_every_edge_leads_to_a_node():
    """But for entries of the log, which are read in their order, and workspaces seen from outside of them."""
    schema = build().core
    led = {
        name: get_named_type(kind.fields["node"].type) for name, kind in schema.type_map.items() if name[-4:] == "Edge"
    }

    def is_node(kind):
        every = schema.get_possible_types(kind) if is_interface_type(kind) else [kind]
        return all("Node" in [one.name for one in each.interfaces] for each in every)

    assert {name for name, kind in led.items() if not is_node(kind)} == {"AuditEntryEdge", "WorkspaceEntryEdge"}
