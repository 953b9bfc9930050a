"""Referrals by hand: who was brought by whom, what is refused, and what follows from late news, mistakes and merges."""

from datetime import UTC, date, datetime

import pytest
import stored
from trading import ask, assert_a_rebuild_changes_nothing, brought, may, meet, put, record, slices, take_back, value

from app.errors import Code
from app.kpis.dimension import Dimension
from app.services import merge as merging
from app.services import rollup
from app.services.period import Span
from app.services.row import Options, Ref
from app.services.slices import Filter
from app.worker import Worker

APRIL = Span(date(2026, 4, 1), date(2026, 5, 1))
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
RATE = "REFERRAL_RATE"


def joined(name, day, **more):
    return {"external_id": name, "joined_on": day, **more}


def parts(people, variant=None, period=None, **more):
    """Numerator and denominator."""
    figure = ask(people, RATE, *([period] if period else []), variant=variant, **more).figure
    return figure.numerator, figure.denominator


def merge(people, gone, kept):
    return people.write(merging.merge, Ref(external_id=gone), Ref(external_id=kept))[1].value


def spells(database, people):
    """What the ledger says of each sign and of being referred, in the order in which it was learnt."""
    rows = sorted(stored.rows(database, "spell", people.id), key=lambda row: row["id"])
    return [(row["sign"], row["is_referred"], row["known_on"]) for row in rows]


@pytest.fixture
def town(workspace):
    """Ann and Bob are customers of old; Cy, Di, Eva and Flo join in May. Ann brought Cy and Di, Bob brought Di too."""
    meet(
        workspace,
        joined("ann", date(2026, 1, 1), segment="gold"),
        joined("bob", date(2026, 2, 1)),
        joined("cy", may(5), segment="gold"),
        joined("di", may(10), segment="new"),
        joined("eva", may(11), segment="new"),
        joined("flo", may(12)),
    )
    put(
        workspace,
        "referral",
        brought("w1", "ann", "cy", may(5), channel="mail"),
        brought("w2", "ann", "di", date(2026, 4, 30), channel="mail"),
        brought("w3", "bob", "di", may(3), channel="app"),
        brought("w4", "bob", "gus", may(4), channel="app"),
    )
    return workspace


# what counts


def test_of_four_newcomers_two_were_brought(town, database):
    assert parts(town) == (2, 4)  # Cy, on the very day, and Di, though by two
    assert value(town, RATE) == 50
    assert parts(town, "per_base") == (2, 2)
    assert parts(town, "referrers") == (2, 2 + 4)  # Ann and Bob, of those of old and the newcomers
    assert parts(town, "referrers", APRIL) == (1, 2)
    assert parts(town, "invitations_converted") == (2, 3)  # made in May: to Cy and Di, and to Gus who never came
    assert parts(town, "invitations_converted", APRIL) == (1, 1)
    assert_a_rebuild_changes_nothing(database, town)


def test_by_what_customers_are_and_by_where_it_was_said(town):
    assert slices(town, RATE, Dimension.SEGMENT) == {"gold": 100, "new": 50, "": 0}
    assert slices(town, RATE, Dimension.CHANNEL, "invitations_converted") == {"mail": 100, "app": 50}
    assert slices(town, RATE, Dimension.CHANNEL, "referrers") == {"mail": 100 / 6, "app": 100 / 6}
    gold = (Filter(Dimension.SEGMENT, ("gold",)),)
    assert parts(town, "referrers", filters=gold) == (1, 1 + 1)  # Ann; of her and Cy
    both = (*gold, Filter(Dimension.CUSTOMER_KIND, ("",)))
    assert parts(town, "referrers", filters=both) == parts(town, "referrers", filters=gold)


