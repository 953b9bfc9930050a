"""The secrets of tokens: how they look, and that a slip of the pen is noticed without asking the database."""

import re
import string
import zlib

import pytest

from app.services.minting import PREFIX, PUBLISHABLE, is_well_formed, mint

LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
PATTERN = re.compile(r"cg[tp]_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}")
"""What a scanner for leaked secrets looks for."""
each = pytest.mark.parametrize("prefix", [PREFIX, PUBLISHABLE])


@pytest.mark.parametrize("many", [20_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_many_secrets_have_one_pattern_and_no_double(many):
    secrets = {mint(prefix) for _ in range(many // 2) for prefix in (PREFIX, PUBLISHABLE)}
    assert len(secrets) == many
    assert all(map(PATTERN.fullmatch, secrets))
    # every letter is in use, in every place of the body
    assert all(len({secret[place] for secret in secrets}) == 62 for place in range(4, 36))


@each
def test_what_is_minted_is_well_formed(prefix):
    assert all(is_well_formed(mint(prefix)) for _ in range(1_000))


def test_the_checksum_is_the_crc_of_the_body_in_base_62_from_the_least_digit_on():
    _, body, checksum = mint().split("_")
    assert sum(LETTERS.index(letter) * 62**place for place, letter in enumerate(checksum)) == zlib.crc32(body.encode())
    _, body, checksum = mint(PUBLISHABLE).split("_")
    assert sum(LETTERS.index(letter) * 62**place for place, letter in enumerate(checksum)) == zlib.crc32(
        f"cgp_{body}".encode()
    )


@each
def test_no_secret_with_one_letter_changed_is_well_formed(prefix):
    secret = mint(prefix)
    for place, letter in enumerate(secret):
        for other in LETTERS + "_- ":
            if other != letter:
                assert not is_well_formed(secret[:place] + other + secret[place + 1 :])


@each
def test_no_secret_with_two_letters_swapped_or_one_lost_or_doubled_is_well_formed(prefix):
    secret = mint(prefix)
    for place in range(len(secret)):
        assert not is_well_formed(secret[:place] + secret[place + 1 :])
        assert not is_well_formed(secret[:place] + secret[place] + secret[place:])
        swapped = secret[:place] + secret[place : place + 2][::-1] + secret[place + 2 :]
        assert swapped == secret or not is_well_formed(swapped)


def test_what_no_mint_made_is_not_well_formed():
    assert (PREFIX, PUBLISHABLE) == ("cgt", "cgp")
    s = mint()
    strange = [
        "",
        s[4:],
        s.upper(),
        s.lower(),
        f" {s}",
        f"{s}\n",
        f"{s}_",
        f"Bearer {s}",
        s.replace("cgt", "ghp"),
        s * 2,
    ]
    strange += [s.replace("_", ""), f"{s[:-6]}000000", f"cgt__{s[-6:]}", "\0", "cgt_" + "密" * 32 + "_000000"]
    assert [secret for secret in strange if is_well_formed(secret)] == []
