"""Pictures for films: a dark page with a few words on it, and a maze that lights up as its values are learnt.

A picture is a frame [H, W, 3] uint8, as Gymnasium renders them and as `framework.media.gif` writes them.
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from environment import BLOCK, DANGER, ORDINARY, TREASURE

WIDTH, HEIGHT, MARGIN = 720, 576, 18
NIGHT, WALL, TEXT, QUIET = (17, 20, 28), (62, 69, 84), (232, 238, 247), (146, 157, 176)
AGENT, SLIPPED, DIAMOND, CROSS = (255, 209, 102), (255, 126, 84), (255, 255, 255), (255, 148, 66)
# Floor by value: orange below zero, blue above, which every common kind of colour blindness tells apart.
BELOW = np.array([(33, 38, 49), (94, 58, 30), (156, 88, 26)])
ABOVE = np.array([(33, 38, 49), (29, 62, 104), (38, 105, 172), (86, 160, 226), (178, 216, 248)])
SMOOTH = 8  # shapes are drawn so many times larger, then reduced, which gives them soft edges


def page(head, count="", words=""):
    """An empty page [576, 720, 3]: a headline, a count at its right, and a sentence below."""
    image = Image.new("RGB", (WIDTH, HEIGHT), NIGHT)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, 41), head, font=font(22, bold=True), fill=TEXT, anchor="ls")
    draw.text((WIDTH - MARGIN, 41), count, font=font(18), fill=QUIET, anchor="rs")
    draw.text((MARGIN, HEIGHT - 20), words, font=font(15), fill=QUIET, anchor="ls")
    return np.array(image)


def write(frame, xy, text, size=18, colour=TEXT, bold=False, anchor="ls"):
    """A copy of ``frame`` with ``text`` at (x, y); ``anchor`` as in Pillow: "ls" left and "ms" middle on the line."""
    image = Image.fromarray(frame)
    ImageDraw.Draw(image).text(xy, text, font=font(size, bold), fill=colour, anchor=anchor)
    return np.array(image)


@cache
def font(size, bold=False):
    """Matplotlib's own DejaVu Sans: the same on every computer; it has no Japanese."""
    import matplotlib  # here, since a picture without words needs none

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)), size)


def enlarge(frame, times):
    """Every pixel of a frame as a square of times × times pixels."""
    return frame.repeat(times, axis=0).repeat(times, axis=1)


def polygon(side, *corners):
    """How much of each pixel of a square [side, side] the polygon covers, 0 … 1; corners are (x, y) in 0 … 1."""
    image = Image.new("L", (side * SMOOTH, side * SMOOTH))
    ImageDraw.Draw(image).polygon([(x * side * SMOOTH, y * side * SMOOTH) for x, y in corners], fill=255)
    return np.asarray(image.resize((side, side), Image.Resampling.BOX)) / 255


def rounded_square(side):
    """The same for a square with round corners that leaves a narrow gap to its neighbours."""
    image = Image.new("L", (side * SMOOTH, side * SMOOTH))
    edge, far = side * SMOOTH * 0.03, side * SMOOTH * 0.97
    ImageDraw.Draw(image).rounded_rectangle((edge, edge, far, far), radius=side * SMOOTH * 0.13, fill=255)
    return np.asarray(image.resize((side, side), Image.Resampling.BOX)) / 255


def disc(side, radius, hole=0.0):
    """The same for a disc, or a ring; radii are in parts of ``side``."""
    y, x = (np.indices((side, side)) + 0.5) / side - 0.5
    distance = np.hypot(x, y)
    covered = np.clip((radius - distance) * side + 0.5, 0, 1)
    return covered * np.clip((distance - hole) * side + 0.5, 0, 1) if hole else covered


def paint(frame, mask, top, left, colour):
    """Lay ``colour`` over ``frame`` at (top, left), as far as ``mask`` [h, w] covers it. Changes the frame."""
    part = frame[top : top + mask.shape[0], left : left + mask.shape[1]]
    part[:] = np.rint(part + mask[..., None] * (np.array(colour) - part))


