"""Answers of language models in a file that people can read: recorded once, replayed to the bit (Day 7).

The file is JSON with a question a line, and beside it what each model said: how many tokens it read, seconds, and log
p of each option, or a text. Whoever doubts a figure reads what was asked. See `AP.language` for what is asked, and
bench/record_answers.py for how the file is made.
"""

import json
from pathlib import Path

from AP.language import Answer, LanguageModel, Question
from framework.runs.files import written_whole

FORMAT, ABOUT = 2, ("name", "sha256", "runtime", "licence", "date")


class RecordedModel(LanguageModel):
    """What one of the models of a file of answers said.

    Args:
        path: of the file, see `read_answers`.
        key: of the model, such as "smollm2".

    Raises:
        ValueError: it is no such file, or holds nothing of this model.
    """

    replays = True

    def __init__(self, path, key):
        known = read_answers(path)
        if key not in known:
            raise ValueError(f"{Path(path).as_posix()} holds no answers of {key}, but of {', '.join(known)}")
        self.about, self.answers = known[key]
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
        key: of the model in the file.
        about: {"name", "sha256", "runtime", "licence", "date"} of the model.

    Raises:
        ValueError: what the file holds under this key is of another model.
    """

    def __init__(self, model, path, key, about):
        super().__init__(model.name)
        self.model, self.path, self.key, self.about = model, Path(path), key, about
        self.known = read_answers(path) if self.path.exists() else {}
        known, self.answers = self.known.get(key, (about, {}))
        if known["sha256"] != about["sha256"]:
            raise ValueError(f"{self.path.as_posix()} holds answers of another model as {key}, {known['name']}")

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
            text = as_text({**self.known, self.key: (self.about, self.answers)})
            part.write_text(text, encoding="utf-8", newline="\n")
        self.model.close()


def as_text(known):
    """The file of {key: (about, {`Question`: `Answer`})}. What many prompts begin with, up to their last empty line,
    and lists of options stand there once, and are numbered, with how many tokens each model has for an option. A text
    whose prompt begins with the one of an earlier text has the number of that one, below 0, in place of a prefix."""
    keys, parts = list(known), {"prefixes": {}, "options": {}, "grammars": {}}
    lengths, lines, prompts = {}, {"choices": [], "texts": []}, []
    for question in dict.fromkeys(question for key in keys for question in known[key][1]):
        prefix, blank, rest = question.prompt.rpartition("\n\n")
        said = [known[key][1].get(question) for key in keys]
        if question.options:
            of = number(parts["options"], question.options)
            row = [number(parts["prefixes"], prefix + blank), rest, of]
            for key, answer in zip(keys, said, strict=True):
                if answer and lengths.setdefault((of, key), answer.lengths) != answer.lengths:
                    raise ValueError(f"{key} has other tokens for {question.options} here than elsewhere")
        else:
            earlier = [prompt for prompt in prompts if question.prompt.startswith(prompt)]
            if earlier:
                longest = max(earlier, key=len)
                place, rest = prompts.index(longest) - len(prompts), question.prompt[len(longest) :]
            else:
                place = number(parts["prefixes"], prefix + blank)
            prompts.append(question.prompt)
            row = [place, rest, number(parts["grammars"], (question.grammar, question.max_tokens))]
        told = [[each.tokens, short(each.seconds), *what(each)] if each else None for each in said]
        lines["choices" if question.options else "texts"].append([*row, *told])
    options = [
        [list(options), *(list(lengths.get((of, key), ())) for key in keys)]
        for options, of in parts["options"].items()
    ]
    blocks = [f'"format": {FORMAT}', f'"models": {dumped({key: known[key][0] for key in keys})}']
    rows = {"prefixes": list(parts["prefixes"]), "options": options, "grammars": list(parts["grammars"]), **lines}
    for name, each in rows.items():
        blocks.append(f'"{name}": [\n' + ",\n".join(map(dumped, each)) + "\n]")
    return "{" + ",\n".join(blocks) + "}\n"


def what(answer):
    """What a model said, as it stands in a file."""
    return [round(score, 3) for score in answer.scores] if answer.scores else [answer.text]


def short(seconds):
    """Rounded to tenths; a whole number without its point."""
    return int(seconds) if round(seconds, 1) == int(seconds) else round(seconds, 1)


def number(known, value):
    """The place of a value among those known, {value: place}; a new one comes last."""
    return known.setdefault(value, len(known))


def dumped(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_answers(path):
    """{key: (about, {`Question`: `Answer`})} of all models of a file of recorded answers.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    name = Path(path).as_posix()
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError(f"{name} has the format {values['format']}; this reads {FORMAT}")
        keys, prefixes = list(values["models"]), values["prefixes"]
        known = {key: ({each: values["models"][key][each] for each in ABOUT}, {}) for key in keys}
        for place, rest, of, *said in values["choices"]:
            options, *lengths = map(tuple, values["options"][of])
            question = Question(prefixes[place] + rest, options)
            for key, length, told in zip(keys, lengths, said, strict=True):
                if told:
                    tokens, seconds, *scores = told
                    known[key][1][question] = Answer(tuple(scores), length, tokens=tokens, seconds=seconds)
        prompts = []
        for place, rest, of, *said in values["texts"]:
            prompts.append((prefixes[place] if place >= 0 else prompts[place]) + rest)
            grammar, most = values["grammars"][of]
            question = Question(prompts[-1], grammar=grammar, max_tokens=most)
            for key, told in zip(keys, said, strict=True):
                if told:
                    tokens, seconds, text = told
                    known[key][1][question] = Answer(text=text, tokens=tokens, seconds=seconds)
        return known
    except FileNotFoundError:
        raise ValueError(f"there are no recorded answers in {name}") from None
    except (KeyError, TypeError, IndexError, AttributeError, json.JSONDecodeError, UnicodeDecodeError):
        raise ValueError(f"{name} holds no recorded answers, or is damaged") from None
