"""The house of `worlds.house` as seen from above: rooms, doors, things with their words, the robot and the user."""

import numpy as np

from worlds.house import (
    ASKED,
    BEFORE,
    CLOSED,
    DOORS,
    HAND,
    HANDED,
    INSTRUCTIONS,
    KNOWN_STUCK,
    NOTHING,
    PLACES,
    ROBOT,
    ROOMS,
    THINGS,
    see_house,
)  # fmt: skip

SIZE, FINE = (640, 468), 2  # pixels; it is drawn twice as large, and then made smaller
CORNERS = ((0, 152), (0, 0), (320, 0), (0, 292), (320, 292))  # of rooms; each is 320 wide, the living room 640
HEIGHTS, FLOORS = (140, 152, 152, 148, 148), ("#f7f2e8", "#eef5ea", "#efeff8", "#f8efe4", "#e6f2f6")
SPOT, SLOT = (286, 104), (84, 62)  # where the robot stands in a room, before its door; the place of a thing
WALL, INK, WOOD, ALARM, BLUE = "#55534e", "#33312d", "#a9783f", "#b2182b", "#2166ac"
PAPER = (("box", (-0.55, -0.25, 0.55, -0.15), "#8c8c88"), ("box", (-0.55, 0.05, 0.55, 0.15), "#8c8c88"),
         ("box", (-0.55, 0.35, 0.55, 0.45), "#8c8c88"))  # fmt: skip
GLASS = (("shape", (-0.55, -0.9, 0.55, -0.9, 0.4, 0.9, -0.4, 0.9), "#dcebf5"),)
ICONS = {  # shapes in a square from -1 to 1, and their colours
    "sponge": (("round", (-0.95, -0.55, 0.95, 0.6), "#f2c94c"), ("disc", (-0.6, -0.3, -0.3, 0.0), "#cf9f23"),
               ("disc", (0.1, 0.0, 0.4, 0.3), "#cf9f23"), ("disc", (0.45, -0.4, 0.65, -0.2), "#cf9f23")),
    "towel": (("round", (-0.65, -0.9, 0.65, 0.95), "#7fb3d3"), ("box", (-0.65, 0.25, 0.65, 0.4), "white"),
              ("box", (-0.65, 0.52, 0.65, 0.67), "white")),
    "water": (*GLASS, ("shape", (-0.48, -0.4, 0.48, -0.4, 0.37, 0.85, -0.37, 0.85), "#5aa9e0")),
    "juice": (*GLASS, ("shape", (-0.48, -0.4, 0.48, -0.4, 0.37, 0.85, -0.37, 0.85), "#f0922b"),
              ("shape", (0.0, -0.4, 0.4, -1.2, 0.55, -1.2, 0.15, -0.4), "#b2182b")),
    "apple": (("disc", (-0.8, -0.55, 0.8, 0.95), "#c0392b"), ("disc", (0.1, -1.0, 0.65, -0.65), "#4a9a4a"),
              ("shape", (-0.06, -0.5, 0.06, -1.0, 0.2, -1.0, 0.08, -0.5), "#6b4a2b")),
    "banana": (("shape", (-0.95, -0.75, -0.7, -0.75, -0.5, 0.0, 0.05, 0.35, 0.8, 0.2, 0.95, 0.45, 0.3, 0.85, -0.4,
               0.65, -0.85, 0.1), "#f1cf3a"),),
    "blanket": (("round", (-1.0, -0.6, 1.0, 0.75), "#8e6bb0"), ("box", (-1.0, -0.15, 1.0, 0.0), "#c0a6d8"),
                ("box", (-1.0, 0.3, 1.0, 0.45), "#c0a6d8")),
    "sweater": (("shape", (-0.35, -0.85, 0.35, -0.85, 1.0, -0.15, 0.72, 0.2, 0.48, -0.05, 0.48, 0.9, -0.48, 0.9,
                -0.48, -0.05, -0.72, 0.2, -1.0, -0.15), "#1b7837"), ("disc", (-0.25, -1.0, 0.25, -0.6), "#f7f2e8")),
    "lamp": (("shape", (-0.4, -0.95, 0.4, -0.95, 0.8, 0.05, -0.8, 0.05), "#f6cf5b"),
             ("box", (-0.08, 0.05, 0.08, 0.8), WALL), ("box", (-0.5, 0.75, 0.5, 0.95), WALL)),
    "candle": (("box", (-0.25, -0.3, 0.25, 0.85), "#e9dcc0"), ("disc", (-0.17, -1.05, 0.17, -0.35), "#f0922b"),
               ("box", (-0.6, 0.78, 0.6, 0.95), "#8a6d3b")),
    "book": (("round", (-0.75, -0.9, 0.75, 0.9), "#b2182b"), ("box", (-0.75, -0.75, -0.5, 0.75), "#7d1120"),
             ("box", (-0.2, -0.5, 0.5, -0.25), "#f6e7c1")),
    "newspaper": (("box", (-0.8, -0.95, 0.8, 0.95), "#d5d5cf"), ("box", (-0.73, -0.88, 0.73, 0.88), "#fbfbf8"),
                  ("box", (-0.55, -0.7, 0.55, -0.42), INK), *PAPER),
}  # fmt: skip


