"""Monte Carlo tree search of many games in step, by PUCT with a network's priors and values (Silver et al. 2017).

A node is a state, an edge an action. A simulation walks from the root to a leaf, at each node by the action that has
the greatest

    Q̄(s, a) + c(s) P(s, a) √N(s) / (1 + N(s, a)),      c(s) = log((N(s) + 19,653) / 19,652) + c

where N counts visits and P is the network's prior. The leaf's state is worked out and judged by the network; its
value, and the rewards on the way, are added to the returns of all edges above it, whose mean is Q. Returns here have
no bounds that are known beforehand, so Q̄ is Q between the least and the greatest that this tree has seen, as 0 … 1
(Schrittwieser et al. 2020, MuZero, equations 2 and 5). An edge that was never taken has the mean of its siblings.
(In MuZero it has 0, the least: then a search of few simulations goes down the first way that pays, and no other.)

B trees grow side by side, so that their leaves can be judged by one call of the network. The loops are plain ones
over arrays, compiled by numba. Nothing here knows the game:

    forest = Forest(B, nodes, A)
    forest.plant(states [B, …], prior [B, A])
    for _ in range(simulations):
        leaf = forest.select(c)                        the edges at whose ends the new leaves are
        forest.grow(leaf, states, reward, prior, value, ends)
    visits = forest.at_root(forest.visits)
    forest.advance(actions)                            the roots move down; what is below stays
"""

from typing import NamedTuple

import numpy as np

from framework.tabular.loops import fast

BASE = 19_652  # visits at which exploring begins to grow


class Leaf(NamedTuple):
    """Where B simulations ended."""

    parent: np.ndarray  # [B] int64, a node
    action: np.ndarray  # [B] int64, the edge from it that has no node yet; -1: the parent itself is an end
    state: np.ndarray  # [B, …] of the parent
    depth: np.ndarray  # [B] int64, how many actions are before the new node, its own among them, from the first root


def select_leaves(
    roots, visits, total, prior, child, ends, lowest, highest, c, normalised, hopeful, parents, actions
):
    """Walk down each tree by the rule at the top of this file; writes where it ended to parents, actions [B].

    Args:
        roots: [B]. visits, total (the sum of returns), prior, child (-1: none): [B, M, A]. ends: [B, M].
        lowest, highest: [B], of the Qs that a tree has seen.
        normalised: whether Q̄ lies in 0 … 1; else it is Q itself.
        hopeful: whether an edge that was never taken has the mean of its siblings, not the least of the tree.
    """
    for b in range(roots.shape[0]):
        node, action = roots[b], -1
        while not ends[b, node]:
            n = visits[b, node].sum()
            scale = (np.log((n + 1 + BASE) / BASE) + c) * np.sqrt(max(n, 1))
            low, span = 0.0, 1.0
            if normalised and n > 0 and highest[b] > lowest[b]:
                low, span = lowest[b], highest[b] - lowest[b]
            unknown = total[b, node].sum() / max(n, 1) if hopeful else low
            best, action = -np.inf, -1
            for a in range(visits.shape[2]):
                if prior[b, node, a] > 0:
                    count = visits[b, node, a]
                    q = total[b, node, a] / count if count > 0 else unknown
                    score = (q - low) / span + scale * prior[b, node, a] / (1 + count)
                    if score > best:
                        best, action = score, a
            if action < 0 or child[b, node, action] < 0:
                break
            node, action = child[b, node, action], -1
        parents[b], actions[b] = node, action


def back_up(roots, leaves, values, visits, total, parent, via, reward, lowest, highest):
    """Add value [B] of each leaf [B], and the rewards on the way to it, to the edges above it.

    Args:
        parent, via, reward: [B, M], how a node is reached: from where, by which action, and what that pays.
        The rest is as in `select_leaves`.
    """
    for b in range(roots.shape[0]):
        node, returns = leaves[b], values[b]
        while node != roots[b]:
            returns += reward[b, node]
            above, a = parent[b, node], via[b, node]
            visits[b, above, a] += 1
            total[b, above, a] += returns
            q = total[b, above, a] / visits[b, above, a]
            lowest[b], highest[b] = min(lowest[b], q), max(highest[b], q)
            node = above


