"""A little OpenID Connect issuer on this machine: it publishes keys over HTTP, counts who asks, and signs JWTs."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

AUDIENCE = "custograph"


class Issuer:
    """Serves discovery and its keys until it is closed; `asked` counts how often the keys were."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {"one": RSAKey.generate_key(2048, {"kid": "one"})}
        self.asked, self.is_down, self.says = 0, False, {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = issuer.answer(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[int, bytes]:
        """What it says of itself, and its keys."""
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"} | self.says).encode()
        self.asked += 1
        if self.is_down:
            return 500, b"not now"
        return 200, json.dumps({"keys": [key.as_dict(private=False) for key in self.keys.values()]}).encode()

    def add(self, name: str, algorithm: str = "RS256") -> None:
        """Another key."""
        kid = {"kid": name}
        made = {"ES256": lambda: ECKey.generate_key("P-256", kid), "EdDSA": lambda: OKPKey.generate_key("Ed25519", kid)}
        self.keys[name] = made.get(algorithm, lambda: RSAKey.generate_key(2048, kid))()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def claims(self, now: float, **changed: Any) -> dict[str, Any]:
        """What a JWT says; None leaves out."""
        plain = {"iss": self.url, "aud": AUDIENCE, "sub": "olga", "iat": int(now), "exp": int(now) + 300}
        return {name: value for name, value in (plain | changed).items() if value is not None}

    def sign(
        self, claims: dict[str, Any], *, kid: str | None = "one", algorithm: str = "RS256", key: Any = None, **more: Any
    ) -> str:
        """A JWT."""
        header = {"alg": algorithm, **({"kid": kid} if kid else {}), **more}
        return jwt.encode(header, claims, key or self.keys[kid or "one"], algorithms=[algorithm])
