"""Follows the satisfaction of this year: prints what it is, then again whenever it has moved, until it is stopped."""

import asyncio
import sys
from contextlib import suppress

from connect import connect
from custograph_client import GraphQLClientError, KpiKey, NamedPeriod, PeriodInput
from websockets.exceptions import WebSocketException


async def main() -> None:
    """Print the figures as they come, one a line."""
    async with connect() as custograph:
        async for told in custograph.live(KpiKey.CSAT, PeriodInput(named=NamedPeriod.THIS_YEAR)):
            if figure := told.kpi_changed:
                answers = f"{figure.sample_size or 0:.0f} answers"
                through = f"until {figure.data_through:%Y-%m-%d}" if figure.data_through else "so far"
                print(f"{figure.period.label}: {figure.display} of {answers} {through}", flush=True)


if __name__ == "__main__":
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(main())
    except (GraphQLClientError, WebSocketException, OSError) as error:
        sys.exit(f"The server cannot be followed: {error}")
