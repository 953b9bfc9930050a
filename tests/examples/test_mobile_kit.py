"""The mobile kit, as far as it can be tried without Gradle and Xcode: its documents, maps and policies."""

import json
import re
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    is_input_object_type,
    is_interface_type,
    is_non_null_type,
    is_object_type,
    is_scalar_type,
    is_specified_scalar_type,
    parse,
    validate,
    visit,
)

ROOT = Path(__file__).parents[2]
KIT = ROOT / "examples" / "mobile"
TEXT = "\n".join(path.read_text() for path in sorted((KIT / "graphql").glob("*.graphql")))
DOCUMENT = parse(TEXT, no_location=True)
# The directives as both tools define them for their schemas.
DIRECTIVES = """
directive @typePolicy(keyFields: String!) on OBJECT | INTERFACE
directive @fieldPolicy(forField: String!, keyArgs: String!) repeatable on OBJECT | INTERFACE
"""
LINK = 'extend schema @link(url: "https://specs.apollo.dev/cache/v0.4", import: ["@typePolicy", "@fieldPolicy"])'


def extra(system):
    return (KIT / system / "extra.graphqls").read_text()


@pytest.fixture(scope="module")
def schema():
    """The API's schema with the policies of the kit."""
    return build_schema((ROOT / "docs" / "schema.graphql").read_text() + DIRECTIVES + extra("ios"))


@pytest.fixture(scope="module")
def seen(schema):
    """What the documents touch: selections with their types, and all types by name."""
    selections, types = [], {}
    info = TypeInfo(schema)

    def add(type_):
        named = get_named_type(type_)
        if named.name not in types:
            types[named.name] = named
            for field in named.fields.values() if is_input_object_type(named) else ():
                add(field.type)

    class Look(Visitor):
        def enter_selection_set(self, node, _key, parent, *_):
            selections.append((parent, get_named_type(info.get_parent_type()), node.selections))

        def enter_field(self, *_):
            add(info.get_type())

        def enter_variable_definition(self, *_):
            add(info.get_input_type())

    visit(DOCUMENT, TypeInfoVisitor(info, Look()))
    return selections, types


@pytest.fixture(scope="module")
def scalars(seen):
    """The custom scalars that the documents touch, as answers or as variables."""
    named = {name for name, one in seen[1].items() if is_scalar_type(one) and not is_specified_scalar_type(one)}
    assert named == {"CurrencyCode", "Date", "DateTime", "Decimal"}
    return named


def policies(type_):
    """The policies of a type: directive and arguments."""
    nodes = [node for node in (type_.ast_node, *type_.extension_ast_nodes) if node]
    return [
        (one.name.value, {argument.name.value: argument.value.value for argument in one.arguments})
        for node in nodes
        for one in node.directives or ()
        if one.name.value in {"typePolicy", "fieldPolicy"}
    ]


def keys(type_):
    """The key fields of a type."""
    return [given["keyFields"].split() for name, given in policies(type_) if name == "typePolicy"]


# -- Documents, scalars, policies


def test_the_documents_are_good(schema):
    assert validate(schema, DOCUMENT) == []
    assert all(one.name for one in DOCUMENT.definitions)


def test_every_scalar_is_mapped_for_kotlin(scalars):
    gradle = (KIT / "android" / "build.gradle.kts").read_text()
    adapters = (KIT / "android/src/main/kotlin/com/example/custograph/Scalars.kt").read_text()
    ours = r"com\.example\.custograph\.Scalars\.(\w+)"
    mapped = {name: more for name, *more in re.findall(rf'mapScalar\("(\w+)", "([\w.]+)", "{ours}"\)', gradle)}
    plain = re.findall(r'^\s+mapScalarToKotlin\w+\("(\w+)"\)', gradle, re.MULTILINE)
    assert scalars <= {*mapped, *plain}
    for class_, adapter in mapped.values():
        assert f"import {class_}\n" in adapters
        assert f"val {adapter}: Adapter<{class_.rsplit('.', 1)[1]}>" in adapters


def test_every_scalar_is_mapped_for_swift(scalars):
    renamed = config()["options"]["schemaCustomization"]["customTypeNames"]
    folder = KIT / "ios" / "CustographAPI" / "Sources" / "Schema" / "CustomScalars"
    assert {path.stem for path in folder.iterdir()} == {renamed.get(name, name) for name in scalars}
    for path in folder.iterdir():
        assert re.search(rf"^public (typealias|struct) {path.stem}\b", path.read_text(), re.MULTILINE)
    # Foundation has these names itself
    assert not {path.stem for path in folder.iterdir()} & {"Date", "Decimal"}


def config():
    return json.loads((KIT / "ios" / "apollo-codegen-config.json").read_text())


def test_both_systems_have_the_same_policies():
    assert extra("android").strip() == f"{LINK}\n\n{extra('ios').strip()}"


def test_what_has_an_id_is_kept_by_it_and_every_selection_has_what_both_tools_would_add(seen):
    count = 0
    for parent, type_, selections in seen[0]:
        names = [one.name.value for one in selections if isinstance(one, FieldNode) and one.alias is None]
        if isinstance(parent, OperationDefinitionNode):
            continue
        assert not isinstance(parent, InlineFragmentNode)  # the tools would add to them, each in its way
        assert isinstance(parent, FieldNode | FragmentDefinitionNode)
        assert names[0] == "__typename", (type_, names)
        assert not is_interface_type(type_)
        if "id" in type_.fields:
            (fields,) = keys(type_)
            assert set(fields) <= set(names), (type_, names)
            count += 1
    assert count > 10


def test_policies_name_what_is_there(schema):
    found = {name: policies(one) for name, one in schema.type_map.items() if is_object_type(one) and policies(one)}
    assert found.pop("Query") == [("fieldPolicy", {"forField": "kpiDefinition", "keyArgs": "key"})]
    field = schema.query_type.fields["kpiDefinition"]
    assert keys(get_named_type(field.type)) == [["key"]]
    assert is_non_null_type(field.args["key"].type)
    assert len(found) == 10
    for name, given in found.items():
        ((kind, arguments),) = given
        assert kind == "typePolicy"
        for key in arguments["keyFields"].split():
            type_ = schema.type_map[name].fields[key].type
            assert is_non_null_type(type_)
            assert is_scalar_type(type_.of_type)


# -- What the README says


def test_the_readme_names_the_versions_that_the_builds_take():
    readme = (KIT / "README.md").read_text()
    gradle = (KIT / "android" / "build.gradle.kts").read_text()
    sdk = config()["output"]["schemaTypes"]["moduleType"]["swiftPackage"]["apolloSDKDependency"]["sdkVersion"]
    versions = {
        "Apollo Kotlin": re.search(r'id\("com\.apollographql\.apollo"\) version "([\d.]+)"', gradle)[1],
        "Normalized Cache": re.search(r'cacheVersion = "([\d.]+)"', gradle)[1],
        "Kotlin": re.search(r'kotlin\("jvm"\) version "([\d.]+)"', gradle)[1],
        "Apollo iOS": sdk["from"]["version"],
    }
    assert f'apollo-runtime:{versions["Apollo Kotlin"]}"' in gradle
    for name, version in versions.items():
        assert re.search(rf"^\| .*{name}\b.* \| {re.escape(version)} \|", readme, re.MULTILINE), name
