"""How processes share the games of a generation: seeds and scores go between them, weights never do.

Each worker has a trainer of its own and moves its own weights by the scores of all, so that they stay the same in all
processes, to the bit. Which worker takes a share is left to chance; so each is told the scores of the last few
generations again, and one that missed more says so, and is told all of them.
"""

import numpy as np

RECENT = 4  # generations whose scores everybody is told again
_here = {}  # in a worker: the trainer of the run that it works for


def shared_games(trainer):
    """The games [n, E, 2] of the generation of an `EV.evolution.EvolutionalTrainer`, played by its workers."""
    games = trainer.workers.map(play_share, calls(trainer, max(0, len(trainer.scores) - RECENT)))
    behind = [i for i, share in enumerate(games) if share is None]
    everything = calls(trainer, 0)
    for i, share in zip(behind, trainer.workers.map(play_share, [everything[i] for i in behind]), strict=True):
        games[i] = share
    return np.concatenate(games)


def calls(trainer, known):
    """What workers are told that know the first ``known`` generations: the scores since, and who is to play."""
    shares = np.array_split(np.arange(trainer.config.population), trainer.workers.count)
    told = type(trainer), trainer.config, trainer.token, known, trainer.scores[known:]
    return [(*told, rows) for rows in shares if len(rows)]


def play_share(trainer_class, config, token, known, scores, rows):
    """A worker's share: learn what it missed, then play. None where its own trainer has not come as far as known."""
    if token not in _here:
        _here.clear()
        _here[token] = trainer_class(config)
    trainer = _here[token]
    if len(trainer.scores) < known:
        return None
    for missed in scores[len(trainer.scores) - known :]:
        trainer.learn(missed)
    return trainer.play(rows)
