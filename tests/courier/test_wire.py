"""The wire: which connections are made, and that nothing else is reached whatever a name stands for."""

# ruff: noqa: S104 - 0.0.0.0 is one of the addresses, and where a test hears of every attempt

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from receiving import RESET, STALL, over_tls

from app.courier.wire import MOST_READ, Undelivered, Wire

LOOPBACK = (ip_network("127.0.0.0/8"),)

RESOLVED = (
    "127.0.0.1", "127.0.0.53", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1",
    "100.100.100.200", "169.254.169.254", "172.16.0.1", "172.31.0.1", "192.0.0.192", "192.168.0.1", "198.18.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::",
    "2001:0:7f00:1::", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1",
)  # fmt: skip
"""What the name in an address may turn out to stand for."""
WRITTEN = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "localhost", "localhost.",
    "0", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "user@127.0.0.1", "example.com@127.0.0.1",
)  # fmt: skip
"""What an address may say itself, and the system's resolver understands."""


def post(url, inside=(), timeout_s=5, times=1, **options):
    """What came of posts over one wire: each its status and Retry-After, or why there was none."""

    async def work():
        wire, found = Wire(inside, timeout_s, **options), []
        for _ in range(times):
            try:
                found.append(await wire.post(url, {"x-test": "1"}, b"{}"))
            except Undelivered as error:
                found.append(error.error.value)
        await wire.close()
        return found

    found = asyncio.run(work())
    return found[0] if times == 1 else found


