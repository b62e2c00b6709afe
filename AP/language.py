"""Language models behind one interface: recorded answers, a model on this machine, or a server (Day 7).

What an agent asks of a language model here is one of three things:

    choose(prompt, options)      log p(option | prompt), and how many tokens each option has
    yes_no(prompt)               log p(" Yes" | prompt) - log p(" No" | prompt)
    write(prompt, grammar)       a text, the most probable word after word; a grammar says what it may be

Never a free text that is then searched for an answer: "Yes, but no" would be a yes. A log-probability of an option is
the sum over its tokens, log p(token | prompt, tokens before). Options differ in length, and then there are three ways
to compare them, none of which is always best (`AP/llm_exam.py` measures):

    sum     log p(option | prompt)                                   short options win
    mean    the same, by the number of tokens                        what usually goes on after its first token wins
    pmi     log p(option | prompt) - log p(option | "N/A" prompt)    what is likely anyhow does not win by that

    python AP/language.py                                           a question, and what three models had said
    python AP/language.py --ask "The sky is" --options " blue| green" --live   SmolLM2 here (the extra llm)
    python AP/language.py --server http://127.0.0.1:8080 --model NAME          any OpenAI-compatible server
    python AP/language.py --answers FILE                            beside the three, a model that you have recorded

By default nothing is asked of any model: answers were recorded once (AP/recorded/, by bench/record_answers.py), so
that every page runs without a network, and to the bit. A question that was never recorded is an error, not a guess.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from framework.cli import CommonOptions, run

ANSWERS = Path(__file__).parent / "recorded" / "answers.json"
RECORDED = {  # whose answers there are: what they are called in tables
    "smollm2": "SmolLM2 135M",
    "qwen-0.5b": "Qwen2.5-Coder 0.5B",
    "qwen-1.5b": "Qwen2.5-Coder 1.5B",
}
YES_NO = (" Yes", " No")


@dataclass(frozen=True)
class Question:
    """What is asked: which of ``options`` follows the prompt, or, where there are none, which text does."""

    prompt: str
    options: tuple[str, ...] = ()
    grammar: str = ""
    """GBNF, of a text."""
    max_tokens: int = 0
    """Of a text."""


@dataclass(frozen=True)
class Answer:
    """What a model said, and what that cost."""

    scores: tuple[float, ...] = ()
    """log p of each option, the sum over its tokens."""
    lengths: tuple[int, ...] = ()
    """How many tokens each option has."""
    text: str = ""
    """What was written, where nothing was to choose from."""
    tokens: int = 0
    """That the model read and wrote for it."""
    seconds: float = 0.0


@dataclass
class Bill:
    """What was asked, and what it cost whoever answered."""

    calls: int = 0
    replayed: int = 0
    tokens: int = 0
    seconds: float = 0.0
    votes: int = 0
    """Questions whose answer is a share of votes, where no log-probabilities are told."""
    unclear: int = 0
    """Votes that named none of the options."""

    def add(self, answer, replayed):
        self.calls += 1
        self.replayed += replayed
        self.tokens += answer.tokens
        self.seconds += answer.seconds

    def __str__(self):
        cost = f"{self.tokens:,} tokens and {self.seconds:,.1f} s of the model"
        votes = f"; {self.votes:,} by votes, {self.unclear:,} of which named no option" if self.votes else ""
        return f"{self.calls:,} questions, {self.replayed:,} of them replayed; {cost}{votes}"


class LanguageModel:
    """Whatever answers questions; each is answered once, and remembered.

    Attributes:
        name: of the model, for tables.
        bill: what all questions together cost.
        replays: whether answers come from a file.
    """

    replays = False

    def __init__(self, name):
        self.name, self.bill, self._known = name, Bill(), {}

    def answer(self, question):
        """The `Answer` to a `Question`; subclasses say how.

        Raises:
            ValueError: there is none.
        """
        raise NotImplementedError

    def ask(self, question):
        """The same; it is asked once."""
        if question not in self._known:
            self._known[question] = self.answer(question)
            self.bill.add(self._known[question], self.replays)
        return self._known[question]

    def choose(self, prompt, options):
        """log p [A] of options after a prompt, and their lengths [A] in tokens.

        The border between them must be one between tokens: the prompt ends without a space, options begin with one.

        Raises:
            ValueError: it is none, there are fewer than two options, or two are alike.
        """
        if prompt != prompt.rstrip() or len(set(options)) < max(2, len(options)):
            raise ValueError(
                f"a prompt must not end with a space, and two options or more must differ; got {options}"
            )
        answer = self.ask(Question(prompt, tuple(options)))
        return np.array(answer.scores), np.array(answer.lengths)

    def yes_no(self, prompt):
        """log p(" Yes") - log p(" No") after a prompt. Where 0 is does not mean anything: compare such numbers."""
        yes, no = self.choose(prompt, YES_NO)[0]
        return float(yes - no)

    def write(self, prompt, grammar="", max_tokens=64):
        """The text that follows a prompt: at each place the most probable token that the grammar (GBNF) allows."""
        return self.ask(Question(prompt, grammar=grammar, max_tokens=max_tokens)).text

    def close(self):
        """Nobody asks any more."""


def compared(scores, lengths, prior=None):
    """{way: scores [A]} by "sum" and "mean", and, with the scores after a prompt without content, by "pmi"."""
    ways = {"sum": np.asarray(scores), "mean": np.asarray(scores) / np.asarray(lengths)}
    return ways if prior is None else {**ways, "pmi": np.asarray(scores) - np.asarray(prior)}


@dataclass(frozen=True)
class LanguageOptions(CommonOptions):
    """Which language model answers; every page that asks one has these."""

    model: str = "qwen-1.5b"
    """Whose recorded answers: smollm2, qwen-0.5b or qwen-1.5b; with --server, what the server calls its model."""
    live: bool = False
    """Ask SmolLM2 on this machine, and no recording (the extra llm)."""
    server: str = ""
    """Ask an OpenAI-compatible server at this address; its key is taken from NANOKA_API_KEY."""
    answers: str = ""
    """A file of answers of other models, which bench/record_answers.py has written; they stand beside the three."""


def open_models(options):
    """{name for tables: `LanguageModel`}: the three recorded ones, and those that --answers, --live or --server add.

    Raises:
        ValueError: there is no such model.
    """
    from AP.recorded_answers import RecordedModel, read_answers

    added = [open_model(options)] if options.live or options.server else []
    plain = replace(options, live=False, server="", answers="")
    if not added and not options.answers and options.model not in RECORDED:
        open_model(plain)  # says which there are
    models = [open_model(replace(plain, model=name)) for name in RECORDED]
    named = {model.name: model for model in models}
    for key in read_answers(options.answers) if options.answers else ():
        model = RecordedModel(options.answers, key)
        named[f"{model.name}, {Path(options.answers).stem}" if model.name in named else model.name] = model
    return named | {model.name + (" here" if options.live else ""): model for model in added}


def open_model(options):
    """The `LanguageModel` that a page's `LanguageOptions` name.

    Raises:
        ValueError: there is no such model.
    """
    if bool(options.live) + bool(options.server) + bool(options.answers) > 1:
        raise ValueError("--live asks a model here, --server another one, and --answers none; give one of them")
    if options.server:
        from AP.language_server import ServerModel

        return ServerModel(options.server, options.model)
    if options.live:
        from AP.language_local import LocalModel, smollm2

        return LocalModel(smollm2(), RECORDED["smollm2"])
    from AP.recorded_answers import RecordedModel, read_answers

    if options.answers:
        keys = list(read_answers(options.answers))
        return RecordedModel(options.answers, options.model if options.model in keys or not keys else keys[0])
    if options.model not in RECORDED:
        raise ValueError(f"model must be one of {', '.join(RECORDED)}; got {options.model}")
    return RecordedModel(ANSWERS, options.model)


EXAMPLE = (
    "The ball is to the left of you. To reach the ball, you should go left.\n"
    "The ball is in front of you. To reach the ball, you should go forward.\n\n"
    "The key is to the right of you. To reach the key, you should go"
)
NOTHING = "N/A. You should go"  # a prompt without content, for pmi


@dataclass(frozen=True)
class Options(LanguageOptions):
    ask: str = EXAMPLE
    """A prompt."""
    options: str = " left| right| forward"
    """What may follow it, with | between."""
    without: str = NOTHING
    """The same prompt without content."""


def main(options):
    choices = tuple(options.options.split("|"))
    recorded = options.ask == EXAMPLE and not (options.live or options.server)
    print(f"{options.ask}…\n")
    for model in open_models(options).values() if recorded else [open_model(options)]:
        scores, lengths = model.choose(options.ask, choices)
        prior, _ = model.choose(options.without, choices)
        print(f"{model.name}: log p by sum, mean and pmi")
        ways = compared(scores, lengths, prior)
        for i, choice in enumerate(choices):
            print(f"{choice:>12}  " + "  ".join(f"{way} {values[i]:7.3f}" for way, values in ways.items()))
        print(f"  {model.bill}", flush=True)
        model.close()


if __name__ == "__main__":
    run(main, Options, __doc__)
