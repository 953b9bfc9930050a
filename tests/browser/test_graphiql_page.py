"""The GraphiQL page and its files, without a browser."""

import asyncio
import gzip
import json
import re

import httpx
import pytest
from graphql import build_schema, parse, validate
from starlette.applications import Starlette

from app.edge.graphiql import FILES, QUERIES, routes
from app.main import create_app
from app.schema.build import sdl

TOKEN = "cgt_</script>"


def ask(path="/", *, method="GET", peer="127.0.0.1", host="127.0.0.1:8000", app=None, **headers) -> httpx.Response:
    """What the page's routes answer to `peer`, who calls them `host`."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app or Starlette(routes=routes(TOKEN)), client=(peer, 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://placeholder") as client:
            sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
            return await client.request(method, path, headers=sent)

    return asyncio.run(asked())


def setup(page: httpx.Response) -> dict:
    """What the page tells its script."""
    found = re.search(r'<script type="application/json" id="setup">(.*?)</script>', page.text, re.DOTALL)
    return json.loads(found[1])


def base() -> str:
    """Where the files are."""
    return re.search(r'src="(/graphiql/[^"]+)/main\.js"', ask().text)[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LocalHost", "[::1]", "[::1]:8000"])
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_signed_in_at_this_machine(host, peer):
    page = ask(host=host, peer=peer)
    assert setup(page)["token"] == TOKEN
    assert TOKEN not in page.text, "it cannot end the element that it stands in"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:8000",
        "127.0.0.1.evil.test",
        "localhost.evil.test",
        "evil.test#localhost",
        "localhost@evil.test",
        "localhost.",
        "127.0.0.1:8000:1",
        "127.0.0.2",
        "0.0.0.0:8000",
        "2130706433",
        "[::1",
        "[::ffff:127.0.0.1]",
        "localhost ",
        "",
    ],
)
def test_foreign_host_is_not_signed_in(host):
    assert setup(ask(host=host))["token"] is None


@pytest.mark.parametrize("peer", ["192.168.1.5", "10.0.0.1", "172.17.0.1", "::2", "::ffff:10.0.0.1", "testclient"])
def test_other_machine_is_not_signed_in(peer):
    assert setup(ask(peer=peer))["token"] is None


@pytest.mark.parametrize("name", ["forwarded", "via", "x_forwarded_for", "x_forwarded_host", "x_real_ip"])
def test_behind_a_proxy_is_not_signed_in(name):
    assert setup(ask(**{name: "127.0.0.1"}))["token"] is None


@pytest.mark.parametrize("destination", ["empty", "iframe", "script", "object"])
def test_only_a_page_of_its_own_is_signed_in(destination):
    assert setup(ask(sec_fetch_dest="document"))["token"] == TOKEN
    assert setup(ask(sec_fetch_dest=destination))["token"] is None


def test_without_a_token_nobody_is_signed_in():
    assert setup(ask(app=Starlette(routes=routes(None))))["token"] is None


def test_page_and_files_forbid_everything_foreign():
    for path in ("/", f"{base()}/main.js", f"{base()}/graphql.worker.js", f"{base()}/nothing"):
        headers = ask(path).headers
        policy = dict(one.split(" ", 1) for one in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
        assert "http" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    # a script in the page itself is data only
    assert re.findall(r"<script (?![^>]*src=)[^>]*>", ask().text) == ['<script type="application/json" id="setup">']


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("main.js", "text/javascript; charset=utf-8"),
        ("main.css", "text/css; charset=utf-8"),
        ("codicon.ttf", "font/ttf"),
        ("LICENSES.txt", "text/plain; charset=utf-8"),
    ],
)
def test_file_is_kept_for_good(name, kind):
    path = f"{base()}/{name}"
    response, plain = ask(path, accept_encoding="br, gzip;q=0.8"), ask(path, accept_encoding="identity")
    assert response.headers["content-type"] == kind
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert response.content == plain.content
    assert int(response.headers["content-length"]) < int(plain.headers["content-length"])
    assert response.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"

    again = ask(path, if_none_match=response.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert ask(path, if_none_match='"other"').status_code == 200
    head = ask(path, method="HEAD", accept_encoding="gzip")
    assert head.headers == response.headers


@pytest.mark.parametrize("accepted", ["", "gzip;q=0", "gzip; q=0.000", "br", "x-gzipped"])
def test_whoever_takes_no_gzip_gets_none(accepted):
    response = ask(f"{base()}/main.css", accept_encoding=accepted)
    assert "content-encoding" not in response.headers
    assert response.text.startswith(gzip.decompress((FILES / "main.css.gz").read_bytes()).decode()[:100])


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "%2e%2e",
        "..%2f..%2f..%2fmain.py",
        "..%2fgraphiql%2fmain.js",
        "%2fetc%2fpasswd",
        "..%5cmain.py",
        "main.js.gz",
        "main.js%00",
        "README.md",
    ],
)
def test_nothing_but_the_files_is_served(name):
    assert ask(f"{base()}/{name}").status_code == 404


def test_other_version_and_other_methods_are_refused():
    assert ask("/graphiql/0000000000000000/main.js").status_code == 404
    assert ask(method="POST").status_code == 405
    assert ask(method="HEAD").headers["content-length"] == ask().headers["content-length"]


def test_files_name_no_file_that_is_missing():
    names = {path.name.removesuffix(".gz") for path in FILES.iterdir()}
    named = set()
    for path in FILES.glob("*.gz"):
        text = gzip.decompress(path.read_bytes()).decode(errors="ignore")
        named.update(re.findall(r"""["'(]\./([\w.-]+\.(?:js|css|ttf))["')]""", text))
    assert named - {"main.js"}, "the pattern finds what it looks for"
    assert named <= names
    assert sum(path.stat().st_size for path in FILES.iterdir()) < 1_600_000


@pytest.mark.parametrize("query", QUERIES)
def test_first_queries_fit_the_schema(query):
    assert validate(build_schema(sdl()), parse(query)) == []
    assert [line.startswith("#") for line in query.splitlines()[:3]] == [True, True, False]


@pytest.mark.parametrize("on", [True, False])
def test_page_is_there_when_switched_on(door, on):
    app = create_app(door.settings.model_copy(update={"graphiql": on}), door=door, work=False)
    assert ask(app=app).status_code == (200 if on else 404)
