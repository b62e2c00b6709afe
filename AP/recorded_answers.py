"""Answers of a language model in a file that people can read: recorded once, replayed to the bit (Day 7).

A file is JSON with an answer a line: the question, what it cost, and log p of each option. Whoever doubts a figure
reads what was asked. See `AP.language` for what is asked, and bench/record_answers.py for how files are made.
"""

import json
from pathlib import Path

from AP.language import Answer, LanguageModel, Question
from framework.runs.files import written_whole

FORMAT, ABOUT = 1, ("name", "sha256", "runtime", "licence", "date")


class RecordedModel(LanguageModel):
    """Answers of a file that a `Recorder` wrote.

    Raises:
        ValueError: it is no such file.
    """

    replays = True

    def __init__(self, path):
        self.path = Path(path)
        self.about, self.answers = read_answers(path)
        super().__init__(self.about["name"])

    def answer(self, question):
        if question not in self.answers:
            raise ValueError(
                f"{self.name} was never asked this: …{question.prompt[-60:]!r}; ask a model, by --live or --server"
            )
        return self.answers[question]


class Recorder(LanguageModel):
    """Asks another model, and keeps its answers in a file, beside those which it holds already.

    Args:
        model: a `LanguageModel`.
        path: of the file.
        about: {"name", "sha256", "runtime", "licence", "date"} of the model.

    Raises:
        ValueError: the file holds answers of another model.
    """

    def __init__(self, model, path, about):
        super().__init__(model.name)
        self.model, self.path, self.about = model, Path(path), about
        known, self.answers = read_answers(path) if self.path.exists() else (about, {})
        if known["sha256"] != about["sha256"]:
            raise ValueError(f"{self.path.as_posix()} holds answers of another model, {known['name']}")

    def answer(self, question):
        if question not in self.answers:
            self.answers[question] = self.model.answer(question)
        return self.answers[question]

    def forget_others(self):
        """Keep no answer that nobody has asked for since this recorder began."""
        self.answers = {question: self.answers[question] for question in self._known}

    def close(self):
        """Write the file, whole."""
        with written_whole(self.path) as part:
            part.write_text(as_text(self.about, self.answers), encoding="utf-8", newline="\n")
        self.model.close()


def as_text(about, answers):
    """The file of {`Question`: `Answer`}: JSON with an answer a line. What many prompts begin with, up to their last
    empty line, and lists of options stand there once, and are numbered."""
    parts = {"prefixes": {}, "options": {}, "grammars": {}}
    lines = {"choices": [], "texts": []}
    for question, answer in answers.items():
        prefix, blank, rest = question.prompt.rpartition("\n\n")
        place = number(parts["prefixes"], prefix + blank)
        cost = [answer.tokens, round(answer.seconds, 2)]
        if question.options:
            of = number(parts["options"], (question.options, answer.lengths))
            scores = [round(score, 3) for score in answer.scores]
            lines["choices"].append([place, rest, of, *cost, *scores])
        else:
            of = number(parts["grammars"], question.grammar)
            lines["texts"].append([place, rest, of, question.max_tokens, *cost, answer.text])
    blocks = [f'"format": {FORMAT}', f'"model": {dumped(about)}']
    for name, rows in [*((name, list(known)) for name, known in parts.items()), *lines.items()]:
        blocks.append(f'"{name}": [\n' + ",\n".join(map(dumped, rows)) + "\n]")
    return "{" + ",\n".join(blocks) + "}\n"


def number(known, value):
    """The place of a value among those known, {value: place}; a new one comes last."""
    return known.setdefault(value, len(known))


def dumped(value):
    return json.dumps(value, ensure_ascii=False)


def read_answers(path):
    """What is known of the model, and {`Question`: `Answer`}, of a file of recorded answers.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    name = Path(path).as_posix()
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError(f"{name} has the format {values['format']}; this reads {FORMAT}")
        prefixes, answers = values["prefixes"], {}
        for place, rest, of, tokens, seconds, *scores in values["choices"]:
            options, lengths = map(tuple, values["options"][of])
            answer = Answer(tuple(scores), lengths, tokens=tokens, seconds=seconds)
            answers[Question(prefixes[place] + rest, options)] = answer
        for place, rest, of, most, tokens, seconds, text in values["texts"]:
            question = Question(prefixes[place] + rest, grammar=values["grammars"][of], max_tokens=most)
            answers[question] = Answer(text=text, tokens=tokens, seconds=seconds)
        return {each: values["model"][each] for each in ABOUT}, answers
    except FileNotFoundError:
        raise ValueError(f"there are no recorded answers in {name}") from None
    except (KeyError, TypeError, IndexError, AttributeError, json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{name} holds no recorded answers, or is damaged") from None