class Pen:
    """Draws in pixels of the finished picture."""

    def __init__(self):
        from PIL import Image, ImageDraw, ImageFont  # here, so that only a picture needs it

        self.image = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.fonts = {size: ImageFont.load_default(size * FINE) for size in (11, 12, 14)}

    def points(self, values):
        return [float(value) * FINE for value in values]

    def box(self, corners, fill, radius=0, outline=None, width=1):
        self.draw.rounded_rectangle(self.points(corners), radius * FINE, fill, outline, width * FINE)

    def disc(self, corners, fill, outline=None, width=1):
        self.draw.ellipse(self.points(corners), fill, outline, width * FINE)

    def shape(self, values, fill):
        self.draw.polygon(self.points(values), fill)

    def word(self, x, y, text, size=12, fill=INK, anchor="mm"):
        self.draw.text((x * FINE, y * FINE), text, fill, self.fonts[size], anchor)

    def icon(self, thing, x, y, half=15):
        """A thing in the square of side 2 half round (x, y)."""
        for kind, values, fill in ICONS[thing]:
            values = [(x, y)[place % 2] + half * value for place, value in enumerate(values)]
            if kind == "shape":
                self.shape(values, fill)
            elif kind == "disc":
                self.disc(values, fill)
            else:
                self.box(values, fill, 4 if kind == "round" else 0)


def draw_house(state, text=""):
    """A picture [468, 640, 3] uint8 of a state [21], with what the robot did last beneath it."""
    pen, state = Pen(), see_house(state[None])[0]
    for (x, y), height, floor, name in zip(CORNERS, HEIGHTS, FLOORS, ROOMS, strict=True):
        width = 640 if name == "living room" else 320
        pen.box((x + 1, y + 1, x + width - 2, y + height - 2), floor, outline=WALL, width=3)
        pen.word(x + 12, y + 14, name, fill="#77736a", anchor="lm")
    for room, door in enumerate(state[DOORS], 1):
        draw_door(pen, room, door)
    robot = CORNERS[state[ROBOT]][0] + SPOT[0], CORNERS[state[ROBOT]][1] + SPOT[1] - 2
    for room in range(len(ROOMS)):
        for place, number in enumerate(np.flatnonzero(state[PLACES] == room)):
            x = CORNERS[room][0] + 42 + SLOT[0] * (place % 3)
            y = CORNERS[room][1] + 42 + SLOT[1] * (place // 3)
            if number == state[BEFORE]:
                pen.disc((x - 26, y - 20, x + 26, y + 32), "#fff6c9")
                robot = robot if state[HAND] != NOTHING else (x + 42, y - 4)  # else words would overlap
            pen.icon(THINGS[number], x, y)
            pen.word(x, y + 23, THINGS[number])
    draw_user(pen, state)
    draw_robot(pen, *robot, state[HAND])
    pen.box((0, 440, 640, 468), "#33312d")
    pen.word(12, 454, text or "The robot waits.", 14, "white", "lm")
    return np.asarray(pen.image.reduce(FINE))


def draw_door(pen, room, door):
    """The door between a room and the living room: open, closed, or known to be stuck."""
    x, y = CORNERS[room][0] + SPOT[0], 152 if room < 3 else 292
    pen.box((x - 24, y - 4, x + 24, y + 3), FLOORS[0])
    if door == CLOSED:
        pen.box((x - 24, y - 5, x + 24, y + 4), WOOD, 2, WALL)
    elif door == KNOWN_STUCK:
        pen.box((x - 24, y - 9, x + 24, y + 8), ALARM, 3, WALL)
        pen.word(x, y - 1, "stuck", 11, "white")
    else:  # it stands open, into the room
        leaf = (y - 40, y - 2) if room < 3 else (y + 1, y + 39)
        pen.box((x + 22, leaf[0], x + 27, leaf[1]), WOOD, 2, WALL)


def draw_user(pen, state):
    """The user at the right, what the user says, and what the user has been given."""
    x, y = 604, CORNERS[0][1] + 86
    pen.disc((x - 13, y - 40, x + 13, y - 14), "#e7b98f")
    pen.shape((x - 20, y + 34, x - 14, y - 10, x + 14, y - 10, x + 20, y + 34), "#762a83")
    said = list(INSTRUCTIONS)[state[ASKED]]
    left = x - 46 - pen.draw.textlength(said, pen.fonts[12]) / FINE
    pen.shape((x - 34, y - 44, x - 34, y - 32, x - 16, y - 28), "white")
    pen.box((left, y - 56, x - 30, y - 30), "white", 8, "#77736a")
    pen.shape((x - 36, y - 42, x - 36, y - 33, x - 18, y - 29), "white")
    pen.word((left + x - 30) / 2, y - 43, said, 12)
    for place, number in enumerate(np.flatnonzero(state[PLACES] == HANDED)):
        pen.icon(THINGS[number], x - 50 - 60 * place, y + 8, 13)
        pen.word(x - 50 - 60 * place, y + 32, THINGS[number])


def draw_robot(pen, x, y, held):
    """The robot, and what it carries."""
    pen.box((x - 13, y - 20, x + 13, y + 16), BLUE, 8)
    pen.box((x - 9, y - 15, x + 9, y - 3), "white", 4)
    for eye in (x - 4, x + 4):
        pen.disc((eye - 2, y - 11, eye + 2, y - 7), INK)
    for wheel in (x - 8, x + 8):
        pen.disc((wheel - 4, y + 13, wheel + 4, y + 21), INK)
    if held != NOTHING:
        pen.disc((x - 36, y - 16, x - 8, y + 12), "#fff6c9", BLUE)
        pen.icon(THINGS[held], x - 22, y - 2, 9)
        pen.word(x - 8, y + 29, THINGS[held], 12, BLUE)
