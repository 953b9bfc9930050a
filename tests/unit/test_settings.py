"""Settings: read from the environment, checked, frozen, and silent about secrets."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import PREFIX, Settings, unknown_names

SECRET = "s3cr3t"
ADDRESS = f"postgresql://ana:{SECRET}@db.example/kpis"


def test_without_an_environment_there_are_defaults():
    settings = Settings()
    assert settings.database_url.get_secret_value() == "sqlite:///custograph.db"
    assert (settings.host, settings.port, settings.graphiql) == ("127.0.0.1", 8000, False)


def test_the_environment_is_read(monkeypatch):
    monkeypatch.setenv("CUSTOGRAPH_PORT", "9001")
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", ADDRESS)
    settings = Settings()
    assert settings.port == 9001
    assert settings.database_url.get_secret_value() == ADDRESS


def test_unknown_names_are_told(monkeypatch):
    monkeypatch.setenv("CUSTOGRAPH_PROT", "9001")
    monkeypatch.setenv("CUSTOGRAPH_DATABASE", ADDRESS)
    monkeypatch.setenv("CUSTOGRAPH_PORT", "9001")
    monkeypatch.setenv("PORT", "9002")
    assert unknown_names() == ["CUSTOGRAPH_DATABASE", "CUSTOGRAPH_PROT"]
    assert Settings().port == 9001


def test_every_setting_is_known_by_its_name_in_capitals(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.setenv(PREFIX + name.upper(), "1")
    assert unknown_names() == []


@pytest.mark.parametrize(
    "address",
    ["", "custograph.db", "sqlite://", "mysql://ana:s3cr3t@db/kpis", "postgres://ana:s3cr3t@db/kpis", "file:///x.db"],
)
def test_an_address_of_no_database_of_ours_is_refused_without_telling_the_password(address, monkeypatch):
    monkeypatch.setenv("CUSTOGRAPH_DATABASE_URL", address)
    with pytest.raises(ValidationError, match="must start with sqlite:/// or postgresql://") as refused:
        Settings()
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value)


@pytest.mark.parametrize("address", ["kpi.example.org", "ftp://a.b", "https://", "https://u:p@a.b", "https://a.b?c=d"])
def test_where_links_begin_is_an_address_of_the_web(address):
    with pytest.raises(ValidationError, match="must start with https:// or http://"):
        Settings(public_url=address)
    assert Settings(public_url="https://a.b/kpis/").public_url == "https://a.b/kpis"


def test_secrets_are_hidden_wherever_settings_are_printed():
    settings = Settings(database_url=ADDRESS)
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", -1),
        ("port", 65_536),
        ("port", "http"),
        ("max_buckets", 0),
        ("write_timeout_s", 0),
        ("group_size", 0),
        ("writer_threads", 0),
        ("worker_poll_s", -1),
        ("operation_timeout_s", 0),
    ],
)
def test_a_number_outside_its_range_is_refused(name, value):
    with pytest.raises(ValidationError) as refused:
        Settings(**{name: value})
    assert [error["loc"] for error in refused.value.errors()] == [(name,)]


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


def test_every_setting_says_what_it_is():
    assert [name for name, field in Settings.model_fields.items() if not (field.description or "").endswith(".")] == []


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///custograph.db", Path("custograph.db")),
        ("sqlite:////var/lib/kpis.db", Path("/var/lib/kpis.db")),
        (ADDRESS, None),
    ],
)
def test_where_the_sqlite_file_lies(address, path):
    assert Settings(database_url=address).sqlite_path == path


def test_a_secret_key_is_long_and_told_to_nobody():
    with pytest.raises(ValidationError, match="at least 32 random characters") as refused:
        Settings(secret_key="x" * 31)
    assert "x" * 31 not in str(refused.value)
    settings = Settings(secret_key=SECRET * 6)
    for shown in (repr(settings), str(settings.shown()), settings.model_dump_json()):
        assert SECRET not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"oidc_issuer": "https://issuer.example"},
        {"oidc_issuer": "http://issuer.example", "oidc_audience": "us"},
        {"oidc_issuer": "https://me@issuer.example", "oidc_audience": "us"},
        {"oidc_issuer": "https://issuer.example?a=b", "oidc_audience": "us"},
        {"oidc_issuer": "issuer.example", "oidc_audience": "us"},
        {"oidc_jwks_url": "ftp://issuer.example/keys"},
        {"oidc_algorithms": "HS256"},
        {"oidc_algorithms": "RS256,none"},
        {"oidc_algorithms": ""},
        {"oidc_leeway_s": 3_600},
    ],
    ids=str,
)
def test_an_issuer_that_could_be_posed_as_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


@pytest.mark.parametrize("issuer", ["https://issuer.example/realm", "http://127.0.0.1:8080", "http://localhost"])
def test_an_issuer_is_far_and_safe_or_near(issuer):
    settings = Settings(oidc_issuer=issuer, oidc_audience="us", oidc_algorithms="RS256, ES256")
    assert (settings.oidc_issuer, settings.oidc_algorithms) == (issuer, "RS256,ES256")
