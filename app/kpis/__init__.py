"""The catalogue: every measure and every KPI, each declared once, a file a family."""

from app.kpis import (
    attainment,
    engagement,
    feedback,
    lead,
    loyalty,
    promoter,
    recurring,
    referral,
    retention,
    revenue,
    satisfaction,
    service,
    survey,
    value,
)
from app.kpis.kpi import Kpi
from app.kpis.measure import Cube

_FAMILIES = (
    satisfaction,
    promoter,
    feedback,
    retention,
    revenue,
    value,
    service,
    lead,
    referral,
    engagement,
    survey,
    recurring,
    loyalty,
    attainment,
)

CATALOGUE: dict[str, Kpi] = {kpi.key: kpi for family in _FAMILIES for kpi in family.KPIS}
"""Every KPI by its key."""

CUBES: dict[str, Cube] = {
    cube.name: cube for kpi in CATALOGUE.values() for variant in kpi.variants for cube in variant.rollups
}
"""Every cube that some KPI reads from rollups, by its name."""
