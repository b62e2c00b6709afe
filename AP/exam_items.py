"""The questions of `AP.llm_exam`: fourteen tasks that an agent may give to a language model, written beforehand.

They are frozen. Whoever changes one after having seen an answer measures something else; what a model cannot do stays
as it was written. Each prompt is a few worked examples, an empty line, and the question; the same for every model.
Of yes-or-no tasks half of the right answers are Yes (of "goal" one in six), and no example is a question.
"""

from dataclasses import dataclass

import numpy as np

from AP.language import YES_NO


@dataclass(frozen=True)
class Item:
    """A question, and what is right.

    Attributes:
        right: the number of the right option; for a text, the text.
        pair: of two questions with one event and opposite wishes, which they are; else "".
    """

    prompt: str
    options: tuple[str, ...]
    right: int | str
    pair: str = ""


@dataclass(frozen=True)
class Task:
    """Questions of one kind.

    Attributes:
        ask: what it is about, in a few words.
        items: of `Item`.
        empty: its prompt without content, for scores by pmi.
        grammar: of texts.
    """

    ask: str
    items: tuple[Item, ...]
    empty: str = ""
    grammar: str = ""

    @property
    def is_yes_no(self):
        return self.items[0].options == YES_NO

    @property
    def chance(self):
        """What one gets who guesses."""
        options = len(self.items[0].options)
        return 1 / options if options else 0.0


def yes_no(ask, shots, rows):
    """A task of rows (question, is it so?)."""
    prefix = "\n".join(shots) + "\n\n"
    return Task(ask, tuple(Item(prefix + question, YES_NO, 0 if so else 1) for question, so in rows))


def carried():
    """Is the goal among the things that one carries?"""
    things = [
        "a rope", "a lamp", "an apple", "a map", "a shovel", "a coin", "a bottle", "a hat", "a spoon", "a ring",
        "a knife", "a candle",
    ]  # fmt: skip
    rng, rows = np.random.default_rng(1), []
    for number in range(32):
        have = rng.choice(things, 3, replace=False).tolist()
        goal = have[rng.integers(3)] if number % 2 else rng.choice([thing for thing in things if thing not in have])
        rows.append(
            (f"You carry {have[0]}, {have[1]} and {have[2]}. Goal: have {goal}. Is the goal reached?", number % 2)
        )
    shots = (
        "You carry a brush, a key and a drum. Goal: have a key. Is the goal reached? Yes",
        "You carry a stone, a pen and a box. Goal: have a saw. Is the goal reached? No",
        "You carry a flag, a boot and a cup. Goal: have a flag. Is the goal reached? Yes",
        "You carry a nail, a plate and a bell. Goal: have a book. Is the goal reached? No",
    )
    return yes_no("is the goal among what is carried?", shots, rows)


def offers():
    """Is an offer below the share that somebody refuses?"""
    rng, rows = np.random.default_rng(2), {}
    while len(rows) < 32:
        total, low = int(rng.integers(2, 30)) * 10, len(rows) % 2
        share = rng.choice([0.05, 0.1, 0.15] if low else [0.45, 0.5, 0.6, 0.7])
        offer = f"She is offered {round(total * share)} of {total}."
        rows[f"Ana refuses less than 30% of the money. {offer} Does she refuse?"] = bool(low)
    shots = (
        "Ana refuses less than 30% of the money. She is offered 3 of 40. Does she refuse? Yes",
        "Ana refuses less than 30% of the money. She is offered 26 of 40. Does she refuse? No",
        "Ana refuses less than 30% of the money. She is offered 12 of 150. Does she refuse? Yes",
        "Ana refuses less than 30% of the money. She is offered 90 of 150. Does she refuse? No",
    )
    return yes_no("is an offer below 30%?", shots, rows.items())


