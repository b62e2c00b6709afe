"""The mimic diagram: water, set-points, alarms and leaks stand where they should."""

import numpy as np

from worlds.tank_mimic import ALARM, ASKED, HEIGHT, PAPER, TANK_HEIGHT, TANK_WIDTH, TANKS, WATER, WIDTH, draw_tanks

LEVELS, SET_POINTS, VOLTS = np.array([12.0, 13.0, 4.0, 5.0]), np.array([11.0, 14.0]), np.array([3.0, 4.5])


def picture(levels=LEVELS, set_points=SET_POINTS, volts=VOLTS, leak=(0, 0, 0, 0)):
    limits = np.array([10.0, 10, 0, 0]), np.array([15.0, 15, 8, 8])
    return draw_tanks(levels, set_points, volts, np.array(leak), (0.43, 0.34), *limits, 20.0, 10.0)


def near(pixels, colour):
    """[…] bool: where pixels [..., 3] have about this colour."""
    return (np.abs(pixels.astype(int) - colour) < 12).all(axis=-1)


def count(pixels, colour):
    return int(near(pixels, colour).sum())


def inside(drawn, tank):
    """The pixels within a tank's walls, [TANK_HEIGHT, W, 3]."""
    left, top = TANKS[tank]
    return drawn[top : top + TANK_HEIGHT, left + 4 : left + TANK_WIDTH - 4]


def test_water_stands_as_high_as_the_level_says():
    drawn = picture()
    assert drawn.shape == (HEIGHT, WIDTH, 3)
    assert drawn.dtype == np.uint8
    for tank, level in enumerate(LEVELS):
        column = near(inside(drawn, tank)[:, 90], WATER)  # beside the numbers and the pipes
        surface = TANK_HEIGHT - int(np.argmax(column))
        assert abs(surface - TANK_HEIGHT * level / 20) <= 2


def test_a_set_point_is_a_green_line_in_the_lower_tanks_alone():
    drawn = picture()
    for tank, asked in enumerate(SET_POINTS):
        red, green, blue = np.moveaxis(inside(drawn, tank).astype(int), -1, 0)
        rows = np.flatnonzero((np.minimum(green - red, green - blue) > 20).mean(axis=1) > 0.8)
        assert len(rows)
        assert np.abs(rows - (TANK_HEIGHT - TANK_HEIGHT * asked / 20)).max() <= 2
    assert count(inside(drawn, 2), ASKED) == count(inside(drawn, 3), ASKED) == 0


def test_a_broken_constraint_shows_in_red_numbers():
    well = picture()
    for tank, level in ((0, 9.9), (1, 15.1), (2, 8.1), (3, 8.1)):
        levels = LEVELS.copy()
        levels[tank] = level
        alarmed = picture(levels)
        number = slice(TANK_HEIGHT - 46, TANK_HEIGHT - 22)  # rows of it
        assert count(inside(alarmed, tank)[number], ALARM) > count(inside(well, tank)[number], ALARM) + 20


def test_each_leak_drips_beside_its_own_tank():
    dry = picture()
    for tank in range(4):
        leak = np.zeros(4)
        leak[tank] = 1.5
        differs = (picture(leak=leak) != dry).any(axis=-1)
        rows, columns = np.nonzero(differs)
        left, top = TANKS[tank]
        assert top < rows.min() <= rows.max() < top + TANK_HEIGHT + 12
        assert columns.max() <= left if tank in (0, 2) else columns.min() >= left + TANK_WIDTH
    assert (picture() == dry).all()


def test_a_pump_that_stands_still_sends_no_water_through_its_pipes():
    def water(volts, side):
        half = slice(0, 140) if side == 0 else slice(500, WIDTH)
        return count(picture(volts=np.array(volts, float))[60:420, half], WATER)

    assert water([0, 3], 0) == 0 < water([3, 3], 0)
    assert water([3, 0], 1) == 0 < water([3, 3], 1)


def test_what_is_drawn_never_leaves_the_paper():
    full = picture(np.full(4, 20.0), np.array([14.5, 14.5]), np.array([10.0, 10.0]), np.full(4, 5.0))
    empty = picture(np.zeros(4), np.array([11.0, 11.0]), np.zeros(2))
    for drawn in (full, empty):
        for edge in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
            assert near(edge, PAPER).all()
