"""The picture of the house shows what is seen, where it is, and nothing that is hidden."""

from itertools import pairwise

import numpy as np

from tests.worlds.test_house import LAMP, SCENE, TOWEL, after
from worlds.house import DOORS, PLACES, THINGS, House
from worlds.house_picture import ICONS, draw_house


def drawn(state=SCENE, text=""):
    return draw_house(state[0], text).astype(int)


def differs(one, other):
    """Where pictures differ: (first column, first row, last column, last row)."""
    rows, columns = np.nonzero((drawn(one) != drawn(other)).any(axis=2))
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_every_thing_has_a_shape_of_its_own():
    assert set(ICONS) == set(THINGS)
    pictures = set()
    for number in range(len(THINGS)):
        state = SCENE.copy()
        state[0, PLACES] = 5
        state[0, PLACES.start + number] = 1
        pictures.add(drawn(state)[20:62, :90].tobytes())
    assert len(pictures) == len(THINGS)


def test_a_thing_is_drawn_in_its_room():
    state = SCENE.copy()
    state[0, PLACES.start + LAMP] = 4
    left, top, right, bottom = differs(SCENE, state)
    assert left > 320
    assert right < 420
    assert top > 292
    assert bottom < 370


def test_a_stuck_door_looks_closed_until_it_has_been_tried():
    closed = SCENE.copy()
    closed[0, DOORS] = np.where(closed[0, DOORS] == 2, 1, closed[0, DOORS])
    assert np.array_equal(drawn(closed), drawn())
    tried, *_ = after("find the towel")
    left, top, right, bottom = differs(tried, SCENE)
    assert left > 250
    assert right < 320
    assert top > 280
    assert bottom < 302


def test_what_it_carries_what_the_user_has_and_what_it_did_are_seen():
    found, *_ = after("find the sponge")
    held, *_ = after("pick up the sponge", state=found)
    brought, *_ = after("bring it", state=held)
    pictures = [drawn(state) for state in (SCENE, found, held, brought)]
    assert all((one != other).any() for one, other in pairwise(pictures))
    assert (pictures[3][152:292, 500:] != pictures[0][152:292, 500:]).any()
    assert (drawn(text="It waits no longer.") != drawn()).any(axis=2)[:440].sum() == 0


def test_no_word_leaves_its_room_when_all_things_are_in_one():
    empty, full = SCENE.copy(), SCENE.copy()
    empty[0, PLACES] = 5
    full[0, PLACES] = np.where(np.arange(12) % 2, 2, 5)
    left, top, right, bottom = differs(empty, full)
    assert left > 323
    assert right < 636
    assert top > 3
    assert bottom < 148


def test_the_world_draws_itself():
    house = House("my throat is dry", render_mode="rgb_array")
    house.reset(seed=0)
    picture = house.render()
    assert (picture.shape, picture.dtype) == ((468, 640, 3), np.uint8)
    house.step(TOWEL)
    assert (house.render() != picture).any()
