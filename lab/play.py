"""A person as the agent: the maze itself, one action at a time, slips and all."""

from framework.tabular.world import LIMIT
from lab.learning import Truth
from lab.walking import new_seed


class Play:
    """Episodes of a person; `lab.pacing.PacedJob` runs it, and it answers only.

    The message "playing" tells everything of an episode, "acted" one step. A page whose line was lost is told
    "playing" again; it knows by ``step`` which "acted" it has seen.
    """

    def __init__(self, request):
        self.env, self.gamma = request.env, request.gamma
        self.optimum = Truth(self.env, self.gamma).optimum
        self.again(request.seed)

    def again(self, seed):
        """Begin an episode; a seed of None takes a new one."""
        self.seed = new_seed() if seed is None else seed
        self.state, _ = self.env.reset(seed=self.seed)
        self.steps, self.total, self.discounted = [], 0.0, 0.0
        self.terminated = self.truncated = False

    def started(self):
        """Nothing: the first frame, a full one, tells all."""

    def frame(self, full):
        return self.playing() if full else None

    def playing(self):
        """The message "playing": all of the episode so far."""
        return {
            "type": "playing",
            "shape": list(self.env.shape),
            "start": self.env.start_state,
            "seed": self.seed,
            "optimum": self.optimum,
            "state": self.state,
            "steps": self.steps,
            "terminated": self.terminated,
            "truncated": self.truncated,
            "return": self.total,
            "discounted": self.discounted,
        }

    def receive(self, kind, value):
        """Do what the person asks: "act", an action, or "again", a seed or None."""
        if kind == "again":
            self.again(value)
            return self.playing()
        if self.terminated or self.truncated:
            return None  # a key that was pressed before the page knew
        return self.act(value)

    def act(self, action):
        """One step; returns the message "acted"."""
        state = self.state
        self.state, reward, self.terminated, _, info = self.env.step(action)
        self.total += reward
        self.discounted += self.gamma ** len(self.steps) * reward
        self.steps.append([state, action, reward, self.state])
        self.truncated = not self.terminated and len(self.steps) >= LIMIT
        return {
            "type": "acted",
            "state": state,
            "action": action,
            "reward": reward,
            "next_state": self.state,
            "slipped": info["slipped"],
            "terminated": self.terminated,
            "truncated": self.truncated,
            "step": len(self.steps),
            "return": self.total,
            "discounted": self.discounted,
        }
