"""What charts are held against: Vega-Lite's own JSON schema as Altair ships it, its compiler, and an XML parser."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

SVG = "{http://www.w3.org/2000/svg}"


@cache
def _validator() -> Draft7Validator:
    (folder,) = find_spec("altair").submodule_search_locations
    return Draft7Validator(json.loads((Path(folder) / "vegalite/v6/schema/vega-lite-schema.json").read_text()))


def faults(specification: Any, capfd: Any) -> str:
    """What the schema or the compiler finds fault with; empty for a specification that is well."""
    if (error := best_match(_validator().iter_errors(specification))) is not None:
        return f"{error.json_path}: {error.message[:300]}"
    capfd.readouterr()
    vl_convert.vegalite_to_vega(specification, show_warnings=True)
    told = capfd.readouterr()
    return told.out + told.err


def _read(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def texts(svg: bytes) -> list[str]:
    """The words in a drawing."""
    return ["".join(one.itertext()) for one in _read(svg).iter(f"{SVG}text")]


def elements(svg: bytes) -> set[str]:
    """The names of what a drawing consists of."""
    return {one.tag.removeprefix(SVG) for one in _read(svg).iter()}


def attributes(svg: bytes) -> set[str]:
    """The names of all attributes in a drawing."""
    return {name for one in _read(svg).iter() for name in one.attrib}
