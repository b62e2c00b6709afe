"""What `AP.llm_planner` asks language models about the house of `worlds.house`, written before any was asked.

It is frozen: whoever changes a prompt after having seen an answer measures something else. A prompt is two worked
examples, an empty line, what the user says, and the skills that have worked so far, numbered. The examples need
things that are not in the house: from examples that name these, plans would be copied.
"""

from dataclasses import dataclass

from worlds.house import INSTRUCTIONS, SKILLS

SAID = tuple(INSTRUCTIONS)
OPTIONS = tuple(f" {skill}" for skill in SKILLS)  # all of them, in any scene
SHOTS = {"I have a headache": "pill box", "the plant is dry": "watering can"}


@dataclass(frozen=True)
class Wording:
    """How a prompt is put.

    Attributes:
        user: the user's part; {} is what the user says.
        robot: what precedes the first number.
    """

    user: str
    robot: str

    def line(self, said, steps):
        """What the user says, skills so far, and the next number."""
        listed = "".join(f"{number}. {step} " for number, step in enumerate(steps, 1))
        return f"{self.user.format(said)}{self.robot}{listed}"

    def prompt(self, said, steps):
        """The prompt after which a skill follows."""
        shots = [
            self.line(each, (f"find the {thing}", f"pick up the {thing}", "bring it", "done")).rstrip() + "\n"
            for each, thing in SHOTS.items()
        ]
        return "".join(shots) + f"\n{self.line(said, steps)}{len(steps) + 1}."

    @property
    def empty(self):
        """The prompt without content, for pmi: no example, no step."""
        return f"{self.line('N/A', ())}1."


WORDINGS = (
    Wording("The user says: {}.", " The robot should: "),
    Wording("Human: {}.", "\nRobot: "),
    Wording('Somebody at home said "{}",', " and the helpful robot did this: "),
)
