"""What the GraphQL library says, in Chinese: it speaks English alone."""

import re

from app.text import Text

_QUOTED = r"['\"]([^'\"]*)['\"]"
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"Syntax Error: Document is nested too deeply\. Parsing aborted\.", "文档嵌套过深，已停止解析。"),
    (r"Syntax Error: Unexpected (.+)\.", "语法错误：意外的 {0}。"),
    (r"Syntax Error: Expected (.+), found (.+)\.", "语法错误：应为 {0}，实际为 {1}。"),
    (r"Syntax Error: (.+)", "语法错误：{0}"),
    (rf"Cannot query field {_QUOTED} on type {_QUOTED}\.(.*)", "类型“{1}”上没有字段“{0}”。{2}"),
    (rf"Unknown argument {_QUOTED} on field {_QUOTED}\.(.*)", "字段“{1}”没有参数“{0}”。{2}"),
    (rf"Unknown argument {_QUOTED} on directive {_QUOTED}\.(.*)", "指令“{1}”没有参数“{0}”。{2}"),
    (rf"Unknown directive {_QUOTED}\.", "未知指令“{0}”。"),
    (rf"Unknown fragment {_QUOTED}\.", "未知片段“{0}”。"),
    (rf"Unknown type {_QUOTED}\.(.*)", "未知类型“{0}”。{1}"),
    (rf"Unknown operation named {_QUOTED}\.", "没有名为“{0}”的操作。"),
    (rf"Fragment {_QUOTED} is never used\.", "片段“{0}”从未使用。"),
    (rf"Cannot spread fragment {_QUOTED} within itself(.*)\.", "片段“{0}”不能展开自身{1}。"),
    (rf"Variable {_QUOTED} is never used(?: in operation {_QUOTED})?\.", "变量“{0}”从未使用。"),
    (rf"Variable {_QUOTED} is not defined(?: by operation {_QUOTED})?\.", "变量“{0}”未定义。"),
    (rf"Variable {_QUOTED} of required type {_QUOTED} was not provided\.", "缺少必填变量“{0}”（类型 {1}）。"),
    (
        rf"Variable {_QUOTED} of type {_QUOTED} used in position expecting type {_QUOTED}\.",
        "变量“{0}”的类型 {1} 不能用在需要 {2} 的位置。",
    ),
    (rf"Variable {_QUOTED} has invalid value: (.*)", "变量“{0}”的值无效：{1}"),
    (rf"Variable {_QUOTED} got invalid value (.*)", "变量“{0}”的值无效：{1}"),
    (rf"Variable {_QUOTED} cannot be non-input type {_QUOTED}\.", "变量“{0}”不能使用非输入类型 {1}。"),
    (rf"Argument {_QUOTED} of required type {_QUOTED} was not provided\.", "缺少必填参数“{0}”（类型 {1}）。"),
    (
        rf"Field {_QUOTED} argument {_QUOTED} of type {_QUOTED} is required, but it was not provided\.",
        "字段“{0}”缺少必填参数“{1}”（类型 {2}）。",
    ),
    (rf"Field {_QUOTED} of required type {_QUOTED} was not provided\.", "缺少必填字段“{0}”（类型 {1}）。"),
    (rf"Field {_QUOTED} is not defined by type {_QUOTED}\.(.*)", "类型“{1}”没有字段“{0}”。{2}"),
    (
        rf"Field {_QUOTED} must not have a selection since type {_QUOTED} has no subfields\.",
        "字段“{0}”的类型 {1} 没有子字段，不能再选择。",
    ),
    (
        rf"Field {_QUOTED} of type {_QUOTED} must have a selection of subfields\.(.*)",
        "字段“{0}”（类型 {1}）必须选择子字段。{2}",
    ),
    (rf"Fields {_QUOTED} conflict because (.*)", "字段“{0}”冲突：{1}"),
    (rf"Value {_QUOTED} does not exist in {_QUOTED} enum\.(.*)", "枚举“{1}”没有值“{0}”。{2}"),
    (rf"Enum {_QUOTED} cannot represent (.*)", "枚举“{0}”不能表示 {1}"),
    (r"(Int|Float|String|Boolean|ID) cannot represent (.*)", "{0} 不能表示 {1}"),
    (rf"Expected value of type {_QUOTED}, found (.*)", "应为 {0} 类型的值，实际为 {1}"),
    (rf"There can be only one (.*) named {_QUOTED}\.", "只能有一个名为“{1}”的 {0}。"),
    (r"This anonymous operation must be the only defined operation\.", "匿名操作必须是文档中唯一的操作。"),
    (r"The (.*) definition is not executable\.", "{0} 定义不可执行。"),
    (rf"The directive {_QUOTED} can only be used once at this location\.", "指令“{0}”在此处只能使用一次。"),
    (rf"Directive {_QUOTED} may not be used on (.*)\.", "指令“{0}”不能用在 {1} 上。"),
    (r"Too many validation errors, error limit reached\. Validation aborted\.", "校验错误过多，已停止校验。"),
    (r"The (.*) operation is not supported by the schema\.", "此服务不支持 {0} 操作。"),
    (r"Maximum introspection depth exceeded", "内省嵌套过深"),
    (
        r"(.*) type operation is not defined\.|Schema is not configured to execute (.*) operation\.",
        "此服务不支持该类型的操作。",
    ),
)
_COMPILED = [(re.compile(pattern, re.DOTALL), chinese) for pattern, chinese in _PATTERNS]


def said(message: str) -> Text:
    """What the library says, in both languages; in English where there is no translation."""
    for pattern, chinese in _COMPILED:
        found = pattern.fullmatch(message)
        if found:
            return Text(message, chinese.format(*(part or "" for part in found.groups())).strip())
    return Text(message, message)
