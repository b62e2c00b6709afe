"""Tree search by hand: what a walk prefers, what is backed up, ends, moving on; and a game that it solves."""

import numpy as np
import pytest

from AP.tree_search import BASE, Forest, draw_moves, noisy, sharpened

C = 1.25


def one_tree(prior=(0.5, 0.3, 0.2), **how):
    forest = Forest(1, 20, len(prior), **how)
    forest.plant(np.zeros((1, 1), np.int8), np.array([prior]))
    return forest


def grow(forest, reward=0.0, value=0.0, ends=False, prior=(0.5, 0.3, 0.2)):
    """One simulation; the action of its leaf."""
    leaf = forest.select(C)
    states = leaf.state + 1
    forest.grow(leaf, states, np.array([reward]), np.array([prior]), np.array([value]), np.array([ends]))
    return int(leaf.action[0])


def test_a_tree_begins_with_the_move_of_the_greatest_prior_and_never_takes_one_without():
    assert grow(one_tree((0.2, 0.5, 0.3))) == 1
    forest = one_tree((0.0, 1.0, 0.0))
    for _ in range(5):
        grow(forest, prior=(0.0, 1.0, 0.0))
    assert forest.at_root(forest.visits).tolist() == [[0, 5, 0]]


@pytest.mark.parametrize(("normalised", "hopeful"), [(True, True), (True, False), (False, True), (False, False)])
def test_the_third_walk_takes_the_action_of_the_greatest_score_by_hand(normalised, hopeful):
    """Returns 1.0 and 0.2 for the first two moves, both ends; then each score as the equation has it."""
    forest = one_tree(normalised=normalised, hopeful=hopeful)
    first, second = grow(forest, reward=1.0, ends=True), grow(forest, reward=0.2, ends=True)
    q, n = np.zeros(3), np.zeros(3)
    for action, reward in ((first, 1.0), (second, 0.2)):
        q[action], n[action] = (q[action] * n[action] + reward) / (n[action] + 1), n[action] + 1
    low, high = (q[n > 0].min(), q[n > 0].max()) if normalised else (0.0, 1.0)
    if high == low:
        low, high = 0.0, 1.0
    q[n == 0] = (q * n).sum() / n.sum() if hopeful else low
    scale = (np.log((3 + BASE) / BASE) + C) * np.sqrt(2)
    score = (q - low) / (high - low) + scale * np.array([0.5, 0.3, 0.2]) / (1 + n)
    grow(forest, ends=True)
    taken = forest.at_root(forest.visits)[0] - n
    assert taken.argmax() == score.argmax()
    assert taken.sum() == 1


def test_normalising_is_the_same_for_all_scales_of_the_rewards_and_without_it_large_ones_hide_the_priors():
    def visits(scale, normalised):
        forest, rng = one_tree((0.6, 0.4), normalised=normalised), np.random.default_rng(0)
        for _ in range(15):
            grow(forest, reward=scale * rng.random(), ends=True, prior=(0.6, 0.4))
        return forest.at_root(forest.visits)[0].tolist()

    assert visits(1, True) == visits(1_000, True)
    assert visits(1, False) != visits(1_000, False)
    assert min(visits(1_000, False)) <= 1


def test_the_value_and_all_rewards_on_the_way_are_backed_up():
    forest = one_tree((1.0,))
    grow(forest, reward=0.5, value=2.0, prior=(1.0,))
    grow(forest, reward=0.25, value=4.0, prior=(1.0,))
    assert forest.at_root(forest.total).tolist() == [[0.5 + 2.0 + 0.5 + 0.25 + 4.0]]
    assert forest.total[0, 1].tolist() == [0.25 + 4.0]
    assert forest.at_root(forest.visits).tolist() == [[2]]
    assert forest.depth[0, :3].tolist() == [0, 1, 2]
    assert forest.states[0, :3, 0].tolist() == [0, 1, 2]
    assert forest.way_to(0, 2) == (0, 0)


