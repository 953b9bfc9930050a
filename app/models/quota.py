"""How much each caller may still ask for: a bucket of points that fills by itself."""

from datetime import datetime

from sqlalchemy import BigInteger

from app.models.base import Owned, instant, typed


class Quota(Owned, table=True):
    """The bucket of the caller `id` (a token's): how many points lay in it at an instant, beside those leased out."""

    points: int = typed(BigInteger())
    at: datetime = instant()