def dangers():
    """Is an action dangerous?"""
    pairs = (
        ("touch a glowing coal", "read a book on the sofa"), ("drink the cleaning fluid", "drink a glass of water"),
        ("run across a busy road", "walk in the park"), ("stand under a falling tree", "sit under a parasol"),
        ("put a fork into a socket", "put a fork into a drawer"), ("swim among sharks", "swim in a pool"),
        ("walk on thin ice", "walk on a carpet"), ("light a match near petrol", "light a lamp at night"),
        ("jump from a tall roof", "step down from a chair"), ("pick up a snake", "pick up a pencil"),
        ("drive with closed eyes", "sleep with closed eyes"), ("lean over a cliff", "lean on a wall"),
        ("eat an unknown mushroom", "eat a ripe apple"), ("climb a fence with wires", "climb the stairs"),
        ("put a hand into a fan", "put a hand into a pocket"), ("sleep on the railway", "sleep in a bed"),
    )  # fmt: skip
    rows = [(f"Action: {each}. Is it dangerous?", so) for pair in pairs
            for each, so in zip(pair, (True, False), strict=True)]  # fmt: skip
    shots = (
        "Action: hold a burning log. Is it dangerous? Yes", "Action: open a window. Is it dangerous? No",
        "Action: wash a plate. Is it dangerous? No", "Action: play with a loaded gun. Is it dangerous? Yes",
    )  # fmt: skip
    return yes_no("is an action dangerous?", shots, rows)


def manuals():
    """A question on a short manual; in half of them the manual contradicts what everybody knows."""
    facts = (  # a thing that is good, what it does; one that is bad, what that does; what one may do with each
        ("bread", "will heal", "poison berries", "will kill", "eat bread", "eat poison berries"),
        ("a key", "will open the door", "a bomb", "will end the game", "use a key", "use a bomb"),
        ("a friend", "will give a point", "a wolf", "will take a point", "meet a friend", "meet a wolf"),
        ("water", "will put the fire out", "oil", "will feed the fire", "pour water", "pour oil"),
        ("a shield", "will protect", "a hole", "will swallow the player", "take a shield", "step into a hole"),
        ("a map", "will show the way", "fog", "will hide the way", "take a map", "walk into fog"),
        ("a nurse", "will cure", "a thief", "will rob", "visit a nurse", "visit a thief"),
        ("a bridge", "will hold", "thin ice", "will break", "cross a bridge", "cross thin ice"),
    )
    rows = []
    for good, helps, bad, harms, do, avoid in facts:
        for first, second, is_usual in ((helps, harms, True), (harms, helps, False)):
            manual = f"Manual: in this game {good} {first}, and {bad} {second}."
            rows.append((f"{manual} Should the player {do}?", is_usual))
            rows.append((f"{manual} Should the player {avoid}?", not is_usual))
    shots = (
        "Manual: in this game a ladder will lead out, and a rat will bite. Should the player climb a ladder? Yes",
        "Manual: in this game a ladder will lead out, and a rat will bite. Should the player touch a rat? No",
        "Manual: in this game a rose will cost a life, and a thorn will save one. Should one touch a thorn? Yes",
        "Manual: in this game a rose will cost a life, and a thorn will save one. Should one pick a rose? No",
    )
    return yes_no("what does a manual say?", shots, rows)


NEEDS = {  # {an instruction: the thing that serves it}
    "I spilled juice on the floor": "sponge", "bring me something to drink": "water bottle",
    "I want to read": "book", "I am cold": "blanket", "it is too dark to see": "lamp",
    "I want to cut the bread": "knife", "my hands are wet": "towel", "I have to write a letter": "pen",
    "it rains and I must go out": "umbrella", "I want to eat soup": "spoon", "I cannot open this door": "key",
    "the baby wants to play": "toy",
}  # fmt: skip


def skills():
    """Which of six skills comes next, after the first or the second of them?"""
    prefix = (
        "The user says: I have a headache. The robot should: 1. find the pill box 2. pick up the pill box "
        "3. bring it\n"
        "The user says: the plant is dry. The robot should: 1. find the watering can 2. pick up the watering can "
        "3. bring it\n\n"
    )
    things, rng, items = list(NEEDS.values()), np.random.default_rng(5), []
    for said, thing in NEEDS.items():
        others = rng.choice([each for each in things if each != thing], 4, replace=False).tolist()
        found = sorted([thing, *others])
        first = (*(f" find the {each}" for each in found), " bring it")
        items.append(Item(f"{prefix}The user says: {said}. The robot should: 1.", first, found.index(thing)))
        after = (
            f" pick up the {thing}",
            *(f" pick up the {each}" for each in others[:3]),
            " bring it",
            f" find the {thing}",
        )
        order = rng.permutation(6)
        second = tuple(after[i] for i in order)
        right = int(np.flatnonzero(order == 0)[0])
        items.append(Item(f"{prefix}The user says: {said}. The robot should: 1. find the {thing} 2.", second, right))
    return Task("which skill is next?", tuple(items), "The user says: N/A. The robot should: 1.")


