"""The demonstration of a bank: branches, a mobile app, a hotline, and customers who write in Chinese."""

from uuid import UUID

from app.demo.company import Bands, Company, Flow, Goal, Inquiry, Place, Split, Trait
from app.demo.timeline import Rhythm
from app.demo.words import BANK_TOPICS
from app.services.period import NamedPeriod

_CHANNELS = (
    Place("app", "手机银行", "MOBILE", "DIRECT", used=6, brings=2, charm=1.5),
    Place("web", "网上银行", "ONLINE", "DIRECT", used=1.5, brings=0.5),
    Place("wechat", "微信服务号", "SOCIAL", "SOCIAL", used=2.5, brings=2, charm=1.2),
    Place("branches", "营业网点", "OFFLINE", "STORE"),
    Place("branch-lujiazui", "陆家嘴支行", "OFFLINE", "STORE", used=2, brings=2, staffed=True, parent="branches"),
    Place(
        "branch-xihu", "西湖支行", "OFFLINE", "STORE", used=1.5, brings=1.5, charm=1.3, staffed=True, parent="branches"
    ),
    Place(
        "branch-tianhe",
        "天河支行",
        "OFFLINE",
        "STORE",
        used=1.5,
        brings=1.5,
        charm=0.7,
        staffed=True,
        parent="branches",
    ),
    Place("hotline", "客服热线", "OFFLINE", "PHONE", used=2, charm=0.6, staffed=True),
    Place("search", "搜索引擎", "ONLINE", "ORGANIC_SEARCH", brings=1),
    Place("referral", "老客户推荐", "OFFLINE", "REFERRAL", brings=2),
)

_INQUIRIES = (
    Inquiry(
        "csat",
        "CSAT",
        "SURVEY",
        (Split(480, 0, 120), Split(630, 0, 70)),
        Bands({10: 4, 9: 4, 8: 3}, {}, {7: 5, 6: 3, 5: 2, 3: 1, 1: 1}),
        (1, 10),
        survey="after-service",
        stages=("开户", "办理业务", "咨询"),
        skipped=0.06,
        anonymous=0.1,
    ),
    Inquiry(
        "nps",
        "NPS",
        "SURVEY",
        (Split(104, 99, 57), Split(160, 109, 51)),
        Bands({10: 4, 9: 6}, {8: 6, 7: 4}, {6: 5, 5: 3, 4: 1, 2: 0.5, 0: 0.5}),
        (0, 10),
        survey="yearly",
        skipped=0.08,
        anonymous=0.06,
        spoken=0.4,
    ),
    Inquiry(
        "effort",
        "CES",
        "SURVEY",
        (Split(70, 38, 32), Split(106, 40, 24)),
        # asked the other way round, "how much effort was it": 1 is none
        Bands({1: 4, 2: 6}, {3: 5, 4: 5}, {5: 5, 6: 3, 7: 2}),
        (7, 1),
        survey="after-contact",
        stages=("咨询", "投诉处理"),
        places=("hotline", "app", "wechat"),
        skipped=0.05,
    ),
    Inquiry(
        "review",
        "REVIEW",
        "REVIEW_SITE",
        (Split(84, 21, 35), Split(129, 21, 20)),
        Bands({5: 6, 4: 4}, {3: 1}, {2: 3, 1: 7}),
        (1, 5),
        places=("app",),
        anonymous=0.35,
        spoken=0.9,
    ),
    Inquiry(
        "complaint",
        "COMPLAINT",
        "COMPLAINT",
        (Split(0, 0, 110), Split(0, 0, 70)),
        stages=("投诉处理",),
        places=("hotline", "wechat"),
        spoken=1,
    ),
    Inquiry(
        "idea",
        "SUGGESTION",
        "WIDGET",
        (Split(0, 30, 0), Split(0, 40, 0)),
        places=("app", "web"),
        anonymous=0.3,
        spoken=1,
    ),
)

