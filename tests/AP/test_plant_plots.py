"""What an operator would see: the trend is that of the true plant, and it is drawn."""

import numpy as np
import pytest

from AP.pi_control import controller
from AP.plant_plots import draw_trends, trend, violation_panel
from AP.plant_trials import SEEN, UNSEEN
from framework.vector import make_vector
from worlds.quadruple_tank import LIMIT


def test_a_trend_is_the_episode_that_the_plant_went_through():
    envs, player = make_vector(UNSEEN, 1, 3), controller("PI").player()
    plant, levels = envs.envs.unwrapped, []
    for _ in range(LIMIT):
        levels.append(plant.levels[0].copy())
        envs.step(player(envs.obs))
    seen = trend(controller("PI").player(), UNSEEN, 3)
    np.testing.assert_array_equal(seen.levels, levels)
    assert seen.volts.shape == seen.set_points.shape == (LIMIT, 2)
    assert (seen.leak > 0).sum() == 30
    assert len(np.unique(seen.set_points[:, 0])) == 2
    assert seen.leak_tank in (3, 4)


def test_an_episode_of_each_is_drawn_side_by_side(tmp_path, capsys):
    draw_trends({name: controller(name) for name in ("PI", "linear")}, SEEN, tmp_path / "trends.png")
    assert (tmp_path / "trends.png").stat().st_size > 40_000
    assert "plot saved" in capsys.readouterr().out


def test_a_trend_without_a_leak_is_drawn_too(tmp_path, monkeypatch):
    monkeypatch.setattr("AP.plant_plots.TEST_SEED", 0)
    make = make_vector
    monkeypatch.setattr("AP.plant_plots.make_vector", lambda *args: make(*args, leak=0.0))
    draw_trends({"PI": controller("PI")}, SEEN, tmp_path / "trends.png")
    assert (tmp_path / "trends.png").stat().st_size > 20_000


def test_no_violation_at_all_has_a_place_on_an_axis_of_logarithms():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    violation_panel(ax, {"none": (np.array([0.5, 0.6]), np.array([0.0, 0.01])), "PI": ([0.7], [0.005])}, "title")
    none, some = (line.get_ydata() for line in ax.get_lines())
    assert none == pytest.approx([1e-3, 1])
    assert some == pytest.approx([0.5])
    assert ax.get_yscale() == "log"
    plt.close(figure)
