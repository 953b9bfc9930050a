"""What a deployment keeps for itself. It belongs to no workspace: only the door's gate session sees it."""

from sqlmodel import Field, SQLModel

KEY = "key"
"""The name of the key from which all others come."""


class Deployment(SQLModel, table=True):
    """One thing that the deployment as a whole keeps, by its name; the key is made with the table."""

    name: str = Field(primary_key=True, max_length=32)
    value: str = Field(max_length=200)
