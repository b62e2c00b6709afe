"""Landscapes: a population reaches tops that a gradient does not; on a smooth one the gradient needs less."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from EV.evolution import Config
from EV.landscape import CLIMBERS, LANDSCAPES, Climb, Landscape, Options, Step, climb, main
from EV.plots import SIDE, draw_climbs, seen_from_above

ROOT = Path(__file__).parents[2]
CONFIG = Config(population=32, sigma=0.5, learning_rate=0.05, noise_size=100_000)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_slopes_are_finite_differences_and_the_top_is_the_highest(name):
    landscape, rng = LANDSCAPES[name], np.random.default_rng(0)
    points, h = rng.uniform(-SIDE, SIDE, (500, 2)), 1e-6
    heights, slopes = landscape.look(points)
    for axis in np.eye(2):
        difference = (landscape.look(points + h * axis)[0] - landscape.look(points - h * axis)[0]) / (2 * h)
        np.testing.assert_allclose(slopes @ axis, difference, atol=1e-6)
    (top,), _ = landscape.look(np.array([landscape.top]))
    assert top == pytest.approx(1, abs=0.01)
    assert heights.max() <= top + 0.01


def test_averaged_heights_are_those_of_a_bell_by_hand():
    """A bell of width w, averaged over σ in two dimensions, is w² / (w² + σ²) as high."""
    bell = Landscape(lambda points: (np.exp(-np.square(points).sum(axis=1) / (2 * 0.5**2)), None), ())
    assert seen_from_above(bell, 1.0)[50, 50] == pytest.approx(0.25 / 1.25, rel=1e-3)


def test_a_landscape_that_is_flat_once_it_is_averaged_can_be_drawn(tmp_path):
    stays = [Climb([Step(np.zeros(2), 1, np.zeros((1, 2)))], False)]
    climbs = {(name, climber): stays for name in LANDSCAPES for climber in CLIMBERS}
    draw_climbs(LANDSCAPES, climbs, 10.0, (tmp_path / "flat.png").as_posix())
    assert (tmp_path / "flat.png").exists()


def there(name, climber, seeds=10, **settings):
    runs = [
        climb(climber, LANDSCAPES[name], replace(CONFIG, seed=seed, **settings)) for seed in range(50, 50 + seeds)
    ]
    return sum(run.there for run in runs), np.median([run.steps[-1].evaluations for run in runs])


@pytest.mark.parametrize("name", ["a plateau", "a deceptive valley"])
def test_the_population_reaches_the_top_and_the_gradient_does_not(name):
    assert there(name, "population")[0] == 10
    assert there(name, "gradient", seeds=3)[0] == 0


def test_a_scatter_too_small_does_not_look_across_the_valley():
    assert there("a deceptive valley", "population", seeds=3, sigma=0.1)[0] == 0


def test_on_a_smooth_ridge_the_gradient_needs_a_fifth_of_the_evaluations():
    by_gradient, by_population = (there("a narrow ridge", climber, seeds=5) for climber in ("gradient", "population"))
    assert by_gradient[0] == 5
    assert by_gradient[1] < by_population[1] / 5


def test_a_quick_run_prints_figures_and_saves_a_plot_and_an_animation(tmp_path):
    command = [sys.executable, str(ROOT / "EV" / "landscape.py"), "--quick"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a plateau  population           5/5" in done.stdout
    for name, smallest in (("landscape.png", 50_000), ("landscape.gif", 50_000)):
        assert f"saved to runs/landscape/{name}" in done.stdout
        assert (tmp_path / "runs" / "landscape" / name).stat().st_size > smallest


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sigma": 0.0}, "sigma must be from 0.001 to 10; got 0.0"),
        ({"population": 7}, "population must be an even number; got 7"),
        ({"animation": "film.mp4"}, "ends in .gif; got 'film.mp4'"),
        ({"animation": ".gif"}, "ends in .gif; got '.gif'"),
        ({"seed": -1}, "seed must be from 0 to 4294967295; got -1"),
    ],
)
def test_what_is_impossible_is_said_in_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        main(Options(**wrong))
