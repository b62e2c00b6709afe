"""The simulator over real HTTP and a real WebSocket."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.netutil import bind_sockets
from tornado.testing import AsyncHTTPTestCase, bind_unused_port, gen_test
from tornado.websocket import websocket_connect

from DP.planner import PLANNERS, greedy_actions
from environment import BOOK_MAZE, GridWorld
from lab.jobs import JobRunner
from lab.protocol import LARGEST_MESSAGE
from lab.server import main, make_app

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

    def test_server_that_is_too_busy_answers_503(self):
        self.runner.jobs = 0
        answer = self.post({"plan": "value", "grid": GRID})
        assert answer.code == 503
        assert "try again in a moment" in json.loads(answer.body)["error"]
        assert self.post("{").code == 400

    def test_long_answers_that_fill_the_memory_are_refused_and_make_room(self):
        with patch("lab.server.LARGEST_LOGS", 100):
            assert self.post({"plan": "value", "grid": GRID}).code == 503
        with patch("lab.server.LARGEST_LOGS", 10_000):
            assert [self.post({"plan": "value", "grid": GRID}).code for _ in range(5)] == [200] * 5

    def test_other_sites_and_rebound_names_are_refused(self):
        assert self.post(PLAN, Origin="http://evil.example").code == 403
        assert self.post(PLAN, Host="evil.example").code == 403
        assert self.post(PLAN, Origin=f"http://127.0.0.1:{self.get_http_port()}").code == 200


class TestPage(LabTestCase):
    def test_page_and_its_parts_are_served_with_security_headers_and_without_cookies(self):
        for path, kind in (
            ("/", "text/html"),
            ("/static/app.js", "text/javascript"),
            ("/static/style.css", "text/css"),
        ):
            answer = self.fetch(path)
            assert answer.code == 200
            assert answer.headers["Content-Type"].startswith(kind)
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Set-Cookie" not in answer.headers

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
    return json.loads(await line.read_message())


async def answers_until(line, last):
    answers = [await answer_of(line)]
    while answers[-1]["type"] != last:
        answers.append(await answer_of(line))
    return answers


class TestLive(LabTestCase):
    @gen_test
    async def test_sweeps_stream_as_the_planner_makes_them(self):
        line = await self.connect()
        for plan, planner_of in PLANNERS.items():
            await ask(line, {**PLAN, "plan": plan})
            started, *batches, done = await answers_until(line, "done")
            assert (started["type"], started["shape"], started["start"]) == ("started", [3, 4], 8)
            planner = planner_of(GridWorld())
            planner.plan()
            sweeps = [sweep for batch in batches for sweep in batch["sweeps"]]
            assert [sweep["values"] for sweep in sweeps] == [V.tolist() for V in planner.log]
            bits = greedy_actions(planner.Q, 1e-4) @ [1, 2, 4, 8]
            assert sweeps[-1]["greedy"] == [0 if s in (3, 5, 7) else bits[s] for s in range(12)]
            assert done["policy"] == planner.policy.tolist()
            assert {message["id"] for message in (started, *batches, done)} == {7}

    @gen_test
    async def test_ties_of_a_symmetric_maze_are_shown_as_ties_by_every_planner(self):
        line = await self.connect()
        for plan in PLANNERS:
            await ask(line, {**PLAN, "plan": plan, "grid": [[0, 0, 0], [0, 0, 0], [0, 0, 1]]})
            *_, last, _ = await answers_until(line, "done")
            assert last["sweeps"][-1]["greedy"][0] == 2 + 4  # right and down, along the diagonal

    @gen_test
    async def test_outcomes_are_the_worlds_own_model(self):
        line = await self.connect()
        await ask(line, PLAN)
        started = await answer_of(line)
        P = GridWorld().P
        assert started["outcomes"] == [[[list(outcome) for outcome in P[s][a]] for a in range(4)] for s in range(12)]

    @gen_test
    async def test_walk_is_an_episode_of_the_real_world(self):
        line = await self.connect()
        await ask(line, {**PLAN, "type": "walk", "policy": [1] * 12, "seed": 3})
        walk = await answer_of(line)
        env = GridWorld()
        state, _ = env.reset(seed=3)
        for s, action, next_state, reward in walk["steps"]:
            assert (s, action) == (state, 1)
            state, expected, *_ = env.step(action)
            assert (next_state, reward) == (state, expected)
        assert walk["return"] == sum(step[3] for step in walk["steps"])

    @gen_test
    async def test_bad_messages_are_answered_and_the_line_stays_open(self):
        line = await self.connect()
        texts = ("{", "[]", "{}", '{"type": "shout"}', '{"type": ["plan"]}', '{"type": "plan", "id": 3}')
        ragged = json.dumps({**PLAN, "grid": [[0, 0], []]})
        for text in (*texts, ragged, " " * (LARGEST_MESSAGE + 1)):
            await line.write_message(text)
            answer = await answer_of(line)
            assert answer["type"] == "error"
            assert answer["message"]
        await ask(line, PLAN)
        assert (await answers_until(line, "done"))[-1]["id"] == 7

    @gen_test
    async def test_server_that_is_too_busy_says_so_and_the_line_stays_open(self):
        line = await self.connect()
        self.runner.jobs = 0
        await ask(line, PLAN)
        answer = await answer_of(line)
        assert (answer["type"], answer["id"]) == ("error", 7)
        assert "try again in a moment" in answer["message"]
        self.runner.jobs = 1
        await ask(line, PLAN)
        assert (await answers_until(line, "done"))[-1]["id"] == 7

    @gen_test
    async def test_new_plan_replaces_the_running_one(self):
        line = await self.connect()
        await ask(line, {**ENDLESS, "id": 1})
        await answer_of(line)
        await ask(line, {**PLAN, "id": 2})
        answers = await answers_until(line, "done")
        assert {"type": "cancelled", "id": 1} in answers
        after = answers[answers.index({"type": "cancelled", "id": 1}) + 1 :]
        assert {answer["id"] for answer in after} == {2}

    @gen_test
    async def test_client_that_leaves_cancels_its_job(self):
        line = await self.connect()
        await ask(line, ENDLESS)
        await answer_of(line)
        assert self.runner.under_way == 1
        line.close()
        other = await self.connect()
        for _ in range(50):  # messages of another line give the server its turns
            await ask(other, {"type": "shout"})
            await answer_of(other)
        assert self.runner.under_way == 0

    @gen_test
    async def test_event_loop_answers_while_a_plan_is_computed(self):
        line, other = await self.connect(), await self.connect()
        await ask(line, ENDLESS)
        await ask(other, {**PLAN, "id": 1})
        assert (await answers_until(other, "done"))[-1]["id"] == 1

    @gen_test
    async def test_other_sites_cannot_open_a_line(self):
        with pytest.raises(HTTPClientError, match="403"):
            await self.connect(Origin="http://evil.example")


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
        with patch("lab.server.bind_sockets", wraps=bind_sockets) as bind:
            refusal("--port", str(port))
    finally:
        listener.close()
    bind.assert_called_once_with(port, "127.0.0.1")


@pytest.mark.skipif(os.name == "nt", reason="a Windows process cannot be sent Ctrl-C alone")
def test_ctrl_c_stops_the_program_cleanly():
    program = subprocess.Popen(
        [sys.executable, ROOT / "DP" / "run_server.py", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's children ignore it
    )
    try:
        assert re.search(r"http://127\.0\.0\.1:\d+/", program.stdout.readline())
        program.send_signal(signal.SIGINT)
        said, complaints = program.communicate(timeout=30)
    finally:
        program.kill()
    assert (program.returncode, complaints) == (0, "")
    assert "has stopped" in said


def test_server_is_not_in_debug_mode_and_has_no_secret():
    settings = make_app(None).settings
    assert not settings["debug"]
    assert "cookie_secret" not in settings
