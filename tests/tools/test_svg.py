"""Words of a generated SVG fit their width, and none is lost or gains a space."""

import xml.etree.ElementTree as ET

import pytest

from tools.svg import LINE, arrow, draw, flow, put, wide, written

PARAGRAPHS = {
    "english": [("act(", "name"), ("obs, reward, terminated and truncated", "plain"), (") → Transition", "name")],
    "japanese": [("多数の環境を一度に進める。", "quiet"), ("Gymnasium の自動リセットも、ここだけで扱う。", "quiet")],
}


def text_of(lines):
    return "".join(words for line in lines for words, _ in line)


@pytest.mark.parametrize("words", PARAGRAPHS.values(), ids=PARAGRAPHS)
@pytest.mark.parametrize("width", [120, 200, 1_000])
def test_lines_fit_their_width_and_hold_every_word(words, width):
    lines = flow(words, width)
    assert text_of(lines) == text_of([words])
    for line in lines:
        assert sum(wide(text, style) for text, style in line) <= width + wide(" )", "name")


def test_a_line_breaks_at_a_space_but_not_at_one_that_holds_a_name_and_its_shape_together():
    lines = flow([("value [B]", "plain"), (" value\N{NO-BREAK SPACE}[B]", "plain")], wide("value [B]", "plain"))
    assert [text_of([line]).strip(" ") for line in lines] == ["value [B]", "value\N{NO-BREAK SPACE}[B]"]
    assert len(flow([("value [B]", "plain")], wide("value", "plain"))) == 2


def test_a_line_is_as_full_as_it_can_be():
    lines = flow([("one two three four five six", "plain")], wide("one two three", "plain"))
    assert [text_of([line]).strip() for line in lines] == ["one two three", "four five six"]


def test_no_line_begins_with_the_bracket_that_ends_a_call():
    lines = flow([("act(", "name"), ("obs", "plain"), (")", "name")], wide("act(", "name") + wide("obs", "plain"))
    assert [text_of([line]) for line in lines] == ["act(obs)"]


def test_japanese_breaks_anywhere_but_before_what_ends_a_sentence():
    lines = flow([("次を始める。", "plain")], wide("次を始める", "plain"))
    assert [text_of([line]) for line in lines] == ["次を始め", "る。"]


def test_words_of_one_style_are_one_element():
    svg = ET.Element("svg")
    put(svg, 0, 0, flow([("a b ", "plain"), ("c ", "plain"), ("d", "bold")], 500))
    assert [span.text for span in svg.iter("tspan")] == ["a b c ", "d"]


def test_lines_stand_under_each_other():
    svg = ET.Element("svg")
    assert put(svg, 1, 20, [[("a", "plain")], [("b", "plain")]]) == 20 + 2 * LINE
    assert [text.get("y") for text in svg.iter("text")] == ["20", str(20 + LINE)]


@pytest.mark.parametrize(
    ("end", "head"),
    [((50, 0), "M50 0L41 -5L41 5z"), ((0, 50), "M0 50L-5 41L5 41z"), ((0, -50), "M0 -50L5 -41L-5 -41z")],
    ids=["right", "down", "up"],
)
def test_an_arrow_has_its_head_at_its_end(end, head):
    svg = ET.Element("svg")
    arrow(svg, [(0, 0), end], "black")
    points = [path.get("d") for path in svg.iter("path")][1]
    assert set(points.strip("Mz").split("L")) == set(head.strip("Mz").split("L"))


def test_attributes_are_those_of_svg():
    element = draw(ET.Element("svg"), "rect", x=1.0, stroke_width=1.23456789, fill="white")
    assert element.attrib == {"x": "1", "stroke-width": "1.23457", "fill": "white"}


def test_what_is_written_has_no_space_between_the_words_of_a_line():
    svg = ET.Element("svg")
    put(svg, 0, 0, [[("act(", "name"), ("obs", "plain"), (")", "name")]])
    (text,) = ET.fromstring(written(svg)).iter("text")
    assert "".join(text.itertext()) == "act(obs)"
