"""JWTs of the configured OpenID Connect issuer: who they stand for, checked by the issuer's own keys."""

import json
import math
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import GuestProtocol, Key, import_key
from joserfc.jws import JWSRegistry

from app.errors import Unauthenticated, Unavailable
from app.services.member import Person
from app.settings import Settings, is_safe
from app.text import Text

LONGEST = 8_192
"""Characters of a JWT that is read at all."""
REFRESH_S = 3_600
"""After how long keys are asked for anew."""
KEPT_S = 86_400
"""How long keys are used while the issuer does not answer."""
COOL_DOWN_S = 30
"""How long the issuer is left alone after it was asked, whatever strangers send."""
PATIENCE_S = 5
"""How long it may take to answer."""
LARGEST = 262_144
"""Bytes of what the issuer tells."""
LEAST_RSA_BITS = 2_048
TYPES = frozenset({"jwt", "at+jwt"})
POINTERS = frozenset({"jku", "jwk", "x5u", "x5c"})
"""Headers by which a JWT would bring its own key."""

_log = structlog.get_logger()

WRONG = Text(
    "The JWT is not valid here: its signature, issuer, audience or times are not what they must be.",
    "此 JWT 在此无效：其签名、签发方、受众或时间不符合要求。",
)
DOWN = Text(
    "The issuer's keys cannot be had at the moment, so nobody can be signed in by a JWT; try again later.",
    "暂时无法取得签发方的密钥，因此无法通过 JWT 登录；请稍后重试。",
)


class _Allowed(JWSRegistry):
    """The algorithms that the settings name, and no others; EdDSA too, of whose old name joserfc would warn."""

    max_header_length = 2_048

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - joserfc keeps the type to itself
        """The algorithm of that name. Raises UnsupportedAlgorithmError."""
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