def test_without_referrals_there_is_nothing_to_say(workspace):
    meet(workspace, joined("ann", may(5)))
    variants = (None, "per_base", "referrers", "invitations_converted")
    assert {value(workspace, RATE, variant=one) for one in variants} == {"INPUT_NOT_CONFIGURED"}
    put(workspace, "referral", brought("w1", "x", "y", date(2026, 1, 1)))
    assert value(workspace, RATE) == 0
    assert value(workspace, RATE, variant="per_base") == "ZERO_DENOMINATOR"
    assert value(workspace, RATE, variant="referrers") == 0
    assert value(workspace, RATE, variant="invitations_converted") == "NO_DATA"
    assert value(workspace, RATE, JUNE) == "NO_DATA"  # nobody new


def test_what_is_learnt_late_counts_then_and_what_was_known_before_stays(town, clock, database):
    clock.advance(days=1)
    put(town, "referral", brought("w5", "cy", "eva", may(11)))
    assert parts(town) == (3, 4)
    assert parts(town, known_on=date(2026, 6, 15)) == (2, 4)
    clock.advance(days=1)
    put(town, "referral", brought("w5", "cy", "eva", may(12)))  # a day too late to have brought her
    assert parts(town) == (2, 4)
    take_back(town, "referral", "w1", "w2")
    assert parts(town) == (1, 4)  # Di was brought by Bob as well
    assert parts(town, known_on=date(2026, 6, 16)) == (3, 4)
    take_back(town, "referral", "w3")
    assert parts(town) == (0, 4)
    assert parts(town, "per_base", known_on=date(2026, 6, 15)) == (2, 2)
    assert_a_rebuild_changes_nothing(database, town)


def test_the_ledger_is_only_ever_added_to(workspace, clock, database):
    meet(workspace, joined("bob", may(6)))
    put(workspace, "referral", brought("w1", "ann", "bob", may(6)))
    first = [(1, False, date(2026, 6, 15)), (-1, False, date(2026, 6, 15)), (1, True, date(2026, 6, 15))]
    assert spells(database, workspace) == first
    clock.advance(days=1)
    meet(workspace, joined("bob", may(6), region="north"), joined("bob", may(6), segment="new"))
    put(workspace, "referral", brought("w2", "cy", "bob", may(1)), brought("w1", "ann", "bob", may(6), product="tea"))
    assert spells(database, workspace) == first
    take_back(workspace, "referral", "w1", "w2")
    assert spells(database, workspace) == [*first, (-1, True, date(2026, 6, 16)), (1, False, date(2026, 6, 16))]


def test_who_joins_earlier_than_was_thought_was_not_brought(town, database):
    meet(town, joined("di", date(2026, 4, 29)))  # a correction: the day before Ann's referral
    assert parts(town) == (1, 3)
    assert parts(town, period=APRIL) == (0, 1)
    meet(town, joined("di", date(2026, 4, 30)))
    assert parts(town, period=APRIL) == (1, 1)
    assert_a_rebuild_changes_nothing(database, town)


def test_who_returns_is_not_brought_anew(workspace, database):
    meet(workspace, joined("bob", date(2026, 4, 1)) | {"churned_on": date(2026, 4, 20)})
    put(workspace, "referral", brought("w1", "ann", "bob", may(1)))
    meet(workspace, joined("bob", may(8)))
    assert parts(workspace) == (0, 0)
    assert parts(workspace, period=APRIL) == (0, 1)
    assert parts(workspace, "invitations_converted") == (0, 1)
    put(workspace, "referral", brought("w1", "ann", "bob", date(2026, 3, 31)))
    assert parts(workspace, period=APRIL) == (1, 1)
    assert_a_rebuild_changes_nothing(database, workspace)


