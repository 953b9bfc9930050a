"""What customers say, by topic, mood and language."""

from app.demo.company import Topic

SHOP_TOPICS = (
    Topic(
        "delivery",
        {
            "en": ("Arrived a day early.", "Fast delivery, well packed.", "The courier even carried it upstairs."),
            "zh": ("比预计早到了一天。", "物流很快，包装也结实。"),
        },
        {
            "en": ("Waited nine days for the parcel.", "The box arrived torn.", "Tracking never updated."),
            "zh": ("等了九天才收到包裹。", "箱子破了，里面的东西受潮了。"),
        },
    ),
    Topic(
        "quality",
        {
            "en": (
                "Stayed dry through a whole week of rain.",
                "Great stitching, it will last.",
                "Better than my old one.",
            ),
            "zh": ("下了一星期雨都没渗水。", "做工很好，很耐用。"),
        },
        {
            "en": ("The zip broke on the second trip.", "The colour faded after one wash.", "Seams came loose."),
            "zh": ("第二次用拉链就坏了。", "洗一次就褪色了。"),
        },
    ),
    Topic(
        "sizing",
        {
            "en": ("Fits exactly as the size chart says.", "True to size."),
            "zh": ("尺码表很准，非常合身。",),
        },
        {
            "en": ("Two sizes too small, despite the chart.", "The sleeves are far too long."),
            "zh": ("按尺码表买的，还是小了两号。",),
        },
    ),
    Topic(
        "returns",
        {
            "en": ("Sending it back was no trouble at all.", "Refunded within two days."),
            "zh": ("退货很方便，两天就退款了。",),
        },
        {
            "en": ("Still waiting for my refund.", "I had to pay for the return myself."),
            "zh": ("退款到现在还没到账。",),
        },
    ),
    Topic(
        "service",
        {
            "en": ("Friendly advice on the phone.", "They knew every trail I asked about.", "Answered within minutes."),
            "zh": ("客服很耐心，几分钟就回复了。", "店员很专业。"),
        },
        {
            "en": ("Three people, three different answers.", "Nobody called back.", "The chat closed on me."),
            "zh": ("问了三个人，三种说法。", "说好回电话，一直没有。"),
        },
    ),
    Topic(
        "price",
        {
            "en": ("Good value for what you get.", "The club discount is worth it."),
            "zh": ("性价比很高，会员价很划算。",),
        },
        {
            "en": ("A week later it was twenty euros cheaper.", "Shipping costs too much for a pair of socks."),
            "zh": ("买完一周就降价了。",),
        },
    ),
)

BANK_TOPICS = (
    Topic(
        "手机银行",
        {
            "zh": ("新版手机银行很顺手。", "转账几秒钟就到账了。", "界面清楚，老人也会用。"),
            "en": ("The new app is a pleasure to use.",),
        },
        {
            "zh": ("登录总是闪退。", "更新之后找不到账单了。", "刷脸验证试了五次都没通过。"),
            "en": ("The app logs me out all the time.",),
        },
    ),
    Topic(
        "排队",
        {
            "zh": ("取号后不到五分钟就办好了。", "网点人多，但引导得很有序。"),
            "en": ("In and out within ten minutes.",),
        },
        {
            "zh": ("排了一个小时的队。", "五个窗口只开了两个。", "中午没有人办理业务。"),
            "en": ("An hour in the queue for one signature.",),
        },
    ),
    Topic(
        "服务态度",
        {
            "zh": ("柜员很耐心，讲得很清楚。", "客户经理主动跟进，很负责。", "客服态度很好。"),
            "en": ("My adviser explained everything patiently.",),
        },
        {
            "zh": ("问什么都不耐烦。", "电话转了四个部门也没有解决。", "答应回电却没有回。"),
            "en": ("I was passed from desk to desk.",),
        },
    ),
    Topic(
        "费用",
        {
            "zh": ("跨行转账免手续费，很好。", "费用说明得很清楚。"),
            "en": ("No hidden fees, at last.",),
        },
        {
            "zh": ("年费扣了也没有提前通知。", "手续费比别家高。"),
            "en": ("A fee that nobody had mentioned.",),
        },
    ),
    Topic(
        "贷款",
        {
            "zh": ("三天就批下来了，材料也不多。", "利率比预期低。"),
            "en": ("The loan was approved within three days.",),
        },
        {
            "zh": ("材料交了三遍还要补。", "审批等了一个多月。"),
            "en": ("They asked for the same papers three times.",),
        },
    ),
    Topic(
        "安全",
        {
            "zh": ("异常交易及时提醒，很放心。", "挂失补卡很快。"),
            "en": ("They stopped a suspicious payment at once.",),
        },
        {
            "zh": ("正常消费被误拦，付不了款。", "频繁收到推销电话，担心信息泄露。"),
            "en": ("My card was blocked abroad for no reason.",),
        },
    ),
)
