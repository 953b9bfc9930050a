"""Load the Olist marketplace's customers, orders, reviews and leads into a Custograph workspace, over GraphQL."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from client import ApiError, Client, sentence
from records import DataError, Row, read
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

BATCH = 500  # rows: the most that the API takes at once
LINE_EVERY = 5  # seconds, where there is no terminal to draw a bar on
REASONS_SHOWN = 20
OUTCOMES = ("CREATED", "UPDATED", "UNCHANGED", "STALE", "REJECTED")

UPSERT_CHANNEL = """
mutation ($input: ChannelUpsertInput!) {
  payload: channelUpsert(input: $input) {
    outcome
    userErrors { code message path }
  }
}
"""
UPSERT_CUSTOMERS = """
mutation ($input: CustomerUpsertBatchInput!) {
  payload: customerUpsertBatch(input: $input) {
    results { index outcome userErrors { code message path } }
    userErrors { code message path }
  }
}
"""
RECORD_ORDERS = """
mutation ($input: OrderRecordBatchInput!) {
  payload: orderRecordBatch(input: $input) {
    results { index outcome userErrors { code message path } }
    userErrors { code message path }
  }
}
"""
RECORD_INVITATIONS = """
mutation ($input: InvitationRecordBatchInput!) {
  payload: invitationRecordBatch(input: $input) {
    results { index outcome userErrors { code message path } }
    userErrors { code message path }
  }
}
"""
RECORD_FEEDBACK = """
mutation ($input: FeedbackRecordBatchInput!) {
  payload: feedbackRecordBatch(input: $input) {
    results { index outcome userErrors { code message path } }
    userErrors { code message path }
  }
}
"""
UPSERT_STAFF = """
mutation ($input: StaffUpsertInput!) {
  payload: staffUpsert(input: $input) {
    outcome
    userErrors { code message path }
  }
}
"""
RECORD_LEADS = """
mutation ($input: LeadRecordBatchInput!) {
  payload: leadRecordBatch(input: $input) {
    results { index outcome userErrors { code message path } }
    userErrors { code message path }
  }
}
"""


class Tally:
    """What became of the rows of one noun."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.outcomes: Counter[str] = Counter()
        self.reasons: list[str] = []

    def add(self, rows: list[Row], results: list[dict[str, Any]]) -> None:
        """Count what became of `rows`, and keep the reason of each that was rejected."""
        for row, result in zip(rows, results, strict=True):
            self.outcomes[result["outcome"]] += 1
            if result["outcome"] == "REJECTED":
                reasons = "; ".join(map(sentence, result["userErrors"]))
                self.reasons.append(f"{self.noun} {row['externalId']}: {reasons}")


def main() -> int:
    """Load, print what became of the rows, and give the exit code."""
    options = arguments()
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    try:
        records = read(options.path)
        with Client(options.url, options.token, console.print) as client:
            tallies = [
                load_each(client, "channels", UPSERT_CHANNEL, records.channels),
                load_batches(client, console, "customers", UPSERT_CUSTOMERS, records.customers),
                load_batches(client, console, "orders", RECORD_ORDERS, records.orders),
                load_batches(client, console, "invitations", RECORD_INVITATIONS, records.invitations),
                load_batches(client, console, "feedback", RECORD_FEEDBACK, records.feedback),
            ]
            if records.leads:
                tallies += [
                    load_each(client, "staff", UPSERT_STAFF, records.staff),
                    load_batches(client, console, "leads", RECORD_LEADS, records.leads),
                ]
    except (DataError, ApiError, httpx.HTTPError, httpx.InvalidURL) as error:
        console.print(f"load.py: {str(error) or type(error).__name__}")
        return 1
    except KeyboardInterrupt:
        console.print("load.py: stopped; what was loaded stays, and loading again goes on from there")
        return 130
    report(tallies, console)
    return 1 if any(tally.reasons for tally in tallies) else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, metavar="PATH", help="the folder that holds the CSV files")
    parser.add_argument("--url", default="http://127.0.0.1:8000/graphql", help="the API (default: %(default)s)")
    parser.add_argument("--token", help="a token of the workspace (default: CUSTOGRAPH_TOKEN in the environment)")
    options = parser.parse_args()
    options.token = options.token or os.environ.get("CUSTOGRAPH_TOKEN")
    if not options.token:
        parser.error("a token is needed: --token, or CUSTOGRAPH_TOKEN in the environment")
    if not options.url.startswith(("http://", "https://")):
        parser.error(f"not an http address: {options.url}")
    return options


def load_each(client: Client, noun: str, document: str, rows: list[Row]) -> Tally:
    """Send the rows of a noun of which there are few, one at a time."""
    tally = Tally(noun)
    for row in rows:
        tally.add([row], [client.mutate(document, row)])
    return tally


def load_batches(client: Client, console: Console, noun: str, document: str, rows: list[Row]) -> Tally:
    """Send all rows of one noun, a batch at a time."""
    tally = Tally(noun)
    for batch in batches(console, noun, rows):
        payload = client.mutate(document, {"rows": batch})
        tally.add(batch, payload["results"])
    return tally


def batches(console: Console, noun: str, rows: list[Row]) -> Iterator[list[Row]]:
    """Cut the rows into batches; show a bar on a terminal, and elsewhere say now and then how far it is."""
    columns = (TextColumn("{task.description:>11}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(noun, total=len(rows))
        said = time.monotonic()
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            yield batch
            progress.advance(task, len(batch))
            done = start + len(batch)
            if progress.disable and (done == len(rows) or time.monotonic() - said > LINE_EVERY):
                console.print(f"{noun}: {done:,} of {len(rows):,}")
                said = time.monotonic()


def report(tallies: list[Tally], console: Console) -> None:
    """Print a table of the outcomes on standard output, and the reasons of rejection on standard error."""
    sys.stdout.write(f"{'':12}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES) + "\n")
    for tally in tallies:
        counts = "".join(f"{tally.outcomes[outcome]:>11,}" for outcome in OUTCOMES)
        sys.stdout.write(f"{tally.noun:12}{counts}\n")
    for tally in tallies:
        for reason in tally.reasons[:REASONS_SHOWN]:
            console.print(reason)
        if len(tally.reasons) > REASONS_SHOWN:
            console.print(f"{tally.noun}: {len(tally.reasons) - REASONS_SHOWN:,} more were rejected")


if __name__ == "__main__":
    sys.exit(main())
