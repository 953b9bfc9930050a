"""The demonstrations as they are told, on days of all sorts."""

import pytest
from told import DAYS, Told, told

from app.demo.load import COMPANIES


@pytest.fixture(params=DAYS, scope="module")
def now(request):
    return DAYS[request.param]


@pytest.fixture(params=[company.key for company in COMPANIES], scope="module")
def company(request):
    (one,) = (each for each in COMPANIES if each.key == request.param)
    return one


@pytest.fixture
def here(company, now) -> Told:
    return told(company.key, now)
