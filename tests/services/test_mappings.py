"""Mappings of what CRMs export: each holds against the inputs, and reads files as those systems write them."""

# ruff: noqa: E501 - a table's line stands on one line

import csv
import io
from zoneinfo import ZoneInfo

import pytest
from importing import counts, load, told
from sqlmodel import select

from app.models.interaction import Interaction
from app.models.lead import Lead
from app.schema.build import build
from app.services import bulk_mapping, shape
from app.services.bulk import BULK
from app.services.bulk_reading import Reader, row_of
from app.services.row import parse

SCHEMA = build().core
PERSON = {"kind": "PERSON"}
ANN = {**PERSON, "email": "ann@example.org", "phone": "+49 30 1"}
DEALT = {"occurredAt": "2026-01-05", "wonAt": "2026-02-03", "staff": "Eva", "channel": "Web", "type": "EXPANSION"}
TALKED = {
    "kind": "COMPLAINT",
    "channel": "Phone",
    "staff": "Eva",
    "events": [
        {"kind": "CUSTOMER_MESSAGE", "at": "2026-01-05T09:30:00+08:00"},
        {"kind": "RESOLVED", "at": "2026-01-06T10:00:00+08:00"},
    ],
    "occurredAt": "2026-01-05T09:30:00+08:00",
}
SAMPLES = {
    # name: (a file in English, one in Chinese that says the same, the document that both stand for)
    "salesforce.contacts": (
        "Contact ID,First Name,Last Name,Email,Phone,Account ID,Mailing Country,Lead Source,Created Date,Last Modified Date\n003A,Ann,Lee,ann@example.org,+49 30 1,001A,Germany,Web,1/5/2026,2026-02-03T04:05:06.000Z\n",
        "联系人 ID,名,姓,电子邮件,电话,客户 ID,邮寄国家/地区,潜在客户来源,创建日期,上次修改日期\n003A,Ann,Lee,ann@example.org,+49 30 1,001A,Germany,Web,2026/1/5,2026-02-03T04:05:06.000Z\n",
        {"externalId": "003A", "name": "Ann Lee", "parent": "001A", "region": "Germany", "acquisitionChannel": "Web", "firstContactAt": "2026-01-05", "sourceUpdatedAt": "2026-02-03T04:05:06+00:00", **ANN},
    ),
    "salesforce.accounts": (
        "Account ID,Account Name,Phone,Parent Account ID,Industry,Billing Country,Account Source\n001A,Lee Ltd,1,001B,Banking,Germany,Web\n",
        "客户 ID,客户名,电话,上级客户 ID,行业,开票国家/地区,客户来源\n001A,Lee Ltd,1,001B,Banking,Germany,Web\n",
        {"externalId": "001A", "kind": "ACCOUNT", "name": "Lee Ltd", "phone": "1", "parent": "001B", "segment": "Banking", "region": "Germany", "acquisitionChannel": "Web"},
    ),
    "salesforce.leads": (
        "Lead ID,Created Date,Lead Source,Owner,Status,Last Modified Date\n00Q1,2026-01-05,Web,Eva,Unqualified,2026-01-09\n",
        "潜在客户 ID,创建日期,潜在客户来源,所有人,状态,上次修改日期\n00Q1,2026年1月5日,Web,Eva,不合格,2026/1/9\n",
        {"externalId": "00Q1", "occurredAt": "2026-01-05", "channel": "Web", "staff": "Eva", "lostAt": "2026-01-09", "sourceUpdatedAt": "2026-01-09"},
    ),
    "salesforce.opportunities": (
        "Opportunity ID,Account ID,Created Date,Lead Source,Owner,Type,Stage,Close Date,Loss Reason\n006A,001A,1/5/2026,Web,Eva,Existing Business,Closed Won,2/3/2026,\n",
        "业务机会 ID,客户 ID,创建日期,潜在客户来源,所有人,类型,阶段,结束日期,丢失原因\n006A,001A,2026/1/5,Web,Eva,现有业务,赢单,2026/2/3,\n",
        {"externalId": "006A", "customer": "001A", **DEALT},
    ),
    "salesforce.cases": (
        'Case Number,Contact ID,Case Origin,Owner,Type,Case Reason,Date/Time Opened,Date/Time Closed\n00001,003A,Phone,Eva,Complaint,Late,"1/5/2026, 9:30 AM",1/6/2026 10:00 AM\n',
        "个案编号,联系人 ID,个案来源,所有人,类型,个案原因,打开日期/时间,关闭日期/时间\n00001,003A,Phone,Eva,投诉,Late,2026/1/5 09:30,2026/1/6 10:00\n",
        {"externalId": "00001", "customer": "003A", "reason": "Late", **TALKED},
    ),
    "zoho.contacts": (
        "Record Id,First Name,Last Name,Email,Phone,Account Name.id,Lead Source,Created Time\nz1,Ann,Lee,ann@example.org,+49 30 1,z9,Web,2026-01-05 09:30:00\n",
        "记录 ID,名,姓,邮箱,电话,客户名称.id,线索来源,创建时间\nz1,Ann,Lee,ann@example.org,+49 30 1,z9,Web,2026-01-05 09:30:00\n",
        {"externalId": "z1", "name": "Ann Lee", "parent": "z9", "acquisitionChannel": "Web", "firstContactAt": "2026-01-05T09:30:00+08:00", **ANN},
    ),
    "zoho.accounts": (
        "Record Id,Account Name,Phone,Industry,Billing Country\nz9,Lee Ltd,1,Banking,Germany\n",
        "记录 ID,客户名称,电话,行业,开票国家\nz9,Lee Ltd,1,Banking,Germany\n",
        {"externalId": "z9", "kind": "ACCOUNT", "name": "Lee Ltd", "phone": "1", "segment": "Banking", "region": "Germany"},
    ),
    "zoho.leads": (
        "Record Id,Lead Owner,Lead Source,Lead Status,Created Time,Modified Time\nz5,Eva,Web,Junk Lead,2026-01-05,2026-01-09\n",
        "记录 ID,线索所有者,线索来源,线索状态,创建时间,修改时间\nz5,Eva,Web,垃圾线索,2026-01-05,2026-01-09\n",
        {"externalId": "z5", "occurredAt": "2026-01-05", "channel": "Web", "staff": "Eva", "lostAt": "2026-01-09", "sourceUpdatedAt": "2026-01-09"},
    ),
    "zoho.deals": (
        "Record Id,Deal Owner,Account Name.id,Stage,Closing Date,Type,Lead Source,Created Time,Reason For Loss\nz7,Eva,z9,Closed Won,2026-02-03,Existing Business,Web,2026-01-05,\n",
        "记录 ID,商机所有者,客户名称.id,阶段,结束日期,类型,线索来源,创建时间,丢单原因\nz7,Eva,z9,赢单,2026-02-03,老客户,Web,2026-01-05,\n",
        {"externalId": "z7", "customer": "z9", **DEALT},
    ),
    "zoho.cases": (
        "Case Number,Related To.id,Case Origin,Case Owner,Type,Case Reason,Created Time,Closed Time\n8,z1,Phone,Eva,Problem,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        "服务支持编号,相关联系人.id,来源,所有者,类型,原因,创建时间,关闭时间\n8,z1,Phone,Eva,投诉,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        {"externalId": "8", "customer": "z1", "reason": "Late", **TALKED},
    ),
    "fxiaoke.contacts": (
        "Contact ID,Name,Email,Mobile,Account ID,Key Decision Maker\nf1,王小明,ann@example.org,+49 30 1,f9,Yes\n",
        "联系人ID,姓名,邮件,手机,客户ID,关键决策人\nf1,王小明,ann@example.org,+49 30 1,f9,是\n",
        {"externalId": "f1", "name": "王小明", "parent": "f9", "isKeyContact": True, **ANN},
    ),
    "fxiaoke.accounts": (
        "Account ID,Account Name,Phone,Level,Province,Source,First Deal Date,Created Time\nf9,某某公司,1,A,上海,Web,2026-01-07,2026-01-05 09:30\n",
        "客户编号,客户名称(必填),电话,客户级别,省,来源,首次成交日期,创建时间\nf9,某某公司,1,A,上海,Web,2026年1月7日,2026-01-05 09:30\n",
        {"externalId": "f9", "kind": "ACCOUNT", "name": "某某公司", "phone": "1", "segment": "A", "region": "上海", "acquisitionChannel": "Web", "joinedOn": "2026-01-07", "firstContactAt": "2026-01-05T09:30:00+08:00"},
    ),
    "fxiaoke.leads": (
        "Lead ID,Source,Owner,Status,Invalid Reason,Created Time,Last Modified Time\nf5,Web,Eva,Unqualified,No money,2026-01-05,2026-01-09\n",
        "线索编号,线索来源,负责人,线索状态,无效原因,创建时间,最后修改时间\nf5,Web,Eva,无效,No money,2026-01-05,2026-01-09\n",
        {"externalId": "f5", "occurredAt": "2026-01-05", "channel": "Web", "staff": "Eva", "lostAt": "2026-01-09", "lostReason": "No money", "sourceUpdatedAt": "2026-01-09"},
    ),
    "fxiaoke.opportunities": (
        "Opportunity ID,Account ID,Owner,Source,Status,Close Date,Type,Created Time\nf7,f9,Eva,Web,Won,2026-02-03,Existing Business,2026-01-05\n",
        "商机编号,客户编号,负责人,来源,商机状态,实际成交日期,商机类型,创建时间\nf7,f9,Eva,Web,赢单,2026/2/3,增购,2026/1/5\n",
        {"externalId": "f7", "customer": "f9", **DEALT},
    ),
    "fxiaoke.cases": (
        "Case No.,Account ID,Source,Owner,Type,Category,Created Time,Closed Time\nf8,f9,Phone,Eva,Complaint,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        "工单编号,客户编号,工单来源,处理人,工单类型,问题分类,创建时间,完成时间\nf8,f9,Phone,Eva,投诉,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        {"externalId": "f8", "customer": "f9", "reason": "Late", **TALKED},
    ),
    "hubspot.contacts": (
        "Record ID,First Name,Last Name,Email,Phone Number,Associated Company IDs,Original Source,Became a Customer Date\n101,Ann,Lee,ann@example.org,+49 30 1,7,Web,2026-01-05 09:30\n",
        "记录 ID,名字,姓氏,电子邮件,电话号码,关联的公司 ID,原始来源,成为客户日期\n101,Ann,Lee,ann@example.org,+49 30 1,7,Web,2026-01-05 09:30\n",
        {"externalId": "101", "name": "Ann Lee", "parent": "company-7", "acquisitionChannel": "Web", "joinedOn": "2026-01-05", **ANN},
    ),
    "hubspot.companies": (
        "Record ID,Company name,Phone Number,Industry,Country/Region\n7,Lee Ltd,1,Banking,Germany\n",
        "记录 ID,公司名称,电话号码,行业,国家/地区\n7,Lee Ltd,1,Banking,Germany\n",
        {"externalId": "company-7", "kind": "ACCOUNT", "name": "Lee Ltd", "phone": "1", "segment": "Banking", "region": "Germany"},
    ),
    "hubspot.leads": (
        "Record ID,Lead owner,Lead Stage,Disqualification reason,Original Source,Create Date,Last Modified Date\n5,Eva,Disqualified,No money,Web,2026-01-05,2026-01-09\n",
        "记录 ID,潜在客户所有者,潜在客户阶段,不合格原因,原始来源,创建日期,上次修改日期\n5,Eva,不合格,No money,Web,2026-01-05,2026-01-09\n",
        {"externalId": "lead-5", "occurredAt": "2026-01-05", "channel": "Web", "staff": "Eva", "lostAt": "2026-01-09", "lostReason": "No money", "sourceUpdatedAt": "2026-01-09"},
    ),
    "hubspot.deals": (
        "Record ID,Deal owner,Associated Company IDs,Deal Stage,Close Date,Deal Type,Original Source,Create Date\n9,Eva,7,Closed won,2026-02-03,existingbusiness,Web,2026-01-05\n",
        "记录 ID,交易所有者,关联的公司 ID,交易阶段,关闭日期,交易类型,原始来源,创建日期\n9,Eva,7,赢单,2026-02-03,现有业务,Web,2026-01-05\n",
        {"externalId": "deal-9", "customer": "company-7", **DEALT},
    ),
    "hubspot.tickets": (
        "Ticket ID,Associated Contact IDs,Source,Ticket owner,Type,Category,Create Date,Close Date\n8,101,Phone,Eva,Complaint,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        "工单 ID,关联的联系人 ID,来源,工单所有者,类型,类别,创建日期,关闭日期\n8,101,Phone,Eva,投诉,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        {"externalId": "8", "customer": "101", "reason": "Late", **TALKED},
    ),
    "generic.customers": (
        "Customer ID,Name,Customer Type,Email,Phone,Level,City,Customer Since,Shoe size\n1,Ann,Person,ann@example.org,+49 30 1,Gold,Bonn,2026-01-05,38\n",
        "客户编号,姓名,客户类型,邮箱,手机号,等级,城市,注册日期,Shoe size\n1,Ann,个人,ann@example.org,+49 30 1,Gold,Bonn,2026年1月5日,38\n",
        {"externalId": "1", "name": "Ann", "segment": "Gold", "region": "Bonn", "joinedOn": "2026-01-05", "attributes": {"Shoe size": "38"}, **ANN},
    ),
    "generic.orders": (
        'Order No,Amount,Currency,Status,Customer,Product,Order Date\n1,"1,234.50",CNY,Paid,7,Tea,2026-01-05\n',
        "订单编号,订单金额,币种,订单状态,客户编号,商品名称,下单时间\n1,¥1234.50,人民币,已付款,7,Tea,2026/1/5\n",
        {"externalId": "1", "amount": "1234.50", "currency": "CNY", "status": "COMPLETED", "customer": "7", "product": "Tea", "occurredAt": "2026-01-05"},
    ),
    "generic.leads": (
        "Lead ID,Customer ID,Source,Owner,Created At,Won At\n1,7,Web,Eva,2026-01-05,2026-02-03\n",
        "线索编号,客户编号,来源,负责人,创建时间,赢单日期\n1,7,Web,Eva,2026-01-05,2026-02-03\n",
        {"externalId": "1", "customer": "7", **{key: value for key, value in DEALT.items() if key != "type"}},
    ),
    "generic.interactions": (
        "Ticket ID,Customer ID,Channel,Owner,Type,Category,Created At,Resolved At\n1,7,Phone,Eva,Complaint,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        "工单编号,客户编号,渠道,负责人,工单类型,分类,创建时间,解决时间\n1,7,Phone,Eva,投诉,Late,2026-01-05 09:30,2026-01-06 10:00\n",
        {"externalId": "1", "customer": "7", "reason": "Late", **TALKED},
    ),
    "generic.feedback": (
        "Answer ID,Kind,Score,Comment,Customer ID,Submitted At\n1,CSAT,4,Good,7,2026-01-05\n",
        "评价编号,反馈类型,评分,意见,客户编号,提交时间\n1,满意度,4,Good,7,2026-01-05\n",
        {"externalId": "1", "kind": "CSAT", "score": 4, "comment": "Good", "customer": "7", "occurredAt": "2026-01-05"},
    ),
}  # fmt: skip
INPUTS = {"EXCHANGE_RATES": "ExchangeRateRecordInput", "KPI_DEFINITIONS": "KpiDefineInput", "TARGETS": "TargetSetInput"}
UPSERTS = ("CUSTOMERS", "CHANNELS", "TEAMS", "STAFF", "SURVEYS", "BUSINESS_CALENDARS", "SEGMENTS")
OTHERWISE = {"baseline", "kpi"}
"""What files tell in another way: the baseline of a target with its days, and a KPI as a word."""


