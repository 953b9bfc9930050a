"""The base of what is known by a key of its own: channels, staff, teams, surveys."""

from datetime import datetime

from sqlmodel import Field

from app.models.base import Owned, instant


class Keyed(Owned):
    """A named thing whose external id is its key, one in the workspace whatever the source."""

    key: str = Field(max_length=200)
    name: str = Field(max_length=200)
    is_stub: bool = False
    created_at: datetime = instant()
    updated_at: datetime = instant()
    version: int = 1
