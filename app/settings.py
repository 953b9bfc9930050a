"""Settings: read once from the environment, frozen, handed to whoever needs them."""

import os
from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "CUSTOGRAPH_"


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
    graphiql: bool = Field(False, description="Serve the GraphiQL page at /.")
    log_level: str = Field("INFO", description="Least severe log level that is written: DEBUG, INFO, WARNING, ERROR.")
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
    max_cost: int = Field(30_000, ge=1, description="Most points that one operation may be estimated at.")
    max_answer_bytes: int = Field(10_000_000, ge=1_000, description="Largest answer to a query, in bytes.")
    operation_timeout_s: float = Field(
        10, gt=0, description="Longest time one operation may take, its SQL statements included."
    )
    max_concurrency: int = Field(100, ge=1, description="Most operations of one token that a process runs at once.")
    rate_limit_points: int = Field(
        1_000_000, ge=0, description="How many points a token may use at once; 0 for no limit."
    )
    rate_limit_per_s: int = Field(100_000, ge=1, description="How many points a token gets back each second.")
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


def unknown_names() -> list[str]:
    """The `CUSTOGRAPH_…` names in the environment that no setting has, most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
