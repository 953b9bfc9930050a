"""The catalogue: every measure and every KPI, each declared once, a file a family."""

from app.kpis import feedback, retention, revenue, survey, value
from app.kpis.kpi import Kpi
from app.kpis.measure import Cube

CATALOGUE: dict[str, Kpi] = {
    kpi.key: kpi for family in (feedback, retention, revenue, value, survey) for kpi in family.KPIS
}
"""Every KPI by its key."""

CUBES: dict[str, Cube] = {
    cube.name: cube for kpi in CATALOGUE.values() for variant in kpi.variants for cube in variant.cubes
}
"""Every cube that some KPI reads, by its name."""
