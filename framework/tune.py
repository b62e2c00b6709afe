"""Settings chosen by what earlier ones gave: Optuna's TPE (Bergstra et al. 2011), behind `framework.experiment`.

A trial is a setting. The first ten are drawn by chance. Then the trials so far are split into the few best and the
rest, the density of each kind is estimated, l and g, and the setting with the highest l / g among some draws is next.

Trials are asked for in batches. Those of a batch are chosen before any of them has run, the same whatever the number
of workers, and told in their order. So which settings come depends on nothing but the space, the seed, the size of
the batches and the scores; and a study that was stopped is done again from its first trial, where all that had been
run lies ready. No state of Optuna's needs to be kept.

No trial is given up half-way. A chapter whose learning rate falls to 0 at its last step shows only there what it is
worth, and which runs had come how far when would depend on the machine.
"""

from typing import NamedTuple

from framework.plots import finish
from framework.runs.files import written_whole
from framework.settings import ranges_of

SEED = 0  # of the sampler


class Trial(NamedTuple):
    """A setting, and the score that it got; None if one of its runs failed."""

    setting: dict
    score: float | None

    @property
    def told(self):
        """The score in words."""
        return "a run failed" if self.score is None else f"{self.score:.2f}"


def optuna():
    """The package, from the extra ``tune``.

    Raises:
        ValueError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise ValueError('Optuna is not installed: python -m pip install -e ".[tune]"') from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def trials(space, count, batch, run, seed=SEED):
    """Yields each `Trial`, after the runs of its batch.

    Args:
        space: {name: `framework.settings.Range` or [value]}.
        count: how many trials; a longer study begins with those of a shorter one.
        batch: how many settings are chosen at once.
        run: function of [setting] that gives [score], higher is better, or None for one that failed. Optuna ranks
            those below all others.
        seed: of the sampler.
    """
    if not count:
        return
    package = optuna()
    sampler = package.samplers.TPESampler(seed=seed, multivariate=True)
    study = package.create_study(direction="maximize", sampler=sampler)
    distributions = {name: _distribution(package.distributions, values) for name, values in space.items()}
    for begun in range(0, count, batch):
        asked = [study.ask(distributions) for _ in range(min(batch, count - begun))]
        settings = [_setting(space, trial.params) for trial in asked]
        for trial, setting, score in zip(asked, settings, run(settings), strict=True):
            if score is None:
                study.tell(trial, state=package.trial.TrialState.PRUNED)  # a failed one would be forgotten
            else:
                study.tell(trial, score)
            yield Trial(setting, score)


def _distribution(of, values):
    if isinstance(values, list):
        return of.CategoricalDistribution(values)
    if values.is_whole:
        return of.IntDistribution(int(values.low), int(values.high))
    return of.FloatDistribution(values.low, values.high, log=values.is_wide)


def _setting(space, params):
    """As it is typed, in the order of the space; numbers are rounded to a few digits, which no score notices."""
    return {name: params[name] if isinstance(of, list) else of.text(params[name]) for name, of in space.items()}


def best_of(tried):
    """The `Trial` with the highest score, the first of equal ones; None if all failed."""
    return max((trial for trial in tried if trial.score is not None), key=lambda trial: trial.score, default=None)


def draw_trials(path, tried, space, own):
    """The score of each trial, in their order and over each range.

    Args:
        own: the score of the chapter's own settings, or None.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    ranges, best = ranges_of(space), best_of(tried)
    figure = Figure(figsize=(3.6 * (1 + len(ranges)), 3.8), layout="constrained")
    panels = figure.subplots(1, 1 + len(ranges), sharey=True, squeeze=False)[0]
    numbered = [(number, trial) for number, trial in enumerate(tried, 1) if trial.score is not None]
    scores = [trial.score for _, trial in numbered]
    over = [[number for number, _ in numbered]]
    over += [[float(trial.setting[name]) for _, trial in numbered] for name in ranges]
    at_best = [tried.index(best) + 1, *(float(best.setting[name]) for name in ranges)]
    for panel, name, values, at in zip(panels, ("trial", *ranges), over, at_best, strict=True):
        points = panel.scatter(values, scores, c=over[0], cmap="viridis", s=26, vmin=1, vmax=len(tried))
        panel.scatter(at, best.score, s=150, facecolors="none", edgecolors="#b2182b", linewidths=1.6, label="best")
        if own is not None:
            panel.axhline(own, color="0.4", linestyle="--", linewidth=1, label="the file's own settings")
        panel.set_xlabel(name)
        if name not in ranges or ranges[name].is_whole:
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        if name in ranges and ranges[name].is_wide:
            panel.set_xscale("log")
        finish(panel, legend=False)
    panels[0].set_ylabel("mean of all evaluations")
    figure.colorbar(points, ax=panels, label="trial", pad=0.01, ticks=MaxNLocator(integer=True))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    with written_whole(path) as part:
        figure.savefig(part, dpi=120, format="png")


def as_json(tried, batch, own):
    """What results.json keeps of a study."""
    best = best_of(tried)
    return {
        "sampler": f"TPE of Optuna {optuna().__version__}, seed {SEED}, {batch} at once",
        "score": "interquartile mean over the seeds of the mean of all evaluations",
        "own": own,
        "best": best and best._asdict(),
        "trials": [trial._asdict() for trial in tried],
    }


def report(tried, own, again):
    """Lines: the best setting, and what is to be thought of it.

    Args:
        own: the score of the chapter's own settings, or None if one of its runs failed.
        again: function of a setting that gives the command which runs it with fresh seeds.
    """
    best = best_of(tried)
    if best is None:
        yield f"all {len(tried)} trials failed"
        return
    words = ", ".join(f"{name} {value}" for name, value in best.setting.items())
    yield f"best of {len(tried)} trials: {words}, with {best.score:.2f}"
    if own is not None and not best.score > own:
        yield f"The file's own settings, with {own:.2f}, are as good or better: keep them."
        return
    yield f"The highest of {len(tried)} scores on the same seeds is partly luck. What it is worth, other seeds tell:"
    yield f"    {again(best.setting)}"
