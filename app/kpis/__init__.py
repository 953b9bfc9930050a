"""The catalogue: every measure and every KPI, each declared once, a file a family."""

from app.kpis import engagement, feedback, lead, recurring, referral, retention, revenue, service, survey, value
from app.kpis.kpi import Kpi
from app.kpis.measure import Cube

_FAMILIES = (feedback, retention, revenue, value, service, lead, referral, engagement, survey, recurring)

CATALOGUE: dict[str, Kpi] = {kpi.key: kpi for family in _FAMILIES for kpi in family.KPIS}
"""Every KPI by its key."""

CUBES: dict[str, Cube] = {
    cube.name: cube for kpi in CATALOGUE.values() for variant in kpi.variants for cube in variant.cubes
}
"""Every cube that some KPI reads, by its name."""
