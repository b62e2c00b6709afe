"""Pictures for films: shapes, colours, and where things lie on a page."""

import numpy as np
import pytest

from environment import BOOK_MAZE
from tools.picture import (
    ABOVE,
    AGENT,
    BELOW,
    CROSS,
    DIAMOND,
    NIGHT,
    SLIPPED,
    WALL,
    MazePicture,
    catcher_page,
    disc,
    enlarge,
    glow,
    page,
    paint,
    polygon,
    rounded_square,
    write,
)


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        (polygon(40, (0, 0), (1, 0), (1, 1), (0, 1)), 40 * 40),
        (polygon(40, (0, 0), (1, 0), (0, 1)), 40 * 40 / 2),
        (polygon(40, (0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)), 40 * 40 / 2),
        (rounded_square(40), 40 * 40 * (0.94**2 - (4 - np.pi) * 0.13**2)),
        (disc(40, 0.3), np.pi * 12**2),
        (disc(40, 0.3, hole=0.2), np.pi * (12**2 - 8**2)),
    ],
    ids=["square", "triangle", "diamond", "tile", "disc", "ring"],
)
def test_a_shape_covers_its_area_with_soft_edges(shape, area):
    assert shape.shape == (40, 40)
    assert (shape.min() >= 0, shape.max()) == (True, 1)
    assert shape.sum() == pytest.approx(area, rel=0.04)


def test_a_disc_has_no_hole_unless_it_is_a_ring():
    assert disc(5, 0.4)[2, 2] == 1
    assert disc(5, 0.4, hole=0.2)[2, 2] == 0


def test_paint_mixes_by_coverage_at_its_place_and_nowhere_else():
    frame = np.full((3, 4, 3), 100, np.uint8)
    paint(frame, np.array([[1.0, 0.5, 0.0]]), 1, 1, (200, 100, 0))
    assert frame[1].tolist() == [[100] * 3, [200, 100, 0], [150, 100, 50], [100] * 3]
    assert (frame[[0, 2]] == 100).all()


def test_light_goes_from_orange_over_dark_to_blue_and_small_values_can_be_seen():
    assert glow(0.0).tolist() == BELOW[0].tolist() == ABOVE[0].tolist()
    assert (glow(-1.0).tolist(), glow(1.0).tolist()) == (BELOW[-1].tolist(), ABOVE[-1].tolist())
    assert (glow(-9.0).tolist(), glow(9.0).tolist()) == (BELOW[-1].tolist(), ABOVE[-1].tolist())
    np.testing.assert_allclose(glow(-(0.5 ** (1 / 0.7))), BELOW[1])  # of three colours, the one halfway
    assert glow(0.02)[2] > glow(0.0)[2] + 10


def test_words_stand_on_a_copy():
    empty = page("")
    assert (empty == NIGHT).all()
    words = write(empty, (300, 300), "V(s)")
    assert (empty == NIGHT).all()
    changed = np.argwhere((words != NIGHT).any(axis=2))
    assert (changed.min(axis=0) >= (280, 300)).all()
    assert (page("a headline") != empty).any()


def test_every_pixel_becomes_a_square():
    assert enlarge(np.array([[1, 2]]), 2).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]


def test_a_maze_has_its_cells_and_its_agent_in_their_places():
    picture, empty = MazePicture(np.array(BOOK_MAZE)), page("")

    def middle(frame, row, col):
        cell = picture.cell
        return tuple(frame[int(picture.top + (row + 0.5) * cell), int(picture.left + (col + 0.5) * cell)])

    frame = picture.draw(empty, np.zeros(12), agent=(2, 0.5))
    assert frame is empty
    assert (middle(frame, 0, 3), middle(frame, 1, 3), middle(frame, 1, 1)) == (DIAMOND, CROSS, WALL)
    assert (middle(frame, 2, 0.5), middle(frame, 0, 0)) == (AGENT, tuple(BELOW[0]))
    assert middle(picture.draw(page(""), np.zeros(12), agent=(2, 0), slipped=True), 2, 0) == SLIPPED


def test_arrows_point_where_actions_lead_and_appear_nearest_to_the_treasure_first():
    picture = MazePicture(np.zeros((1, 4)))
    side = picture.cell
    for arrow, (down, right) in zip(picture.arrows, [(-1, 0), (0, 1), (1, 0), (0, -1)], strict=True):
        tip, tail = (arrow[int((0.5 + d * down) * side), int((0.5 + d * right) * side)] for d in (0.15, -0.12))
        assert (tip, tail) == (1, 0)  # the tail is notched
    V, policy = np.array([0.1, 0.2, 0.3, 0.4]), np.ones(4, int)
    without, half = picture.draw(page(""), V), picture.draw(page(""), V, policy, shown=0.5)
    changed = (without != half).any(axis=(0, 2))[picture.left : picture.left + 4 * side].reshape(4, side).any(axis=1)
    assert changed.tolist() == [False, True, True, True]


def test_games_lie_side_by_side_five_times_as_large():
    frames = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    shown = catcher_page(page(""), [(frames[0], "one", "caught 1"), (frames[1], "other", "caught 2")])
    for left, frame in zip((26, 372), frames, strict=True):  # 720 = 26 + 320 + 26 + 320 + 26, and 2 are left
        assert (shown[128 : 128 + 320, left : left + 320] == enlarge(frame, 5)).all()