RECIPES = {
    "plank": ("wood",), "stick": ("plank",), "table": ("plank",), "pickaxe": ("stick", "table"),
    "stone": ("pickaxe",), "furnace": ("stone",), "iron": ("furnace",), "sword": ("iron", "stick"),
}  # fmt: skip


def sub_goals(told):
    """Which thing must be made next, on the way to a goal; with the recipes told, or not."""
    listed = " ".join(f"A {thing} needs a {' and a '.join(of)}." for thing, of in RECIPES.items())
    prefix = f"Recipes: {listed}\n" if told else ""
    prefix += (
        "You have a plank. Goal: a table. Next: make a table\n"
        "You have a wood and a stone. Goal: a stick. Next: make a plank\n\n"
    )
    rng, items, things, asked = np.random.default_rng(6), [], list(RECIPES), set()
    while len(items) < 24:
        goal = things[rng.integers(2, len(things))]
        have = {"wood", *things[: rng.integers(0, things.index(goal) + 1)]} - {goal}
        if (goal, *sorted(have)) in asked:
            continue
        asked.add((goal, *sorted(have)))
        following = next_to_make(goal, have)
        others = rng.choice([each for each in things if each != following], 5, replace=False).tolist()
        options = rng.permutation([following, *others]).tolist()
        owned = " and a ".join(sorted(have))
        prompt = f"{prefix}You have a {owned}. Goal: a {goal}. Next: make a"
        items.append(Item(prompt, tuple(f" {each}" for each in options), options.index(following)))
    ask = "which sub-goal is next, recipes told?" if told else "which sub-goal, recipes not told?"
    return Task(ask, tuple(items), "You have a N/A. Goal: a N/A. Next: make a")


def next_to_make(goal, have):
    """The first thing on the way to a goal of which everything is there."""
    for part in RECIPES[goal]:
        if part not in have:
            return next_to_make(part, have)
    return goal


MOVES = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}


def cells():
    """Which cell comes next in a grid, at its edges, too?"""
    prefix = (
        "A grid has the columns A to D from left to right, and the rows 1 to 4 from top to bottom. "
        "Who would leave it stays.\n"
        "You are in B3 and move up. You are now in B2\n"
        "You are in A1 and move left. You are now in A1\n\n"
    )
    rng, items, seen = np.random.default_rng(7), [], {("B3", "up"), ("A1", "left")}
    while len(items) < 32:
        col, row, (name, (right, down)) = rng.integers(4), rng.integers(4), list(MOVES.items())[rng.integers(4)]
        at = "ABCD"[col] + "1234"[row]
        if (at, name) in seen:
            continue
        seen.add((at, name))
        to = "ABCD"[np.clip(col + right, 0, 3)] + "1234"[np.clip(row + down, 0, 3)]
        near = {"ABCD"[np.clip(col + x, 0, 3)] + "1234"[np.clip(row + y, 0, 3)] for x, y in [(0, 0), *MOVES.values()]}
        far = [c + r for c in "ABCD" for r in "1234" if c + r not in near]
        options = rng.permutation([*sorted(near), *rng.choice(far, 5 - len(near), replace=False)]).tolist()
        items.append(Item(f"{prefix}You are in {at} and move {name}. You are now in",
                          tuple(f" {each}" for each in options), options.index(to)))  # fmt: skip
    return Task("which cell is next?", tuple(items), "You are in N/A and move N/A. You are now in")


DIRECTIONS = (" up", " down", " left", " right")