class Forest:
    """B trees of at most M nodes with A actions.

    Args:
        trees, nodes, actions: B, M, A.
        normalised, hopeful: as in `select_leaves`.
    """

    def __init__(self, trees, nodes, actions, normalised=True, hopeful=True):
        self.rows, self.normalised, self.hopeful = np.arange(trees), normalised, hopeful
        self.visits, self.child = (np.zeros((trees, nodes, actions), np.int32) for _ in range(2))
        self.total, self.prior = (np.zeros((trees, nodes, actions), np.float32) for _ in range(2))
        self.parent, self.via, self.depth = (np.zeros((trees, nodes), np.int32) for _ in range(3))
        self.reward, self.ends = np.zeros((trees, nodes), np.float32), np.zeros((trees, nodes), bool)
        self.states, self._select, self._back_up = None, fast(select_leaves), fast(back_up)

    def plant(self, states, prior):
        """Begin with B new trees, of the roots' states [B, …] and priors [B, A]."""
        if self.states is None:
            self.states = np.zeros((*self.ends.shape, *states.shape[1:]), states.dtype)
        trees = len(self.rows)
        self.size, self.roots = np.ones(trees, np.int64), np.zeros(trees, np.int64)
        self.lowest, self.highest = np.full(trees, np.inf), np.full(trees, -np.inf)
        self._put(self.rows, self.roots, states, prior, False)

    def select(self, c):
        """A `Leaf` of each tree."""
        parents, actions = np.empty_like(self.roots), np.empty_like(self.roots)
        self._select(
            self.roots, self.visits, self.total, self.prior, self.child, self.ends, self.lowest, self.highest, c,
            self.normalised, self.hopeful, parents, actions,
        )  # fmt: skip
        return Leaf(parents, actions, self.states[self.rows, parents], self.depth[self.rows, parents] + 1)

    def grow(self, leaf, states, reward, prior, value, ends):
        """Put a node at each `Leaf`, and back its value up. Where the parent is an end, its 0 is backed up instead.

        Args:
            states: [B, …]. reward: [B] of the edge. prior: [B, A]; value: [B], of what follows. ends: [B] bool; what
                ends has no value.
        """
        new = leaf.action >= 0
        rows, nodes = self.rows[new], self.size[new]
        self.child[rows, leaf.parent[new], leaf.action[new]] = nodes
        self.parent[rows, nodes], self.via[rows, nodes] = leaf.parent[new], leaf.action[new]
        self.reward[rows, nodes], self.depth[rows, nodes] = reward[new], leaf.depth[new]
        self._put(rows, nodes, states[new], prior[new], ends[new])
        self.size[new] += 1
        leaves = np.where(new, self.size - 1, leaf.parent)
        self._back_up(
            self.roots, leaves, np.where(new & ~ends, value, 0.0), self.visits, self.total, self.parent, self.via,
            self.reward, self.lowest, self.highest,
        )  # fmt: skip

    def advance(self, actions):
        """Move the roots down by actions [B] that have been visited; -1 stays."""
        moves = actions >= 0
        self.roots[moves] = self.child[self.rows[moves], self.roots[moves], actions[moves]]

    def at_root(self, array):
        """Of an array [B, M, …] what it has for the root of each tree, [B, …]."""
        return array[self.rows, self.roots]

    def set_priors(self, prior):
        """Give the roots other priors [B, A]."""
        self.prior[self.rows, self.roots] = prior

    def way_to(self, tree, node):
        """The actions from the first root of a tree to a node."""
        actions = []
        while node:
            actions.append(int(self.via[tree, node]))
            node = self.parent[tree, node]
        return tuple(reversed(actions))

    def _put(self, rows, nodes, states, prior, ends):
        self.states[rows, nodes], self.prior[rows, nodes], self.ends[rows, nodes] = states, prior, ends
        self.visits[rows, nodes], self.total[rows, nodes], self.child[rows, nodes] = 0, 0, -1


def noisy(prior, share, concentration, rng):
    """Priors [B, A] of which a ``share`` is noise, so that each legal move, whose prior is not 0, may be tried.

    It is drawn from a Dirichlet distribution with α = ``concentration`` over these (Silver et al. 2017).
    """
    drawn = (rng.standard_gamma(concentration, prior.shape) + 1e-9) * (prior > 0)
    return (1 - share) * prior + share * drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1e-9)


def sharpened(visits, temperature):
    """(visits / the most) ^ (1 / temperature) [B, A]; however cold it is, the most visited move keeps its 1."""
    shares = visits.astype(float) / np.maximum(visits.max(axis=1, keepdims=True), 1)
    return shares ** (1 / temperature)


def draw_moves(weights, rng):
    """Moves [B], each in proportion to its weight, [B, A]; -1 where all weights are 0."""
    below = weights.cumsum(axis=1)
    drawn = (below <= rng.random((len(weights), 1)) * below[:, -1:]).sum(axis=1)
    return np.where(below[:, -1] > 0, drawn.clip(max=weights.shape[1] - 1), -1)
