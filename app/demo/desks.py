"""How the companies of the demonstrations talk with their customers, and about what."""

from app.demo.company import Contact, Desk, Matter

_HOUR, _HALF_HOUR = 3_600, 1_800

BANK_DESK = Desk(
    answered=(310, 370),
    seconds=(2 * _HOUR, _HALF_HOUR),
    waiting=4,
    contacts=(
        Contact("hotline", 4, 0.35, phone=True),
        Contact("app", 3, 1, bot=True),
        Contact("wechat", 3, 0.8, bot=True),
        Contact("web", 1.5, 1.5, bot=True),
        Contact("branch-lujiazui", 0.8, 1.2),
        Contact("branch-xihu", 0.6, 1),
        Contact("branch-tianhe", 0.7, 1.6),
    ),
    matters=(
        Matter("QUESTION", "利率与费用", 3, "咨询", ("储蓄账户", "理财产品", "住房贷款")),
        Matter("QUESTION", "账单明细", 3, "咨询", ("信用卡",)),
        Matter("QUESTION", "贷款进度", 2, "咨询", ("住房贷款", "经营贷款")),
        Matter("QUESTION", "转账限额", 2, "咨询", ("手机银行", "储蓄账户")),
        Matter("REQUEST", "密码重置", 3, "办理业务", ("手机银行",)),
        Matter("REQUEST", "挂失补卡", 2, "办理业务", ("信用卡", "储蓄账户")),
        Matter("REQUEST", "提前还款", 1, "办理业务", ("住房贷款", "经营贷款")),
        Matter("REQUEST", "开立账户", 1.5, "开户", ("储蓄账户",)),
        Matter("COMPLAINT", "费用争议", 3, "投诉处理", ("信用卡", "理财产品")),
        Matter("COMPLAINT", "系统故障", 3, "投诉处理", ("手机银行",)),
        Matter("COMPLAINT", "服务态度", 2, "投诉处理"),
        Matter("COMPLAINT", "排队过久", 2, "投诉处理"),
        Matter("COMPLAINT", "审批缓慢", 1, "投诉处理", ("住房贷款", "经营贷款")),
    ),
)

SHOP_DESK = Desk(
    answered=(150, 190),
    seconds=(2 * _HOUR, _HOUR),
    waiting=3,
    contacts=(
        Contact("chat", 4, 0.3, bot=True),
        Contact("phone", 2.5, 0.5, phone=True),
        Contact("web", 3, 1.6, bot=True),
        Contact("instagram", 1, 1.2),
        Contact("marketplace", 1.5, 1.8),
    ),
    matters=(
        Matter("QUESTION", "sizes", 3, "purchase", ("Trail jacket", "Hiking boots", "Merino socks")),
        Matter("QUESTION", "where is my order", 4, "delivery"),
        Matter("QUESTION", "care and repair", 1.5, "support", ("Trail jacket", "Tent for two", "Hiking boots")),
        Matter("REQUEST", "exchange", 2, "return", ("Trail jacket", "Hiking boots")),
        Matter("REQUEST", "return label", 2.5, "return"),
        Matter("REQUEST", "change of address", 1, "delivery"),
        Matter("COMPLAINT", "late delivery", 3, "delivery"),
        Matter("COMPLAINT", "damaged", 2, "delivery", ("Tent for two", "Sleeping bag", "Backpack 40 l")),
        Matter("COMPLAINT", "faulty", 2, "support", ("Trail jacket", "Hiking boots", "Backpack 40 l")),
        Matter("COMPLAINT", "refund overdue", 1.5, "return"),
    ),
)
