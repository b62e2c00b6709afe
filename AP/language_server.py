"""A language model on any server that speaks OpenAI's interface (Day 7): vLLM, llama.cpp, LM Studio, a provider.

    python AP/llm_exam.py --server http://127.0.0.1:8080 --model NAME

Where the server repeats a prompt with its log-probabilities (``echo`` of /v1/completions), log p(option | prompt) is
exact. Where it does not, as with chat models, it is asked to repeat one of the options, which are listed in each of
their rotations, for what stands first is named more often; the share of the votes, with half a vote more for each,
stands for p. The bill then says so. A reply that is none of the options is no vote, and is counted there, too.

A key is taken from the environment's NANOKA_API_KEY, and is never written anywhere.
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import numpy as np

from AP.language import Answer, LanguageModel

KEY, PATIENCE = "NANOKA_API_KEY", 60  # seconds
TRIES, LONGEST_WAIT = 4, 30  # where a server asks to be asked later; seconds
ASK_FOR_ONE = "\n\nContinue with exactly one of these, and write nothing else:\n{options}"


class ServerModel(LanguageModel):
    """A model of a server.

    Args:
        address: of the server, such as http://127.0.0.1:8080.
        model: what the server calls it.
        wait: function that waits for so many seconds.

    Attributes:
        votes: whether probabilities are shares of votes; None until that is known.

    Raises:
        ValueError: the address is none.
    """

    def __init__(self, address, model, wait=time.sleep):
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"a server's address begins with http:// or https://; got {address}")
        super().__init__(f"{model} at {parts.hostname}")
        self.address = address.rstrip("/").removesuffix("/v1")
        self.model, self.wait = model, wait
        self.votes = None

    def answer(self, question):
        """By the prompt that the server repeats, or by votes; which of them is found out at the first question."""
        began = time.perf_counter()
        if not question.options:
            fields = self.write_text(question)
        elif self.votes:
            fields = self.vote(question)
        else:
            fields = self.read_options(question)
            self.votes = fields is None
            fields = fields or self.vote(question)
        return Answer(**fields, seconds=time.perf_counter() - began)

    def read_options(self, question):
        """The fields of an `Answer` by the log-probabilities of the prompt and each option; None: it tells none.

        Raises:
            ValueError: an option shares a token with the prompt.
        """
        scores, lengths, tokens = [], [], 0
        for option in question.options:
            body = {"prompt": question.prompt + option, "max_tokens": 0, "echo": True, "logprobs": 0}
            try:
                reply = self.post("/v1/completions", body)
                told = reply["choices"][0]["logprobs"]
                places, log_probs = told["text_offset"], told["token_logprobs"]
                of_option = [log_probs[i] for i, place in enumerate(places) if place >= len(question.prompt)]
                total = float(sum(of_option))
            except NoSuchThing:
                return None
            except (KeyError, TypeError, IndexError):
                return None
            if not of_option or len(places) == len(of_option):
                return None  # it repeats no prompt
            if len(question.prompt) not in places:
                raise ValueError(f"{option!r} does not begin a token of its own after …{question.prompt[-30:]!r}")
            scores.append(total)
            lengths.append(len(of_option))
            tokens += used(reply)
        return {"scores": tuple(scores), "lengths": tuple(lengths), "tokens": tokens}

    def vote(self, question):
        """The fields of an `Answer` by votes, one for each rotation of the options."""
        options = [option.strip() for option in question.options]
        self.bill.votes += 1
        votes, tokens = np.full(len(options), 0.5), 0
        for first in range(len(options)):
            listed = "\n".join(f"- {option}" for option in options[first:] + options[:first])
            said, cost = self.chat(question.prompt + ASK_FOR_ONE.format(options=listed), 32)
            tokens += cost
            named = [i for i, option in enumerate(options) if said.strip(" .\n-\"'").casefold() == option.casefold()]
            self.bill.unclear += not named
            votes[named] += 1
        return {
            "scores": tuple(np.log(votes / votes.sum()).tolist()),
            "lengths": (1,) * len(options),
            "tokens": tokens,
        }

    def write_text(self, question):
        """The fields of an `Answer` that is a text."""
        prompt = question.prompt
        if question.grammar:
            prompt += f"\n\nAnswer by what this grammar (GBNF) allows, and write nothing else:\n{question.grammar}"
        text, tokens = self.chat(prompt, question.max_tokens)
        return {"text": text, "tokens": tokens}

    def chat(self, prompt, max_tokens):
        """(what it says, how many tokens that cost)."""
        body = {"messages": [{"role": "user", "content": prompt}], "temperature": 0, "max_tokens": max_tokens}
        reply = self.post("/v1/chat/completions", body)
        try:
            return str(reply["choices"][0]["message"]["content"] or ""), used(reply)
        except (KeyError, TypeError, IndexError):
            raise ValueError(f"{self.address} answers, but not as OpenAI's interface does") from None

    def post(self, path, body):
        """What the server replies; where it asks to come later, it is asked again.

        Raises:
            NoSuchThing: it does not know the path, or what was asked of it.
            ValueError: it cannot be reached, does not answer in time, or answers no JSON.
        """
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        data = json.dumps({"model": self.model, **body}).encode()
        for tried in range(TRIES):
            request = urllib.request.Request(self.address + path, data, headers)
            try:
                with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
                    return json.loads(reply.read().decode("utf-8"))
            except urllib.error.HTTPError as error:
                said = error.read(300).decode(errors="replace").strip().replace(key or "\0", "***")
                if error.code in (429, 503) and tried < TRIES - 1:
                    self.wait(asked_to_wait(error.headers.get("Retry-After"), tried))
                elif error.code in (400, 404, 405, 422, 501) and path == "/v1/completions":
                    raise NoSuchThing(said) from None
                else:
                    raise ValueError(f"{self.address} refuses ({error.code}): {said}") from None
            except UnicodeDecodeError:
                raise ValueError(f"{self.address} answers no UTF-8") from None
            except json.JSONDecodeError:
                raise ValueError(f"{self.address} answers no JSON") from None
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                raise ValueError(f"{self.address} cannot be reached, or does not answer: {reason}") from None
        raise AssertionError("the last try returns or raises")


class NoSuchThing(Exception):
    """The server does not offer what was asked."""


def asked_to_wait(header, tried):
    """Seconds until the next try: what the server asks for, else 1, 2, 4 …; at most half a minute."""
    asked = float(header) if header and header.isdigit() else 2.0**tried
    return min(asked, LONGEST_WAIT)


def used(reply):
    """Tokens that a reply has cost, by the server's own count; 0 where it does not say."""
    usage = reply.get("usage") if isinstance(reply, dict) else None
    return int((usage or {}).get("total_tokens") or 0)
