"""From the cells of a record to the document that it stands for, as a mapping says. Pure."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app.services import shape
from app.services.bulk import BULK
from app.services.bulk_mapping import Bound, Rule, split, zone_of
from app.services.bulk_text import meant
from app.services.row import Ref, Row, Wrong
from app.services.scalar import quoted
from app.text import Text

_YES = frozenset({"true", "yes", "y", "1", "是", "真", "on"})
_NO = frozenset({"false", "no", "n", "0", "否", "假", "off"})


class Reader:
    """Reads the records of one file."""

    def __init__(self, bound: Bound, own: ZoneInfo) -> None:
        self._bound, self._plan = bound, bound.plan
        self._row = BULK[bound.plan.type].row
        self._zone = zone_of(bound.plan, own)
        self._rules = [(split(key), rule, *shape.at(self._row, split(key))) for key, rule in bound.plan.fields.items()]

    def document(self, cells: Mapping[str, Any]) -> dict[str, Any]:
        """The document that the cells stand for; a value that cannot be read is Wrong."""
        found, told = _Tree(), set[tuple[str, ...]]()
        for path, rule, kind, is_list in self._rules:
            value = self._filled(rule, cells)
            if value is None:
                continue
            if rule.columns or rule.join:
                told.update(path[:end] for end in range(1, len(path)))
            _put(found, path, self._typed(kind, is_list, value))
        document: dict[str, Any] = _listed(found, (), told)
        for one in shape.fields(self._row).values():
            if one.is_list and one.is_required:
                document.setdefault(one.key, [])
        if self._plan.attributes and "attributes" in self._row.model_fields:
            rest = {name: cells[name] for name in self._bound.unmapped if cells.get(name) not in (None, "")}
            if rest:
                document["attributes"] = {**document.get("attributes", {}), **dict(list(rest.items())[:100])}
        return document

    def _filled(self, rule: Rule, cells: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """What the rule makes of the cells; None for nothing."""
        if rule.when is not None:
            said = self._cell(rule.when.columns, cells)
            if said is None or str(said).casefold() not in {one.casefold() for one in rule.when.among}:
                return None
        if rule.join:
            parts = [part for group in rule.join if (part := self._cell(group, cells)) is not None]
            if parts:
                return _joined(rule, [str(part) for part in parts])
        value = self._cell(rule.columns, cells) if rule.columns else None
        if value is None:
            return rule.default if rule.columns or rule.join else rule.constant
        if rule.constant is not None:
            return rule.constant
        if rule.values:
            meanings = {name.casefold(): one for name, one in rule.values.items()}
            value = meanings.get(str(value).casefold(), value if rule.otherwise is None else rule.otherwise)
        return f"{rule.prefix}{value}" if rule.prefix and value is not None else value

    def _cell(self, names: tuple[str, ...], cells: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """What stands in the first of these columns that holds something."""
        for name in names:
            value = cells.get(self._bound.columns.get(name, ""))
            if isinstance(value, str):
                value = meant(value.strip()) or None
            if value is not None:
                return value
        return None

    def _typed(self, kind: Any, is_list: bool, value: Any) -> Any:  # noqa: ANN401, FBT001 - any JSON
        """A cell's text as JSON of its kind; what is no text is left as it is."""
        if not isinstance(value, str):
            return value
        if is_list or kind is dict or _is_row(kind) or (kind is Ref and value.startswith("{")):
            return _json(value, is_list=is_list, kind=kind)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            word = re.sub(r"[\s-]+", "_", value.strip()).upper()
            return word if word in kind.__members__ else value
        if kind in (date, datetime):
            return self._when(kind, value)
        return _TEXTS[kind](value, self._plan.decimal_comma) if kind in _TEXTS else value

    def _when(self, kind: type, text: str) -> Any:  # noqa: ANN401 - JSON or Wrong
        """A day or an instant as JSON writes it, by the formats of the mapping."""
        found = _moment(text, self._plan.dates)
        if found is None:
            return Wrong(
                Text(
                    f"{quoted(text)} is not a date that is understood; write it as 2026-01-31, or name its format.",
                    f"无法识别日期 {quoted(text)}；请写成 2026-01-31，或指明其格式。",
                )
            )
        when, has_time = found
        if kind is date:
            return (when.astimezone(self._zone) if when.tzinfo else when).date().isoformat()
        if not has_time:
            return when.date().isoformat()
        return (when if when.tzinfo else when.replace(tzinfo=self._zone)).isoformat()


