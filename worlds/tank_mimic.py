"""The mimic diagram of the four tanks: what an operator sees on the wall of a control room."""

from functools import lru_cache

import numpy as np

WIDTH, HEIGHT, SMOOTH = 640, 480, 2  # pixels; it is drawn twice as large, and then made small
PAPER, INK, QUIET, PIPE = (247, 247, 245), (40, 44, 52), (120, 126, 136), (150, 156, 166)
WATER, ASKED, ALARM = (108, 166, 214), (27, 120, 55), (178, 24, 43)
TANK_WIDTH, TANK_HEIGHT = 120, 150
TANKS = ((150, 240), (370, 240), (150, 40), (370, 40))  # left and top of tanks 1 to 4
PUMPS = ((80, 440), (560, 440))
GLASS = 3  # pixels, how thick the wall of a tank is


@lru_cache(8)
def _font(size):
    from PIL import ImageFont

    return ImageFont.load_default(size * SMOOTH)


def draw_tanks(levels, set_points, volts, leak, split, least, most, tall, most_volts):
    """One plant as a picture [480, 640, 3] uint8.

    Water is blue; a green triangle stands at a set-point, red dashes where a constraint lies, and a level that breaks
    one has its number in red. A leaking tank drips.

    Args:
        levels: [4] cm.
        set_points: [2] cm, of tanks 1 and 2.
        volts: [2] of the pumps.
        leak: [4] cm³/s.
        split: [2], the share of a pump's water that its valve sends to the lower tank.
        least, most: [4] cm, the constraints; a least of 0 is not drawn.
        tall: cm, the height of a tank.
        most_volts: V.
    """
    from PIL import Image, ImageDraw  # here, so that only a picture needs it

    image = Image.new("RGB", (WIDTH * SMOOTH, HEIGHT * SMOOTH), PAPER)
    pen = _Pen(ImageDraw.Draw(image))
    _pipes(pen, volts, split)
    for number, (left, top) in enumerate(TANKS):
        asked = set_points[number] if number < 2 else None
        limits = [limit for limit in (least[number], most[number]) if limit > 0]
        alarm = not least[number] <= levels[number] <= most[number]
        _tank(pen, number, left, top, levels[number], asked, limits, alarm, leak[number], tall)
    for number, (x, y) in enumerate(PUMPS):
        _pump(pen, number, x, y, volts[number], most_volts)
    return np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


class _Pen:
    """Draws in the coordinates of the small picture."""

    def __init__(self, draw):
        self.draw = draw

    def line(self, points, colour, width):
        large = [(x * SMOOTH, y * SMOOTH) for x, y in points]
        self.draw.line(large, fill=colour, width=round(width * SMOOTH), joint="curve")

    def box(self, left, top, right, bottom, colour):
        if right > left and bottom > top:
            self.draw.rectangle([left * SMOOTH, top * SMOOTH, right * SMOOTH - 1, bottom * SMOOTH - 1], fill=colour)

    def shape(self, points, colour):
        self.draw.polygon([(x * SMOOTH, y * SMOOTH) for x, y in points], fill=colour)

    def circle(self, x, y, radius, colour, edge=None):
        corners = [(x - radius) * SMOOTH, (y - radius) * SMOOTH, (x + radius) * SMOOTH, (y + radius) * SMOOTH]
        self.draw.ellipse(corners, fill=colour, outline=edge, width=2 * SMOOTH)

    def text(self, x, y, text, colour, size=13, anchor="lm"):
        self.draw.text((x * SMOOTH, y * SMOOTH), text, fill=colour, font=_font(size), anchor=anchor)


