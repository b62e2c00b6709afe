"""What `AP.llm_reward` asks: wishes, deeds, worked examples and wordings, written before any answer was seen.

They are frozen, as those of the exam are. A prompt is four worked examples, an empty line, and the question. The
examples are of another taste than any question, half of them Yes, each event under a wish and under its opposite.
Deeds say nothing of wishes: who reads no more than single words finds none in common.
"""

NOTHING = "N/A"  # the wish of who does not say any

WORDINGS = {  # the same question in three wordings: {wish} and {deed} are put in
    "user": "The user wants {wish}. Event: the helper {deed}. Does the user like it?",
    "guest": "A guest asks for {wish}. The host {deed}. Is the guest pleased?",
    "task": "Wish: {wish}. The robot {deed}. Is the wish met?",
}
EXAMPLES = {  # {wording: (wish, deed, answer)}; in each another order of Yes and No
    "user": (
        ("sweet tea", "added sugar", "Yes"), ("bitter tea", "added sugar", "No"),
        ("bitter tea", "took the sugar away", "Yes"), ("sweet tea", "took the sugar away", "No"),
    ),
    "guest": (
        ("bitter tea", "added sugar", "No"), ("sweet tea", "added sugar", "Yes"),
        ("bitter tea", "took the sugar away", "Yes"), ("sweet tea", "took the sugar away", "No"),
    ),
    "task": (
        ("sweet tea", "added sugar", "Yes"), ("sweet tea", "took the sugar away", "No"),
        ("bitter tea", "added sugar", "No"), ("bitter tea", "took the sugar away", "Yes"),
    ),
}  # fmt: skip
PHRASES = {  # {a word for a wish of `worlds.errands`: how a prompt says it}
    "bright": "a bright room", "dark": "a dark room", "warm": "a warm room", "cool": "a cool room",
    "music": "a room with music", "silence": "a silent room", "airy": "a room full of fresh air",
    "draughtless": "a room without draughts", "full": "a full room", "empty": "an empty room",
    "colourful": "a colourful room", "plain": "a plain room",
}  # fmt: skip

# Four events that a user has labelled: of a thing that no station of the house has.
LABELLED = (
    ("a humid room", "hung up wet towels", True), ("a dry room", "hung up wet towels", False),
    ("a humid room", "took the wet towels away", False), ("a dry room", "took the wet towels away", True),
)  # fmt: skip


def wish_prompt(wording, wish, deed):
    """The question whether a deed fits a wish."""
    ask = WORDINGS[wording]
    shots = (f"{ask.format(wish=taste, deed=event)} {told}" for taste, event, told in EXAMPLES[wording])
    return "\n".join(shots) + "\n\n" + ask.format(wish=wish, deed=deed)
