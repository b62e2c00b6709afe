"""Pictures as an agent sees them."""

import numpy as np

from worlds.frames import cover, gray_frames


def test_gray_frames_are_means_of_what_they_cover():
    picture = np.zeros((1, 4, 4, 3), np.uint8)
    picture[0, :2, :2] = 100  # a quarter
    assert gray_frames(picture, 2).tolist() == [[[100, 0], [0, 0]]]
    assert gray_frames(picture, 1).tolist() == [[[25]]]
    assert gray_frames(picture, 4)[0].sum() == 400
    np.testing.assert_allclose(cover(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], rtol=1e-6)
    np.testing.assert_allclose(cover(64, 84).sum(axis=1), 1, rtol=1e-5)
