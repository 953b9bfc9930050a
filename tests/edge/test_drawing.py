"""The pen: one process that draws, which may be slow, may die, and is asked by many at once."""

import asyncio
import json

import drawing as told
import pytest

from app.edge import drawing
from app.edge.drawing import Drawings, NotDrawn
from app.edge.request import Refused

LINE = {
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]},
    "mark": "line",
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
}


def spec(**changed):
    return json.dumps(LINE | changed).encode()


def run(scenario):
    async def whole():
        drawings = Drawings()
        try:
            return await scenario(drawings)
        finally:
            await drawings.close()

    return asyncio.run(whole())


def test_what_cannot_be_drawn_leaves_the_pen_to_the_others_and_no_address_is_fetched():
    async def scenario(drawings):
        with pytest.raises(NotDrawn):
            await drawings.svg(spec(data={"url": "http://127.0.0.1:9/rows.json"}), "a", "b")
        pen = drawings._pen
        svg = await drawings.svg(spec(), "a < b", "“c” & d")
        assert drawings._pen is pen, "the process goes on"
        assert await drawings.svg(spec(), "a < b", "“c” & d") is svg, "kept"
        pen.kill()
        await pen.wait()
        with pytest.raises(NotDrawn):
            await drawings.svg(spec(mark="bar"), "a", "b")
        assert b"<svg" in await drawings.svg(spec(mark="bar"), "a", "b"), "a new process"
        return svg

    svg = run(scenario)
    assert b"<title>a &lt; b</title><desc>\xe2\x80\x9cc\xe2\x80\x9d &amp; d</desc>" in svg
    assert "script" not in told.elements(svg)


def test_only_so_many_wait_and_one_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(drawing, "PATIENCE_S", 0.001)

    async def scenario(drawings):
        many = [drawings.svg(spec(width=100 + number), "a", "b") for number in range(drawing.WAITING + 3)]
        return await asyncio.gather(*many, return_exceptions=True), drawings._pen

    answers, pen = run(scenario)
    refused = [one for one in answers if isinstance(one, Refused)]
    assert [one.status for one in refused] == [503] * 3
    assert sum(isinstance(one, NotDrawn) for one in answers) == drawing.WAITING
    assert pen is None, "ended, not left behind"
