"""Every kind of record that sources write under ids of their own, by noun, and the scope that writes it."""

from app.actor import Scope
from app.services.contract import CONTRACTS
from app.services.cost import COSTS
from app.services.engagement import ENGAGEMENTS
from app.services.exchange_rate import EXCHANGE_RATES
from app.services.feedback import FACTS
from app.services.interaction import INTERACTIONS
from app.services.invitation import INVITATIONS
from app.services.kind import Kind
from app.services.lead import LEADS
from app.services.order import ORDERS
from app.services.referral import REFERRALS
from app.services.refund import REFUNDS
from app.services.touchpoint import TOUCHPOINTS

RECORDED: dict[Kind, Scope] = {
    INVITATIONS: Scope.SURVEY_WRITE,
    FACTS: Scope.FEEDBACK_WRITE,
    ORDERS: Scope.ORDER_WRITE,
    REFUNDS: Scope.ORDER_WRITE,
    COSTS: Scope.COST_WRITE,
    TOUCHPOINTS: Scope.TOUCHPOINT_WRITE,
    INTERACTIONS: Scope.INTERACTION_WRITE,
    LEADS: Scope.LEAD_WRITE,
    REFERRALS: Scope.REFERRAL_WRITE,
    ENGAGEMENTS: Scope.ENGAGEMENT_WRITE,
    CONTRACTS: Scope.CONTRACT_WRITE,
    EXCHANGE_RATES: Scope.RATE_WRITE,
}
