"""The secrets of tokens: how they look, and that a slip of the pen is noticed without asking the database."""

import re
import string
import zlib

from app.services.token import PREFIX, is_well_formed, mint

LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
PATTERN = re.compile(r"cgt_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}")


def test_twenty_thousand_secrets_have_one_pattern_and_no_double():
    secrets = {mint() for _ in range(20_000)}
    assert len(secrets) == 20_000
    assert all(map(PATTERN.fullmatch, secrets))
    # every letter is in use, in every place of the body
    assert all(len({secret[place] for secret in secrets}) == 62 for place in range(4, 36))


def test_what_is_minted_is_well_formed():
    assert all(is_well_formed(mint()) for _ in range(1_000))


def test_the_checksum_is_the_crc_of_the_body_in_base_62_from_the_least_digit_on():
    _, body, checksum = mint().split("_")
    assert sum(LETTERS.index(letter) * 62**place for place, letter in enumerate(checksum)) == zlib.crc32(body.encode())


def test_no_secret_with_one_letter_changed_is_well_formed():
    secret = mint()
    for place, letter in enumerate(secret):
        for other in LETTERS + "_- ":
            if other != letter:
                assert not is_well_formed(secret[:place] + other + secret[place + 1 :])


def test_no_secret_with_two_letters_swapped_or_one_lost_or_doubled_is_well_formed():
    secret = mint()
    for place in range(len(secret)):
        assert not is_well_formed(secret[:place] + secret[place + 1 :])
        assert not is_well_formed(secret[:place] + secret[place] + secret[place:])
        swapped = secret[:place] + secret[place : place + 2][::-1] + secret[place + 2 :]
        assert swapped == secret or not is_well_formed(swapped)


def test_what_no_mint_made_is_not_well_formed():
    assert PREFIX == "cgt"
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
