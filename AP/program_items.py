"""Tasks for `AP.llm_program`, its grammar and its prompts, written before any model was asked, and frozen since.

In half of the simple tasks the notes are out of date: a thing is not where they say. Who reads the error finds it.
Worked examples move a cup, which is in no task.
"""

from dataclasses import dataclass, field

from worlds.house import ROOMS, THINGS


@dataclass(frozen=True)
class Task:
    """What is to be done in the house of `worlds.house`.

    Attributes:
        ask: the task, in words.
        things: {thing: the room where it is}.
        goal: what must be true at the end: (thing, room), (thing, "user"), ("robot", room) or ("said", words).
        notes: {thing: room}, where the notes are wrong.
    """

    ask: str
    things: dict = field(hash=False)
    goal: tuple
    notes: tuple = ()

    @property
    def told(self):
        """The notes, in a sentence for each thing."""
        places = {**self.things, **dict(self.notes)}
        return " ".join(f"The {thing} is in the {room}." for thing, room in places.items())


SIMPLE = (
    Task("bring the user the sponge", {"sponge": "bathroom"}, (("sponge", "user"),)),
    Task("bring the user the book", {"book": "bedroom"}, (("book", "user"),), (("book", "study"),)),
    Task("bring the user the water", {"water": "kitchen", "lamp": "study"}, (("water", "user"),)),
    Task("put the apple in the bedroom", {"apple": "kitchen"}, (("apple", "bedroom"),)),
    Task("put the lamp in the study", {"lamp": "living room"}, (("lamp", "study"),), (("lamp", "bedroom"),)),
    Task("put the towel in the bathroom", {"towel": "kitchen"}, (("towel", "bathroom"),), (("towel", "bedroom"),)),
    Task("bring the user the juice and say cheers", {"juice": "kitchen"}, (("juice", "user"), ("said", "cheers"))),
    Task(
        "put the candle in the kitchen and say ready", {"candle": "bathroom"},
        (("candle", "kitchen"), ("said", "ready")), (("candle", "study"),),
    ),
    Task(
        "bring the user the banana, then put the blanket in the bedroom",
        {"banana": "kitchen", "blanket": "living room"}, (("banana", "user"), ("blanket", "bedroom")),
    ),
    Task(
        "bring the user the newspaper, then the sweater", {"newspaper": "study", "sweater": "bathroom"},
        (("newspaper", "user"), ("sweater", "user")), (("sweater", "bedroom"),),
    ),
    Task(
        "put the water in the bedroom, then the book in the study", {"water": "kitchen", "book": "bathroom"},
        (("water", "bedroom"), ("book", "study")),
    ),
    Task(
        "bring the user the lamp, then go to the kitchen", {"lamp": "bedroom"},
        (("lamp", "user"), ("robot", "kitchen")), (("lamp", "study"),),
    ),
)  # fmt: skip
COMPOSED = (
    Task(
        "bring the user the towel, then put the sponge in the kitchen and say clean",
        {"towel": "bedroom", "sponge": "bathroom"}, (("towel", "user"), ("sponge", "kitchen"), ("said", "clean")),
    ),
    Task(
        "put the apple in the study, then the banana in the bedroom, then go to the bathroom",
        {"apple": "kitchen", "banana": "kitchen"},
        (("apple", "study"), ("banana", "bedroom"), ("robot", "bathroom")),
    ),
    Task(
        "bring the user the book, then the newspaper, then the juice",
        {"book": "study", "newspaper": "bedroom", "juice": "kitchen"},
        (("book", "user"), ("newspaper", "user"), ("juice", "user")),
    ),
    Task(
        "say hello, then put the blanket in the bathroom and bring the user the sweater",
        {"blanket": "bedroom", "sweater": "study"},
        (("said", "hello"), ("blanket", "bathroom"), ("sweater", "user")),
    ),
    Task(
        "put the lamp in the kitchen and say light, then bring the user the candle",
        {"lamp": "study", "candle": "bathroom"}, (("lamp", "kitchen"), ("said", "light"), ("candle", "user")),
    ),
    Task(
        "bring the user the water, then put the juice in the study, then the apple in the bedroom",
        {"water": "kitchen", "juice": "kitchen", "apple": "bathroom"},
        (("water", "user"), ("juice", "study"), ("apple", "bedroom")),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Wording:
    """How notes, a task, a program and an error are called in a prompt."""

    notes: str
    task: str
    program: str
    error: str

    def example(self, told, ask, program=""):
        return f"{self.notes}: {told}\n{self.task}: {ask}\n{self.program}:{program and ' ' + program}"


WORDINGS = (
    Wording("Notes", "Task", "Program", "Error"),
    Wording("What is known", "The user wants", "The robot runs", "It fails"),
    Wording("Memory", "Job", "Code", "Problem"),
)
RULES = (
    "A robot runs programs of these calls. goto(room) walks there. pick(thing) takes a thing that is in the room; "
    "the hand holds one thing. drop() puts it down. give() hands it to the user, who is in the living room. "
    "say(words) speaks."
)
SHOTS = (
    (
        "The cup is in the kitchen.",
        "bring the user the cup",
        'goto("kitchen"); pick("cup"); goto("living room"); give()',
    ),
    (
        "The cup is in the study.",
        "put the cup in the bathroom and say good",
        'goto("study"); pick("cup"); goto("bathroom"); drop(); say("good")',
    ),
)


def either(names):
    """GBNF of one of several texts."""
    return " | ".join(f'"{name}"' for name in names)


GRAMMAR = rf"""root ::= " " call ("; " call){{0,11}}
call ::= "goto(\"" room "\")" | "pick(\"" thing "\")" | "drop()" | "give()" | "say(\"" [a-z]+ "\")"
room ::= {either(ROOMS)}
thing ::= {either(THINGS)}
"""