class Issuer:
    """Tells who a JWT stands for. Thread safe; may wait for the issuer, so never on the event loop."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._algorithms = settings.oidc_algorithms.split(",")
        self._registry = _Allowed(algorithms=self._algorithms, strict_check_header=False)
        self._keys = Keys(settings.oidc_issuer, settings.oidc_jwks_url)

    def person(self, token: str) -> Person:
        """Who `token` stands for. Raises Unauthenticated, Unavailable where its key cannot be had."""
        if len(token) > LONGEST:
            raise Unauthenticated(Text(f"A JWT has at most {LONGEST} characters.", f"JWT 最多 {LONGEST} 个字符。"))
        try:
            found = jwt.decode(token, self._key, algorithms=self._algorithms, registry=self._registry)
            self._claims(found.claims).validate(found.claims)
            return _person(found.claims)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            # what is wrong is told to nobody but the log: it would help those who try
            _log.info("jwt refused", reason=type(error).__name__)
            raise Unauthenticated(WRONG) from None

    def _claims(self, claims: Mapping[str, Any]) -> jwt.JWTClaimsRegistry:
        """What must be said, and how."""
        if any(not math.isfinite(claims.get(name, 0)) for name in ("exp", "iat", "nbf")):
            msg = "a time that is none"
            raise ValueError(msg)
        return jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=self._settings.oidc_leeway_s,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_audience},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )

    def _key(self, token: GuestProtocol) -> Key:
        """The key by which `token` says that it is signed, if it may be. Raises ValueError."""
        header = token.headers()
        algorithm, kind = header.get("alg"), header.get("typ", "JWT")
        is_kind = isinstance(kind, str) and kind.lower().removeprefix("application/") in TYPES
        if algorithm not in self._algorithms or not is_kind or POINTERS & header.keys() or "crit" in header:
            msg = "not a JWT of the kind that is taken"
            raise ValueError(msg)
        name = header.get("kid")
        if not isinstance(name, str | None):
            msg = "a key's name is text"
            raise TypeError(msg)
        return self._keys.named(name, algorithm)


def _person(claims: Mapping[str, Any]) -> Person:
    subject, email = claims["sub"], claims.get("email")
    if not 1 <= len(subject) <= 255:  # noqa: PLR2004 - as OpenID Connect bounds it
        msg = "a subject has up to 255 characters"
        raise ValueError(msg)
    is_verified = claims.get("email_verified") is True and isinstance(email, str)
    return Person(claims["iss"], subject, email if is_verified else None)


class Keys:
    """The keys that an issuer publishes, kept for as long as they are good."""

    def __init__(self, issuer: str, address: str) -> None:
        self._issuer, self._address = issuer, address
        self._known: dict[str | None, list[Key]] = {}
        self._fetched = self._tried = -math.inf
        self._turn = threading.Lock()

    def named(self, name: str | None, algorithm: str) -> Key:
        """The key of that name (None: the only one). Raises ValueError without one, Unavailable without any."""
        now = monotonic()
        if name not in self._known or now - self._fetched > REFRESH_S:
            self._ask(now)
        if monotonic() - self._fetched > KEPT_S:
            raise Unavailable(DOWN)
        found = [key for key in self._known.get(name, []) if key.get("alg", algorithm) == algorithm]
        if len(found) != 1:
            msg = "no such key"
            raise ValueError(msg)
        return found[0]

    def _ask(self, asked: float) -> None:
        """Ask the issuer, unless it was asked just now. Who has keys already does not wait for another's asking."""
        if not self._turn.acquire(blocking=not self._known):
            return
        try:
            if max(asked, monotonic()) - self._tried < COOL_DOWN_S:
                return
            self._tried = monotonic()
            self._known = self._fetch()
            self._fetched = monotonic()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError, RecursionError) as error:
            _log.warning("the issuer's keys cannot be had", error=type(error).__name__)
        finally:
            self._turn.release()

    def _fetch(self) -> dict[str | None, list[Key]]:
        with httpx.Client(timeout=PATIENCE_S, follow_redirects=False) as client:
            address = self._address
            if not address:
                about = _told(client, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                address = str(about["jwks_uri"])
                is_near = address.startswith("https:") or self._issuer.startswith("http:")
                if about["issuer"] != self._issuer or not is_safe(address) or not is_near:
                    msg = "what the issuer says of itself is not of it"
                    raise ValueError(msg)
            keys = [key for one in _told(client, address)["keys"] if (key := _usable(one)) is not None]
        if not keys:
            msg = "no key is of use"
            raise ValueError(msg)
        known: dict[str | None, list[Key]] = {None: keys}
        for key in keys:
            known.setdefault(key.kid, []).append(key) if key.kid else None
        return known


def _told(client: httpx.Client, address: str) -> dict[str, Any]:
    """The JSON object at `address`. Raises HTTPError or ValueError."""
    until = monotonic() + PATIENCE_S
    body = bytearray()
    with client.stream("GET", address, headers={"Accept": "application/json"}) as response:
        if response.status_code != httpx.codes.OK:
            msg = f"answered {response.status_code}"
            raise ValueError(msg)
        for part in response.iter_bytes():
            body += part
            if len(body) > LARGEST or monotonic() > until:
                msg = "more than it would take to tell"
                raise ValueError(msg)
    found = json.loads(bytes(body))
    if not isinstance(found, dict):
        msg = "not an object"
        raise TypeError(msg)
    return found


def _usable(told: Any) -> Key | None:  # noqa: ANN401 - whatever was sent
    """The public key for signatures that `told` is, if it is one of a kind and strength that is taken."""
    if not isinstance(told, dict) or told.get("kty") not in ("RSA", "EC", "OKP") or told.get("use", "sig") != "sig":
        return None
    try:
        key = import_key({name: value for name, value in told.items() if name in _PUBLIC})
        bits = key.public_key.key_size if told["kty"] == "RSA" else LEAST_RSA_BITS  # type: ignore[union-attr]  # RSA's has
    except (JoseError, ValueError, TypeError):
        return None
    return key if bits >= LEAST_RSA_BITS else None


_PUBLIC = ("kty", "use", "alg", "kid", "n", "e", "crv", "x", "y")
