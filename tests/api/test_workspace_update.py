"""Settings over HTTP: what was said is what is read, absent keeps, null clears, and what cannot be says why."""

import re

import pytest

from app.actor import Scope
from app.worker import Worker

SETTINGS = {
    "name": "Teashop",
    "currency": "CNY",
    "firstWeekday": 7,
    "fiscalYearStart": 4,
    "smallCellK": 3,
    "locale": "zh-CN",
    "repeatWindowDays": 60,
    "rateCarryDays": 3,
    "expectedLifespanMonths": 24,
    "lifespanCapMonths": 60,
    "responseTargetMinutes": 240,
    "complaintLimitDays": 14,
    "conversionWindowDays": 30,
    "engagementTypes": ["login", "view"],
    "activeBy": "ACTIVITY",
    "inactivityWindowDays": 45,
    "predictionHorizonMonths": 24,
}
ALL = " ".join(("timeZone", *SETTINGS))
WRONG = [
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"currency": None}, "currency"),
    ({"currency": "ABC"}, "currency"),
    ({"currency": "yuan"}, "currency"),
    ({"firstWeekday": None}, "firstWeekday"),
    ({"firstWeekday": 8}, "firstWeekday"),
    ({"firstWeekday": "Monday"}, "firstWeekday"),
    ({"fiscalYearStart": 0}, "fiscalYearStart"),
    ({"smallCellK": 0}, "smallCellK"),
    ({"locale": "klingon"}, "locale"),
    ({"repeatWindowDays": 3651}, "repeatWindowDays"),
    ({"repeatWindowDays": None}, "repeatWindowDays"),
    ({"rateCarryDays": 32}, "rateCarryDays"),
    ({"expectedLifespanMonths": 0}, "expectedLifespanMonths"),
    ({"lifespanCapMonths": 1201}, "lifespanCapMonths"),
    ({"responseTargetMinutes": 0}, "responseTargetMinutes"),
    ({"responseTargetMinutes": 100_001}, "responseTargetMinutes"),
    ({"responseTargetMinutes": None}, "responseTargetMinutes"),
    ({"complaintLimitDays": 0}, "complaintLimitDays"),
    ({"complaintLimitDays": 366}, "complaintLimitDays"),
    ({"conversionWindowDays": 0}, "conversionWindowDays"),
    ({"conversionWindowDays": 3651}, "conversionWindowDays"),
    ({"businessCalendar": {"externalId": "office"}}, "businessCalendar"),
    ({"activeBy": None}, "activeBy"),
    ({"activeBy": "VISITS"}, "activeBy"),
    ({"inactivityWindowDays": 0}, "inactivityWindowDays"),
    ({"inactivityWindowDays": 3651}, "inactivityWindowDays"),
    ({"inactivityWindowDays": None}, "inactivityWindowDays"),
    ({"engagementTypes": []}, "engagementTypes"),
    ({"engagementTypes": [str(n) for n in range(101)]}, "engagementTypes"),
]


@pytest.fixture
def admin(api, workspace):
    return api.caller(workspace, Scope, name="admin")


def update(caller, asked=f"outcome workspace {{ {ALL} }} userErrors {{ code message path }}", /, **settings):
    return caller.write("workspaceUpdate", settings, asked)


def test_what_was_set_is_what_is_read(admin):
    payload = update(admin, **SETTINGS)
    assert (payload["outcome"], payload["userErrors"]) == ("UPDATED", [])
    assert payload["workspace"] == {"timeZone": "Europe/Berlin", **SETTINGS}
    assert admin.one(f"{{ workspace {{ {ALL} }} }}") == payload["workspace"]
    assert update(admin, **SETTINGS)["outcome"] == update(admin)["outcome"] == "UNCHANGED"
    payload = update(admin, lifespanCapMonths=None, expectedLifespanMonths=None, name="Shop")
    cleared = {"lifespanCapMonths": None, "expectedLifespanMonths": None, "name": "Shop"}
    assert payload["workspace"] == {"timeZone": "Europe/Berlin", **SETTINGS, **cleared}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_cannot_be_says_why_and_changes_nothing(admin, dump, language):
    before = dump()
    told = "{ outcome workspace { id } userErrors { message path } }"
    query = f"mutation($input: WorkspaceUpdateInput!) {{ workspaceUpdate(input: $input) {told} }}"
    for said, path in WRONG:
        payload = admin.one(query, {"input": {"smallCellK": 9} | said}, accept_language=language)
        assert (payload["outcome"], payload["workspace"]) == ("REJECTED", None), said
        (problem,) = payload["userErrors"]
        assert problem["path"] == [path]
        assert bool(re.search("[\u4e00-\u9fff]", problem["message"])) is (language != "en")
        assert language == "en" or not re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", problem["message"]), problem
    assert dump() == before


def test_the_time_zone_is_no_setting(admin):
    query = 'mutation { workspaceUpdate(input: {timeZone: "Asia/Tokyo"}) { outcome } }'
    assert admin.refusal(query)["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_figures_are_in_the_new_currency_once_they_are_prepared(admin, api):
    order = {"externalId": "o1", "amount": "100", "currency": "EUR", "occurredAt": "2026-05-04"}
    admin.write("orderRecord", order, "outcome")
    rate = {"externalId": "x1", "from": "EUR", "to": "JPY", "date": "2026-05-04", "rate": "162.505"}
    admin.write("exchangeRateRecord", rate, "outcome")
    asked = "value amount nullReason currency"
    assert admin.kpi("REVENUE", "named: LAST_MONTH", asked) == {
        "value": 100,
        "amount": "100.00",
        "nullReason": None,
        "currency": "EUR",
    }
    update(admin, currency="JPY")
    preparing = {"value": None, "amount": None, "nullReason": "PREPARING", "currency": "JPY"}
    assert admin.kpi("REVENUE", "named: LAST_MONTH", asked) == preparing
    Worker(api.door).drain()
    # 16250.5 yen: the half goes to the even one
    found = {"value": 16250, "amount": "16250", "nullReason": None, "currency": "JPY"}
    assert admin.kpi("REVENUE", "named: LAST_MONTH", asked) == found
