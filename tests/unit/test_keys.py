"""Digests and seals: told from the standards' own words, and useless to whoever has another key."""

import base64
import hashlib
import hmac

import pytest

from app import keys
from app.keys import Keys, NotOurs, WrongKey

SECRET = "a secret text of more than 32 letters"


def hkdf(secret, info):
    """RFC 5869 with SHA-256 and no salt, for one block."""
    extracted = hmac.digest(bytes(32), secret.encode(), "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def test_a_digest_is_the_hmac_under_a_key_derived_for_it():
    expected = hmac.new(hkdf(SECRET, keys.DIGESTS), "text 密".encode(), hashlib.sha256).hexdigest()
    assert Keys(SECRET).digest("text 密") == expected
    assert Keys(SECRET + "!").digest("text 密") != expected


@pytest.mark.parametrize("text", ["", "x", "whsec_密钥\0\n", "long " * 10_000])
def test_what_is_sealed_opens_again_and_never_looks_the_same(text):
    ours = Keys(SECRET)
    sealed = [ours.seal(text) for _ in range(20)]
    assert len(set(sealed)) == 20
    assert {Keys(SECRET).opened(one) for one in sealed} == {text}
    assert all("secret" not in one and one.isascii() for one in sealed)


def test_what_is_not_ours_does_not_open():
    ours = Keys(SECRET)
    sealed = ours.seal("the secret of a webhook")
    raw = base64.urlsafe_b64decode(sealed)
    strange = [raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :] for place in range(len(raw))]
    strange += [raw[:-1], raw + b"\0", raw[:12], raw[:5], b""]
    texts = [base64.urlsafe_b64encode(one).decode() for one in strange]
    for text in [*texts, "", "not sealed", "密", f"{sealed}A", f" {sealed}", Keys(SECRET + "!").seal("x"), SECRET]:
        with pytest.raises(NotOurs, match="not sealed with the key of this database"):
            ours.opened(text)


def test_the_two_purposes_have_keys_of_their_own():
    assert hkdf(SECRET, keys.DIGESTS) != hkdf(SECRET, keys.SEALS)


def test_a_key_is_random_and_locked_by_the_setting():
    made = {keys.made() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {len(base64.urlsafe_b64decode(one + "=")) for one in made} == {32}
    key = made.pop()
    locked = keys.locked(key, SECRET)
    assert key not in locked
    assert len(locked) <= 200
    assert keys.unlocked(locked, SECRET) == key
    assert keys.unlocked(key, None) == keys.unlocked(key, SECRET) == key


def test_a_locked_key_asks_for_the_setting_that_locked_it():
    locked = keys.locked(keys.made(), SECRET)
    with pytest.raises(WrongKey, match="is not set"):
        keys.unlocked(locked, None)
    with pytest.raises(WrongKey, match="not the one"):
        keys.unlocked(locked, SECRET + "!")
