"""Follows the satisfaction of this year: prints what it is, then again whenever it has moved, until it is stopped."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from connect import connect
from custograph_client import Custograph, Figure, GraphQLClientError, NamedPeriod, PeriodInput
from websockets.exceptions import WebSocketException

HERE = Path(__file__).parent
LIVE = "\n".join(map(Path.read_text, (HERE / "live.graphql", HERE / "operations" / "figure.graphql")))


async def follow(custograph: Custograph, key: str, period: PeriodInput) -> AsyncIterator[Figure]:
    """Give the figure of a KPI as it is now, then each time that it has moved."""
    told = custograph.execute_ws(query=LIVE, operation_name="Live", variables={"key": key, "period": period})
    async for data in told:
        if data["kpiChanged"]:
            yield Figure.model_validate(data["kpiChanged"])


async def main() -> None:
    """Print the figures as they come, one a line."""
    async with connect() as custograph:
        async for figure in follow(custograph, "CSAT", PeriodInput(named=NamedPeriod.THIS_YEAR)):
            through = f"{figure.data_through:%Y-%m-%d %H:%M}" if figure.data_through else "no data yet"
            print(f"{figure.period.label}  {figure.display}  n={figure.sample_size or 0:.0f}  {through}", flush=True)


if __name__ == "__main__":
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(main())
    except (GraphQLClientError, WebSocketException, OSError) as error:
        sys.exit(f"The server cannot be followed: {error}")
