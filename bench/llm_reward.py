"""A stated wish as the reward: three sizes of models, three ways to set a threshold, and controls.

    python bench/llm_reward.py                    everything, from recorded answers: about a minute of one core
    python bench/llm_reward.py --only examples    settings whose name has this in it; the others stay as they are

Each setting has 5 pairs of opposite users, by the seeds 100 to 104, in three wordings; of the true reward and of no
wish, in one. Draws docs/llm_reward.png, of the first setting.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from AP.language import ANSWERS, RECORDED
from AP.llm_reward import Options as PageOptions
from AP.llm_reward import compare, right_signs
from AP.llm_reward_report import agents_table, answers_table, draw
from AP.niceness import niceness
from AP.recorded_answers import RecordedModel
from AP.ultimatum import play_games
from bench.machine import RESULTS, machine, save
from framework.cli import run

PICTURE = Path(__file__).parents[1] / "docs" / "llm_reward.png"
SETTINGS = {
    "opposite": {},
    "opposite, sign": {"scale": "sign"},
    "examples": {"threshold": "examples"},
    "zero": {"threshold": "zero"},
}


@dataclass(frozen=True)
class Options:
    only: str = ""
    """Only settings whose name has this in it."""
    seed: int = 100
    """The first of five that nothing was tuned on."""


def main(options):
    models = {name: RecordedModel(ANSWERS, file) for file, name in RECORDED.items()}
    signs, nice, games = ({name: ask(models[name]) for name in models} for ask in (right_signs, niceness, play_games))
    print(*answers_table(signs, nice, games), sep="\n", flush=True)
    path = RESULTS / "llm_reward.json"
    known = json.loads(path.read_text(encoding="utf-8"))["result"]["agents"] if path.exists() else {}
    for setting, changed in SETTINGS.items():
        if options.only in setting:
            aligned = compare(models, replace(PageOptions(), seed=options.seed, **changed))
            known[setting] = {name: [each._asdict() for each in trials] for name, trials in aligned.items()}
            print(f"\n{setting}", *agents_table(aligned), sep="\n", flush=True)
            told = {game: {name: verdict._asdict() for name, verdict in of.items()} for game, of in games.items()}
            result = {"agents": known, "right signs": signs, "niceness": nice, "ultimatum game": told}
            save("llm_reward", {"machine": machine(), "result": result})
    shown = {name: np.array([each["alignment"] for each in trials]) for name, trials in known["opposite"].items()}
    draw(shown, nice, games, PICTURE)


if __name__ == "__main__":
    run(main, Options, __doc__)
