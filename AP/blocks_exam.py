"""Could a small language model that nobody trained on blocks be the world model? Three of them, asked (Day 7).

RAP (Hao et al. 2023) asks LLaMA-33B, by a few worked examples, what a move leads to. Here models of three sizes are
asked the same, and need not even write it: they choose among the states that legal moves lead to, by log p of each
whole text (AP/language.py). All states here have three legal moves, each of them is asked, and the three answers are
the options every time: who does not read the move is right in exactly one of three questions, whatever it prefers.

    sum         the greatest log p; what a world model would write
    contrast    log p less its mean over the three moves: what a move changes, not what is likely anyhow

    python AP/blocks_exam.py                  the three models, from recorded answers
    python AP/blocks_exam.py --live           SmolLM2 on this machine, beside its recording (extra llm)

36 questions, 12 in each of three wordings; they were written before they were asked, and are frozen. A plan of 8
moves is right if 8 answers in a row are: its share is about theirs to the power of 8.
"""

from dataclasses import dataclass

import numpy as np

from AP.language import LanguageOptions, open_models
from AP.llm_exam import share
from framework.cli import run
from worlds.blocks import COLOURS, table_of

BLOCKS, SHOTS, ASKED = 4, 4, 4  # worked examples, and states with three moves each, of a wording
TAKE = {"places": "take {block}", "sentences": "You pick up the {block} block", "piles": "lift {block}"}
PUT = {"places": "put {block} on {place}", "sentences": "You put the {block} block on {place}",
       "piles": "lower {block} on {place}"}  # fmt: skip
ASK = {"places": "Now: {now}. Move: {move}. Then:", "sentences": "{now}. {move}. Now", "piles": "{now} | {move} ->"}


def told(wording, state):
    """A state [N] as a text."""
    blocks = len(state)
    if wording == "piles":  # each from its bottom up
        piles = []
        for bottom in np.flatnonzero(state == blocks):
            pile = [bottom]
            while len(above := np.flatnonzero(state == pile[-1])):
                pile.append(above[0])
            piles.append(" ".join(COLOURS[block] for block in pile))
        hand = "".join(COLOURS[block] for block in np.flatnonzero(state == blocks + 1)) or "empty"
        return f"table: {' / '.join(piles)}, hand: {hand}"
    the, block = ("the ", " block") if wording == "sentences" else ("", "")
    places = [f"on {the}{colour}{block}" for colour in COLOURS[:blocks]] + [f"on {the}table", f"in {the}hand"]
    verb = " is" if wording == "sentences" else ""
    return ", ".join(f"{the}{COLOURS[i]}{block}{verb} {places[place]}" for i, place in enumerate(state))


def asked(wording, state, action):
    """The question what an action leads to from a state [N]; an option follows, with a space before it."""
    block, place = divmod(action, len(state) + 2)
    if place == len(state) + 1:
        move = TAKE[wording].format(block=COLOURS[block])
    else:
        on = "table" if place == len(state) else COLOURS[place]
        if wording == "sentences":
            on = f"the {on}" if on == "table" else f"the {on} block"
        move = PUT[wording].format(block=COLOURS[block], place=on)
    now = told(wording, state)
    return ASK[wording].format(now=now[0].upper() + now[1:] if wording == "sentences" else now, move=move)


@dataclass(frozen=True)
class Scene:
    """A state, and its three moves."""

    prompts: tuple[str, ...]
    """One for each move."""
    options: tuple[str, ...]
    """What the moves lead to, in the same order."""


def scenes():
    """{wording: its `Scene`s}; states of the examples are none of those asked, and each wording has others."""
    table, found = table_of(BLOCKS), {}
    three = np.random.default_rng(11).permutation(np.flatnonzero(table.legal.sum(axis=1) == 3)).tolist()
    for wording in ASK:
        examples = []
        for number in range(SHOTS):
            state = three.pop()
            action = int(np.flatnonzero(table.legal[state])[number % 3])
            after = told(wording, table.states[table.next[state, action]])
            examples.append(f"{asked(wording, table.states[state], action)} {after}.")
        prefix, found[wording] = "\n".join(examples) + "\n\n", []
        for _ in range(ASKED):
            state = three.pop()
            actions = np.flatnonzero(table.legal[state]).tolist()
            prompts = tuple(prefix + asked(wording, table.states[state], action) for action in actions)
            options = tuple(f" {told(wording, table.states[table.next[state, action]])}." for action in actions)
            found[wording].append(Scene(prompts, options))
    return found


def sit(model):
    """{wording: {way: right [n] bool}} of a model, and all of them together as "all"."""
    results = {}
    for wording, known in scenes().items():
        results[wording] = {"sum": [], "contrast": []}
        for scene in known:
            scores = np.array([model.choose(prompt, scene.options)[0] for prompt in scene.prompts])  # [move, option]
            for way, each in (("sum", scores), ("contrast", scores - scores.mean(axis=0))):
                results[wording][way] += (each.argmax(axis=1) == np.arange(len(each))).tolist()
    results["all"] = {way: [hit for wording in ASK for hit in results[wording][way]] for way in ("sum", "contrast")}
    return results


def ask_all(model):
    """Ask everything that this page can ask."""
    sit(model)


@dataclass(frozen=True)
class Options(LanguageOptions):
    pass


def main(options):
    for name, model in open_models(options).items():
        print(f"{name}; 0.33 is chance")
        for wording, ways in sit(model).items():
            marks = [share(way, right, 1 / 3) for way, right in ways.items()]
            cells = [f"{mark.way} {mark.value:.2f} ({mark.low:.2f} to {mark.high:.2f})" for mark in marks]
            print(f"  {wording:10} n = {marks[0].count}:  {'   '.join(cells)}")
        print(f"  {model.bill}", flush=True)
        model.close()


if __name__ == "__main__":
    run(main, Options, __doc__)
