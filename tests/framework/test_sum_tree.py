"""The sum tree: a tree by hand, running sums for any size, and rounding."""

import numpy as np

from framework.sum_tree import SumTree


def test_a_tree_by_hand():
    tree = SumTree(3)
    tree[np.array([0, 1, 2])] = [3.0, 1.0, 4.0]
    assert tree.nodes[1:].tolist() == [8, 4, 4, 3, 1, 4, 0]  # all; two halves; the numbers and one more
    point = np.array([0.0, 2.9, 3.0, 3.9, 4.0, 7.9])
    assert tree.find(point).tolist() == [0, 0, 1, 1, 2, 2]
    assert point.tolist() == [0.0, 2.9, 3.0, 3.9, 4.0, 7.9]  # left as they were
    tree[np.array([0])] = 0.0
    assert (tree.total, tree.find(np.zeros(1)).tolist()) == (5, [1])


def test_of_two_numbers_for_one_place_the_last_counts():
    tree = SumTree(4)
    tree[np.array([2, 2])] = [5.0, 1.0]
    assert (tree[2], tree.total) == (1, 1)


def test_the_sum_tree_finds_what_a_running_sum_finds():
    rng = np.random.default_rng(0)
    for size in (1, 2, 3, 64, 100, 1000):
        tree, numbers = SumTree(size), np.zeros(size)
        for _ in range(4):
            index = rng.integers(size, size=size)
            numbers[index] = tree[index] = rng.integers(0, 5, size) * (rng.random(size) < 0.7)
            numbers[0] = tree[np.array([0])] = 2  # never all zero
            assert tree.total == numbers.sum()
            point = rng.random(500) * tree.total
            expected = np.searchsorted(np.cumsum(numbers), point, side="right")
            assert (tree.find(point) == expected).all()
            assert (tree[np.arange(size)] == numbers).all()


def test_the_sum_tree_never_finds_a_zero_whatever_the_rounding():
    tree = SumTree(11)
    index = np.array([1, 4, 5])
    tree[index] = [0.1, 0.2, 1e-9]
    point = np.array([0.0, 0.1, 0.1 + 0.2, np.nextafter(tree.total, 0), tree.total, tree.total * 1.01])
    assert (tree[tree.find(point)] > 0).all()


def test_sums_do_not_drift_however_often_numbers_change():
    rng = np.random.default_rng(0)
    tree, new = SumTree(50), SumTree(50)
    for _ in range(2_000):
        tree[rng.integers(50, size=8)] = rng.exponential(size=8) * 10.0 ** rng.integers(-8, 8, 8)
    new[np.arange(50)] = tree[np.arange(50)]
    assert (tree.nodes == new.nodes).all()
