"""The simulator over real HTTP and a real WebSocket."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
import segno
from tornado.httpclient import HTTPRequest
from tornado.netutil import bind_sockets
from tornado.testing import AsyncHTTPTestCase, bind_unused_port, gen_test
from tornado.websocket import websocket_connect

from DP.planner import PLANNERS
from environment import BOOK_MAZE, GridWorld
from lab.jobs import JobRunner
from lab.learners import LEARNERS, SETTINGS
from lab.listening import network_addresses
from lab.protocol.base import LARGEST_MESSAGE
from lab.server import main, make_app, serve, welcome_class

os.environ.setdefault("ASYNC_TEST_TIMEOUT", "60")  # Tornado's own 5 s are short where much else is under way

ROOT = Path(__file__).parents[2]
GRID = [list(row) for row in BOOK_MAZE]
PLAN = {"type": "plan", "id": 7, "plan": "value", "grid": GRID, "start": None, "prob": 0.8, "gamma": 0.9}
ENDLESS = {**PLAN, "grid": [[0, 0], [0, 1]], "gamma": 1, "step_reward": 0.5}


class LabTestCase(AsyncHTTPTestCase):
    def get_app(self):
        self.runner = JobRunner()
        self.addCleanup(self.runner.close)
        return make_app(self.runner)

    def post(self, body, **headers):
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.fetch("/plan", method="POST", body=text, headers=headers)

    async def connect(self, **headers):
        request = HTTPRequest(f"ws://127.0.0.1:{self.get_http_port()}/live", headers=headers)
        return await websocket_connect(request)


class TestPost(LabTestCase):
    def test_book_reader_gets_a_grid_a_sweep_with_the_answer_last(self):
        for plan in ("value", "policy"):
            answer = json.loads(self.post({"plan": plan, "grid": GRID, "prob": 0.8}).body)
            planner = PLANNERS[plan](GridWorld())
            planner.plan()
            np.testing.assert_array_equal(answer["log"], [V.reshape(3, 4) for V in planner.log])

    def test_values_are_exact_not_rounded_down(self):
        log = json.loads(self.post({"plan": "value", "grid": GRID, "prob": 0.8}).body)["log"]
        assert log[-1][0][2] == PLANNERS["value"](GridWorld()).plan()[2]

    def test_gamma_threshold_and_step_reward_may_be_given(self):
        body = {"plan": "value", "grid": GRID, "prob": 1, "gamma": 0.5, "threshold": 1e-9, "step_reward": 0}
        assert json.loads(self.post(body).body)["log"][-1][0] == [0.25, 0.5, 1, 0]

    def test_malformed_requests_get_400_and_one_sentence(self):
        for body in ("", "{", "[]", '{"prob": NaN}', {}, {"plan": "magic", "grid": GRID}, {"plan": "value"}):
            answer = self.post(body)
            assert answer.code == 400
            assert "\n" not in json.loads(answer.body)["error"]

    def test_unknown_plan_ragged_grid_probability_5_and_nan_are_refused(self):
        for change in ({"plan": "both"}, {"grid": [[0, 0], [0]]}, {"prob": 5}):
            assert self.post({"plan": "value", "grid": GRID, **change}).code == 400
        assert self.post('{"plan": "value", "grid": [[0, 0], [0, 0]], "prob": NaN}').code == 400

    def test_oversized_grid_and_oversized_body_are_refused(self):
        assert self.post({"plan": "value", "grid": [[0] * 21] * 21}).code == 400
        answer = self.post(" " * (LARGEST_MESSAGE + 1))
        assert answer.code == 400
        assert "too large" in json.loads(answer.body)["error"]

    def test_plan_without_an_answer_gets_400_not_a_hang(self):
        assert "smaller gamma" in json.loads(self.post(ENDLESS).body)["error"]
        no_way_out = self.post({"plan": "value", "grid": [[0, 0], [0, 0]], "gamma": 1})
        assert "an end must be within reach" in json.loads(no_way_out.body)["error"]

    def test_probability_may_be_a_text_as_the_books_page_sends_it(self):
        body = {"plan": "value", "grid": GRID, "prob": "0.7"}
        assert json.loads(self.post(body).body) == json.loads(self.post({**body, "prob": 0.7}).body)
        for text in ("", "often", "1.5", "NaN", "1e999"):
            assert "prob must be a number from 0 to 1" in json.loads(self.post({**body, "prob": text}).body)["error"]

    def test_an_error_has_a_code_and_arguments_too(self):
        answer = json.loads(self.post({"plan": "magic", "grid": GRID}).body)
        assert (answer["code"], answer["args"]["got"]) == ("choice", '"magic"')

    def test_server_that_is_too_busy_answers_503(self):
        self.runner.places = asyncio.Semaphore(0)
        answer = self.post({"plan": "value", "grid": GRID})
        assert answer.code == 503
        assert "try again in a moment" in json.loads(answer.body)["error"]
        assert self.post("{").code == 400

    def test_long_answers_that_fill_the_memory_are_refused_and_make_room(self):
        with patch("lab.book.LARGEST_LOGS", 100):
            assert self.post({"plan": "value", "grid": GRID}).code == 503
        with patch("lab.book.LARGEST_LOGS", 10_000):
            assert [self.post({"plan": "value", "grid": GRID}).code for _ in range(5)] == [200] * 5

    def test_other_sites_and_rebound_names_are_refused(self):
        assert self.post(PLAN, Origin="http://evil.example").code == 403
        assert self.post(PLAN, Host="evil.example").code == 403
        assert self.post(PLAN, Origin=f"http://127.0.0.1:{self.get_http_port()}").code == 200


class TestPage(LabTestCase):
    def test_page_and_its_parts_are_served_with_security_headers_and_without_cookies(self):
        for path, kind in (
            ("/", "text/html"),
            ("/static/catalogue.js", "text/javascript"),
            ("/static/favicon.svg", "image/svg+xml"),
        ):
            answer = self.fetch(path)
            assert answer.code == 200
            assert answer.headers["Content-Type"].startswith(kind)
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "Set-Cookie" not in answer.headers

    def test_catalogue_is_a_module_of_what_python_says(self):
        answer = self.fetch("/static/catalogue.js")
        assert answer.headers["Content-Type"].startswith("text/javascript")
        told = json.loads(re.fullmatch(r"export const CATALOGUE = (.*);\n", answer.body.decode())[1])
        assert list(told["learners"]) == list(LEARNERS)
        assert told["settings"]["epsilon"]["default"] == SETTINGS["epsilon"].default
        assert set(told["learners"]["actor_critic"]["settings"]) == set(LEARNERS["actor_critic"].limits)
        assert told["planners"] == list(PLANNERS)

    def test_hosts_that_are_no_address_and_paths_that_no_system_has_are_clean_errors(self):
        for host in ("[", "[::1", "[evil]"):
            assert self.fetch("/", headers={"Host": host}).code == 403
        assert self.fetch("/static/%00").code == 404

    def test_page_needs_nothing_from_other_servers(self):
        for path in (ROOT / "lab" / "static").rglob("*"):
            if path.suffix in (".html", ".js", ".css"):
                text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
                assert "http://" not in text
                assert "https://" not in text

    def test_unknown_page_wrong_method_and_escape_from_the_folder_are_clean_errors(self):
        for path, code in (("/nope", 404), ("/plan", 405), ("/static/../server.py", 403), ("/static/nope.js", 404)):
            answer = self.fetch(path)
            assert answer.code == code
            assert "Traceback" not in answer.body.decode()


async def ask(line, message):
    await line.write_message(json.dumps(message))


async def answer_of(line):
    """The next message; "heard" is none, it only says that an answer is under way."""
    while (answer := json.loads(await line.read_message()))["type"] == "heard":
        pass
    return answer


async def answers_until(line, last):
    answers = [await answer_of(line)]
    while answers[-1]["type"] != last:
        answers.append(await answer_of(line))
    return answers


@pytest.fixture
def refusal(monkeypatch, capsys):
    """Call the program with a port that it cannot use, as flag or as PORT; returns what it says."""

    def call(*arguments, port_of_environment=""):
        monkeypatch.setattr(sys, "argv", ["run_server.py", *arguments])
        monkeypatch.setenv("PORT", port_of_environment)
        with pytest.raises(SystemExit, match="2"):
            main()
        return capsys.readouterr().err

    return call


def test_port_flag_is_not_ignored_and_a_port_in_use_gets_one_sentence(refusal):
    listener, port = bind_unused_port()
    try:
        for said in (refusal("--port", str(port)), refusal(port_of_environment=str(port))):
            assert f"error: port {port} cannot be used" in said
            assert said.count("\n") == 1
    finally:
        listener.close()


@pytest.mark.parametrize("port", ["99999", "-1", "abc", "80.5"])
def test_bad_port_gets_one_sentence(refusal, port):
    sentence = f"error: the port must be a whole number from 0 to 65535; got '{port}'\n"
    assert refusal("--port", port) == refusal(port_of_environment=port) == sentence


def test_server_does_not_listen_on_all_interfaces(refusal):
    listener, port = bind_unused_port()
    try:
        with patch("lab.listening.bind_sockets", wraps=bind_sockets) as bind:
            refusal("--port", str(port))
    finally:
        listener.close()
    bind.assert_called_once_with(port, "127.0.0.1")


class TestClass(LabTestCase):
    """A class of one reader, below the word "secret"."""

    def get_app(self):
        self.runner = JobRunner()
        self.addCleanup(self.runner.close)
        return make_app(self.runner, "secret", most_lines=1)

    def test_everything_lies_below_the_word_and_nothing_elsewhere(self):
        for path, code in {"/": 200, "/static/favicon.svg": 200, "/static/catalogue.js": 200, "/live": 400}.items():
            assert self.fetch(f"/secret{path}").code == code  # 400: a line is no page
            for other in (path, f"/Secret{path}", f"/secre{path}", f"/secrets{path}"):
                assert self.fetch(other).code == 404
        body = json.dumps({"plan": "value", "grid": GRID})
        assert self.fetch("/secret/plan", method="POST", body=body).code == 200
        assert self.fetch("/plan", method="POST", body=body).code == 404

    def test_who_leaves_out_the_last_slash_finds_the_page(self):
        answer = self.fetch("/secret", follow_redirects=False)
        assert (answer.code, answer.headers["Location"]) == (302, "/secret/")

    def test_other_sites_and_rebound_names_are_refused(self):
        assert self.fetch("/secret/", headers={"Host": "evil.example"}).code == 403
        assert self.fetch("/secret/", headers={"Origin": "http://evil.example"}).code == 403

    @gen_test
    async def test_one_reader_too_many_gets_one_sentence_until_another_leaves(self):
        async def connect():
            return await websocket_connect(f"ws://127.0.0.1:{self.get_http_port()}/secret/live")

        first = await connect()
        second = await connect()
        error = await answer_of(second)
        assert (error["code"], error["args"]) == ("full", {"readers": 1})
        assert await second.read_message() is None
        first.close()
        await first.read_message()
        third = await connect()
        await ask(third, {"type": "shout"})
        assert (await answer_of(third))["code"] == "choice"


@contextmanager
def running_program(*arguments):
    """The program as a process of its own, listening to any port."""
    program = subprocess.Popen(
        [sys.executable, ROOT / "DP" / "run_server.py", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's children ignore it
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.mark.skipif(os.name == "nt", reason="a Windows process cannot be sent Ctrl-C alone")
def test_ctrl_c_stops_the_program_cleanly():
    with running_program() as program:
        assert re.search(r"http://127\.0\.0\.1:\d+/ ", program.stdout.readline())
        program.send_signal(signal.SIGINT)
        said, complaints = program.communicate(timeout=30)
    assert (program.returncode, complaints) == (0, "")
    assert "has stopped" in said


@pytest.mark.skipif(os.name == "nt", reason="a Windows process cannot be sent Ctrl-C alone")
def test_class_mode_says_what_it_opens_and_opens_nothing_else():
    try:
        network_addresses()
    except ValueError:
        pytest.skip("this computer is in no network")
    with running_program("--class") as program:
        address = re.search(r"http://\S+/", program.stdout.readline())[0]
        assert re.fullmatch(r"http://[\d.]+:\d+/[0-9a-f]{16}/", address)
        lines = iter(program.stdout.readline, "")
        sentence = next(line for line in lines if line.startswith("Anyone in this network"))
        assert "60 readers at most" in sentence
        assert urlopen(address).status == 200
        with pytest.raises(HTTPError, match="404"):
            urlopen(address[:-17])
        program.send_signal(signal.SIGINT)
        _, complaints = program.communicate(timeout=30)
    assert complaints == ""


def test_the_code_to_photograph_is_the_address(capsys):
    with patch("segno.make", wraps=segno.make) as make:
        welcome_class("http://192.168.1.20:8888/0123456789abcdef/", ["http://10.0.0.5:8888/0123456789abcdef/"])
    assert make.call_args[0] == ("http://192.168.1.20:8888/0123456789abcdef/",)
    said = capsys.readouterr().out
    assert "██ ▄▄▄▄▄ █" in said  # a corner
    assert "networks it is at http://10.0.0.5:8888/0123456789abcdef/" in said


def test_where_the_usual_port_is_taken_the_next_one_is_and_that_is_said(capsys):
    taken, port = bind_unused_port()

    async def begin():
        serving = asyncio.create_task(serve(None))
        said = ""
        while "Ctrl-C" not in said:
            await asyncio.sleep(0)
            said += capsys.readouterr().out
        serving.cancel()
        return said

    with closing(taken), patch("lab.server.PORT", port), patch("lab.server.warm_up"):
        said = asyncio.run(begin())
    assert f"Port {port} is in use, by Jupyter perhaps" in said
    assert port < int(re.search(r"http://127\.0\.0\.1:(\d+)/", said)[1]) < port + 20


def test_server_is_not_in_debug_mode_and_has_no_secret():
    settings = make_app(None).settings
    assert not settings["debug"]
    assert "cookie_secret" not in settings
