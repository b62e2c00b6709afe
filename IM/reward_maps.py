"""Rewards side by side, as text and as maps, for the pages of inverse reinforcement learning (Day 6)."""

import numpy as np

from environment import BLOCK, ORDINARY
from framework.plots import COLOURS, finish, save_figure
from framework.tabular.grid_map import GridMap, draw_grid, grid_map
from framework.tabular.plots import draw_greedy_arrows, draw_q_map
from framework.tabular.world import greedy_policy
from IM.inverse import evaluate, optimal_policy, plan, regret, shaped

INK = "#1b1e23"


def side_by_side(env, *rewards):
    """Rewards [S] each as a matrix of text, beside one another; # is a block."""
    blocks = env.grid == BLOCK
    text = [np.where(blocks, "#", np.char.mod("%.2f", reward.reshape(env.shape))) for reward in rewards]
    width = max(6, *(np.char.str_len(part).max() for part in text))
    return "\n".join(
        "    ".join(" ".join(f"{cell:>{width}}" for cell in part[row]) for part in text) for row in range(len(blocks))
    )


def draw_reward(ax, env, values, label, title, policy=None):
    """Draw numbers [S] as a map, ends included, and a policy [S, A] as arrows.

    S is the start, and a frame is around what pays. Numbers that are all positive go from white to blue.
    """
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    cells = np.where(env.grid == BLOCK, BLOCK, ORDINARY).astype(np.int8)
    arrows = np.zeros((values.size, 4), bool)
    if policy is not None:
        arrows = (policy > policy.max(axis=1, keepdims=True) - 1e-6) & (env.grid == ORDINARY).reshape(-1, 1)
    draw_grid(ax, GridMap(cells, "↑→↓←"), values, arrows, title)
    (image,) = ax.images
    image.colorbar.set_label(label)
    if values.min() >= 0:
        image.set(cmap=colormaps["Blues"].with_extremes(bad="#5b6068"), clim=(0, max(values.max(), 1e-9)))
    for row, col in np.argwhere((env.entry_reward.reshape(env.shape) > 0) & (env.grid != BLOCK)):
        ax.add_patch(Rectangle((col - 0.47, row - 0.47), 0.94, 0.94, fill=False, color=INK, linewidth=2))
    row, col = divmod(env.start_state, env.shape[1])
    ax.text(col - 0.44, row - 0.42, "S", ha="left", va="top", fontsize=8, weight="bold", color=INK)


def draw_maps(dynamics, moved, policies, estimates, gamma, path):
    """Above the true reward, the recovered one and the visits; below the moved maze, and how the gradient fell.

    Args:
        dynamics, moved: `Dynamics` of the maze of the demonstrations, and of the one whose walls have moved.
        policies: {name: [S, A]}, policies for the moved maze; the first two are drawn.
    """
    import matplotlib.pyplot as plt

    last, true = estimates[-1], dynamics.reward
    figure, axes = plt.subplots(2, 3, figsize=(15, 8.8), layout="constrained")
    best = optimal_policy(dynamics, true, gamma)
    draw_reward(axes[0, 0], dynamics.env, true, "reward", "the true reward, its best policy", best)
    draw_reward(axes[0, 1], dynamics.env, last.reward, "reward", "the recovered reward, its soft policy", last.policy)
    draw_reward(axes[0, 2], dynamics.env, last.expert_visits, "discounted visits", "where the demonstrator went")
    where = "same maze" if moved is dynamics else "walls moved"
    for ax, (name, policy) in zip(axes[1, :2], policies.items(), strict=False):
        V, lost = evaluate(moved, policy, moved.reward, gamma), regret(moved, policy, moved.reward, gamma)
        draw_reward(ax, moved.env, V, "true value", f"{where}, {name}: regret {lost:.3f}", policy)
    axes[1, 2].semilogy([estimate.gradient_norm for estimate in estimates], color=COLOURS[0], marker=".")
    axes[1, 2].set(xlabel="iteration of L-BFGS", ylabel="largest entry of the gradient", title="the dual's gradient")
    axes[1, 2].xaxis.get_major_locator().set_params(integer=True)
    finish(axes[1, 2])
    save_figure(figure, path)


def draw_same_policy(dynamics, gamma, path):
    """Three rewards r(s, a) with the same best policy, if the goal stays open: no demonstration tells them apart."""
    import matplotlib.pyplot as plt

    reward, acting, grid = dynamics.rewards(dynamics.reward), dynamics.acting[:, None], grid_map(dynamics.env)
    rows, cols = np.indices(grid.shape)
    potential = (np.cos(rows) + np.sin(cols)).ravel()  # any function of the state
    rewards = {
        "the true reward": reward,
        "1 more for every step": np.where(acting, reward + 1, 0.0),
        "shaped by a potential": np.where(acting, shaped(dynamics, reward, potential, gamma), 0.0),
    }
    best = optimal_policy(dynamics, reward, gamma)
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), layout="constrained")
    for ax, (name, other) in zip(axes, rewards.items(), strict=True):
        _, Q = plan(dynamics, other, gamma)
        differ = int((greedy_policy(Q) != best).any(axis=1)[dynamics.acting].sum())
        print(f"{name}: r(s, a) from {other.min():.2f} to {other.max():.2f}; best actions differ in {differ} cells")
        draw_q_map(ax, grid, other, np.zeros_like(other), f"{name}: {differ} best actions differ", "r(s, a)")
        draw_greedy_arrows(ax, grid, Q)
    save_figure(figure, path)