@pytest.mark.parametrize("type_", [one for one in BULK if one != "SEGMENT_MEMBERS"])
def test_documents_have_the_fields_of_the_inputs_of_the_api(type_):
    seen = set()

    def fields(row, name):
        if name in seen:  # a rule holds rules
            return
        seen.add(name)
        known = SCHEMA.type_map[name].fields
        assert set(shape.fields(row)) == set(known), name
        for key, field in shape.fields(row).items():
            if type_ == "TARGETS" and key in OTHERWISE:
                continue
            inner = str(known[key].type).strip("[]!")
            assert str(known[key].type).startswith("[") == field.is_list, (name, key)
            if hasattr(field.kind, "model_fields"):
                fields(field.kind, inner)
            else:
                kinds = {
                    "Ref": "RefInput",
                    "Decimal": "Decimal",
                    "date": "Date",
                    "datetime": "DateTime",
                    "bool": "Boolean",
                    "Template": "SegmentTemplateKey",
                }
                kinds |= {"int": "Int", "float": "Float", "dict": "JSON", "str": ("String", "CurrencyCode")}
                expected = kinds.get(field.kind.__name__, field.kind.__name__)
                assert inner.endswith(expected) if isinstance(expected, str) else inner in expected, (name, key)

    noun = BULK[type_].noun
    fields(BULK[type_].row, INPUTS.get(type_, f"{noun}UpsertInput" if type_ in UPSERTS else f"{noun}RecordInput"))


