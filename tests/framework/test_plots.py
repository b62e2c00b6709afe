"""Bands over seeds, moving means."""

import math

import numpy as np
import pytest

from framework.plots import draw_run, mean_and_band, moving_mean, save_figure


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
    monkeypatch.setattr("framework.plots._write", lambda figure, *_, **__: labels.append(figure.axes[0].get_ylabel()))
    assert draw_run(tmp_path, "a run", in_worlds) == tmp_path / "learning.png"
    assert labels == [label]


def drawn(folder, text, monkeypatch):
    """The axes of the plot of such a log."""
    (folder / "metrics.csv").write_text(text, encoding="utf-8")
    axes = []
    monkeypatch.setattr("framework.plots._write", lambda figure, *_, **__: axes.append(figure.axes[0]))
    draw_run(folder, "a run")
    return axes[0]


def test_the_band_of_a_run_stays_within_the_returns_that_there_were(tmp_path, monkeypatch):
    head = "step,return,eval_return,eval_std,eval_min,eval_max\n"
    axes = drawn(tmp_path, head + "10,,15.0,3.0,5.0,16.0\n20,,12.0,1.0,10.0,16.0\n", monkeypatch)
    (band,) = axes.collections
    assert sorted({y for _, y in band.get_paths()[0].vertices}) == [11.0, 12.0, 13.0, 16.0]


def test_a_run_of_an_older_version_has_its_band_without_the_extremes(tmp_path, monkeypatch):
    axes = drawn(tmp_path, "step,return,eval_return,eval_std\n10,,15.0,3.0\n20,,12.0,1.0\n", monkeypatch)
    assert {y for _, y in axes.collections[0].get_paths()[0].vertices} == {11.0, 12.0, 13.0, 18.0}


def test_a_single_evaluation_shows_its_spread_as_a_bar(tmp_path, monkeypatch):
    head = "step,return,eval_return,eval_std,eval_min,eval_max\n"
    axes = drawn(tmp_path, head + "10,,15.0,3.0,5.0,16.0\n", monkeypatch)
    (bar,) = axes.containers
    assert bar.lines[2][0].get_segments()[0][:, 1].tolist() == [12.0, 16.0]


def test_a_figure_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    import matplotlib.pyplot as plt

    path = tmp_path / "new" / "figure.png"
    save_figure(plt.figure(), path)
    before = path.read_bytes()

    def half(part, **_):
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    figure = plt.figure()
    monkeypatch.setattr(figure, "savefig", half)
    with pytest.raises(OSError, match="No space left"):
        save_figure(figure, path)
    assert (path.read_bytes(), list(path.parent.iterdir())) == (before, [path])
    plt.close(figure)