_GOALS = (
    Goal(
        "csat-this-year",
        "CSAT",
        "ABSOLUTE",
        92,
        NamedPeriod.THIS_YEAR,
        stretch=94,
        owner="客户体验部",
        rationale="满意度是全行服务质量年度考核指标。",
    ),
    Goal(
        "csat-this-quarter",
        "CSAT",
        "DELTA_RELATIVE",
        0.02,
        NamedPeriod.THIS_QUARTER,
        owner="网点管理部",
        rationale="新叫号系统上线后应当见效。",
    ),
    Goal(
        "nps-this-quarter",
        "NPS",
        "DELTA_POINTS",
        5,
        NamedPeriod.THIS_QUARTER,
        owner="市场部",
        rationale="老客户推荐是最主要的新客来源。",
    ),
    Goal(
        "nps-last-quarter",
        "NPS",
        "ABSOLUTE",
        40,
        NamedPeriod.LAST_QUARTER,
        owner="市场部",
        rationale="追赶同业平均水平。",
    ),
    Goal(
        "csat-hotline",
        "CSAT",
        "ABSOLUTE",
        88,
        NamedPeriod.THIS_YEAR,
        ("hotline",),
        owner="客服中心",
        rationale="热线是满意度最低的渠道。",
    ),
    Goal("churn-this-year", "CHURN_RATE", "ABSOLUTE", 4, NamedPeriod.THIS_YEAR),
)

BANK = Company(
    id=UUID("0192d3a0-5e00-7000-8000-000000000002"),
    key="bank",
    workspace={
        "name": "云川银行 Yunchuan Bank",
        "time_zone": "Asia/Shanghai",
        "currency": "CNY",
        "locale": "zh-CN",
        "first_weekday": 1,
    },
    rhythm=Rhythm(
        season=(1.05, 0.75, 1.1, 1.0, 0.95, 1.1, 1.0, 1.0, 1.05, 0.85, 1.05, 1.15),
        weekdays=(1.3, 1.15, 1.1, 1.1, 1.2, 0.6, 0.5),
        hours=(1, 0, 0, 0, 0, 1, 3, 8, 16, 26, 28, 24, 14, 16, 22, 24, 22, 16, 10, 10, 11, 9, 5, 2),
    ),
    channels=_CHANNELS,
    staff={
        "e-101": ("王静", 1.4),
        "e-102": ("李强", 0.9),
        "e-103": ("张敏", 1.2),
        "e-104": ("陈伟", 0.6),
        "e-105": ("刘洋", 1.0),
        "e-106": ("赵丽", 1.1),
    },
    surveys={
        "after-service": ("业务办理后调查", "TRANSACTIONAL"),
        "yearly": ("年度关系调查", "RELATIONSHIP"),
        "after-contact": ("联系客服后调查", "TRANSACTIONAL"),
    },
    segments={"大众客户": Trait(6, 0.9), "贵宾客户": Trait(2.5, 1.4), "小微企业": Trait(1.5)},
    regions={
        "上海": Trait(3, 1.1),
        "浙江": Trait(2.5, 1.2),
        "广东": Trait(2.5, 0.8),
        "江苏": Trait(2),
        "北京": Trait(1, 0.9),
    },
    products={"手机银行": 3, "信用卡": 3, "储蓄账户": 2, "理财产品": 1.5, "住房贷款": 1, "经营贷款": 0.7},
    campaigns={1: "开门红", 2: "开门红", 6: "年中理财节"},
    languages={"zh": 0.92, "en": 0.08},
    topics=BANK_TOPICS,
    inquiries=_INQUIRIES,
    founders=240,
    flows=(Flow(lost=36, paused=5, joined=116, brief=6), Flow(lost=16, paused=4, joined=100, brief=6, back=5)),
    reasons={"转至他行": 3, "费用": 2, "迁居": 2, "服务": 1.5, "账户合并": 1},
    names=(
        ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱"),
        ("子涵", "宇轩", "欣怡", "浩然", "梓萱", "俊杰", "雨桐", "思远", "佳怡", "明轩", "晓峰", "雅婷", "志强"),
    ),
    accounts=("云栖餐饮", "川页印务", "江南茶行", "恒达五金"),
    business="小微企业",
    goals=_GOALS,
    closing="看到网点公示了最新的满意度，继续加油！",
    promised={"CSAT": (80, 90), "CHURN_RATE": (15, 5)},
)
