"""Values that change with the number of steps: exploration, learning rates, exponents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Linear:
    """A straight line from ``start`` at step 0 to ``end`` at step ``steps``, and ``end`` from there on."""

    start: float
    end: float
    steps: int

    def __call__(self, step):
        part = min(max(step / self.steps, 0.0), 1.0) if self.steps > 0 else 1.0
        return self.start + part * (self.end - self.start)
