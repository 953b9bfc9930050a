"""The promises of the sync contract, each a function that plays one story and raises Broken where one does not hold."""

import json
import socket
import ssl
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from client import Client, Refused, mutation, told
from records import MIRRORS, Row, verb


class Broken(Exception):
    """A promise that did not hold: what was promised, and what came instead."""


def same(what: str, promised: object, found: object) -> None:
    """Raise Broken unless what was found is what was promised."""
    if promised != found:
        raise Broken(f"{what}: {promised} was promised, {found} came")


class Story:
    """One promise for one kind of records, told with ids that nobody else uses."""

    def __init__(self, client: Client, noun: str, row: Row, change: Row) -> None:
        self.client, self.noun = client, noun
        self.id = uuid.uuid4().hex[:12]
        self.row, self.change = row, change

    def version(self, number: int, name: str = "a", **more: object) -> Row:
        """The row as of its version `number`: 1 as it was first, 2 with the change."""
        changed = self.row | self.change if number > 1 else self.row
        return {"externalId": f"{self.id}-{name}", **changed, "sourceUpdatedAt": f"2026-01-0{number}T00:00:00Z", **more}

    def put(self, *rows: Row, **options: object) -> list[str]:
        """Write rows; the outcomes."""
        return self.client.write(verb(self.noun), list(rows), **options)

    def delete(self, number: int, name: str = "a") -> list[str]:
        """Delete a record as of a version; the outcome."""
        grave = {"externalId": f"{self.id}-{name}", "sourceUpdatedAt": f"2026-01-0{number}T00:00:00Z"}
        return self.client.write(f"{self.noun}DeleteBatch", [grave])

    def names(self) -> list[str]:
        """The names under which records of this story are there, each as often as it is."""
        if self.noun == "customer":
            found = []
            for name in ("a", "b", "c"):
                by = {"externalId": f"{self.id}-{name}"}
                query = "query($by: CustomerRefInput!) { customer(by: $by) { id } }"
                found += [name] if self.client.ask(query, by=by) else []
            return found
        many = "feedback" if self.noun == "feedback" else f"{self.noun}s"
        kind = self.noun[0].upper() + self.noun[1:]
        query = f"query($f: {kind}FilterInput) {{ {many}(filter: $f, first: 10) {{ nodes {{ externalId }} }} }}"
        nodes = self.client.ask(query, f={"externalId": {"contains": self.id}})["nodes"]
        return sorted(node["externalId"].removeprefix(f"{self.id}-") for node in nodes)


def doubled(story: Story) -> None:
    """The same row twice in one batch, and the same batch again, make one record."""
    same("a row and its double", ["CREATED", "UNCHANGED"], story.put(story.version(1), story.version(1)))
    same("the same batch again", ["UNCHANGED", "UNCHANGED"], story.put(story.version(1), story.version(1)))
    same("what is there", ["a"], story.names())


def out_of_order(story: Story) -> None:
    """Whichever version comes first, the newest holds; what is older is STALE."""
    same("the newer version", ["CREATED"], story.put(story.version(2)))
    same("the older one, late", ["STALE"], story.put(story.version(1)))
    same("the newer one again", ["UNCHANGED"], story.put(story.version(2)))


def deleted(story: Story) -> None:
    """A deletion holds against what is older, also where it came first."""
    story.put(story.version(2))
    same("a deletion older than the record", ["STALE"], story.delete(1))
    same("a deletion", ["DELETED"], story.delete(3))
    same("the deletion again", ["UNCHANGED"], story.delete(3))
    same("a late version", ["STALE"], story.put(story.version(2)))
    same("what is there", [], story.names())
    same("a deletion that overtook its record", ["DELETED"], story.delete(2, "b"))
    same("the record that it overtook", ["STALE"], story.put(story.version(1, "b")))
    same("a version after the deletion", ["CREATED"], story.put(story.version(4)))
    same("what is there then", ["a"], story.names())


def wrong_row(story: Story) -> None:
    """A wrong row is rejected with its reason, and the others are stored; or none is, where that is asked for."""
    wrong = story.version(1, "b") | {"sourceUpdatedAt": "yesterday"}
    same("a wrong row among others", ["CREATED", "REJECTED INVALID"], story.put(story.version(1), wrong))
    outcomes = story.put(story.version(1, "c"), wrong, errorPolicy="REJECT_ALL")
    same("all or nothing", ["REJECTED INVALID", "REJECTED INVALID"], outcomes)
    same("what is there", ["a"], story.names())


def dry_run(story: Story) -> None:
    """A dry run tells what would become of the rows, and stores nothing."""
    same("a dry run", ["CREATED"], story.put(story.version(1), dryRun=True))
    same("what is there", [], story.names())