@pytest.mark.slow
def test_a_conversion_is_what_the_source_says_or_becoming_a_customer(workspace, clock, database):
    put(
        workspace,
        "referral",
        brought("w1", "ann", "bob", may(1), converted_at=datetime(2026, 6, 1, 12, tzinfo=UTC)),
        brought("w2", "ann", "cy", may(1)),
        brought("w3", "ann", "di", may(1)),
        brought("w4", "ann", "eva", may(1)),
    )
    assert parts(workspace, "invitations_converted") == (1, 4)
    meet(workspace, joined("cy", may(1)), joined("di", date(2026, 4, 30)), joined("eva", date(2026, 6, 17)))
    assert parts(workspace, "invitations_converted") == (2, 4)  # Di was a customer before, Eva is none yet
    clock.advance(days=2)
    Worker(workspace.door).drain()
    assert parts(workspace, "invitations_converted") == (3, 4)
    meet(workspace, {"external_id": "cy", "joined_on": None})
    assert parts(workspace, "invitations_converted") == (2, 4)
    days = {row["external_id"]: row["converted_on"] for row in stored.rows(database, "referral", workspace.id)}
    assert days == {"w1": date(2026, 6, 1), "w2": None, "w3": None, "w4": date(2026, 6, 17)}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_the_same_two_people_count_once(workspace, database):
    rows = [brought(name, "ann", "bob", may(day)) for name, day in (("w1", 5), ("w2", 3), ("w3", 9))]
    assert put(workspace, "referral", *rows) == ["CREATED"] * 3
    assert parts(workspace, "invitations_converted") == (0, 1)
    put(workspace, "referral", rows[2] | {"converted_at": may(20)})  # whichever of them says so
    assert parts(workspace, "invitations_converted") == (1, 1)
    counted = {row["external_id"] for row in stored.rows(database, "referral", workspace.id) if row["is_counted"]}
    assert counted == {"w2"}
    take_back(workspace, "referral", "w2")
    assert parts(workspace, "invitations_converted") == (1, 1)
    put(workspace, "referral", rows[0] | {"occurred_at": date(2026, 4, 5)})
    assert parts(workspace, "invitations_converted") == (0, 0)
    assert parts(workspace, "invitations_converted", APRIL) == (1, 1)
    assert_a_rebuild_changes_nothing(database, workspace)


def test_test_customers_bring_nobody_and_are_not_brought(town, database):
    meet(town, {"external_id": "ann", "is_test": True})
    assert parts(town) == (1, 4)  # Di, by Bob
    assert parts(town, "referrers") == (1, 1 + 4)
    assert parts(town, "invitations_converted") == (1, 2)
    meet(town, {"external_id": "di", "is_test": True})
    assert parts(town) == (0, 3)
    assert parts(town, "invitations_converted") == (0, 1)  # to Gus
    assert_a_rebuild_changes_nothing(database, town)
    meet(town, {"external_id": "ann", "is_test": False}, {"external_id": "di", "is_test": False})
    assert (parts(town), parts(town, "invitations_converted")) == ((2, 4), (2, 3))
    assert_a_rebuild_changes_nothing(database, town)


def test_stubs_freeze_what_is_known_when_their_records_come(workspace, database):
    put(workspace, "referral", brought("w1", "ann", "bob", may(1)))
    assert len([row for row in stored.rows(database, "customer", workspace.id) if row["is_stub"]]) == 2
    meet(workspace, joined("bob", may(2)), joined("ann", date(2026, 1, 1), region="north"))
    assert slices(workspace, RATE, Dimension.REGION, "invitations_converted") == {"north": 100}
    assert parts(workspace) == (1, 1)


# what is refused


def problems(people, *rows, **options):
    """Of each row its outcome, or the codes, paths and beginnings of what is wrong."""
    results = record(people, "referral", *rows, **options)
    return [
        result.outcome.value
        if not result.problems
        else [(one.code, one.path, " ".join(one.message.en.split()[:4])) for one in result.problems]
        for result in results
    ]


SELF = [(Code.CONFLICT, ("referred",), "A customer cannot refer")]
CIRCLE = [(Code.CONFLICT, ("referred",), "The one referred has")]


