"""Where webhooks may be sent: addresses one by one, from the registries of what is not the open internet."""

import pytest

from app.errors import Invalid
from app.services.webhook_address import checked, is_allowed
from app.settings import Settings

CLOSED = Settings()
OPEN = Settings(webhook_plain_http=True, webhook_allow="10.1.0.0/16, fd00:1::/32")

PUBLIC = ("1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1")
INSIDE = {
    "this network": ("0.0.0.0", "0.1.2.3"),  # noqa: S104 - an address to be refused
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    "shared": ("100.64.0.1", "100.127.255.255"),
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "link-local": ("169.254.1.1", "fe80::1", "fe80::1%eth0"),
    "metadata": ("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "benchmarks": ("198.18.0.1", "198.19.255.255", "2001:2::1"),
    "multicast": ("224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "4000::1", "::"),
    "unique local": ("fc00::1", "fd12:3456::1"),
    "site-local": ("fec0::1",),
    "mapped": ("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"),
    "compatible": ("::127.0.0.1", "::8.8.8.8"),
    "NAT64": ("64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808"),
    "6to4": ("2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "192.88.99.1"),
    "Teredo": ("2001:0:4136:e378:8000:63bf:3fff:fdd2",),
    "no address": ("", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "example.com", "1.1.1.1 "),
}


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_allowed(address):
    assert is_allowed(address)


def test_what_is_public_stays_so_inside_of_an_ipv6_address():
    assert is_allowed("::ffff:8.8.8.8")
    assert is_allowed("64:ff9b::8.8.8.8")


@pytest.mark.parametrize("kind", INSIDE)
def test_nothing_else_is(kind):
    assert {one for one in INSIDE[kind] if is_allowed(one)} == set()


def test_a_network_inside_is_allowed_when_it_is_named():
    inside = OPEN.webhook_networks
    assert is_allowed("10.1.2.3", inside)
    assert is_allowed("::ffff:10.1.2.3", inside)
    assert is_allowed("fd00:1::5", inside)
    assert not is_allowed("10.2.0.1", inside)
    assert not is_allowed("fd00:2::5", inside)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://hooks.example.com/a?b=c", "https://hooks.example.com/a?b=c"),
        ("HTTPS://Hooks.Example.COM", "https://hooks.example.com/"),
        ("https://hooks.example.com:8443/a", "https://hooks.example.com:8443/a"),
        ("https://bücher.example/ä".replace("/ä", "/%C3%A4"), "https://xn--bcher-kva.example/%C3%A4"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://[2606:4700:4700::1111]:444/x", "https://[2606:4700:4700::1111]:444/x"),
    ],
)
def test_an_address_is_kept_in_one_form(given, kept):
    assert checked(given, CLOSED) == kept


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com/",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://user:secret@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/#top",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:65536/",
        "https://hooks.example.com:x/",
        "https://hooks.example.com./",
        "https://localhost/",
        "https://localhost./",
        "https://a.localhost/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://1.1.1.1./",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[::1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://127\u30020\u30020\u30021/",
        "https://hooks.exa mple.com/",
        "https://hooks.example.com/a\r\nx-evil: 1",
        "https://hooks.example.com/a\tb",
        "https://hooks.example.com/ä",
        "https://-a.example.com/",
        "https://a..example.com/",
        "https://" + "a" * 64 + ".example.com/",
        "https://hooks.example.com/" + "a" * 2_000,
    ],
)
def test_what_nothing_would_ever_be_sent_to_is_refused_with_its_path(url):
    with pytest.raises(Invalid) as refused:
        checked(url, CLOSED)
    (problem,) = refused.value.problems
    assert problem.path == ("url",)
    assert problem.message.en
    assert problem.message.zh


def test_a_setting_allows_plain_http_and_networks_inside():
    assert checked("http://10.1.0.7:9000/x", OPEN) == "http://10.1.0.7:9000/x"
    assert checked("http://[fd00:1::7]/", OPEN) == "http://[fd00:1::7]/"
    with pytest.raises(Invalid):
        checked("http://10.2.0.7/", OPEN)
