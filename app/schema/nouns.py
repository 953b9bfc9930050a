"""Every noun of the schema, in the order in which the roots show them."""

from typing import Any

from app.schema.channel import CHANNEL
from app.schema.customer import CUSTOMER
from app.schema.feedback import FEEDBACK
from app.schema.noun import Noun
from app.schema.staff import STAFF
from app.schema.survey import SURVEY
from app.schema.target_input import TARGET

NOUNS: tuple[Noun[Any], ...] = (CHANNEL, STAFF, SURVEY, CUSTOMER, FEEDBACK, TARGET)