def test_an_end_has_no_value_and_is_visited_again_without_a_new_node():
    forest = one_tree((1.0,))
    assert grow(forest, reward=0.5, value=9.0, ends=True, prior=(1.0,)) == 0
    assert grow(forest, reward=7.0, value=9.0, prior=(1.0,)) == -1
    assert forest.size.tolist() == [2]
    assert forest.at_root(forest.total).tolist() == [[1.0]]


def test_what_is_below_the_new_root_stays():
    forest = one_tree((1.0,))
    for _ in range(3):
        grow(forest, value=1.0, prior=(1.0,))
    forest.advance(np.array([0]))
    assert forest.at_root(forest.visits).tolist() == [[2]]
    grow(forest, prior=(1.0,))
    assert forest.at_root(forest.visits).tolist() == [[3]]
    assert forest.visits[0, 0].tolist() == [3]  # nothing is backed up above the root
    assert forest.way_to(0, 4) == (0, 0, 0, 0)
    forest.advance(np.array([-1]))
    assert forest.roots.tolist() == [1]
    forest.plant(np.zeros((1, 1), np.int8), np.ones((1, 1)))
    assert forest.at_root(forest.visits).tolist() == [[0]]


def test_trees_side_by_side_grow_as_each_would_alone():
    rng = np.random.default_rng(0)
    prior, reward, value = rng.dirichlet(np.ones(4), (3, 30)), rng.random((3, 30)), rng.random((3, 30))
    ends = rng.random((3, 30)) < 0.3

    def grown(trees):
        forest = Forest(len(trees), 40, 4)
        forest.plant(np.zeros((len(trees), 1), np.int8), prior[trees, 0])
        for t in range(1, 30):
            leaf = forest.select(C)
            forest.grow(leaf, leaf.state, reward[trees, t], prior[trees, t], value[trees, t], ends[trees, t])
        return forest.at_root(forest.visits)

    assert (grown([0, 1, 2]) == np.concatenate([grown([tree]) for tree in range(3)])).all()


def test_a_search_finds_the_only_way_that_pays():
    """Right is worth 1 at the end of five moves, and left ends the game."""
    forest, way = Forest(1, 1_100, 2), []
    forest.plant(np.zeros((1, 1), np.int8), np.full((1, 2), 0.5))
    for _ in range(5):
        for _ in range(200):
            leaf = forest.select(C)
            right = leaf.action == 1
            states = leaf.state + right[:, None]
            won = right & (states[:, 0] == 5)
            prior = np.full((1, 2), 0.5)
            forest.grow(leaf, states.astype(np.int8), won.astype(float), prior, np.zeros(1), won | ~right)
        way.append(int(forest.at_root(forest.visits)[0].argmax()))
        forest.advance(np.array(way[-1:]))
    assert way == [1] * 5


def test_noise_goes_to_legal_moves_alone_and_priors_stay_probabilities():
    prior = np.array([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    mixed = noisy(prior, 0.25, 0.3, np.random.default_rng(0))
    assert mixed.sum(axis=1) == pytest.approx([1, 1])
    assert (mixed >= 0.75 * prior).all()
    assert mixed[prior == 0].tolist() == [0, 0, 0]
    assert not np.allclose(mixed[0], prior[0])
    assert noisy(prior, 0.0, 0.3, np.random.default_rng(0)).tolist() == prior.tolist()


def test_moves_are_drawn_in_proportion_to_their_weights():
    weights = np.repeat([[1.0, 0.0, 3.0]], 20_000, axis=0)
    moves = draw_moves(weights, np.random.default_rng(0))
    assert (moves == 2).mean() == pytest.approx(0.75, abs=0.01)
    assert not (moves == 1).any()
    assert draw_moves(np.zeros((2, 3)), np.random.default_rng(0)).tolist() == [-1, -1]


def test_moves_are_legal_however_cold_it_is():
    visits = np.array([[50.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]], np.float32)
    assert sharpened(visits, 1.0)[0] == pytest.approx([1, 0, 0.06, 0])
    assert sharpened(visits, 0.5)[0] == pytest.approx([1, 0, 0.0036, 0])
    for temperature in (0.04, 0.001):
        moves = draw_moves(sharpened(np.tile(visits, (50, 1)), temperature), np.random.default_rng(0))
        assert moves.reshape(-1, 2).tolist() == [[0, -1]] * 50