class Names:
    """A resolver that answers what it is told, a list for each time it is asked, the last one from then on."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def __call__(self, host, port):
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def everywhere(receive):
    """A listener on all addresses of this machine."""
    return receive(lambda _got: 204, "0.0.0.0")


def test_no_connection_is_made_to_what_a_name_must_not_stand_for(everywhere):
    for address in RESOLVED:
        assert post(f"http://hooks.example.com:{everywhere.port}/", resolve=Names([address])) == "ADDRESS", address
    assert everywhere.connections == 0


def test_no_connection_is_made_to_what_an_address_says_itself(everywhere):
    for host in WRITTEN:
        assert post(f"http://{host}:{everywhere.port}/") in ("ADDRESS", "RESOLUTION"), host
    assert everywhere.connections == 0
    assert post(f"http://127.0.0.1:{everywhere.port}/", LOOPBACK) == (204, "")  # it was there all the time
    assert everywhere.connections == 1


def test_the_connection_goes_to_the_very_address_and_the_name_is_told(receive):
    receiver = receive(lambda _got: 204, "127.0.0.5")
    names = Names(["127.0.0.5"])
    url = f"http://hooks.example.com:{receiver.port}/a?b=c"
    assert post(url, LOOPBACK, resolve=names) == (204, "")
    assert names.asked == [("hooks.example.com", receiver.port)]
    (got,) = receiver.got
    assert got.headers["host"] == f"hooks.example.com:{receiver.port}"
    assert (got.path, got.body, got.headers["x-test"]) == ("/a?b=c", b"{}", "1")


def test_of_several_addresses_those_are_tried_that_may_be(receive):
    receiver = receive(lambda _got: 204, "127.0.0.5")
    names = Names(["10.0.0.1", "::1", "127.0.0.6", "127.0.0.5"])  # nobody listens at the third
    assert post(f"http://hooks.example.com:{receiver.port}/", LOOPBACK, resolve=names) == (204, "")


def test_a_name_is_judged_anew_for_each_connection(receive):
    """It stood for something good when it was looked at, and for something else later."""
    receiver = receive(lambda _got: (204, {"connection": "close"}), "0.0.0.0")
    names = Names(["127.0.0.5"], ["127.0.0.1"], ["10.0.0.1"], ["127.0.0.5"])
    inside = (ip_network("127.0.0.5/32"),)
    found = post(f"http://hooks.example.com:{receiver.port}/", inside, times=4, resolve=names)
    assert found == [(204, ""), "ADDRESS", "ADDRESS", (204, "")]
    assert len(names.asked) == 4
    assert receiver.connections == 2


def test_a_kept_connection_is_used_again(receiver):
    assert post(receiver.url, LOOPBACK, times=3) == [(204, "")] * 3
    assert receiver.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nobody_is_led_elsewhere(receive, status):
    other = receive()
    receiver = receive(lambda _got: (status, {"location": other.url}))
    assert post(receiver.url, LOOPBACK) == (status, "")
    assert (len(receiver.got), other.connections) == (1, 0)


def test_a_proxy_of_the_environment_is_not_asked(receive, monkeypatch):
    proxy, receiver = receive(), receive()
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert post(receiver.url, LOOPBACK) == (204, "")
    assert proxy.connections == 0


def test_what_can_go_wrong_has_a_name(receive):
    said = {"stall": STALL, "reset": RESET, "rubbish": b"rubbish\r\n\r\n", "nothing": b""}
    receiver = receive(lambda got: said[got.path[1:]])
    base = receiver.url.removesuffix("/hook")
    assert post(f"{base}/stall", LOOPBACK, timeout_s=0.2) == "TIMEOUT"
    receiver.released.set()
    assert post(f"{base}/reset", LOOPBACK) == "BROKEN"
    assert post(f"{base}/rubbish", LOOPBACK) == "BROKEN"
    assert post(f"{base}/nothing", LOOPBACK) == "BROKEN"
    assert post("http://127.0.0.1:1/", LOOPBACK) == "CONNECTION"
    assert post("http://hooks.invalid/", LOOPBACK) == "RESOLUTION"
    assert post(base.replace("http:", "https:"), LOOPBACK) == "TLS"


def test_an_answer_is_read_to_a_bound_only(receive):
    endless = b"HTTP/1.1 200 OK\r\nretry-after: 7\r\ncontent-length: 100000000\r\n\r\n" + b"x" * (2 * MOST_READ)
    receiver = receive(lambda _got: endless)
    assert post(receiver.url, LOOPBACK) == (200, "7")
    heads = receive(lambda _got: b"HTTP/1.1 200 OK\r\nx: " + b"x" * 1_000_000)
    assert post(heads.url, LOOPBACK) == "BROKEN"


# TLS


def certificate(name, issuer=None):
    """A certificate for `name` and its key; its own issuer when there is none."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


@pytest.fixture
def secure(receive, tmp_path):
    """A receiver that is hooks.example.com by TLS, who trusts whom, and the names that it was called."""
    root = certificate("root")
    own, key = certificate("hooks.example.com", root)
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "own.pem").write_bytes(own.public_bytes(pem) + key.private_bytes(pem, *plain))
    server, called = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    server.load_cert_chain(tmp_path / "own.pem")
    server.sni_callback = lambda _socket, name, _context: called.append(name)
    receiver = receive()
    over_tls(receiver, server)
    trust = ssl.create_default_context(cadata=root[0].public_bytes(pem).decode())
    return receiver, trust, called


def test_tls_goes_by_the_name_not_by_the_address(secure):
    receiver, trust, called = secure
    url = f"https://hooks.example.com:{receiver.port}/"
    assert post(url, LOOPBACK, resolve=Names(["127.0.0.1"]), trust=trust) == (204, "")
    assert called == ["hooks.example.com"]
    other = url.replace("hooks.", "other.")
    assert post(other, LOOPBACK, resolve=Names(["127.0.0.1"]), trust=trust) == "TLS"
    assert len(receiver.got) == 1


def test_whoever_is_not_trusted_is_told_nothing(secure):
    receiver, _, _ = secure
    url = f"https://hooks.example.com:{receiver.port}/"
    assert post(url, LOOPBACK, resolve=Names(["127.0.0.1"])) == "TLS"
    assert receiver.got == []
