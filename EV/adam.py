"""The steps of Adam (Kingma & Ba 2015, algorithm 1), in plain NumPy."""

import numpy as np


class Adam:
    """Turns gradients into steps uphill, each weight at its own scale."""

    def __init__(self, learning_rate, betas=(0.9, 0.999), epsilon=1e-8):
        self.learning_rate, self.betas, self.epsilon = learning_rate, betas, epsilon
        self.m = self.v = self.t = 0

    def step(self, gradient):
        """How far to go [P], given a gradient [P]."""
        (beta_m, beta_v), self.t = self.betas, self.t + 1
        self.m = beta_m * self.m + (1 - beta_m) * gradient
        self.v = beta_v * self.v + (1 - beta_v) * gradient**2
        m, v = self.m / (1 - beta_m**self.t), self.v / (1 - beta_v**self.t)
        return self.learning_rate * m / (np.sqrt(v) + self.epsilon)
