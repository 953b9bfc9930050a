"""The secrets of tokens: how they look, so that a slip of the pen is noticed and a leaked one can be searched for."""

import hashlib
import secrets
import zlib

from app.keys import Keys

PREFIX = "cgt"
"""What a token's secret begins with."""
PUBLISHABLE = "cgp"
"""What a publishable key begins with."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def mint(prefix: str = PREFIX) -> str:
    """A new secret: `cgt_`, 32 random letters, `_`, a checksum of six."""
    body = "".join(secrets.choice(_LETTERS) for _ in range(32))
    return f"{prefix}_{body}_{_checksum(prefix, body)}"


def is_well_formed(secret: str) -> bool:
    """Whether `secret` could be one of ours; a mistyped one is refused without asking the database."""
    prefix, _, rest = secret.partition("_")
    body, _, checksum = rest.partition("_")
    return prefix in (PREFIX, PUBLISHABLE) and len(body) == 32 and checksum == _checksum(prefix, body)  # noqa: PLR2004 - the length above


def is_ours(secret: str) -> bool:
    """Whether `secret` means to be one of ours, mistyped perhaps."""
    return secret.startswith((f"{PREFIX}_", f"{PUBLISHABLE}_"))


def known_by(keys: Keys, secret: str) -> str:
    """What is stored of a secret: nobody can tell it from that, nor try guesses without the key."""
    return keys.digest(hashlib.sha256(secret.encode()).hexdigest())


def _checksum(prefix: str, body: str) -> str:
    # the first tokens were summed up without their prefix; with it, one letter does not make a key of a token
    summed = body if prefix == PREFIX else f"{prefix}_{body}"
    number, letters = zlib.crc32(summed.encode()), ""
    for _ in range(6):
        number, place = divmod(number, len(_LETTERS))
        letters += _LETTERS[place]
    return letters