def _pipes(pen, volts, split):
    """From each pump up through its valve: straight on into the lower tank, and up and across into the upper one."""
    for number, (x, y) in enumerate(PUMPS):
        left, top = TANKS[number]
        up_left, up_top = TANKS[3 - number]
        side = 1 if number == 0 else -1
        into = left + (22 if number == 0 else TANK_WIDTH - 22)
        across = up_left + (TANK_WIDTH - 22 if number == 0 else 22)
        valve, colour = top - 24, WATER if volts[number] > 0 else PIPE
        roof = up_top - 14 - 12 * number
        pen.line([(x, y), (x, valve), (into, valve), (into, top + 8)], colour, 5)
        pen.line([(x, valve), (x, roof), (across, roof), (across, up_top + 8)], colour, 5)
        for dx, dy in ((side, 0), (0, -1)):  # a bow tie: a three-way valve
            pen.shape([(x, valve), (x + 13 * dx + 8 * dy, valve + 13 * dy + 8 * dx),
                       (x + 13 * dx - 8 * dy, valve + 13 * dy - 8 * dx)], INK)  # fmt: skip
        pen.shape([(x, valve), (x - 8, valve + 13), (x + 8, valve + 13)], INK)
        beside, anchor = x - 14 * side, "rm" if number == 0 else "lm"
        pen.text(beside, valve - 10, f"{1 - split[number]:.0%} to {4 - number}", QUIET, 12, anchor)
        pen.text(beside, valve + 8, f"{split[number]:.0%} to {number + 1}", QUIET, 12, anchor)
    for upper, lower in ((2, 0), (3, 1)):
        x = TANKS[upper][0] + TANK_WIDTH / 2
        pen.line([(x, TANKS[upper][1] + TANK_HEIGHT), (x, TANKS[lower][1] + 8)], WATER, 5)
    for lower in (0, 1):
        x = TANKS[lower][0] + TANK_WIDTH / 2
        pen.line([(x, TANKS[lower][1] + TANK_HEIGHT), (x, TANKS[lower][1] + TANK_HEIGHT + 26)], WATER, 5)
    pen.box(40, 462, WIDTH - 40, 470, WATER)  # the basin that the pumps draw from


def _tank(pen, number, left, top, level, asked, limits, alarm, leak, tall):
    right, bottom = left + TANK_WIDTH, top + TANK_HEIGHT
    pen.box(left, top, right, bottom, (255, 255, 255))
    surface = bottom - TANK_HEIGHT * level / tall
    pen.box(left, surface, right, bottom, WATER)
    for limit in limits:
        y = bottom - TANK_HEIGHT * limit / tall
        for x in range(left, right, 12):
            pen.line([(x, y), (x + 7, y)], ALARM, 2)
        pen.text(right + 7, y, f"{limit:g}", ALARM, 11)
    pen.line([(left, top), (left, bottom), (right, bottom), (right, top)], INK, GLASS)
    if asked is not None:
        y = bottom - TANK_HEIGHT * asked / tall
        pen.line([(left, y), (right, y)], ASKED, 2)
        pen.shape([(left - 2, y), (left - 14, y - 7), (left - 14, y + 7)], ASKED)
        pen.text(left - 18, y, f"{asked:.1f}", ASKED, 12, "rm")
    pen.text(left + TANK_WIDTH / 2, bottom - 34, f"{level:.1f} cm", ALARM if alarm else INK, 18, "mm")
    pen.text(left + TANK_WIDTH / 2, bottom - 14, f"tank {number + 1}", INK, 12, "mm")
    if leak > 0:
        side = -1 if number in (0, 2) else 1  # away from the middle
        x = left if side < 0 else right
        for drop in range(3):
            pen.circle(x + side * (7 + 5 * drop), bottom - 20 + 9 * drop, 3.5, ALARM)
        pen.text(x + side * 26, bottom - 14, f"leak {leak:.1f}", ALARM, 12, "rm" if side < 0 else "lm")


def _pump(pen, number, x, y, volts, most_volts):
    pen.circle(x, y, 19, (255, 255, 255), INK)
    pen.shape([(x, y - 12), (x - 10, y + 7), (x + 10, y + 7)], INK)
    side = 1 if number == 0 else -1
    start = x + 28 * side
    pen.text(start, y - 16, f"pump {number + 1}", QUIET, 12, "lm" if number == 0 else "rm")
    pen.text(start, y, f"{volts:.2f} V", INK, 15, "lm" if number == 0 else "rm")
    end = start + side * 70 * volts / most_volts
    pen.box(min(start, start + side * 70), y + 11, max(start, start + side * 70), y + 16, (222, 224, 228))
    pen.box(min(start, end), y + 11, max(start, end), y + 16, INK)
