"""A report of customer KPIs, in cells: one by one in an editor that knows `# %%`, or whole by `run.py report`."""

# %% What is needed
import asyncio
import html
import io
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import isnan
from pathlib import Path

import httpx
import matplotlib as mpl
import matplotlib.pyplot as plt
from connect import URL, connect
from custograph_client import Grain, GraphQLClientError, KpiUnit, LastPeriodInput, PeriodInput, Report
from custograph_client.fragments import ByChannelBreakdownSlices, Course
from custograph_client.report import ReportCohortsRows
from matplotlib.axes import Axes
from matplotlib.dates import ConciseDateFormatter, MonthLocator

OUT = Path(os.environ.get("CUSTOGRAPH_REPORT", "report.html"))
YEAR = PeriodInput(last=LastPeriodInput(count=12, grain=Grain.MONTH))
INK, PALE, GOAL = "#1d4ed8", "#dbe4fb", "#b45309"
UNITS = {KpiUnit.PERCENT: "%", KpiUnit.POINTS: "points"}
NAN = float("nan")

mpl.use("Agg")
mpl.rcParams |= {
    "axes.grid.axis": "y",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "font.size": 9,
    "svg.fonttype": "none",  # text stays text: it can be searched, and read in any script
    "svg.hashsalt": "custograph",
}


# %% One question
async def ask() -> Report:
    """Ask for everything at once."""
    async with connect() as custograph:
        return await custograph.report(YEAR, Grain.MONTH, YEAR, timeout=60)


try:
    with ThreadPoolExecutor(1) as pool:  # a notebook has an event loop already, in the thread that runs the cells
        report = pool.submit(asyncio.run, ask()).result()
except (GraphQLClientError, httpx.HTTPError) as error:
    sys.exit(f"{URL} has no report: {error}")

courses = [kpi for kpi in (report.csat, report.nps, report.retention, report.revenue) if kpi]
split = [kpi for kpi in (report.csat, report.nps) if kpi]
cohorts = report.cohorts.rows if report.cohorts else []


# %% How a KPI is drawn
def headline(kpi: Course) -> str:
    """Say what it is now, how sure that is, and what it is held against."""
    interval = f" ({kpi.interval.low:.1f} to {kpi.interval.high:.1f})" if kpi.interval else ""
    return f"{kpi.definition.name}: {kpi.display}{interval}"


def draw_course(axes: Axes, kpi: Course) -> None:
    """Draw the months as a line in its 95 % interval, with the target; a month that is not over is hollow."""
    months = [point.period.from_ for point in kpi.series]
    values = [NAN if point.value is None else point.value for point in kpi.series]
    ends = [(one.interval.low, one.interval.high) if one.interval else (NAN, NAN) for one in kpi.series]
    axes.fill_between(months, [low for low, _ in ends], [high for _, high in ends], color=PALE, lw=0)
    axes.plot(months, values, color=INK, lw=1.8)
    for month, value, point in zip(months, values, kpi.series, strict=True):
        axes.plot(month, value, "o", ms=5, color=INK, mfc="white" if point.is_provisional else INK)
    targets = [NAN if point.target is None else point.target for point in kpi.series]
    axes.plot(months, targets, color=GOAL, ls="--", lw=1.4, label="target")
    axes.set_title(headline(kpi))
    axes.set_ylabel(UNITS.get(kpi.definition.unit, kpi.currency or ""))
    axes.xaxis.set_major_formatter(ConciseDateFormatter(MonthLocator()))
    if any(point.target is not None for point in kpi.series):
        axes.legend(frameon=False, loc="best")


def draw_channels(axes: Axes, name: str, slices: Sequence[ByChannelBreakdownSlices]) -> None:
    """Draw a bar for each channel that has a value, with its interval."""
    known = [(one.label, one.value, one.interval) for one in slices if one.value is not None][::-1]
    labels, values = [label for label, _, _ in known], [value for _, value, _ in known]
    axes.barh(labels, values, color=INK, alpha=0.85, height=0.6)
    for label, value, interval in known:
        if interval:
            axes.plot([interval.low, interval.high], [label, label], color="black", lw=1)
        axes.annotate(f"{value:.1f}", (0, label), (4, 0), textcoords="offset points", va="center", color="white")
    axes.set_title(f"{name} by channel")
    axes.grid(visible=False)