def test_nobody_refers_themselves(workspace, database):
    before = stored.everything(database)
    mine = Ref(external_id="ann", source="default")
    for whom in ("ann", mine):
        assert problems(workspace, brought("w1", "ann", whom, may(5))) == [SELF]
    assert stored.everything(database) == before
    put(workspace, "referral", brought("w1", "ann", "bob", may(5)))
    assert problems(workspace, brought("w1", "ann", "ann", may(5))) == [SELF]
    assert problems(workspace, brought("w1", "bob", mine, may(5))) == ["UPDATED"]  # in the place of the other one


@pytest.mark.some(2)
@pytest.mark.parametrize("length", [2, 3, 40])
def test_no_chain_of_any_length_closes(workspace, database, length):
    links = [brought(f"w{n}", f"c{n}", f"c{n + 1}", may(5)) for n in range(length - 1)]
    closing = brought("last", f"c{length - 1}", "c0", may(20))
    put(workspace, "referral", *links)
    before = stored.everything(database)
    assert problems(workspace, closing) == [CIRCLE]
    assert stored.everything(database) == before
    # all in one batch, in either order: whichever comes last is refused
    fresh = [one | {"external_id": f"n{one['external_id']}"} for one in links]
    fresh = [one | {"customer": f"n{one['customer']}", "referred": f"n{one['referred']}"} for one in fresh]
    closing = closing | {"external_id": "n", "customer": f"nc{length - 1}", "referred": "nc0"}
    told = problems(workspace, *fresh[::-1], closing)
    assert told == ["CREATED"] * (length - 1) + [CIRCLE]
    take_back(workspace, "referral", "w0")
    assert problems(workspace, brought("last", f"c{length - 1}", "c0", may(20))) == ["CREATED"]
    assert problems(workspace, links[0]) == [CIRCLE]


def test_a_circle_of_what_is_stored_and_what_comes(workspace):
    put(workspace, "referral", brought("w1", "a", "b", may(1)), brought("w2", "c", "d", may(1)))
    rows = brought("w3", "b", "c", may(2)), brought("w4", "d", "a", may(2)), brought("w5", "d", "e", may(2))
    assert problems(workspace, *rows) == ["CREATED", CIRCLE, "CREATED"]
    # a correction leaves its old place first, and stays there when it is refused
    assert problems(workspace, brought("w3", "x", "y", may(2)), rows[1]) == ["UPDATED", "CREATED"]
    assert problems(workspace, brought("w3", "b", "c", may(2))) == [CIRCLE]
    assert problems(workspace, brought("w6", "y", "x", may(2))) == [CIRCLE]
    # and the same two again are no circle, nor is another way to the same end
    assert problems(workspace, brought("w7", "d", "a", may(3)), brought("w8", "c", "b", may(3))) == ["CREATED"] * 2


def test_one_who_brought_many_closes_no_circle_with_those_they_did_not(workspace):
    put(workspace, "referral", *(brought(f"w{n}", "hub", f"c{n}", may(1)) for n in range(60)))
    rows = [brought(f"x{n}", f"c{n}", f"c{n + 1}", may(2)) for n in range(59)]
    assert problems(workspace, *rows) == ["CREATED"] * 59
    assert problems(workspace, brought("y", "c59", "hub", may(3)), brought("z", "c59", "new", may(3))) == [
        CIRCLE,
        "CREATED",
    ]


def test_a_refused_row_needs_no_stubs(workspace, database):
    assert problems(workspace, brought("w1", "ann", "bob", may(1)), brought("w2", "bob", "ann", may(1))) == [
        "CREATED",
        CIRCLE,
    ]
    assert len(stored.rows(database, "customer", workspace.id)) == 2
    assert problems(workspace, brought("w3", "x", "y", may(1)), options=Options()) == [
        [
            (Code.NOT_FOUND, ("customer",), "There is no customer"),
            (Code.NOT_FOUND, ("referred",), "There is no customer"),
        ]
    ]


