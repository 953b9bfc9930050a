"""What the GraphQL library says, in Chinese: it speaks English alone."""

import re

from app.text import Text

_QUOTED = r"['\"]([^'\"]*)['\"]"
_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"Syntax Error: Document is nested too deeply\. Parsing aborted\.", "文档嵌套过深，已停止解析。"),
    (r"Syntax Error: Unexpected character: (.+)\.", "语法错误：意外的字符 {0}。"),
    (r"Syntax Error: Unexpected variable (.+) in constant value\.", "语法错误：常量中不能使用变量 {0}。"),
    (r"Syntax Error: Unexpected description, .*", "语法错误：此处不允许描述。"),
    (r"Syntax Error: Unexpected '\.\.', did you mean '\.\.\.'\?", "语法错误：意外的 '..'，应为 '...'。"),
    (r"Syntax Error: Unexpected (.+)\.", "语法错误：意外的 {0}。"),
    (r"Syntax Error: Expected (.+), found (.+)\.", "语法错误：应为 {0}，实际为 {1}。"),
    (r"Syntax Error: Unterminated string\.", "语法错误：字符串没有结束。"),
    (r"Syntax Error: Invalid number, unexpected digit after 0: (.+)\.", "语法错误：无效的数字，0 之后不能有 {0}。"),
    (r"Syntax Error: Invalid number, expected digit but got: (.+)\.", "语法错误：无效的数字，应为数字，实际为 {0}。"),
    (
        r"Syntax Error: Invalid number, expected digit before '\.', did you mean (.+)\?",
        "语法错误：无效的数字，应为 {0}。",
    ),
    (r"Syntax Error: Invalid (?:Unicode|character) escape sequence: (.+)\.", "语法错误：无效的转义序列 {0}。"),
    (
        r"Syntax Error: (.+) is reserved and cannot be used for an enum value\.",
        "语法错误：{0} 是保留字，不能作为枚举值。",
    ),
    (r"\s*Did you mean to use an inline fragment on (.*)\?", "是否应使用 {0} 上的内联片段？"),
    (r"\s*Did you mean (?:the enum value )?(.*)\?", "是否应为 {0}？"),
    (rf"Cannot query field {_QUOTED} on type {_QUOTED}\.(.*)", "类型“{1}”上没有字段“{0}”。{2}"),
    (rf"Unknown argument {_QUOTED} on field {_QUOTED}\.(.*)", "字段“{1}”没有参数“{0}”。{2}"),
    (rf"Unknown argument {_QUOTED} on directive {_QUOTED}\.(.*)", "指令“{1}”没有参数“{0}”。{2}"),
    (rf"Unknown directive {_QUOTED}\.", "未知指令“{0}”。"),
    (rf"Unknown fragment {_QUOTED}\.", "未知片段“{0}”。"),
    (rf"Unknown type {_QUOTED}\.(.*)", "未知类型“{0}”。{1}"),
    (rf"Unknown operation named {_QUOTED}\.", "没有名为“{0}”的操作。"),
    (rf"Fragment {_QUOTED} is never used\.", "片段“{0}”从未使用。"),
    (
        rf"Fragment (?:{_QUOTED} )?cannot be spread here as objects of type {_QUOTED} can never be of type {_QUOTED}\.",
        "片段 {0} 不能用在这里：类型“{1}”的对象不会是“{2}”。",
    ),
    (
        rf"Fragment (?:{_QUOTED} )?cannot condition on non composite type {_QUOTED}\.",
        "片段 {0} 不能以没有子字段的类型“{1}”为条件。",
    ),
    (rf"Cannot spread fragment {_QUOTED} within itself(?: via (.*))?\.", "片段“{0}”不能展开自身 {1}。"),
    (rf"Variable {_QUOTED} is never used(?: in operation {_QUOTED})?\.", "变量“{0}”从未使用。"),
    (rf"Variable {_QUOTED} is not defined(?: by operation {_QUOTED})?\.", "变量“{0}”未定义。"),
    (
        rf"Variable {_QUOTED} of type {_QUOTED} used in position expecting type {_QUOTED}\.",
        "变量“{0}”的类型 {1} 不能用在需要 {2} 的位置。",
    ),
    (rf"Variable {_QUOTED} has invalid value(?: at ([^:]+))?: (.*)", "变量“{0}”{1} 的值无效：{2}"),
    (rf"Argument {_QUOTED} has invalid value(?: at ([^:]+))?: (.*)", "参数“{0}”{1} 的值无效：{2}"),
    (rf"Variable {_QUOTED} cannot be non-input type {_QUOTED}\.", "变量“{0}”不能使用非输入类型 {1}。"),
    (rf"Argument {_QUOTED} of required type {_QUOTED} was not provided\.", "缺少必填参数“{0}”（类型 {1}）。"),
    (
        rf"Argument {_QUOTED} of type {_QUOTED} is required, but it was not provided\.",
        "缺少必填参数“{0}”（类型 {1}）。",
    ),
    (rf"Expected a value of non-null type {_QUOTED} to be provided\.", "缺少类型为 {0} 的值。"),
    (rf"Expected value of non-null type {_QUOTED} not to be None\.", "类型 {0} 的值不能为 null。"),
    (rf"Expected value of type {_QUOTED} to be an object, found: (.*)\.", "应为 {0} 类型的对象，实际为 {1}。"),
    (
        rf"Expected value of type {_QUOTED} to include required field {_QUOTED}, found: .*",
        "类型“{0}”缺少必填字段“{1}”。",
    ),
    (
        (
            rf"Expected value of type {_QUOTED} not to include unknown field {_QUOTED}"
            r"(?:, found|\.( Did you mean .*\?) Found): .*"
        ),
        "类型“{0}”没有字段“{1}”。{2}",
    ),
    (
        (
            rf"Expected variable {_QUOTED} provided to (?:non-null )?type {_QUOTED} "
            r"(?:not to be None|to provide a runtime value)\."
        ),
        "变量“{0}”用于类型 {1}，不能缺少，也不能为 null。",
    ),
    (
        (
            rf"Within OneOf Input Object type {_QUOTED}, exactly one field must be specified, "
            r"and the value for that field must be non-null\."
        ),
        "{0} 必须且只能给出一个字段，且其值不能为 null。",
    ),
    (
        (
            rf"Expected variable {_QUOTED} provided to field {_QUOTED} for OneOf Input Object type {_QUOTED} "
            r"(?:not to be None|to provide a runtime value)\."
        ),
        "变量“{0}”用于 {2} 的字段“{1}”，不能缺少，也不能为 null。",
    ),
    (
        (
            rf"Variable {_QUOTED} is of type {_QUOTED} but must be non-nullable to be used for "
            rf"OneOf Input Object {_QUOTED}\."
        ),
        "变量“{0}”的类型为 {1}，用于 {2} 时必须声明为不可为 null。",
    ),
    (
        rf"Field {_QUOTED} must not have a selection since type {_QUOTED} has no subfields\.",
        "字段“{0}”的类型 {1} 没有子字段，不能再选择。",
    ),
    (
        rf"Field {_QUOTED} of type {_QUOTED} must have a selection of subfields\.(.*)",
        "字段“{0}”（类型 {1}）必须选择子字段。{2}",
    ),
    (
        rf"Fields {_QUOTED} conflict because (.*)\. Use different aliases on the fields to fetch both if .*",
        "字段“{0}”冲突：{1}。如需同时查询，请使用不同的别名。",
    ),
    (rf"subfields {_QUOTED} conflict because (.*)", "子字段“{0}”冲突：{1}"),
    (rf"{_QUOTED} and {_QUOTED} are different fields", "“{0}”和“{1}”是不同的字段"),
    (r"they have differing arguments", "参数不同"),
    (rf"they return conflicting types {_QUOTED} and {_QUOTED}", "返回的类型“{0}”和“{1}”不同"),
    (rf"Value {_QUOTED} does not exist in {_QUOTED} enum\.(.*)", "枚举“{1}”没有值“{0}”。{2}"),
    (
        rf"Enum {_QUOTED} cannot represent non-(?:enum|string) value: (.*?)\.( Did you mean .*)?",
        "枚举“{0}”不能表示 {1}。{2}",
    ),
    (r"Int cannot represent non 32-bit signed integer value: (.*)", "Int 不能表示 {0}：超出 32 位有符号整数的范围"),
    (r"(Int|Float|String|Boolean|ID) cannot represent (?:a )?(?:non[\w -]*)?value: (.*)", "{0} 不能表示 {1}"),
    (rf"There can be only one operation named {_QUOTED}\.", "只能有一个名为“{0}”的操作。"),
    (rf"There can be only one fragment named {_QUOTED}\.", "只能有一个名为“{0}”的片段。"),
    (rf"There can be only one variable named {_QUOTED}\.", "只能有一个名为“{0}”的变量。"),
    (rf"There can be only one argument named {_QUOTED}\.", "只能有一个名为“{0}”的参数。"),
    (rf"There can be only one input field named {_QUOTED}\.", "只能有一个名为“{0}”的输入字段。"),
    (r"This anonymous operation must be the only defined operation\.", "匿名操作必须是文档中唯一的操作。"),
    (r"The (.*) definition is not executable\.", "{0} 定义不可执行。"),
    (rf"The directive {_QUOTED} can only be used once at this location\.", "指令“{0}”在此处只能使用一次。"),
    (rf"Directive {_QUOTED} may not be used on (.*)\.", "指令“{0}”不能用在 {1} 上。"),
    (r"Too many validation errors, error limit reached\. Validation aborted\.", "校验错误过多，已停止校验。"),
    (r"Anonymous Subscription must select (?:only )?one top level field\.", "订阅只能选择一个顶层字段。"),
    (rf"Subscription {_QUOTED} must select (?:only )?one top level field\.", "订阅“{0}”只能选择一个顶层字段。"),
    (
        r"Anonymous Subscription must not use `@skip` or `@include` directives in the top level selection\.",
        "订阅的顶层字段不能使用 `@skip` 或 `@include`。",
    ),
    (
        rf"Subscription {_QUOTED} must not use `@skip` or `@include` directives in the top level selection\.",
        "订阅“{0}”的顶层字段不能使用 `@skip` 或 `@include`。",
    ),
    (r"Anonymous Subscription must not select an introspection top level field\.", "订阅的顶层不能是内省字段。"),
    (rf"Subscription {_QUOTED} must not select an introspection top level field\.", "订阅“{0}”的顶层不能是内省字段。"),
    (r"Maximum introspection depth exceeded", "内省嵌套过深"),
)
_COMPILED = [(re.compile(pattern, re.DOTALL), chinese) for pattern, chinese in _PATTERNS]


def said(message: str) -> Text:
    """What the library says, in both languages; in English where there is no translation."""
    for pattern, chinese in _COMPILED:
        found = pattern.fullmatch(message)
        if found:
            # what is quoted in it may be said by the library, too
            return Text(message, chinese.format(*(said(part or "").zh for part in found.groups())).strip())
    return Text(message, message)