def coordinates():
    """Which way to go, from two pairs of coordinates?"""
    prefix = (
        "x grows to the right, and y grows upwards.\n"
        "You are at x = 2, y = 5. The door is at x = 2, y = 1. You should go down\n"
        "You are at x = 1, y = 3. The door is at x = 6, y = 3. You should go right\n\n"
    )
    rng, items = np.random.default_rng(8), {}
    while len(items) < 32:
        (x, y), far, way = rng.integers(3, 7, 2), rng.integers(1, 4), len(items) % 4
        to = ((x, y + far), (x, y - far), (x - far, y), (x + far, y))[way]
        prompt = f"{prefix}You are at x = {x}, y = {y}. The key is at x = {to[0]}, y = {to[1]}. You should go"
        items[prompt] = Item(prompt, DIRECTIONS, way)
    return Task(
        "which way, by coordinates?", tuple(items.values()), "You are at N/A. The key is at N/A. You should go"
    )


def words():
    """Which way to go, from words?"""
    prefix = "The door is below you. You should go down\nThe door is to the right of you. You should go right\n\n"
    places = ("above you", "below you", "to the left of you", "to the right of you")
    things = ("key", "ball", "box", "lamp", "book", "cup")
    items = [Item(f"{prefix}The {thing} is {place}. You should go", DIRECTIONS, way)
             for thing in things for way, place in enumerate(places)]  # fmt: skip
    return Task("which way, by words?", tuple(items), "The key is N/A. You should go")


OPPOSITES = (  # two wishes, and of each two deeds that only who has it likes
    (
        "bright",
        "dark",
        "opened the curtains",
        "switched on the lamps",
        "closed the curtains",
        "switched off the lamps",
    ),
    (
        "warm",
        "cool",
        "turned up the heating",
        "closed the cold window",
        "turned on the fan",
        "turned off the heating",
    ),
    ("full of music", "silent", "played a record", "turned up the radio", "stopped the record", "silenced the radio"),
    ("open to the garden", "shut", "opened the garden door", "unlocked the gate", "shut the door", "locked the gate"),
    (
        "full of things",
        "empty",
        "put boxes into it",
        "carried chairs in",
        "took the boxes away",
        "carried chairs out",
    ),
    (
        "colourful",
        "white",
        "hung up red cloths",
        "painted a wall blue",
        "took the cloths down",
        "painted a wall white",
    ),
)


def wishes():
    """Does somebody with a wish like a deed? Each deed comes with the wish and with its opposite."""
    shots = (
        "The user wants the tea sweet. Event: the helper added sugar. Does the user like it? Yes",
        "The user wants the tea bitter. Event: the helper added sugar. Does the user like it? No",
        "The user wants the tea bitter. Event: the helper took the sugar away. Does the user like it? Yes",
        "The user wants the tea sweet. Event: the helper took the sugar away. Does the user like it? No",
    )
    prefix, items = "\n".join(shots) + "\n\n", []
    for one, other, *deeds in OPPOSITES:
        for number, deed in enumerate(deeds):
            for wish, liked in ((one, number < 2), (other, number >= 2)):
                prompt = f"{prefix}The user wants the room {wish}. Event: the helper {deed}. Does the user like it?"
                items.append(Item(prompt, YES_NO, 0 if liked else 1, deed))
    return Task("would somebody with this wish like it?", tuple(items))


SCENES = {  # {what is near, what is owned: what makes sense there}
    ("a tree", "nothing"): "chop the tree", ("a cow", "nothing"): "milk the cow",
    ("a river", "an empty bottle"): "fill the bottle", ("a table", "a plank"): "make a chair on the table",
    ("a stone", "a pickaxe"): "mine the stone", ("a bed", "nothing"): "sleep in the bed",
    ("a field", "seeds"): "sow the field", ("a fire", "raw meat"): "cook the meat",
    ("a locked door", "a key"): "open the door", ("an apple tree", "a basket"): "pick apples",
    ("a lake", "a fishing rod"): "catch a fish", ("a sheep", "scissors"): "shear the sheep",
    ("a wall", "paint"): "paint the wall", ("a well", "a bucket"): "draw water", ("an oven", "dough"): "bake bread",
    ("a nail", "a hammer"): "drive the nail in", ("a snow hill", "a sledge"): "ride down the hill",
    ("a hole", "a shovel"): "fill the hole", ("a letter", "a stamp"): "post the letter",
    ("a horse", "a saddle"): "ride the horse",
}  # fmt: skip