def test_no_conversion_comes_before_its_referral(workspace):
    noon, later = datetime(2026, 5, 5, 12, tzinfo=UTC), datetime(2026, 5, 5, 12, 0, 1, tzinfo=UTC)
    early = [(Code.OUT_OF_RANGE, ("convertedAt",), "convertedAt lies before occurredAt:")]
    for made, converted, expected in (
        (noon, noon, "CREATED"),
        (noon, later, "UPDATED"),
        (later, noon, early),
        (noon, may(5), "UPDATED"),  # of a day nobody knows the hour
        (noon, may(4), early),
        (may(6), noon, early),
        (may(5), noon, "UPDATED"),
    ):
        row = brought("w1", "ann", "bob", made, converted_at=converted)
        assert problems(workspace, row) == [expected], (made, converted)
    (wrong,) = problems(workspace, brought("w2", "ann", "bob", date(2027, 1, 1), converted_at=date(2027, 2, 1)))
    assert [path for _, path, _ in wrong] == [("occurredAt",), ("convertedAt",)]


# merges


def test_what_two_records_have_brought_one_customer_has(town, database):
    meet(town, joined("bert", may(20)))
    put(town, "referral", brought("w5", "bert", "di", may(2)), brought("w6", "bert", "flo", may(2)))
    assert (parts(town), parts(town, "referrers")) == ((3, 5), (3, 2 + 5))
    assert parts(town, "invitations_converted") == (4, 5)
    assert merge(town, "bert", "bob") == "UPDATED"
    assert (parts(town), parts(town, "referrers")) == ((3, 4), (2, 2 + 4))
    assert parts(town, "invitations_converted") == (3, 4)  # Di by Bob is one now
    assert_a_rebuild_changes_nothing(database, town)


def test_who_was_brought_under_another_name_was_brought(town, database, clock):
    put(town, "referral", brought("w5", "ann", "eve", may(1)))
    assert parts(town) == (2, 4)
    clock.advance(days=1)
    merge(town, "eve", "eva")
    assert parts(town) == (3, 4)
    assert parts(town, known_on=date(2026, 6, 15)) == (2, 4)
    assert parts(town, "invitations_converted") == (3, 4)  # to Eva too
    assert_a_rebuild_changes_nothing(database, town)


def test_a_circle_that_a_merge_makes_stays_and_what_is_oneself_counts_nothing(town, database):
    put(town, "referral", brought("w5", "cy", "gerd", may(6)), brought("w6", "gerd", "hans", may(7)))
    assert merge(town, "gerd", "ann") == "UPDATED"  # Ann brought Cy, who brought Ann
    assert merge(town, "hans", "ann") == "UPDATED"  # and herself
    assert len(stored.rows(database, "referral", town.id)) == 6
    assert parts(town) == (2, 4)
    # to Cy, Di, Gus, and by Cy to Ann, who was a customer before; herself she could not bring
    assert parts(town, "invitations_converted") == (2, 4)
    # what stands may be sent again, and mended, but for the names
    assert put(town, "referral", brought("w6", "ann", "ann", may(7)), brought("w5", "cy", "ann", may(6))) == [
        "UNCHANGED",
        "UNCHANGED",
    ]
    assert put(town, "referral", brought("w6", "gerd", "hans", may(8))) == ["UPDATED"]
    assert problems(town, brought("w7", "cy", "ann", may(8))) == [CIRCLE]
    assert problems(town, brought("w5", "di", "ann", may(8))) == [CIRCLE]
    take_back(town, "referral", "w5")
    assert problems(town, brought("w5", "cy", "ann", may(6))) == [CIRCLE]
    assert_a_rebuild_changes_nothing(database, town)


def test_compaction_changes_nothing(town, database):
    take_back(town, "referral", "w2")
    before = parts(town), parts(town, "referrers"), parts(town, "invitations_converted")
    town.write(rollup.compact)
    assert (parts(town), parts(town, "referrers"), parts(town, "invitations_converted")) == before
    assert_a_rebuild_changes_nothing(database, town)