def glow(value):
    """The colour of the floor where a value is, -1 … 1; a power below 1 lets even small values be seen."""
    stops = BELOW if value < 0 else ABOVE
    place = min(abs(value), 1) ** 0.7 * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return stops[low] + (place - low) * (stops[low + 1] - stops[low])


def catcher_page(page, views):
    """The page with games of Catcher side by side.

    Args:
        page: [576, 720, 3] uint8, changed and returned.
        views: for each game, left to right, (frame [64, 64, 3] uint8, who plays, score).
    """
    side, top = 320, 128
    gap = (WIDTH - side * len(views)) // (len(views) + 1)
    for number, (frame, player, score) in enumerate(views):
        left = gap + number * (side + gap)
        page[top - 2 : top + side + 2, left - 2 : left + side + 2] = WALL
        page[top : top + side, left : left + side] = enlarge(frame, 5)
        page = write(page, (left, top - 14), player, size=17, bold=True)
        page = write(page, (left + side, top - 14), score, size=17, colour=AGENT, anchor="rs")
    return page


class MazePicture:
    """Draws a `GridWorld` while it is planned and walked.

    Args:
        grid: [rows, cols] int8, cells as GridWorld has them.
    """

    def __init__(self, grid):
        self.grid = grid
        rows, cols = grid.shape
        self.cell = min((WIDTH - 2 * MARGIN) // cols, (HEIGHT - 120) // rows)
        self.top, self.left = 60, (WIDTH - cols * self.cell) // 2
        side = self.cell
        self.tile = rounded_square(side)
        self.diamond = polygon(side, (0.5, 0.16), (0.84, 0.5), (0.5, 0.84), (0.16, 0.5))
        stroke = [(0.26, 0.36), (0.36, 0.26), (0.74, 0.64), (0.64, 0.74)]
        self.cross = np.maximum(polygon(side, *stroke), polygon(side, *[(1 - x, y) for x, y in stroke]))
        up = polygon(side, (0.5, 0.3), (0.7, 0.66), (0.5, 0.57), (0.3, 0.66))
        self.arrows = [np.rot90(up, -action) for action in range(4)]
        self.agent, self.halo, self.dot = disc(side, 0.3), disc(side, 0.48, hole=0.4), disc(side, 0.085)

    def draw(self, page, V, policy=None, shown=1.0, trail=(), agent=None, slipped=False):
        """The page with the maze on it.

        Args:
            page: [576, 720, 3] uint8, changed and returned.
            V: [S] values, shown as light.
            policy: [S] actions, or None for no arrows.
            shown: the part of the arrows that is shown, 0 … 1, nearest to the treasure first.
            trail: where the agent has been, (row, column), which need not be whole numbers.
            agent: where it is, or None.
            slipped: whether the agent is slipping just now.
        """
        rank = np.argsort(np.argsort(-V)) / len(V)
        for state, code in enumerate(self.grid.flat):
            row, col = divmod(state, self.grid.shape[1])
            if code == BLOCK:
                self._paint(page, np.ones((self.cell, self.cell)), row, col, WALL)
                continue
            self._paint(page, self.tile, row, col, glow({TREASURE: 1, DANGER: -1}.get(int(code), V[state])))
            if code != ORDINARY:
                is_treasure = code == TREASURE
                self._paint(
                    page, self.diamond if is_treasure else self.cross, row, col, DIAMOND if is_treasure else CROSS
                )
            elif policy is not None and rank[state] <= shown:
                self._paint(page, self.arrows[policy[state]] * 0.5, row, col, NIGHT if V[state] > 0.3 else TEXT)
        for row, col in trail:
            self._paint(page, self.dot, row, col, AGENT)
        if agent:
            colour = SLIPPED if slipped else AGENT
            self._paint(page, self.agent, *agent, colour)
            if slipped:
                self._paint(page, self.halo, *agent, colour)
        return page

    def _paint(self, page, mask, row, col, colour):
        paint(page, mask, round(self.top + row * self.cell), round(self.left + col * self.cell), colour)