def _joined(rule: Rule, parts: list[str]) -> str:
    """The parts as one text."""
    if rule.person and all(_CHINESE.fullmatch(part) for part in parts):
        return "".join(reversed(parts))
    return rule.separator.join(parts)


_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
_CHINESE = re.compile("[\u4e00-\u9fff·]+")


def _moment(text: str, formats: tuple[str, ...]) -> tuple[datetime, bool] | None:
    """The instant or day that a text names, and whether it names a time."""
    for format_ in () if _ISO.match(text) else formats:
        try:
            return datetime.strptime(text, format_), "%H" in format_ or "%I" in format_  # noqa: DTZ007 - its zone comes later
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text), len(text) > len("2026-01-31")
    except ValueError:
        return None


def _json(text: str, *, is_list: bool, kind: Any) -> Any:  # noqa: ANN401 - any JSON
    """What a cell holds that is no single value: JSON, or words with semicolons between them."""
    if text.startswith("[" if is_list else "{"):
        try:
            return orjson.loads(text)
        except (orjson.JSONDecodeError, RecursionError):
            return Wrong(Text("The cell holds JSON that is not whole.", "单元格中的 JSON 不完整。"))
    if is_list and not _is_row(kind):
        return [word.strip() for word in text.split(";") if word.strip()]
    return text


def _is_row(kind: Any) -> bool:  # noqa: ANN401 - a kind
    return isinstance(kind, type) and issubclass(kind, Row)


def _number(text: str, comma: bool) -> str:  # noqa: FBT001 - as the mapping says
    """A number without what groups its digits, with a point."""
    bare = re.sub(r"[\s\u00a0\u202f'’]", "", text).lstrip("¥￥$€£").rstrip("€%元")
    if comma:
        return bare.replace(".", "").replace(",", ".")
    return re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", bare)


def _decimal(text: str, comma: bool) -> Any:  # noqa: ANN401, FBT001 - a text, or Wrong
    return _number(text, comma)


def _float(text: str, comma: bool) -> Any:  # noqa: ANN401, FBT001 - a number, or the text that is none
    try:
        number = float(_number(text, comma))
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _flag(text: str, _comma: bool) -> Any:  # noqa: ANN401, FBT001 - a flag, or the text that is none
    word = text.strip().casefold()
    return True if word in _YES else False if word in _NO else text


_TEXTS: Mapping[Any, Any] = {Decimal: _decimal, float: _float, int: _float, bool: _flag}


class _Tree(dict[str, Any]):
    """An object on its way, by names; what a cell holds is none, whatever it is."""


def _put(found: _Tree, path: tuple[str, ...], value: Any) -> None:  # noqa: ANN401 - any JSON
    for part in path[:-1]:
        if not isinstance(found.get(part), _Tree):
            found[part] = _Tree()
        found = found[part]
    found[path[-1]] = value


def _listed(found: _Tree, path: tuple[str, ...], told: set[tuple[str, ...]]) -> Any:  # noqa: ANN401 - any JSON
    """The document with places as lists, and without objects of which the file tells nothing."""
    parts = {}
    for key, value in found.items():
        if not isinstance(value, _Tree):
            parts[key] = value
        elif (*path, key) in told:
            parts[key] = _listed(value, (*path, key), told)
    if parts and all(key.isdigit() for key in parts):
        return [parts[key] for key in sorted(parts, key=int)]
    return parts


def row_of(kind: type[Row], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as services take it. Raises Invalid for fields that there are not."""
    return shape.read(kind, {key: value for key, value in document.items() if not key.startswith("rejected")})
