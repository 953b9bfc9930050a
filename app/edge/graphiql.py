"""The GraphiQL page, from files of our own, signed in only where a person sits at this machine."""

import gzip
import hashlib
import json
import re
from ipaddress import ip_address
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FILES = Path(__file__).parent.parent / "static" / "graphiql"

QUERIES = (
    """\
# CSAT and NPS by month and by channel, with the target.
# Ctrl-Enter asks; Ctrl-Space shows what can be added.
query Satisfaction {
  csat: kpi(
    key: CSAT
    period: { last: { count: 12, grain: MONTH } }
  ) {
    ...Figures
  }
  nps: kpi(
    key: NPS
    period: { last: { count: 12, grain: MONTH } }
  ) {
    ...Figures
  }
}

fragment Figures on KpiResult {
  display
  target {
    state
    required
    target {
      goal
    }
  }
  series(grain: MONTH) {
    period {
      label
    }
    value
    target
  }
  breakdown(by: CHANNEL) {
    slices {
      label
      display
      share
    }
  }
}
""",
    """\
# Every KPI: how it is computed, and what it can be
# broken down by. The book on the left has the schema.
query Catalogue {
  kpiDefinitions {
    key
    name
    formula
    unit
    dimensions
  }
}
""",
)
"""What the page opens with, a tab each."""

_HEADERS = {
    # Monaco writes styles of its own into the page; everything else comes from this server's files
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; font-src 'self'; "
        "img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".ttf": "font/ttf", ".txt": "text/plain"}
_PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
_GZIP = re.compile(r"gzip(\s*;\s*q=(?!0(\.0*)?$).*)?", re.IGNORECASE)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Custograph</title>
<link rel="icon" href="data:,">
<link rel="license" href="{base}/LICENSES.txt">
<link rel="stylesheet" href="{base}/main.css">
<script type="application/json" id="setup">{setup}</script>
<script type="module" src="{base}/main.js"></script>
</head>
<body>
<div id="graphiql"></div>
<noscript>GraphiQL needs JavaScript. GraphQL itself is at /graphql, its schema at /schema.graphql.</noscript>
</body>
</html>
"""


def routes(token: str | None) -> list[Route]:
    """The page at `/` and the files it needs. `token` is given away to people at this machine, and to nobody else."""
    files = {path.name.removesuffix(".gz"): _packed(path) for path in sorted(FILES.iterdir()) if path.suffix != ".md"}
    digest = hashlib.sha256()
    for name, packed in files.items():
        digest.update(f"{name} {len(packed)}\n".encode() + packed)
    version = digest.hexdigest()[:16]
    base = f"/graphiql/{version}"

    async def page(request: Request) -> Response:
        setup = {"token": token if _from_this_machine(request) else None, "queries": QUERIES}
        # nothing in it may end the element that it stands in
        html = _PAGE.format(base=base, setup=json.dumps(setup, ensure_ascii=False).replace("<", "\\u003c"))
        return Response(html, headers=_HEADERS | {"cache-control": "no-store"}, media_type="text/html")

    async def file(request: Request) -> Response:
        packed = files.get(request.path_params["name"])
        if packed is None:
            return Response("There is no such file.", 404, _HEADERS, "text/plain")
        headers = _HEADERS | {
            "cache-control": "public, max-age=31536000, immutable",  # other contents have another address
            "etag": f'W/"{version}"',
            "vary": "Accept-Encoding",
        }
        if version in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        kind = _TYPES[Path(request.path_params["name"]).suffix]
        if _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(packed, headers=headers | {"content-encoding": "gzip"}, media_type=kind)
        return Response(gzip.decompress(packed), headers=headers, media_type=kind)

    return [Route("/", page), Route(f"{base}/{{name}}", file)]


def _packed(path: Path) -> bytes:
    return path.read_bytes() if path.suffix == ".gz" else gzip.compress(path.read_bytes(), mtime=0)


def _takes_gzip(accepted: str) -> bool:
    return any(_GZIP.fullmatch(one.strip()) for one in accepted.split(","))


def _from_this_machine(request: Request) -> bool:
    """Whether somebody at this machine opened the page.

    The connection is local and nobody's but the browser's; the address in its bar is this machine's, so that no foreign
    name that resolves to it can read the page; and it is opened as a page, not fetched or framed by another.
    """
    hosts = request.headers.getlist("host")
    return (
        request.client is not None
        and _is_loopback(request.client.host)
        and len(hosts) == 1
        and _OURS.fullmatch(hosts[0]) is not None
        and not any(name in request.headers for name in _PROXIED)
        and request.headers.get("sec-fetch-dest", "document") == "document"
    )


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    return bool((getattr(ip, "ipv4_mapped", None) or ip).is_loopback)