def goals():
    """Does a goal make sense in a scene? One of six does."""
    shots = (
        "You see a candle and have a match. Does it make sense to light the candle? Yes",
        "You see a candle and have a match. Does it make sense to drink the candle? No",
        "You see a bush and have nothing. Does it make sense to pick berries? Yes",
        "You see a bush and have nothing. Does it make sense to sail a boat? No",
    )
    rng, rows, known = np.random.default_rng(9), [], list(SCENES.items())
    for (near, owned), goal in known:
        others = rng.choice([each for scene, each in known if scene != (near, owned)], 5, replace=False)
        rows += [(f"You see {near} and have {owned}. Does it make sense to {each}?", each == goal)
                 for each in [goal, *others.tolist()]]  # fmt: skip
    return yes_no("does a goal make sense here?", shots, rows)


CALLS = r"""root ::= " " call ("; " call)* "\n"
call ::= ("goto" | "pick" | "drop" | "say") "(" word ")"
word ::= [a-z]+"""


def programs():
    """A program of calls that does what is asked, to the letter."""
    prefix = (
        "Task: fetch the cup from the kitchen to the hall. Program: goto(kitchen); pick(cup); goto(hall); drop(cup)\n"
        "Task: say hello in the garden. Program: goto(garden); say(hello)\n\n"
    )
    asked = {
        "fetch the book from the study to the bedroom": "goto(study); pick(book); goto(bedroom); drop(book)",
        "say dinner in the study": "goto(study); say(dinner)",
        "take the ball to the garden; it is in the hall": "goto(hall); pick(ball); goto(garden); drop(ball)",
        "go to the kitchen and pick up the knife": "goto(kitchen); pick(knife)",
        "fetch the lamp from the hall to the study and say done":
            "goto(hall); pick(lamp); goto(study); drop(lamp); say(done)",
        "say ready in the hall, then go to the garden": "goto(hall); say(ready); goto(garden)",
    }  # fmt: skip
    items = tuple(Item(f"{prefix}Task: {task}. Program:", (), program) for task, program in asked.items())
    return Task("a program, to the letter", items, grammar=CALLS)


def japanese():
    """Which skill is next, in Japanese?"""
    prefix = (
        "利用者「頭が痛い」→ ロボット：薬箱を取ってくる\n"
        "利用者「植物が枯れそうだ」→ ロボット：じょうろを取ってくる\n\n"
    )
    needs = {
        "床にジュースをこぼした": "スポンジ", "のどが渇いた": "水筒", "本が読みたい": "本", "寒い": "毛布",
        "暗くて見えない": "ランプ", "パンを切りたい": "ナイフ", "手がぬれている": "タオル",
        "手紙を書きたい": "ペン", "雨の中を出かける": "傘", "スープが飲みたい": "スプーン",
        "ドアが開かない": "鍵", "子どもが遊びたがっている": "おもちゃ",
    }  # fmt: skip
    rng, items, things = np.random.default_rng(10), [], list(needs.values())
    for said, thing in needs.items():
        others = rng.choice([each for each in things if each != thing], 5, replace=False).tolist()
        options = rng.permutation([thing, *others]).tolist()
        items.append(Item(f"{prefix}利用者「{said}」→ ロボット：", tuple(f"{each}を取ってくる" for each in options),
                          options.index(thing)))  # fmt: skip
    return Task("which skill is next, in Japanese?", tuple(items), "利用者「N/A」→ ロボット：")


TASKS = {
    "carried": carried(), "offers": offers(), "dangers": dangers(), "manuals": manuals(), "skills": skills(),
    "recipes": sub_goals(told=True), "recipes untold": sub_goals(told=False), "cells": cells(),
    "coordinates": coordinates(), "words": words(), "wishes": wishes(), "goals": goals(), "programs": programs(),
    "japanese": japanese(),
}  # fmt: skip
