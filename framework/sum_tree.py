"""A sum tree: drawing in proportion to priorities that change all the time (Schaul et al. 2016, appendix B.2.1)."""

import numpy as np


class SumTree:
    """Numbers ≥ 0, and their sums in a binary tree: node i is the sum of nodes 2i and 2i + 1, node 1 of all.

    Setting numbers and finding where a running sum passes a point take log2(size) steps, each for a whole batch.
    """

    def __init__(self, size):
        self.depth = (size - 1).bit_length()
        self.leaves = 2**self.depth
        self.nodes = np.zeros(2 * self.leaves)

    @property
    def total(self):
        return self.nodes[1]

    def __getitem__(self, index):
        return self.nodes[index + self.leaves]

    def __setitem__(self, index, value):
        node = index + self.leaves
        self.nodes[node] = value
        for _ in range(self.depth):
            node = node >> 1
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1]

    def find(self, point):
        """[N] the first indices up to which the sum is above ``point`` [N], 0 ≤ point < total; never that of a 0."""
        node, point = np.ones(len(point), np.int64), point.copy()
        for _ in range(self.depth):
            left = 2 * node
            below = self.nodes[left]
            # Rounding may leave a point at the end of a node; an empty right half then holds nothing to find.
            right = (point >= below) & (self.nodes[left + 1] > 0)
            point -= right * below
            node = left + right
        return node - self.leaves
