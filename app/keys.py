"""The key of a deployment: what it knows secrets by without keeping them, and what it seals those with that it keeps.

From one secret text come two keys, each for a purpose of its own, so that neither tells anything of the other.
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DIGESTS, SEALS = b"custograph digests", b"custograph seals"
"""What the two keys are derived for."""
LOCKED = "locked:"
"""What a kept key begins with that the setting locks."""
_NONCE = 12


class NotOurs(ValueError):
    """A sealed text that these keys did not seal, or that was changed since."""


class WrongKey(RuntimeError):
    """The setting does not open the key that the database keeps."""


class Keys:
    """Digests and seals under a secret text, which should be as good as random."""

    def __init__(self, secret: str) -> None:
        self._digests = _derived(secret, DIGESTS)
        self._seals = AESGCM(_derived(secret, SEALS))

    def digest(self, text: str) -> str:
        """What `text` is known by, 64 hexadecimal digits (HMAC-SHA-256); nobody without the key can tell or test it."""
        return hmac.new(self._digests, text.encode(), hashlib.sha256).hexdigest()

    def seal(self, text: str) -> str:
        """`text` so that only `opened` can read it (AES-256-GCM), another text each time."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(nonce + self._seals.encrypt(nonce, text.encode(), None)).decode()

    def opened(self, sealed: str) -> str:
        """The text that was sealed. Raises NotOurs for what was sealed with another key, changed, or never sealed."""
        try:
            given = base64.b64decode(sealed, altchars=b"-_", validate=True)
            return self._seals.decrypt(given[:_NONCE], given[_NONCE:], None).decode()
        except (ValueError, InvalidTag):
            msg = "this was not sealed with the key of this database, or was changed since"
            raise NotOurs(msg) from None


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def made() -> str:
    """A new random key of 256 bits, as a database keeps it."""
    return secrets.token_urlsafe(32)


def locked(key: str, secret: str) -> str:
    """The key as a database keeps it that alone does not tell it: `secret` opens it."""
    return LOCKED + Keys(secret).seal(key)


def unlocked(kept: str, secret: str | None) -> str:
    """The key in what a database keeps. Raises WrongKey where it is locked and `secret` does not open it."""
    if not kept.startswith(LOCKED):
        return kept
    if secret is None:
        msg = "CUSTOGRAPH_SECRET_KEY is not set, and the key of this database is locked with one; set it as before."
        raise WrongKey(msg)
    try:
        return Keys(secret).opened(kept.removeprefix(LOCKED))
    except NotOurs:
        msg = "CUSTOGRAPH_SECRET_KEY is not the one that the key of this database is locked with; set it as before."
        raise WrongKey(msg) from None
