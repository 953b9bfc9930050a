"""The glossary: what each measure that formulas name adds up, in both languages, and in which unit."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from app.text import Text


class MeasureUnit(StrEnum):
    """In what a measure is given."""

    COUNT = "COUNT"
    MONEY = "MONEY"
    SECONDS = "SECONDS"
    DAYS = "DAYS"
    MONTHS = "MONTHS"
    YEARS = "YEARS"


class Entry(NamedTuple):
    """What a measure adds up, and in which unit."""

    about: Text
    unit: MeasureUnit = MeasureUnit.COUNT


def _entries(unit: MeasureUnit, *rows: tuple[str, str, str]) -> dict[str, Entry]:
    return {name: Entry(Text(en, zh), unit) for name, en, zh in rows}


_FEEDBACK = _entries(
    MeasureUnit.COUNT,
    ("feedback", "Feedback records of any kind.", "各类反馈记录。"),
    ("csat_asked", "Satisfaction questions, skipped ones too.", "满意度问题，含跳过的。"),
    ("csat_answers", "Valid answers to satisfaction questions.", "满意度问题的有效回答。"),
    ("satisfied", "Satisfied answers.", "满意的回答。"),
    (
        "csat_positions",
        "Positions of the answers between the worst (0) and the best (1).",
        "回答在最差（0）与最好（1）之间的位置之和。",
    ),
    ("csat_squares", "Squares of the positions of satisfaction answers.", "满意度回答位置的平方和。"),
    ("csat_scores", "Scores of satisfaction answers, on their own scale.", "满意度回答的原始得分之和。"),
    ("csat_worst", "Worst ends of the scales of satisfaction answers.", "满意度回答的量表最差端之和。"),
    ("csat_worst_squares", "Squares of the worst ends of those scales.", "量表最差端的平方和。"),
    ("csat_best", "Best ends of the scales of satisfaction answers.", "满意度回答的量表最好端之和。"),
    ("csat_best_squares", "Squares of the best ends of those scales.", "量表最好端的平方和。"),
    ("nps_asked", "Recommendation questions, skipped ones too.", "推荐意愿问题，含跳过的。"),
    ("nps_answers", "Answers to the recommendation question.", "推荐意愿问题的回答。"),
    ("promoters", "Answers of 9 or 10 to the recommendation question.", "推荐意愿得分为 9 或 10 的回答。"),
    ("detractors", "Answers of 0 to 6 to the recommendation question.", "推荐意愿得分为 0 至 6 的回答。"),
    (
        "nps_relationship",
        "Those of them that were to surveys about the relationship when they were recorded.",
        "其中记录时属于关系调查的回答。",
    ),
    (
        "nps_transactional",
        "Those of them that were to surveys after a transaction when they were recorded.",
        "其中记录时属于交易后调查的回答。",
    ),
    ("nps_customers", "Customers who answered the recommendation question.", "回答过推荐意愿问题的客户。"),
    ("ces_asked", "Effort questions, skipped ones too.", "费力度问题，含跳过的。"),
    ("ces_answers", "Answers to effort questions.", "费力度问题的回答。"),
    (
        "ces_positions",
        "Positions of the answers between the worst (0) and the best (1).",
        "回答在最差（0）与最好（1）之间的位置之和。",
    ),
    ("ces_squares", "Squares of the positions of effort answers.", "费力度回答位置的平方和。"),
    ("reviews", "Public reviews, with a score or without.", "公开评价，有无评分均计。"),
    ("review_answers", "Public reviews with a score.", "有评分的公开评价。"),
    ("review_satisfied", "Satisfied public reviews.", "满意的公开评价。"),
    ("invitations", "Invitations to surveys that were sent.", "已发送的调查邀请。"),
    (
        "answered_invitations",
        "Invitations sent in the period that were answered, whenever.",
        "期内发送且得到回答的邀请（不论何时回答）。",
    ),
    (
        "unanswered_invitations",
        "Invitations sent in the period that have not been answered.",
        "期内发送且尚未回答的邀请。",
    ),
    ("survey_answers", "Invitations whose first answer came in the period.", "首次回答发生在期内的邀请。"),
)
_PEOPLE = _entries(
    MeasureUnit.COUNT,
    ("predicted_customers", "Customers of whom the latest fit expects something.", "最近一次模型拟合覆盖的客户。"),
    ("started", "Times at which somebody became a customer, returns too.", "成为客户的次数，含回流。"),
    ("new_customers", "Customers who became active for the first time.", "首次成为活跃客户的人数。"),
    ("referred_customers", "New customers whom another customer had referred.", "由其他客户推荐而来的新客户。"),
    ("churned", "Times at which somebody ceased to be a customer.", "客户流失的次数。"),
    ("lost", "Customers at the start of the period who are none at its end.", "期初为客户、期末不再是客户的人数。"),
    ("referrals", "Referrals made: the same two people count once.", "推荐次数：同样两人之间只计一次。"),
    (
        "converted_referrals",
        "Referrals made in the period that were converted, whenever.",
        "期内作出且已转化的推荐（不论何时转化）。",
    ),
    ("referrers", "Customers who referred somebody.", "推荐过他人的客户。"),
    ("active_users", "Customers with an event of use that counts as engagement.", "有计为互动的使用行为的客户。"),
)
_USE = _entries(
    MeasureUnit.DAYS,
    ("daily_users", "Active users of each day, added up over the days.", "每日活跃用户数按日累加。"),
    ("days", "Days of the period.", "期间的天数。"),
    ("cycle_days", "Days from the first contact to the win of new deals.", "新交易从首次接触到赢单的天数。"),
)
_SALES = _entries(
    MeasureUnit.COUNT,
    ("placed_orders", "Completed orders.", "已完成的订单。"),
    ("orders", "Purchases: completed orders that were not refunded in full.", "购买：未全额退款的已完成订单。"),
    ("customer_orders", "Purchases of known customers.", "已知客户的购买。"),
    ("costed_orders", "Purchases of which the cost is known.", "已知成本的购买。"),
    (
        "costed_customer_orders",
        "Purchases of known customers of which the cost is known.",
        "已知客户且已知成本的购买。",
    ),
    (
        "returned_orders",
        "Orders of which something was returned or refunded, whenever.",
        "有退货或退款的订单（不论何时）。",
    ),
    (
        "newly_returned_orders",
        "Orders whose first return or refund lies in the period.",
        "首次退货或退款发生在期内的订单。",
    ),
    ("buyers", "Customers who bought.", "购买过的客户。"),
    ("repeat_buyers", "Customers who bought twice or more in the period.", "期内购买两次及以上的客户。"),
    ("new_buyers", "Buyers who had not bought before the period.", "此前未购买过的购买客户。"),
    ("buyers_ever", "Customers who have bought by the end of the period.", "截至期末购买过的客户。"),
    ("first_time_buyers", "Customers whose first purchase lies in the period.", "首次购买在期内的客户。"),
    (
        "bought_again_in_time",
        "First-time buyers of the period who bought again in time.",
        "期内首购且在规定天数内再次购买的客户。",
    ),
    ("leads", "Leads by the day of the first contact.", "线索，按首次接触之日计。"),
    (
        "won_in_time",
        "Leads of the period that were won within the conversion window.",
        "期内线索中在转化窗口内赢单的。",
    ),
    (
        "qualified_in_time",
        "Leads of the period that were qualified within the conversion window.",
        "期内线索中在转化窗口内合格的。",
    ),
    (
        "qualified_and_won_in_time",
        "Leads of the period that were qualified and won within the conversion window.",
        "期内线索中在转化窗口内合格并赢单的。",
    ),
    (
        "won_late",
        "Leads of the period that were won after the conversion window.",
        "期内线索中在转化窗口之后才赢单的。",
    ),
    ("lost_since", "Leads of the period that have been lost, whenever.", "期内线索中已输单的（不论何时）。"),
    ("open", "Leads of the period that are neither won nor lost.", "期内线索中未赢单也未输单的。"),
    ("won", "Leads that were won in the period.", "期内赢单的线索。"),
    ("timed_wins", "New deals won in the period whose cycle is known.", "期内赢单且已知周期的新交易。"),
    (
        "won_before_first_contact",
        "New deals won in the period, before their first contact.",
        "期内赢单但早于首次接触的新交易。",
    ),
    ("lost_leads", "Leads that were lost in the period.", "期内输单的线索。"),
)
_MONEY = _entries(
    MeasureUnit.MONEY,
    ("revenue", "What completed orders came to, less what was refunded of them.", "已完成订单的金额减去其退款。"),
    (
        "recurring_per_year",
        "What contracts come to by the year, less what has ended.",
        "合同的年化经常性金额，减去已终止的部分。",
    ),
    (
        "predicted_value",
        "What the latest fit expects customers to bring over the workspace's horizon.",
        "最近一次模型拟合预期客户在预测期内带来的收入。",
    ),
    ("gross_revenue", "What completed orders came to.", "已完成订单的金额。"),
    ("refunds", "What was refunded in the period.", "期内的退款金额。"),
    ("customer_revenue", "Revenue from known customers.", "来自已知客户的收入。"),
    ("costed_revenue", "Revenue of purchases whose cost is known.", "已知成本的购买的收入。"),
    ("cost_of_orders", "What purchases cost the company, where it is known.", "购买的成本（已知部分）。"),
    (
        "costed_customer_revenue",
        "Revenue of known customers' purchases whose cost is known.",
        "已知客户且已知成本的购买的收入。",
    ),
    ("cost_of_customer_orders", "What known customers' purchases cost the company.", "已知客户购买的成本。"),
    ("acquisition_cost", "What was spent on winning customers.", "获客方面的花费。"),
    ("media_cost", "What was spent on media.", "媒体费用。"),
    ("serving_cost", "What was spent on service and on keeping customers.", "服务与客户保留方面的花费。"),
)
_TALK = _entries(
    MeasureUnit.COUNT,
    ("interactions", "Conversations that began.", "开始的客户互动。"),
    ("unanswered", "Conversations of the period to which nobody has replied.", "期内开始且尚无人回复的互动。"),
    ("unresolved", "Conversations of the period that are not resolved.", "期内开始且尚未解决的互动。"),
    ("waiting", "Conversations of the period in which the customer waits.", "期内开始且客户仍在等待的互动。"),
    ("complaints", "Complaints, but for withdrawn ones and duplicates.", "投诉，不含已撤回与重复的。"),
    ("resolved_in_time", "Complaints resolved within the limit.", "在期限内解决的投诉。"),
    ("confirmed", "Complaints that customers confirmed to be resolved.", "客户确认已解决的投诉。"),
    ("answered", "Conversations first replied to in the period.", "期内首次得到回复的互动。"),
    (
        "judged",
        "Conversations replied to in the period, or whose time for that ran out in it.",
        "期内得到回复或目标时间届满的互动。",
    ),
    ("answered_in_time", "Conversations replied to in the period, in time.", "期内在目标时间内得到回复的互动。"),
    ("resolved", "Conversations resolved in the period.", "期内解决的互动。"),
    ("resolved_complaints", "Complaints resolved in the period.", "期内解决的投诉。"),
    ("waited", "Conversations whose last wait ended in the period.", "最后一次等待在期内结束的互动。"),
    ("answered_turns", "Turns of customers that were replied to in the period.", "期内得到回复的客户轮次。"),
)
_TIMES = _entries(
    MeasureUnit.SECONDS,
    ("reply_seconds", "Times to the first reply.", "首次回复所用的时间。"),
    ("turn_seconds", "Times to each reply.", "每次回复所用的时间。"),
    ("resolution_seconds", "Times to the resolution.", "解决所用的时间。"),
    ("waiting_seconds", "Times that customers waited.", "客户等待的时间。"),
    ("answer_seconds", "Times from the invitation to the first answer.", "从邀请到首次回答的时间。"),
)
_GIVEN = _entries(MeasureUnit.MONTHS, ("months", "Months of the period.", "期间的月数。")) | _entries(
    MeasureUnit.YEARS,
    ("years", "Years of the period.", "期间的年数。"),
    ("expected_lifespan_years", "The lifespan of customers that the workspace expects.", "工作区设定的预期客户年限。"),
    ("lifespan_cap_years", "The longest lifespan that the workspace allows.", "工作区设定的客户年限上限。"),
)

GLOSSARY: Mapping[str, Entry] = _FEEDBACK | _PEOPLE | _USE | _SALES | _MONEY | _TALK | _TIMES | _GIVEN
"""What each measure adds up, by its name."""
