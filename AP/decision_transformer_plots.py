"""A Decision Transformer beside RvS, which learns from the same data: games, a table and a plot (Day 7)."""

import numpy as np

from AP import rvs
from AP.asking import ask_both_ways, draw, report


def compare(agent, data, folder):
    """Ask a transformer, and RvS that sees one observation or the last two, for the same returns.

    Args:
        agent: `AP.decision_transformer.DecisionTransformer`.
        data: the `AP.catcher_data.Episodes` that it learnt from.
        folder: of its run; RvS's networks go into it, and a plot.
    """
    config = agent.config
    values, games = (np.array([0, 9, 15]), 8) if config.quick else (np.arange(-3, 16, 3), config.games)
    curves = ask_both_ways(agent, "transformer", values, games, config.seed)
    for window, name in {1: "RvS, 1 observation", 2: "RvS, 2 observations"}.items():
        settings = {"seed": config.seed, "hide_speed": config.hide_speed, "window": window}
        other = rvs.trained(rvs.Config(run_folder=(folder / f"rvs-{window}").as_posix(), **settings), data)
        curves |= ask_both_ways(other, name, values, games, config.seed)
    print("\n".join(report(values, curves, {}, data)))
    title = f"Catcher, the paddle's speed {'hidden' if config.hide_speed else 'seen'}"
    draw(values, curves, {}, data, title, folder / "asked_and_got.png")
