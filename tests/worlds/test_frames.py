"""Pictures as an agent sees them."""

import numpy as np
import pytest
from gymnasium import spaces

from worlds.catcher import CatcherVector
from worlds.frames import GRAY, PORTION, FrameStack, cover, gray_frames, has_channels_first, is_picture


def test_gray_frames_are_means_of_what_they_cover():
    picture = np.zeros((1, 4, 4, 3), np.uint8)
    picture[0, :2, :2] = 100  # a quarter
    assert gray_frames(picture, 2).tolist() == [[[100, 0], [0, 0]]]
    assert gray_frames(picture, 1).tolist() == [[[25]]]
    assert gray_frames(picture, 4)[0].sum() == 400
    np.testing.assert_allclose(cover(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], rtol=1e-6)
    np.testing.assert_allclose(cover(64, 84).sum(axis=1), 1, rtol=1e-5)


def test_pure_red_green_and_blue_are_as_bright_as_the_eye_sees_them():
    pictures = np.zeros((3, 2, 2, 3), np.uint8)
    for colour in range(3):
        pictures[colour, ..., colour] = 255
    assert gray_frames(pictures, 2)[:, 0, 0].tolist() == [76, 150, 29]


def test_gray_pictures_are_taken_as_they_are():
    gray = np.random.default_rng(0).integers(256, size=(PORTION + 3, 6, 4), dtype=np.uint8)
    colour = np.repeat(gray[..., None], 3, axis=-1)
    for size in (4, 3):
        expected = gray_frames(gray, size)
        assert expected.shape == (PORTION + 3, size, size)
        np.testing.assert_array_equal(gray_frames(gray[..., None], size), expected)
        assert np.abs(gray_frames(colour, size).astype(int) - expected).max() <= 1  # sums are rounded otherwise


@pytest.mark.parametrize(
    ("shape", "high", "dtype", "picture"),
    [
        ((24, 30, 3), 255, np.uint8, True),
        ((24, 30, 1), 255, np.uint8, True),
        ((24, 30), 255, np.uint8, True),
        ((23, 30, 3), 255, np.uint8, False),  # symbols
        ((24, 30, 2), 255, np.uint8, False),
        ((24, 30, 3), 1, np.uint8, False),
        ((24, 30, 3), 255, np.float32, False),
        ((128,), 255, np.uint8, False),
    ],
)
def test_a_picture_is_of_bytes_with_all_their_range_and_large_enough(shape, high, dtype, picture):
    assert is_picture(spaces.Box(0, high, shape, dtype)) == picture


def test_channels_that_come_first_are_noticed():
    firsts = [(1, 24, 24), (3, 96, 96), (4, 84, 84)]
    others = [(84, 84, 4), (7, 7, 3), (3, 7, 7), (5, 84, 84), (24, 24)]
    assert [has_channels_first(spaces.Box(0, 255, shape, np.uint8)) for shape in firsts] == [True] * 3
    assert [has_channels_first(spaces.Box(0, 255, shape, np.uint8)) for shape in others] == [False] * 5


def catcher_pictures(number, steps=60):
    """[steps × number, 64, 64, 3]: what games show to a player of chance."""
    envs, rng = CatcherVector(number), np.random.default_rng(0)
    envs.reset(seed=0)
    return np.concatenate([envs.step(rng.integers(3, size=number))[0] for _ in range(steps)])


@pytest.mark.parametrize("size", [84, 64, 42])
def test_frames_are_the_matrix_products_that_define_them(size):
    pictures = catcher_pictures(20)
    gray = pictures.astype(float) @ GRAY
    rows, columns = (cover(old, size).astype(float) for old in pictures.shape[1:3])
    np.testing.assert_array_equal(gray_frames(pictures, size), np.rint(rows @ gray @ columns.T))


@pytest.mark.parametrize("shape", [(210, 160), (17, 64), (84, 30), (5, 84)])
def test_frames_of_any_shape_are_the_same_products_up_to_rounding(shape):
    pictures = np.random.default_rng(0).integers(0, 256, (3, *shape, 3), dtype=np.uint8)
    rows, columns = (cover(old, 84).astype(float) for old in shape)
    exact = rows @ (pictures.astype(float) @ GRAY) @ columns.T
    np.testing.assert_allclose(gray_frames(pictures, 84), exact, atol=0.5 + 1e-4)


def test_a_frame_does_not_depend_on_those_beside_it():
    pictures = catcher_pictures(PORTION + 3, steps=1)
    together = gray_frames(pictures, 84)
    assert together.flags.c_contiguous
    for i, picture in enumerate(pictures):
        np.testing.assert_array_equal(together[i], gray_frames(picture[None], 84)[0])
    assert gray_frames(pictures[:0], 84).shape == (0, 84, 84)


def plain(*grays):
    """Pictures [B, 2, 2, 3], each of one gray."""
    return np.array(grays, np.uint8)[:, None, None, None] * np.ones((2, 2, 3), np.uint8)


def test_a_stack_holds_the_newest_last_and_never_two_episodes():
    stack = FrameStack(2, 3)
    obs = stack.start(plain(10, 20))
    assert obs[:, 0, 0].tolist() == [[10, 10, 10], [20, 20, 20]]
    assert all(stack.space.contains(one) for one in obs)
    next_obs, following = stack.step(obs, plain(11, 21))
    assert next_obs is following
    assert following[:, 0, 0].tolist() == [[10, 10, 11], [20, 20, 21]]
    next_obs, after_end = stack.step(following, plain(99, 22), np.array([0]), plain(12))  # the first game ends
    assert next_obs[:, 1, 1].tolist() == [[10, 11, 12], [20, 21, 22]]
    assert after_end[:, 1, 1].tolist() == [[99, 99, 99], [20, 21, 22]]
    assert following[:, 0, 0].tolist() == [[10, 10, 11], [20, 20, 21]]  # left as it was
