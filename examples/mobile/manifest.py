#!/usr/bin/env python3
"""Writes the documents as Apollo Kotlin and Apollo iOS send them, with their ids, into the manifest of this folder.

    .venv/bin/python examples/mobile/manifest.py                  writes manifest.json
    .venv/bin/python examples/mobile/manifest.py --check FILE     says what a build's own manifest has beyond it

Both tools name a document by the SHA-256 of its text, print each definition in one line, and differ in how they put
operation and fragments together. `__typename` and key fields, which both would add, are in the documents already.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphql import (
    DefinitionNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Node,
    OperationDefinitionNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

HERE = Path(__file__).resolve().parent


def in_one_line(node: DefinitionNode) -> str:
    """Print a definition as both tools do. Raises ValueError for what they would print differently."""
    line = " ".join(part.strip() for part in print_ast(node).splitlines())
    if "( " in line or " = " in line or "{ }" in line or ": {" in line or '"' in line:
        raise ValueError(f"Apollo's tools print this differently; use a variable, or fewer arguments: {line}")
    return line


def spread(node: Node, fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, str]:
    """Give the fragments that a definition needs by name, those that another one needs before it."""
    found: dict[str, str] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, one: FragmentSpreadNode, *_: object) -> None:
            fragment = fragments[one.name.value]
            found.update({name: line for name, line in spread(fragment, fragments).items() if name not in found})
            found.setdefault(one.name.value, in_one_line(fragment))

    visit(node, Spreads())
    return found


def bodies(node: DefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, str]:
    """Give an operation as each of the tools sends it."""
    line, needed = in_one_line(node), spread(node, fragments)
    return {
        "Apollo Kotlin": "  ".join([line, *needed.values()]),
        "Apollo iOS": "\n".join([line, *(text for _, text in sorted(needed.items()))]),
    }


def operations(text: str) -> Iterator[dict[str, str]]:
    """Give each operation of a document as it stands in the manifests of the tools, once where they agree."""
    definitions = parse(text, no_location=True).definitions
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    for one in definitions:
        if isinstance(one, OperationDefinitionNode) and one.name:
            for body in dict.fromkeys(bodies(one, fragments).values()):
                digest = hashlib.sha256(body.encode()).hexdigest()
                yield {"id": digest, "body": body, "name": one.name.value, "type": one.operation.value}


def manifest(text: str) -> dict[str, object]:
    """Give the manifest of a document, in Apollo's format."""
    return {"format": "apollo-persisted-query-manifest", "version": 1, "operations": list(operations(text))}


def main() -> int:
    """Write the manifest, or hold others against it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", nargs="+", type=Path, metavar="FILE", help="manifests that builds have written")
    given = parser.parse_args()
    ours = manifest("\n".join(path.read_text() for path in sorted((HERE / "graphql").glob("*.graphql"))))
    if not given.check:
        (HERE / "manifest.json").write_text(json.dumps(ours, indent=2) + "\n")
        return 0
    known = {one["id"] for one in json.loads((HERE / "manifest.json").read_text())["operations"]}
    theirs = [one for path in given.check for one in json.loads(path.read_text())["operations"]]
    missing = [one["name"] for one in theirs if one["id"] not in known]
    print("\n".join(f"missing: {name}" for name in missing) or f"all {len(theirs)} are known")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
