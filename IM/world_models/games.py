"""The games that C of World Models plays: dreams of a world model, or reality seen through it (Day 6)."""

from pathlib import Path

from framework.evaluate import evaluate
from framework.vector import VectorWorld
from IM.world_models.dream import SHIPPED, DreamVector, WorldModel
from IM.world_models.reality import LatentVector


def load_world_model(config):
    """The world model that a configuration names, or else the one that comes with the course.

    Raises:
        ValueError: there is none, or the file holds something else, or a model of another world.
    """
    file = Path(config.world_model or SHIPPED)
    if not file.is_file():
        raise ValueError(f"there is no world model {file}")
    model = WorldModel.load(file)
    if model.vae.config.env != config.env:
        raise ValueError(f"{file} is a model of {model.vae.config.env}, not of {config.env}; --world-model chooses")
    return model


def make_games(config, world_model, count):
    """``count`` worlds whose observations are [z, h], of the kind that the configuration asks for."""
    if config.world == "reality":
        return VectorWorld(LatentVector(world_model, count, workers=config.workers), config.seed)
    return VectorWorld(DreamVector(world_model, count, config.temperature), config.seed)


class Judge:
    """Evaluates controllers on fresh games, in the dream or in reality, with worlds of its own that it keeps."""

    def __init__(self, config, world_model):
        self.config, self.world_model, self.worlds = config, world_model, {}

    def __call__(self, agent, episodes, seed):
        if episodes not in self.worlds:
            self.worlds[episodes] = make_games(self.config, self.world_model, episodes)
        return evaluate(agent.greedy, self.worlds[episodes], seed)

    def close(self):
        for worlds in self.worlds.values():
            worlds.close()
