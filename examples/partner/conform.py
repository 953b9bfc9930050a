"""Plays syncs against a sandbox, and prints which promises of the sync contract held."""

import argparse
import os
import sys
import uuid

from client import Client, Refused
from promises import PROMISES, Broken, Story
from records import Row, kinds

WORKSPACE = "{ workspace { name isSandbox } }"


def main() -> int:
    """Play all stories; 0 when every promise held, 1 when one did not, 2 when there is nothing to play against."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000/graphql", help="where the server is")
    parser.add_argument("--token", default=os.environ.get("CUSTOGRAPH_TOKEN"), help="a token of a sandbox")
    parser.add_argument("--only", action="append", metavar="NOUN", help="play with records of this kind only")
    given = parser.parse_args()
    if not given.token:
        parser.error("a token is needed: --token, or CUSTOGRAPH_TOKEN")
    address = given.url if given.url.endswith("/graphql") else f"{given.url.rstrip('/')}/graphql"
    client, run = Client(address, given.token), f"kit-{uuid.uuid4().hex[:8]}"
    try:
        workspace = client.ask(WORKSPACE)
        if not workspace["isSandbox"]:
            parser.error(f"{workspace['name']} is no sandbox; `workspace create --sandbox` makes one")
    except (Refused, OSError, ValueError) as error:
        parser.error(str(error))
    nouns = {noun: rows for noun, rows in kinds(run).items() if not given.only or noun in given.only}
    return 1 if play(client, run, nouns) else 0


def furnish(client: Client, run: str) -> None:
    """What the records of the stories name: customers, a channel, an order."""
    web = "mutation($i: ChannelUpsertInput!) { channelUpsert(input: $i) { outcome } }"
    client.ask(web, i={"externalId": f"{run}-web", "name": "Web"})
    client.write("customerUpsertBatch", [{"externalId": f"{run}-{name}"} for name in ("ann", "bob")])
    sold = {"amount": "1000", "currency": "EUR", "occurredAt": "2026-01-10T12:00:00Z"}
    client.write("orderRecordBatch", [{"externalId": f"{run}-sold", **sold}])


def play(client: Client, run: str, nouns: dict[str, tuple[Row, Row]]) -> list[str]:
    """Play every promise for every kind of records and print a table; what did not hold."""
    broken: list[str] = []
    width = max(map(len, nouns))
    print(" " * width, *(name.center(len(name)) for name in PROMISES), sep="  ")
    for noun, (row, change) in nouns.items():
        furnish(client, run)  # anew: the mirrors of the kind before may have deleted it
        marks = []
        for name, promise in PROMISES.items():
            try:
                promise(Story(client, noun, row, change))
                mark = "held"
            except (Broken, Refused, OSError, ValueError, LookupError) as error:  # whatever it is, it was not promised
                broken.append(f"{noun}, {name}: {error}")
                mark = "BROKEN"
            marks.append(mark.center(len(name)))
        print(noun.ljust(width), *marks, sep="  ", flush=True)
    print("\nEvery promise held." if not broken else "\nNot held:")
    for one in broken:
        print("-", one)
    return broken


if __name__ == "__main__":
    sys.exit(main())
