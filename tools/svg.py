"""Words, boxes and arrows of a generated SVG, which stands in the reader's own fonts.

How wide letters are there is not known, so lines are broken by an estimate that suits wide fonts; in narrow ones they
end a little earlier than they could.
"""

import re
import unicodedata
import xml.etree.ElementTree as ET

INK, QUIET, RULE, GROUND = "#1f2328", "#59636e", "#d1d9e0", "#f6f8fa"
SANS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK JP', 'Yu Gothic', sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Noto Sans CJK JP', monospace"
STYLES = {  # of words: attributes, and how wide a letter is, of its size
    "plain": ({"font_size": 13, "fill": INK}, 0.56),
    "bold": ({"font_size": 13.5, "fill": INK, "font_weight": 600}, 0.6),
    "quiet": ({"font_size": 12, "fill": QUIET}, 0.56),
    "name": ({"font_size": 13, "fill": INK, "font_weight": 600, "font_family": MONO}, 0.61),
    "code": ({"font_size": 13, "fill": INK, "font_family": MONO}, 0.61),
    "title": ({"font_size": 15, "fill": INK, "font_weight": 700}, 0.63),
    "heading": ({"font_size": 20, "fill": INK, "font_weight": 700}, 0.63),
}
LINE = 18  # between two lines of words, in pixels
JAPANESE = r"\u3000-\u9fff\uff00-\uffef"
WORD = re.compile(rf"[{JAPANESE}][、。）」]*|[^ {JAPANESE}]+ ?| ")  # what a line is not broken within


def draw(parent, tag, text=None, **attributes):
    """Add an element: ``draw(svg, "rect", x=1, stroke_width=2)``; numbers have at most six digits."""
    given = {
        name.replace("_", "-"): value if isinstance(value, str) else f"{value:g}"
        for name, value in attributes.items()
    }
    element = ET.SubElement(parent, tag, given)
    element.text = text
    return element


def wide(text, style):
    """About how many pixels a text takes."""
    attributes, letter = STYLES[style]
    signs = (1.0 if unicodedata.east_asian_width(sign) in "WF" else letter for sign in text)
    return attributes["font_size"] * sum(signs)


def flow(words, width):
    """Words, a list of (text, style), as lines of them that are as wide; they break at spaces and within Japanese."""
    lines, left = [[]], width
    for text, style in words:
        for word in WORD.findall(text):
            if lines[-1] and wide(word.rstrip(" "), style) > left and not word.startswith(")"):
                lines.append([])
                left = width
            same = lines[-1] and lines[-1][-1][1] == style
            lines[-1][-1:] = [(lines[-1][-1][0] + word, style)] if same else [*lines[-1][-1:], (word, style)]
            left -= wide(word, style)
    return lines


def put(parent, x, y, lines, colour=None, **attributes):
    """Write lines of (text, style) under each other; returns where the next one would stand."""
    for line in lines:
        text = draw(parent, "text", x=x, y=y, **attributes)
        for words, style in line:
            draw(text, "tspan", words, **STYLES[style][0] | ({"fill": colour} if colour else {}))
        y += LINE
    return y


def box(parent, x, y, width, height, colour):
    """A card with a band of its colour on top, 30 pixels high."""
    place = {"x": x, "y": y, "width": width, "height": height, "rx": 8}
    draw(parent, "rect", **place, fill="white", stroke=colour, stroke_width=1.4)
    band = f"M{x:g} {y + 30:g}V{y + 8:g}q0 -8 8 -8H{x + width - 8:g}q8 0 8 8V{y + 30:g}z"
    draw(parent, "path", d=band, fill=colour, fill_opacity=0.12)


def arrow(parent, points, colour, **attributes):
    """Lines through points, each level or upright, with a head at the end."""
    (before_x, before_y), (x, y) = points[-2:]
    dx, dy = (x > before_x) - (x < before_x), (y > before_y) - (y < before_y)
    style = {"fill": "none", "stroke": colour, "stroke_width": 2} | attributes
    draw(parent, "path", d=line_through([*points[:-1], (x - 6 * dx, y - 6 * dy)]), **style)
    back = [(x - 9 * dx - 5 * side * dy, y - 9 * dy - 5 * side * dx) for side in (1, -1)]
    draw(parent, "path", d=line_through([(x, y), *back]) + "z", fill=colour)


def line_through(points):
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def written(svg):
    """An SVG as text, with an element a line, but for words within a line, between which spaces would be seen."""
    ET.indent(svg)
    for text in svg.iter("text"):
        if len(text):
            text.text = None
        for words in text:
            words.tail = None
    return ET.tostring(svg, encoding="unicode") + "\n"
