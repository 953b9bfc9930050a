"""Settings: read once from the environment, frozen, handed to whoever needs them."""

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "CUSTOGRAPH_"
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""The algorithms of JWTs that only the issuer can sign by."""


def is_safe(address: str) -> bool:
    """Whether what is fetched from `address` comes from whom it names: over TLS, or from this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1"))


class Settings(BaseSettings):
    """Everything that can be set from outside; the environment name is `CUSTOGRAPH_` and the field in capitals."""

    # a mistyped address still holds its password, so errors do not repeat what was given
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(
        SecretStr("sqlite:///custograph.db"),
        description="SQLite file or PostgreSQL database (postgresql://user@host/db).",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="What the key in the database is locked with, at least 32 random characters; without it, whoever "
        "reads the whole database can read it too. Once set, it has to stay.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(
        "",
        description="Where clients reach this server, such as https://kpi.example.org; links to charts begin with it.",
    )
    graphiql: bool = Field(False, description="Serve the GraphiQL page at /.")
    log_level: str = Field("INFO", description="Least severe log level that is written: DEBUG, INFO, WARNING, ERROR.")
    oidc_audience: str = Field("", description="The audience that the JWTs of the issuer must name.")
    oidc_issuer: str = Field("", description="OpenID Connect issuer whose JWTs sign members in; empty for none.")
    oidc_algorithms: str = Field(
        "RS256,ES256,EdDSA", description="Algorithms by which they may be signed, separated by commas."
    )
    oidc_jwks_url: str = Field(
        "", description="Address of the issuer's keys (JWKS); empty to have the issuer tell it (discovery)."
    )
    oidc_leeway_s: int = Field(60, ge=0, le=300, description="How far the issuer's clock may be off, in seconds.")
    cors_origins: str = Field(
        "", description="Web origins whose pages may call the API, separated by commas; * for any, empty for none."
    )
    trusted_documents: Path | None = Field(
        None, description="Manifest of documents that clients may name by documentId (JSON: texts by id, or Apollo's)."
    )
    only_trusted_documents: bool = Field(False, description="Run no document but those of the manifest.")
    max_body_bytes: int = Field(2_000_000, ge=1_000, description="Largest request body taken, in bytes.")
    max_query_tokens: int = Field(
        4_000, ge=100, description="Longest GraphQL document taken, in lexical tokens (and 20 characters for each)."
    )
    max_definitions: int = Field(100, ge=1, description="Most operations and fragments in one document.")
    max_fields: int = Field(
        3_000, ge=1, description="Most fields that a document may come to when its fragments are spread."
    )
    max_depth: int = Field(20, ge=1, description="How deep fields may be nested.")
    max_root_fields: int = Field(50, ge=1, description="Most root fields in one operation.")
    max_mutations: int = Field(10, ge=1, description="Most mutations in one operation.")
    max_aliases: int = Field(60, ge=0, description="Most aliases in one document.")
    max_directives: int = Field(50, ge=0, description="Most directives in one document.")
    max_introspection_depth: int = Field(
        2, ge=1, description="How many lists of introspection (fields, inputFields, …) may be nested."
    )
    max_list_length: int = Field(
        1_000, ge=1, description="Most entries of one list in arguments and variables; a batch takes 500 rows."
    )
    max_page_size: int = Field(100, ge=1, description="Most rows on one page of a list.")
    max_cost: int = Field(40_000, ge=1, description="Most points that one operation may be estimated at.")
    max_answer_bytes: int = Field(10_000_000, ge=1_000, description="Largest answer to a query, in bytes.")
    operation_timeout_s: float = Field(
        10, gt=0, description="Longest time one operation may take, its SQL statements included."
    )
    max_concurrency: int = Field(100, ge=1, description="Most operations of one token that a process runs at once.")
    rate_limit_points: int = Field(
        1_000_000, ge=0, description="How many points a token may use at once; 0 for no limit."
    )
    rate_limit_per_s: int = Field(100_000, ge=1, description="How many points a token gets back each second.")
    heartbeat_s: float = Field(
        12, gt=0, description="How often an open subscription shows that it lives when there is nothing to tell."
    )
    max_subscriptions: int = Field(10_000, ge=1, description="Most subscriptions that one process keeps open.")
    max_subscriptions_per_token: int = Field(
        1_000, ge=1, description="Most subscriptions of one token that one process keeps open."
    )
    answers_per_minute: int = Field(
        600, ge=1, description="How many answers a publishable key takes per minute, where it does not say itself."
    )
    answers_per_minute_and_address: int = Field(
        60, ge=1, description="How many answers per minute one process takes from one client address with one key."
    )
    max_buckets: int = Field(1_100, ge=1, description="Most points that one series may have.")
    max_scan_rows: int = Field(
        2_000_000,
        ge=1,
        description="Most facts that one question outside the rollups may read (several filters at once).",
    )
    write_timeout_s: float = Field(
        8, gt=0, description="Longest time a write waits for the database before a retryable error."
    )
    group_size: int = Field(64, ge=1, description="Most waiting writes of one workspace that are committed together.")
    writer_threads: int = Field(
        8, ge=1, description="Workspaces written at the same time by one process (PostgreSQL; SQLite has one writer)."
    )
    pool_size: int = Field(
        16, ge=1, description="Reads that one process answers at once; it keeps twice as many connections."
    )
    worker_poll_s: float = Field(
        0.5, gt=0, description="How often the worker looks for due jobs when nothing wakes it, in seconds."
    )
    compact_after: int = Field(
        2_000, ge=1, description="Appended rollup entries of one workspace after which they are compacted."
    )
    webhook_allow: str = Field(
        "", description="Networks inside that webhooks may be sent to, such as 10.1.0.0/16, separated by commas."
    )
    webhook_plain_http: bool = Field(False, description="Whether webhooks may be sent over http, not only https.")
    webhook_timeout_s: float = Field(15, gt=0, description="Longest time a receiver of webhooks may take to answer.")
    webhook_retry_s: str = Field(
        "5,300,1800,7200,18000,36000,50400,72000,86400",
        description="How long to wait after each failed attempt to deliver a webhook, in seconds, separated by commas.",
    )
    webhook_disable_after_days: float = Field(
        5, gt=0, description="After so many days without one success an endpoint of webhooks is disabled."
    )
    webhook_keep_days: int = Field(30, ge=1, description="How long finished deliveries of webhooks are listed.")
    webhook_max_cost: int = Field(
        1_000, ge=1, description="Most points that the document of a webhook may be estimated at."
    )

    import_dir: Path | None = Field(
        None,
        description="Folder of files that may be imported, each workspace's in one named by its id.",
    )
    import_part_bytes: int = Field(8_000_000, ge=1_000, description="Largest part of a file to import, in bytes.")
    import_kept_days: int = Field(
        30, ge=1, description="How long imports can be undone and their reports fetched, in days."
    )

    @field_validator("database_url")
    @classmethod
    def _known_scheme(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
            msg = "must start with sqlite:/// or postgresql://"
            raise ValueError(msg)
        try:
            make_url(url)
        except (ArgumentError, ValueError):
            msg = "is not the address of a database; write it as postgresql://user@host:5432/db"
            raise ValueError(msg) from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:  # noqa: PLR2004 - as the message says
            msg = "must have at least 32 random characters; `openssl rand -base64 32` gives some"
            raise ValueError(msg)
        return value

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _safe(cls, value: str) -> str:
        if value and not is_safe(value):
            msg = "must start with https:// (http:// for this machine alone), without user, query or fragment"
            raise ValueError(msg)
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        except ValueError:
            fits = False
        if value and (not fits or parts.username is not None):
            msg = "must start with https:// or http://, without user, query or fragment"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("oidc_algorithms")
    @classmethod
    def _asymmetric(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",")]
        if not names or any(name not in ASYMMETRIC for name in names):
            msg = f"may name {', '.join(ASYMMETRIC)}: with others whoever can check a signature can make one"
            raise ValueError(msg)
        return ",".join(names)

    @field_validator("oidc_issuer")
    @classmethod
    def _with_audience(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("oidc_audience"):
            msg = "needs oidc_audience, or a JWT that was made for another program would sign in here"
            raise ValueError(msg)
        return value

    @field_validator("rate_limit_points")
    @classmethod
    def _enough_for_one(cls, value: int, info: ValidationInfo) -> int:
        if 0 < value < info.data.get("max_cost", 0):
            msg = "must be at least max_cost, or the dearest operations could never run"
            raise ValueError(msg)
        return value

    @field_validator("only_trusted_documents")
    @classmethod
    def _some_to_trust(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - a validator's signature
        if value and info.data.get("trusted_documents") is None:
            msg = "needs the manifest, in trusted_documents"
            raise ValueError(msg)
        return value

    @field_validator("webhook_allow")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in _parts(value):
            try:
                ip_network(part)
            except ValueError:
                msg = "must be networks such as 10.1.0.0/16 or fd00::/8, separated by commas"
                raise ValueError(msg) from None
        return value

    @field_validator("webhook_retry_s")
    @classmethod
    def _waits(cls, value: str) -> str:
        try:
            fits = all(0 < float(part) <= 30 * 86_400 for part in _parts(value))
        except ValueError:
            fits = False
        if not fits:
            msg = "must be numbers of seconds, above 0 and at most 30 days, separated by commas"
            raise ValueError(msg)
        return value

    @property
    def webhook_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks inside that webhooks may be sent to."""
        return tuple(map(ip_network, _parts(self.webhook_allow)))

    @property
    def webhook_waits(self) -> tuple[float, ...]:
        """How long to wait after each failed attempt, in seconds."""
        return tuple(map(float, _parts(self.webhook_retry_s)))

    @property
    def sqlite_path(self) -> Path | None:
        """Where the SQLite file lies, or None on PostgreSQL."""
        url = self.database_url.get_secret_value()
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None

    def shown(self) -> dict[str, str]:
        """Every setting as text, without what is secret in the database's address."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        values = {name: "" if value is None else str(value) for name, value in given.items()}
        return values | {"database_url": make_url(self.database_url.get_secret_value()).render_as_string()}


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def unknown_names() -> list[str]:
    """The `CUSTOGRAPH_…` names in the environment that no setting has, most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
