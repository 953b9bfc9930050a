"""What pydantic finds wrong with a row, as a problem that a caller can mend."""

import re
from typing import Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from app.errors import Code, Problem
from app.text import Text

_MESSAGES = {
    "missing": (Code.REQUIRED, Text("is required", "必须填写")),
    "string_too_short": (Code.REQUIRED, Text("must not be empty", "不能为空")),
    "string_too_long": (
        Code.TOO_LONG,
        Text("is too long: at most {max_length} characters", "过长：最多 {max_length} 个字符"),
    ),
    "too_long": (Code.TOO_MANY, Text("has too many entries: at most {max_length}", "条目过多：最多 {max_length} 项")),
    "too_short": (Code.REQUIRED, Text("has too few entries: at least {min_length}", "条目过少：至少 {min_length} 项")),
    "string_type": (Code.INVALID, Text("must be text", "必须是文本")),
    "dict_type": (Code.INVALID, Text("must be an object", "必须是对象")),
    "greater_than_equal": (Code.OUT_OF_RANGE, Text("must be {ge} or more", "必须大于或等于 {ge}")),
    "less_than_equal": (Code.OUT_OF_RANGE, Text("must be {le} or less", "必须小于或等于 {le}")),
    "greater_than": (Code.OUT_OF_RANGE, Text("must be greater than {gt}", "必须大于 {gt}")),
    "decimal_max_digits": (Code.INVALID, Text("has more than {max_digits} digits", "超过 {max_digits} 位数字")),
    "decimal_max_places": (
        Code.INVALID,
        Text("has more than {decimal_places} decimals", "小数超过 {decimal_places} 位"),
    ),
    "decimal_whole_digits": (
        Code.INVALID,
        Text("has more than {whole_digits} digits before the point", "小数点前超过 {whole_digits} 位"),
    ),
    "less_than": (Code.OUT_OF_RANGE, Text("must be less than {lt}", "必须小于 {lt}")),
    "int_type": (Code.INVALID, Text("must be a whole number", "必须是整数")),
    "int_from_float": (Code.INVALID, Text("must be a whole number", "必须是整数")),
    "bool_type": (Code.INVALID, Text("must be true or false", "必须是 true 或 false")),
    "finite_number": (Code.INVALID, Text("must be a finite number", "必须是有限的数字")),
}
_OTHER = (Code.INVALID, Text("cannot be read: {words}", "无法读取：{words}"))


def refused(text: Text) -> PydanticCustomError:
    """What a validator raises to refuse a value, in both languages."""
    return PydanticCustomError("custos", "{en}", {"code": Code.INVALID.value, "en": text.en, "zh": text.zh})


def like(pattern: str, text: Text) -> AfterValidator:
    """Refuses text that is not wholly of `pattern`, in words for people: they need not read patterns."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise refused(text)
        return value

    return AfterValidator(check)


def camel(name: str) -> str:
    """`source_updated_at` as the schema spells it."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def snake(name: str) -> str:
    """`ExchangeRate` or `exchangeRate` as columns and modules spell it."""
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def problem(item: Any) -> Problem:  # noqa: ANN401 - pydantic's own error record
    """What is wrong, with the path of the value as the schema spells it."""
    path = tuple(camel(str(part)) for part in item["loc"] if not str(part)[:1].isupper())
    given = {"words": item["msg"], **item.get("ctx", {})}
    if item["type"] == "custos":
        return Problem(Code(given["code"]), Text(given["en"], given["zh"]), path)
    called = next((part for part in reversed(path) if not part.isdigit()), None)  # of a list's entry, the list
    name = Text(called, f"{called} ") if called else Text("The row", "此行")
    kind = "missing" if item["input"] is None else item["type"]
    code, text = _MESSAGES.get(kind, _OTHER)
    return Problem(code, Text(f"{name.en} {text.en.format(**given)}.", f"{name.zh}{text.zh.format(**given)}。"), path)
