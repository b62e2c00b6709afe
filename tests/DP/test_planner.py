"""The planners against exact truth, on any finite model."""

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DP.backups import greedy_actions, q_values, sweep_policy, sweep_values
from DP.planner import PLANNERS, Options, Planner, Sweep, ValueIterationPlanner, main
from environment import BLOCK, GridWorld, TabularModel, tabular_model
from framework.tabular.loops import fast

ALL = pytest.mark.parametrize("planner_of", PLANNERS.values(), ids=PLANNERS)


class RandomWorld:
    """A finite model without a game around it: up to 12 states, 4 actions, 4 outcomes, some of which end."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        S, A, K = rng.integers(1, 13), rng.integers(1, 5), rng.integers(1, 5)
        self.unwrapped = self
        self.P = {
            s: {
                a: [
                    (p, int(rng.integers(S)), float(rng.normal()), bool(rng.random() < 0.2))
                    for p in rng.dirichlet(np.ones(K))
                ]
                for a in range(A)
            }
            for s in range(S)
        }


def exact_values(P, policy, gamma):
    """V of a policy by a linear solve, straight from P."""
    A, b = np.eye(len(P)), np.zeros(len(P))
    for s in P:
        for prob, s_next, reward, terminated in P[s][policy[s]]:
            b[s] += prob * reward
            A[s, s_next] -= gamma * prob * (not terminated)
    return np.linalg.solve(A, b)


def exact_q(P, V, gamma):
    return np.array([[sum(p * (r + gamma * V[n] * (not t)) for p, n, r, t in P[s][a]) for a in P[s]] for s in P])


@pytest.mark.parametrize("seed", range(200))
def test_every_planner_finds_the_exact_optimum_of_a_random_model(seed):
    world = RandomWorld(seed)
    gamma = [0.0, 0.5, 0.9, 0.99][seed % 4]
    for planner_of in PLANNERS.values():
        planner = planner_of(world)
        V = planner.plan(gamma, threshold=1e-9)
        exact = exact_values(world.P, planner.policy, gamma)
        np.testing.assert_allclose(V, exact, atol=1e-6)
        np.testing.assert_allclose(exact, exact_q(world.P, exact, gamma).max(axis=1), atol=1e-6)  # no better policy
        np.testing.assert_allclose(planner.Q, exact_q(world.P, V, gamma), atol=1e-12)


@ALL
def test_frozen_lake_optimum(planner_of):
    planner = planner_of(gym.make("FrozenLake-v1"))
    V = planner.plan(gamma=1, threshold=1e-10)
    assert V[0] == pytest.approx(14 / 17, abs=1e-6)  # 0.8235
    np.testing.assert_allclose(exact_values(planner.env.unwrapped.P, planner.policy, 1 - 1e-9)[0], 14 / 17, atol=1e-4)


@ALL
def test_large_frozen_lake_can_be_crossed_for_certain(planner_of):
    """8×8, slippery, no time limit: the policy that leans on the walls never falls in."""
    planner = planner_of(gym.make("FrozenLake-v1", map_name="8x8"), compile=True)
    assert planner.plan(gamma=1, threshold=1e-8)[0] == pytest.approx(1, abs=1e-6)


@ALL
def test_cliff_walking_takes_13_steps(planner_of):
    assert planner_of(gym.make("CliffWalking-v1")).plan(gamma=1)[36] == -13


@ALL
def test_taxi_agrees_with_synchronous_sweeps_of_its_own_table(planner_of):
    env = gym.make("Taxi-v4")
    V = planner_of(env).plan(gamma=0.9, threshold=1e-8)
    np.testing.assert_allclose(exact_q(env.unwrapped.P, V, 0.9).max(axis=1), V, atol=1e-6)


@ALL
def test_taxi_at_gamma_1_pays_20_less_one_for_each_step_before(planner_of):
    """Fetched at R, where the taxi is already, and brought to G."""
    env = gym.make("Taxi-v4").unwrapped
    planner = planner_of(env)
    V = planner.plan(gamma=1)
    start = state = env.encode(0, 0, 0, 1)
    steps, terminated = 0, False
    while not terminated:
        ((_, state, reward, terminated),) = env.P[state][planner.policy[state]]
        steps += 1
    assert (V[start], reward) == (20 - (steps - 1), 20)


@ALL
def test_corridor_worked_by_hand(planner_of):
    """Three ordinary cells and a treasure, a step costs 0.1, floor not slippery, gamma 0.5."""
    planner = planner_of(GridWorld([[0, 0, 0, 1]], move_prob=1, step_reward=-0.1))
    V = planner.plan(gamma=0.5, threshold=1e-12)
    np.testing.assert_allclose(V, [-0.1 + 0.5 * 0.4, -0.1 + 0.5 * 1, 1, 0])
    assert planner.policy[:3].tolist() == [1, 1, 1]


def test_news_travels_one_cell_a_synchronous_sweep_and_all_the_way_in_an_in_place_one():
    """The treasure on the left; in-place sweeps go from left to right, along with the news."""
    env = GridWorld([[1, 0, 0, 0, 0]], move_prob=1, step_reward=0)
    first = {name: next(PLANNERS[name](env).sweeps(0.5, 1e-9)).V.tolist() for name in ("value", "value-sync")}
    assert first["value"] == [0, 1, 0.5, 0.25, 0.125]
    assert first["value-sync"] == [0, 1, 0, 0, 0]


def test_sweeps_are_counted_honestly():
    """Synchronously, four cells of news take four sweeps, and a fifth sees that nothing changes."""
    planner = PLANNERS["value-sync"](GridWorld([[1, 0, 0, 0, 0]], move_prob=1, step_reward=0))
    numbers = [sweep.number for sweep in planner.sweeps(0.5, 1e-9)]
    assert numbers == [1, 2, 3, 4, 5]


@ALL
def test_log_holds_v_after_each_sweep_and_ends_with_the_answer(planner_of):
    planner = planner_of(GridWorld())
    V = planner.plan()
    assert V.shape == (12,)
    assert planner.policy.shape == (12,)
    assert planner.Q.shape == (12, 4)
    np.testing.assert_array_equal(planner.log[-1], V)
    np.testing.assert_array_equal(planner.log, [sweep.V for sweep in planner.sweeps()])


@ALL
def test_final_values_are_as_near_as_the_threshold_promises(planner_of):
    """Error at most threshold × gamma / (1 - gamma), however coarse the threshold and whatever the unit of reward."""
    for seed in range(30):
        world = RandomWorld(seed)
        for unit in (1, 1e6):
            for s, a in np.ndindex(len(world.P), len(world.P[0])):
                world.P[s][a] = [(p, s_next, r * unit, end) for p, s_next, r, end in world.P[s][a]]
            exact = planner_of(world)
            exact.plan(0.9, unit * 1e-9)
            for threshold in (unit, unit * 0.1, unit * 1e-3):
                V = planner_of(world).plan(0.9, threshold)
                assert np.abs(V - exact_values(world.P, exact.policy, 0.9)).max() <= threshold * 9 * (1 + 1e-9)


@pytest.mark.parametrize(
    ("cells", "keep_log", "kept"), [(999, None, True), (1000, None, False), (1000, True, True), (4, False, False)]
)
def test_log_is_kept_in_small_worlds_unless_asked_otherwise(cells, keep_log, kept):
    planner = ValueIterationPlanner(GridWorld([[0] * (cells - 1) + [1]]), compile=False)
    planner.plan(threshold=1, keep_log=keep_log)
    assert bool(planner.log) == kept
    assert planner.V.shape == (cells,)


class OneMore(Planner):
    """What the docstring of Planner asks for, and no more: synchronous value iteration."""

    def _sweeps(self, model, gamma, threshold):
        V, residual, number = np.zeros(self.num_states), np.inf, 0
        while residual >= threshold:
            V, before = q_values(model, V, gamma).max(axis=1), V
            residual, number = np.abs(V - before).max(), number + 1
            yield Sweep(number, "values", V.copy(), residual)


def test_planner_of_the_readers_own_plans_with_nothing_but_the_hook():
    planner, expected = OneMore(GridWorld()), PLANNERS["value-sync"](GridWorld())
    assert planner.V is planner.Q is planner.policy is None
    np.testing.assert_array_equal(planner.plan(), expected.plan())
    np.testing.assert_array_equal(planner.log, expected.log)
    np.testing.assert_array_equal(planner.policy, expected.policy)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"_sweeps": lambda self, model, gamma, threshold: iter(())},
        {"_sweeps": lambda self, model, gamma, threshold: None},
        {"sweeps": lambda self, gamma, threshold: OneMore._sweeps(self, self.model, gamma, threshold)},
    ],
    ids=["nothing", "no sweep", "not a generator", "sweeps instead"],
)
def test_planner_without_its_hook_says_which_one_is_missing(body):
    mine = type("Mine", (Planner,), body)
    with pytest.raises(NotImplementedError, match=r"^Mine needs _sweeps\(model, gamma, threshold\), a generator"):
        mine(GridWorld()).plan()


@pytest.mark.parametrize(
    ("options", "title"), [({"env": "FrozenLake-v1"}, "FrozenLake-v1"), ({"size": 3}, "empty 3×3 maze")]
)
def test_plot_names_its_world(options, title, monkeypatch):
    drawn = []
    monkeypatch.setattr("DP.planner.save_figure", lambda figure, path: drawn.append(figure))
    main(Options(**options))
    assert drawn[0].get_suptitle() == title


def test_options_out_of_range_are_refused_before_the_world_is_made(monkeypatch):
    monkeypatch.setattr("DP.planner.world_of", lambda options: pytest.fail("made a world"))
    for options in ({"gamma": np.nan}, {"threshold": np.inf}):
        with pytest.raises(ValueError, match="must be a"):
            main(Options(**options))


@pytest.mark.parametrize("model", [GridWorld(move_prob=0.7).model, TabularModel.from_P(RandomWorld(5).P)])
@pytest.mark.parametrize("sweep", [sweep_values, sweep_policy])
def test_fast_sweeps_equal_plain_ones_to_the_last_bit(sweep, model):
    num_states = len(model.reward)
    results = []
    for function in (sweep, fast(sweep)):
        V, policy = np.zeros(num_states + 1), np.zeros(num_states, np.int64)
        changes = [
            function(V, policy, model.next_state, model.prob, model.reward, 0.9, backwards=i % 2 == 1)
            for i in range(20)
        ]
        results.append((V.tolist(), policy.tolist(), changes))
    assert results[0] == results[1]


@ALL
@pytest.mark.parametrize(("gamma", "threshold"), [(-0.1, 1e-4), (1.1, 1e-4), (np.nan, 1e-4)])
def test_gamma_out_of_range_is_refused(planner_of, gamma, threshold):
    with pytest.raises(ValueError, match="gamma must be a number from 0 to 1"):
        planner_of(GridWorld()).plan(gamma, threshold)


@ALL
@pytest.mark.parametrize("threshold", [0, -1, np.nan, np.inf])
def test_threshold_that_is_not_positive_is_refused(planner_of, threshold):
    with pytest.raises(ValueError, match="threshold must be a positive number"):
        planner_of(GridWorld()).plan(0.9, threshold)


def test_model_whose_probabilities_do_not_sum_to_one_is_refused():
    world = RandomWorld(3)
    world.P[0][0] = [(0.5, 0, 0.0, False)]
    with pytest.raises(ValueError, match=r"action 0 in state 0 sum to 0\.5"):
        ValueIterationPlanner(world)


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([(1.5, 0, 0.0, False), (-0.5, 0, 0.0, False)], "negative probability"),
        ([(np.nan, 0, 0.0, False)], "sum to nan"),
        ([(1.0, 99, 0.0, False)], "next states must be from 0 to"),
        ([(1.0, -1, 0.0, False)], "next states must be from 0 to"),
        ([(1.0, 0, np.inf, True)], "reward that is not a number, or too large"),
        ([(1.0, 0, 1e308, False)], "reward that is not a number, or too large"),
        ([], "sum to 0"),
    ],
)
def test_impossible_outcome_is_refused(outcomes, sentence):
    world = RandomWorld(3)
    world.P[0][0] = outcomes
    with pytest.raises(ValueError, match=sentence):
        ValueIterationPlanner(world)


@ALL
def test_outcomes_of_probability_zero_change_nothing(planner_of):
    """Neither values nor, at gamma = 1, what can be reached."""
    plain, padded = RandomWorld(8), RandomWorld(8)
    for actions in padded.P.values():
        for outcomes in actions.values():
            outcomes.insert(0, (0.0, 0, 7.0, True))
    np.testing.assert_array_equal(planner_of(padded).plan(0.9), planner_of(plain).plan(0.9))
    endless = RandomWorld(8)
    endless.P = {0: {0: [(1.0, 0, -1.0, False), (0.0, 0, 0.0, True)]}}
    with pytest.raises(ValueError, match="from state 0 there is none"):
        planner_of(endless).plan(1)


def test_model_may_be_lists_as_well_as_dictionaries():
    world = RandomWorld(4)
    lists = [[world.P[s][a] for a in world.P[s]] for s in world.P]
    V = ValueIterationPlanner(world).plan()
    world.P = lists
    np.testing.assert_array_equal(ValueIterationPlanner(world).plan(), V)


def test_world_without_a_model_is_refused():
    with pytest.raises(ValueError, match="CartPole-v1 shows no model"):
        ValueIterationPlanner(gym.make("CartPole-v1"))


@ALL
def test_enclosed_maze_is_worth_a_step_for_ever(planner_of):
    V = planner_of(GridWorld([[0, 9, 1], [0, 9, 0]])).plan(gamma=0.9, threshold=1e-9)
    np.testing.assert_allclose(V[[0, 3]], -0.04 / (1 - 0.9), atol=1e-6)


def test_greedy_actions_shows_ties_and_keeps_apart_what_differs():
    assert greedy_actions(np.array([[1.0, 1.0 + 1e-12, 0.5]])).tolist() == [[True, True, False]]
    assert greedy_actions(np.array([[1.0, 1.01]]), tolerance=0.1).tolist() == [[True, True]]


mazes = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.sampled_from([0, 0, 0, 1, -1, 9]), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@settings(max_examples=60, deadline=None)
@given(grid=mazes, move_prob=st.floats(0, 1), gamma=st.floats(0, 0.95))
def test_all_planners_agree_on_any_maze(grid, move_prob, gamma):
    grid[-1][0] = 0
    env = GridWorld(grid, move_prob)
    plans = [planner_of(env).plan(gamma, threshold=1e-9) for planner_of in PLANNERS.values()]
    for V in plans:
        np.testing.assert_allclose(V, plans[0], atol=1e-6)
        assert np.abs(V).max() <= 1 + 0.04 / (1 - gamma)
        assert (V[(env.grid == BLOCK).ravel()] == 0).all()
        model = tabular_model(env)
        np.testing.assert_allclose(q_values(model, V, gamma).max(axis=1), V, atol=1e-8)


def test_model_of_one_state_and_one_action():
    model = TabularModel(np.array([[[0]]]), np.array([[[1.0]]]), np.array([[2.0]]))

    class World:
        pass

    world = World()
    world.unwrapped, world.model = world, model
    for planner_of in PLANNERS.values():
        np.testing.assert_allclose(planner_of(world).plan(0.5, 1e-10), [4])


@ALL
@pytest.mark.parametrize(
    ("next_state", "reward"),
    [
        ([[2, 2], [1, 3], [1, 3], [0, 3]], [[3, -4], [-4, 2], [-2, -1], [2, -2]]),
        ([[1, 3], [2, 2], [3, 0], [1, 2]], [[-3, 0], [-2, -4], [3, 3], [0, -4]]),
        ([[3, 3], [3, 2], [0, 3], [1, 0]], [[-1, -1], [-1, 4], [2, 1], [-1, -2]]),
    ],
)
def test_planning_ends_where_coarse_evaluations_lead_round_a_circle_of_policies(planner_of, next_state, reward):
    """At a threshold of 4, policy iteration as it stands in books goes round such a circle for ever."""

    class World:
        model = TabularModel(np.array(next_state)[:, :, None], np.ones((4, 2, 1)), np.array(reward, float))

    world = World()
    world.unwrapped = world
    exact = ValueIterationPlanner(world).plan(0.9, 1e-9)
    assert np.abs(planner_of(world).plan(0.9, threshold=4) - exact).max() <= 4 * 0.9 / (1 - 0.9)