def draw_cohorts(axes: Axes, rows: Sequence[ReportCohortsRows]) -> None:
    """Draw who stayed: a row for those who came in a month, a column for each month since."""
    width = max((len(row.cells) for row in rows), default=0)
    grid = [[NAN if cell.value is None else cell.value for cell in row.cells] for row in rows]
    grid = [row + [NAN] * (width - len(row)) for row in grid]
    known = [(x, y, value) for y, row in enumerate(grid) for x, value in enumerate(row) if not isnan(value)]
    lowest = min((value for _, _, value in known), default=0) - 20  # so that what differs looks different
    if known:
        axes.imshow(grid, cmap="Blues", aspect="auto", vmin=lowest, vmax=100)
    for x, y, value in known:
        color = "white" if value > (lowest + 100) / 2 + 6 else "black"
        axes.text(x, y, f"{value:.0f}", ha="center", va="center", color=color)
    axes.set_yticks(range(len(rows)), [f"{row.cohort.label}  ({row.size or 0:.0f})" for row in rows])
    axes.set_xticks(range(width))
    axes.set_xlabel("months since they came")
    axes.set_title("Customers who stayed, in percent of those who came in the month (how many)")
    axes.grid(visible=False)


# %% The figure
rows = (len(courses) + 1) // 2
figure = plt.figure(figsize=(12, 3 * rows + 8), layout="constrained")
grid = figure.add_gridspec(rows + 2, 2, height_ratios=[3] * rows + [3, 5])
for place, kpi in enumerate(courses):
    draw_course(figure.add_subplot(grid[place // 2, place % 2]), kpi)
for place, kpi in enumerate(split):
    draw_channels(
        figure.add_subplot(grid[rows, place]), kpi.definition.name, kpi.breakdown.slices if kpi.breakdown else []
    )
draw_cohorts(figure.add_subplot(grid[rows + 1, :]), cohorts)


# %% The page
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1f2937 }}
  dl {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem }}
  dl div {{ border: 1px solid #d1d5db; border-radius: .5rem; padding: .75rem 1rem }}
  dd {{ margin: 0; font-size: .875rem }} dd:first-of-type {{ font-size: 1.75rem; font-weight: 600 }}
  svg {{ width: 100%; height: auto }}
</style>
<h1>{title}</h1>
<dl>{tiles}</dl>
{drawing}
</html>
"""


def versus(kpi: Course) -> str | None:
    """Say how it differs from the period before, and whether that may be chance."""
    if kpi.comparison is None or kpi.comparison.change is None:
        return None
    chance = " (may be chance)" if kpi.comparison.is_significant is False else ""
    return f"{kpi.comparison.display} against the period before{chance}"


def tile(kpi: Course) -> str:
    """Say a KPI in a few lines, each of which is left out where there is nothing to say."""
    lines = [
        kpi.display,
        kpi.interval and f"95 % interval {kpi.interval.low:.1f} to {kpi.interval.high:.1f}",
        versus(kpi),
        kpi.target and f"target {kpi.target.target.goal:g}: {kpi.target.state.value.lower().replace('_', ' ')}",
        kpi.definition.formula,
    ]
    said = "".join(f"<dd>{html.escape(line)}</dd>" for line in lines if line)
    return f"<div><dt>{html.escape(kpi.definition.name)}</dt>{said}</div>"


if OUT.suffix == ".html":
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None})
    svg = drawing.getvalue()
    title = f"{report.workspace.name if report.workspace else 'Customers'}: {courses[0].period.label}"
    OUT.write_text(
        PAGE.format(title=html.escape(title), tiles="".join(map(tile, courses)), drawing=svg[svg.index("<svg") :]),
        encoding="utf-8",
    )
else:
    figure.savefig(OUT, dpi=110)
print(OUT)