def modes(story: Story) -> None:
    """UPDATE_ONLY makes nothing, INSERT_ONLY changes nothing and may be tried again; versions are as expected."""
    same("UPDATE_ONLY of nothing", ["REJECTED NOT_FOUND"], story.put(story.version(1), mode="UPDATE_ONLY"))
    same("INSERT_ONLY", ["CREATED"], story.put(story.version(1), mode="INSERT_ONLY"))
    same("INSERT_ONLY again", ["UNCHANGED"], story.put(story.version(1), mode="INSERT_ONLY"))
    same("INSERT_ONLY of other content", ["REJECTED ALREADY_EXISTS"], story.put(story.version(2), mode="INSERT_ONLY"))
    same("a version that is not", ["REJECTED CONFLICT"], story.put(story.version(2, expectedVersion=9)))
    same("the version that is", ["UPDATED"], story.put(story.version(2, expectedVersion=1), mode="UPDATE_ONLY"))


def one_key(story: Story) -> None:
    """One idempotency key has one effect and one answer, also for ten at once; with other rows it is refused."""
    key, answers = uuid.uuid4().hex, []

    def call() -> None:
        with suppress(Refused, OSError):
            answers.append(story.put(story.version(1), idempotencyKey=key))

    callers = [threading.Thread(target=call) for _ in range(10)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    same("ten callers with one key", [["CREATED"]] * 10, answers)
    story.put(story.version(2))
    same("the key again, later", ["CREATED"], story.put(story.version(1), idempotencyKey=key))
    try:
        story.put(story.version(3), idempotencyKey=key)
    except Refused as error:
        same("the key with other rows", "IDEMPOTENCY_MISMATCH", str(error).split()[0])
    else:
        raise Broken("the key with other rows: IDEMPOTENCY_MISMATCH was promised, it was taken")
    same("the newest version", ["UNCHANGED"], story.put(story.version(2)))


def cut_off(story: Story) -> None:
    """A connection that is cut before the answer leaves all or nothing, and the retry gets the answer."""
    field, key = verb(story.noun), uuid.uuid4().hex
    query = mutation(field, f"{field[0].upper()}{field[1:]}Input")
    rows = [story.version(1), story.version(1, "b")]
    body = json.dumps({"query": query, "variables": {"input": {"rows": rows, "idempotencyKey": key}}}).encode()
    for wait in (0.0, 0.02, 0.2):
        _send_and_hang_up(story.client, body, wait)
    same("the retry", ["CREATED", "CREATED"], told(next(iter(story.client.post(body)["data"].values()))))
    same("what is there", ["a", "b"], story.names())


def _send_and_hang_up(client: Client, body: bytes, wait: float) -> None:
    """Send a request whole, wait a moment, and go without reading the answer."""
    address = urlsplit(client.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {client.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((address.hostname or "", port), timeout=30) as plain:
        line = plain
        if address.scheme == "https":
            line = ssl.create_default_context().wrap_socket(plain, server_hostname=address.hostname)
        line.sendall(head.encode() + body)
        line.settimeout(wait or 0.001)
        with suppress(OSError):
            line.recv(1)


def mirrored(story: Story) -> None:
    """What a full dump lacks is deleted, after saying how much; what was written beside it stays."""
    story.put(*(story.version(1, name) for name in "ab"))
    start = "mutation($i: MirrorStartInput!) { mirrorStart(input: $i) { mirror { id presentCount } } }"
    mirror = story.client.ask(start, i={"type": MIRRORS[story.noun]})["mirror"]
    story.put(story.version(1, "a"), mirror=mirror["id"])
    story.put(story.version(1, "c"))
    finish = (
        "mutation($i: MirrorFinishInput!) { mirrorFinish(input: $i) { outcome userErrors { code } "
        "mirror { missingCount } } }"
    )
    none = {"mirror": mirror["id"], "atMost": 0}
    refused = story.client.ask(finish, i=none)
    same("more than is allowed", ["TOO_MANY"], [error["code"] for error in refused["userErrors"]])
    same("what is there still", ["a", "b", "c"], story.names())
    most = refused["mirror"]["missingCount"]
    same("finishing", "UPDATED", story.client.ask(finish, i=none | {"atMost": most})["outcome"])
    same("finishing again", "UNCHANGED", story.client.ask(finish, i=none | {"atMost": most})["outcome"])
    same("what is there then", ["a", "c"], story.names())


PROMISES: dict[str, Callable[[Story], None]] = {
    "doubled": doubled,
    "out of order": out_of_order,
    "deleted": deleted,
    "wrong row": wrong_row,
    "dry run": dry_run,
    "modes": modes,
    "one key": one_key,
    "cut off": cut_off,
    "mirror": mirrored,
}
