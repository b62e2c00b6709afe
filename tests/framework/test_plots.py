"""Bands over seeds, moving means."""

import math

import numpy as np
import pytest

from framework.plots import draw_run, mean_and_band, moving_mean


def test_band_is_students_t_interval_of_the_mean():
    samples = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    mean, half = mean_and_band(samples)
    assert mean.tolist() == [2, 5]
    assert half == pytest.approx([4.3027 / math.sqrt(3), 0], abs=1e-3)  # t of 2 degrees of freedom is 4.3027
    mean, half = mean_and_band(samples[:1])
    assert mean.tolist() == [1, 5]
    assert np.isnan(half).all()


def test_band_holds_the_true_mean_in_95_of_100_experiments():
    samples = np.random.default_rng(100).normal(3.0, 2.0, size=(8, 4000))
    mean, half = mean_and_band(samples)
    assert (np.abs(mean - 3) < half).mean() == pytest.approx(0.95, abs=0.015)


def test_moving_mean_by_hand():
    assert moving_mean(np.array([[1.0, 2.0, 3.0, 10.0]]), 2).tolist() == [[1.5, 2.5, 6.5]]
    assert moving_mean(np.array([4.0, 5.0]), 1).tolist() == [4, 5]


@pytest.mark.parametrize(("in_worlds", "label"), [(True, "return of an episode"), (False, "success")])
def test_a_run_is_labelled_by_what_it_is_also_where_no_episode_ended(in_worlds, label, tmp_path, monkeypatch):
    """Quick runs may be shorter than an episode."""
    (tmp_path / "metrics.csv").write_text("step,return,eval_return,eval_std\n10,,1.0,0.5\n", encoding="utf-8")
    labels = []
    monkeypatch.setattr("matplotlib.pyplot.close", lambda figure: labels.append(figure.axes[0].get_ylabel()))
    assert draw_run(tmp_path, "a run", in_worlds) == tmp_path / "learning.png"
    assert labels == [label]