def test_every_mapping_that_comes_with_the_product_has_a_sample():
    assert set(SAMPLES) == set(bulk_mapping.known())
    systems = {plan.system for plan in bulk_mapping.known().values()}
    assert systems == {"SALESFORCE", "ZOHO", "FXIAOKE", "HUBSPOT", "OTHER"}


@pytest.mark.parametrize("language", [0, 1], ids=["english", "chinese"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_of_each_system_reads_as_expected(name, language):
    plan, text, expected = bulk_mapping.of_name(name), SAMPLES[name][language], SAMPLES[name][2]
    header, cells = csv.reader(io.StringIO(text))
    bound = bulk_mapping.bound(plan, header)
    found = Reader(bound, ZoneInfo("Asia/Shanghai")).document(dict(zip(header, cells, strict=True)))
    assert found == expected
    kind = BULK[plan.type].row
    parse(kind, row_of(kind, found))
    assert list(bound.unmapped) == (["Shoe size"] if name == "generic.customers" else [])


@pytest.mark.parametrize("language", [0, 1], ids=["english", "chinese"])
def test_what_was_mapped_goes_in(workspace, language):
    for name in ("salesforce.accounts", "salesforce.contacts", "fxiaoke.opportunities", "zoho.cases", "generic.orders"):
        text, type_ = SAMPLES[name][language], bulk_mapping.of_name(name).type
        row = load(workspace, type_, text.encode("gb18030"), mapping={"name": name}, create_missing=True)
        assert (row.state, counts(row)) == ("DONE", {"created": 1}), (row.problems, told(workspace, row))
    with workspace.door.snapshot(workspace.system) as uow:
        lead, talk = uow.session.scalars(select(Lead)).one(), uow.session.scalars(select(Interaction)).one()
    assert (lead.won_on.isoformat(), lead.type, lead.lost_at) == ("2026-02-03", "EXPANSION", None)
    assert [event["kind"] for event in talk.events] == ["CUSTOMER_MESSAGE", "RESOLVED"]


def test_chinese_names_are_put_together_as_in_chinese():
    plan = bulk_mapping.of_name("zoho.contacts")
    header = ["记录 ID", "名", "姓"]
    reader = Reader(bulk_mapping.bound(plan, header), ZoneInfo("UTC"))
    assert reader.document(dict(zip(header, ["1", "小明", "王"], strict=True)))["name"] == "王小明"
    assert reader.document(dict(zip(header, ["1", "", "王"], strict=True)))["name"] == "王"
