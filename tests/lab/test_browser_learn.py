"""Day 3 in the simulator's page: learn, pause, step, move a slider, put two side by side, in a real Chromium."""

import csv
import io
import re
import shlex
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from environment import GridWorld
from framework.tabular.world import TableWorld
from lab.cards import DYNA_MAZE as DYNA
from lab.learners import LEARNERS, default_settings, make_agent
from lab.learning import Truth
from tests.lab.test_browser import (  # noqa: F401  (fixtures)
    ROOT,
    Page,
    calm,
    chromium,
    english_left,
    free_port,
    origin,
    page,
    running_server,
)

NAMES = list(LEARNERS)
TRAPPED = "#maze=.....BT/.....BB/S......&mode=learn"


def script(name, seed=1, env=None, **settings):
    """What a reader's own script would do: generator of (agent, step)."""
    world = TableWorld(env or GridWorld())
    world.reset(seed=seed)
    agent = make_agent(name, world, seed, default_settings() | settings)
    while True:
        for step in agent.steps(world):
            yield agent, step


@pytest.fixture
def lesson(page):  # noqa: F811
    """The page on Day 3, connected."""
    page.open("/#mode=learn")
    connected(page)
    return page


def connected(page):  # noqa: F811
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is open")


def learner(page, index=0):  # noqa: F811
    return page.module("learn/lesson.js", f"m.lesson.run?.learners[{index}] ?? null")


def steps(page, index=0):  # noqa: F811
    known = learner(page, index)
    return known["step"] if known and known["q"] else 0


def step(page, unit="step"):  # noqa: F811
    """Press the button, and wait for what it brings."""
    before = steps(page)
    page.click(f"learn-{unit}")
    page.wait(lambda: steps(page) > before, "a step is taken")
    return page.settle()


def set_pace(page, pace):  # noqa: F811
    page.script(
        "const at = document.getElementById('pace'); at.value = arguments[0]; at.dispatchEvent(new Event('input'))",
        pace,
    )


def drawn(page, board="board"):  # noqa: F811
    """The board's picture, to see whether it changes."""
    return page.script(f"return document.querySelector('#{board} canvas').toDataURL()")


def assert_script_lives_it(command, rows, tmp_path):
    """The copied command gives the returns that the page has shown, episode by episode."""
    python, *arguments = shlex.split(command)
    assert python == "python"
    ran = subprocess.run(
        [sys.executable, *arguments, "--report", "1", "--plot", str(tmp_path / "plot.png")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    told_rewards = re.findall(r"episode \d+: mean reward (\S+)", ran.stdout)
    assert told_rewards == [f"{float(row['discounted_return']):.3f}" for row in rows], ran.stderr


def test_the_days_are_one_click_apart_and_day_2_stays_as_it_was(page):  # noqa: F811
    page.plan()
    before, address = page.label(0), page.driver.current_url
    page.click("mode-learn")
    page.wait(lambda: page.get("learn").is_displayed() and not page.get("plan").is_displayed())
    assert page.driver.current_url == f"{address}&mode=learn"
    page.click("mode-plan")
    page.wait(lambda: page.get("plan").is_displayed() and not page.get("learn").is_displayed())
    assert page.driver.current_url == address
    page.wait(lambda: page.label(0) == before, "the plan is still there")


def test_steps_are_those_of_the_el_class_and_the_error_is_written_out(lesson):
    own = script("q_learning", seed=1)
    before = drawn(lesson)
    for _ in range(12):
        step(lesson)
        agent, last = next(own)
        assert learner(lesson)["q"] == agent.q
    assert drawn(lesson) != before
    written = lesson.driver.find_element(By.CSS_SELECTOR, "#lesson-readouts .equation").text.replace("−", "-")
    arrow, reward, gamma, following, old, error = re.match(
        r"(.) δ = (\S+) \+ (\S+) × (\S+) - (\S+) = (\S+)", written
    ).groups()
    assert arrow == "↑→↓←"[last.action]
    numbers = [float(number.strip("()")) for number in (reward, gamma, following, old, error)]
    assert numbers[0] + numbers[1] * numbers[2] - numbers[3] == pytest.approx(numbers[4], abs=2e-4)
    assert numbers[4] == pytest.approx(last.td_error, abs=1e-4)


def test_learns_pauses_goes_on_and_forgets(lesson):
    set_pace(lesson, 8)
    lesson.click("learn")
    lesson.wait(lambda: lesson.text("learn") == "Pause")
    lesson.wait(lambda: (learner(lesson) or {}).get("episode", 0) > 200, "it learns at full speed")
    lesson.wait(lambda: "episodes/s" in lesson.text("lesson-readouts"))
    lesson.click("learn")
    lesson.wait(lambda: lesson.text("learn") == "Go on")
    step(lesson)
    at = steps(lesson)
    step(lesson)
    assert steps(lesson) == at + 1  # nothing runs by itself any more
    lesson.wait(lambda: "best" in lesson.label(8), "the names of the cells are up to date")
    assert not lesson.script("return document.querySelector('#curve canvas').hidden")
    assert "optimum is 0.374" in lesson.get("curve").get_attribute("aria-label")
    curve = lesson.script("return document.querySelector('#curve canvas').toDataURL()")
    assert len(curve) > 3000
    lesson.choose(8)
    written = [f"{value:.4f}".replace("-", "−") for value in learner(lesson)["q"][8]]
    lesson.wait(lambda: all(value in lesson.text("learnt") for value in written), "the Q values of the cell")
    lesson.click("learn-reset")
    lesson.wait(lambda: learner(lesson) is None and lesson.get("lesson-hint").is_displayed())


def test_sliders_act_while_it_runs(lesson):
    Select(lesson.get("learner")).select_by_value("td_lambda")
    set_pace(lesson, 6)
    lesson.click("learn")
    lesson.wait(lambda: steps(lesson) > 10)
    lesson.get("gamma-slider").send_keys(Keys.HOME)  # only the next reward counts
    lesson.wait(
        lambda: lesson.module("learn/lesson.js", "m.lesson.run.truth.optimum") == pytest.approx(-0.04), "γ acts"
    )
    for name in ("epsilon", "learning_rate", "lambda_", "rate_decay"):
        lesson.get(f"{name}-slider").send_keys(Keys.END)
    lesson.wait(lambda: "epsilon=1" in lesson.driver.current_url and "lambda_=1" in lesson.driver.current_url)
    at = steps(lesson)
    lesson.wait(lambda: steps(lesson) > at, "the same lesson goes on")
    lesson.field("epsilon", 5)
    lesson.wait(lambda: "Exploration ε must be a number from 0 to 1; got 5" in lesson.text("notice"))
    at = steps(lesson)
    lesson.wait(lambda: steps(lesson) > at, "a refused setting stops nothing")
    assert lesson.get("epsilon").get_attribute("value") == "1"
    lesson.click("undo")
    lesson.wait(lambda: told(lesson, "rate_decay") == 0, "undo acts, too")


def test_links_from_before_lambda_had_its_name_are_read(lesson):
    assert lesson.module("core/address.js", "m.fromHash('#lambda=0.25').settings.learn.lambda_") == 0.25


def test_all_best_actions_of_a_learner_are_shown_once_one_was_tried(lesson):
    """Bit a is set where action a is as good as the best."""
    learnt = "{q: [[0.5, 0.2, 0.5, 0], [0, 0, 0, 0]], n: [[1, 0, 0, 0], [0, 0, 0, 0]]}"
    assert lesson.module("learn/lesson.js", f"[0, 1].map((s) => m.bestMask({learnt}, s))") == [1 + 4, 0]


def test_every_learner_side_by_side_with_another(lesson):
    for first, second in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True):
        Select(lesson.get("learner")).select_by_value(first)
        Select(lesson.get("learner2")).select_by_value(second)
        lesson.field("seed2", 7)
        step(lesson, "episode")
        scripts = []
        for name, seed in ((first, 1), (second, 7)):
            for agent, last in script(name, seed=seed):
                if last.terminated or last.truncated:
                    scripts.append(agent)
                    break
        assert [learner(lesson, i)["q"] for i in (0, 1)] == [agent.q for agent in scripts]
        assert "seed 1" in lesson.text("board-name")
        assert "seed 7" in lesson.text("board-name-2")
        assert lesson.get("board-2").is_displayed()
    link = lesson.driver.current_url.split("#")[1]
    lesson.open(f"/#{link}")
    assert lesson.get("seed2").get_attribute("value") == "7"  # a link repeats the lesson
    Select(lesson.get("learner2")).select_by_value("")
    lesson.wait(lambda: not lesson.get("column-2").is_displayed())


def test_the_keyboard_does_it_all(lesson):
    lesson.keys(Keys.TAB, Keys.ENTER)
    lesson.wait(lambda: lesson.driver.switch_to.active_element.get_attribute("data-state") == "8")
    lesson.keys(".")
    lesson.wait(lambda: steps(lesson) == 1, ". takes a step")
    lesson.keys("n")
    lesson.wait(lambda: (learner(lesson) or {}).get("episode") == 1, "n goes on to the end of the episode")
    lesson.keys(" ")
    lesson.wait(lambda: lesson.text("learn") == "Pause", "space learns")
    lesson.keys(" ")
    lesson.wait(lambda: lesson.text("learn") == "Go on", "and pauses")
    lesson.keys("v")
    lesson.wait(lambda: lesson.get("view-1").get_attribute("value") == "policy", "v shows something else")
    lesson.keys("w")
    lesson.wait(lambda: "return" in lesson.text("notice"), "w walks greedily")
    taken = steps(lesson)
    lesson.keys("r")
    lesson.wait(lambda: learner(lesson) is None, "r forgets")
    assert "R on the board" in lesson.text("notice")
    lesson.keys("R")
    lesson.wait(lambda: steps(lesson) == taken, "R takes that back")


def test_speaks_japanese_throughout(lesson):
    Select(lesson.get("learner2")).select_by_value("actor_critic")
    step(lesson)
    lesson.choose(8)
    lesson.click("lang-ja")
    lesson.wait(lambda: lesson.text("learn") == "再開")
    step(lesson, "episode")
    lesson.wait(lambda: lesson.text("board-name").startswith("Q 学習"))
    assert "訪問" in lesson.wait(lambda: lesson.label(8))
    assert english_left(lesson) == []


def test_phone_and_names_of_controls(lesson):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    lesson.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    for language in ("en", "ja"):
        lesson.open(f"/?lang={language}#mode=learn&learner2=td_lambda")
        connected(lesson)
        assert lesson.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
        step(lesson)
        assert lesson.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
        small = lesson.script(
            """return [...document.querySelectorAll('button, select, summary, .views label')]
            .filter((at) => at.checkVisibility() && at.getBoundingClientRect().height < 43).map((at) => at.id)"""
        )
        assert [name for name in small if name] == []
        tree = lesson.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        roles = {"button", "slider", "spinbutton", "radio", "combobox", "gridcell", "grid", "radiogroup", "image"}
        nodes = [node for node in tree if node.get("role", {}).get("value") in roles and not node.get("ignored")]
        assert len(nodes) > 30
        assert [node["role"]["value"] for node in nodes if not node.get("name", {}).get("value", "").strip()] == []


def test_reduced_motion_draws_once_and_no_more(lesson):
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    lesson.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        lesson.open("/#mode=learn")
        connected(lesson)
        step(lesson)
        picture = drawn(lesson)
        for _ in range(5):
            assert drawn(lesson.settle()) == picture
    finally:
        lesson.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_a_seed_that_cannot_be_used_is_refused_and_says_why(lesson):
    lesson.field("seed", -1)
    lesson.wait(lambda: "Seed must be a whole number" in lesson.text("notice"))
    assert lesson.get("seed").get_attribute("value") == "1"
    Select(lesson.get("learner2")).select_by_value("sarsa")
    lesson.field("seed2", 0.5)
    lesson.wait(lambda: "Seed must be a whole number" in lesson.text("notice"))
    assert lesson.get("seed2").get_attribute("value") == "2"
    lesson.field("seed", 2)
    step(lesson)
    assert learner(lesson)["seed"] == 2


# -- nothing is lost ----------------------------------------------------------------------------------------------


def test_at_its_limit_a_lesson_pauses_and_all_but_going_on_by_itself_works(lesson):
    step(lesson, "episode")
    steps_before = steps(lesson)
    reach_limit = """(() => { const { run } = m.lesson; m.toggleLesson();
        m.answersOf(run).limit({ limit: "steps", steps: 3000000, seconds: 21.4 }) })()"""
    lesson.module("learn/lesson.js", reach_limit)
    lesson.wait(lambda: "Paused after 3,000,000 steps" in lesson.text("notice"), "which limit was hit")
    lesson.click("learn")
    lesson.wait(lambda: lesson.text("learn") == "Go on", "it does not go on by itself")
    step(lesson)
    step(lesson, "episode")
    assert steps(lesson) > steps_before + 1  # the same lesson, not a new one
    lesson.get("epsilon-slider").send_keys(Keys.HOME)
    lesson.wait(lambda: told(lesson, "epsilon") == 0, "settings act")
    lesson.click("greedy")
    lesson.wait(lambda: "return" in lesson.text("notice"), "it walks")
    lesson.module("learn/lesson.js", reach_limit.replace('"steps"', '"seconds"'))
    lesson.wait(lambda: "Paused after 21 s of computing" in lesson.text("notice"), "the other limit")


def told(page, name):  # noqa: F811
    """What the running lesson was told of a setting."""
    return page.module("learn/lesson.js", f"m.lesson.run.told.settings.{name}")


def tables(page):  # noqa: F811
    """What a learner knows, and how far it is."""
    known = learner(page)
    return known and [known["q"], known["step"], known["episode"]]


def test_a_reset_and_another_learner_seed_or_size_can_be_taken_back(lesson):
    step(lesson, "episode")
    learnt = tables(lesson)
    lesson.click("learn-reset")
    lesson.wait(lambda: learner(lesson) is None and "“Take it back”" in lesson.text("notice"))
    lesson.click("take-back")
    lesson.wait(lambda: tables(lesson) == learnt, "the reset is taken back")
    changes = [
        lambda: Select(lesson.get("learner")).select_by_value("sarsa"),
        lambda: lesson.field("seed", 5),
        lambda: lesson.click("rows-more"),
    ]
    for change in changes:
        for back in ("take-back", "undo"):
            change()
            lesson.wait(lambda: learner(lesson) is None and "learning begins anew" in lesson.text("notice"))
            lesson.click(back)
            lesson.wait(lambda back=back: tables(lesson) == learnt, f"{back} brings the lesson back")
    assert lesson.maze() == "...T/.B.D/S..."
    step(lesson)
    assert steps(lesson) == learnt[1] + 1  # it goes on where it was
    lesson.click("learn-reset")
    step(lesson)
    lesson.wait(lambda: not lesson.get("take-back").is_displayed(), "something else is learnt now")
    assert [lesson.text("notice"), steps(lesson)] == ["", 1]


def test_a_plan_and_a_lesson_live_side_by_side(lesson):
    step(lesson, "episode")
    learnt = learner(lesson)
    lesson.click("mode-plan")
    lesson.plan()
    lesson.click("mode-learn")
    step(lesson)
    assert (learner(lesson)["episode"], steps(lesson)) == (learnt["episode"], learnt["step"] + 1)
    trapped = "/#maze=......./..BBB../..BTB../..BBB../......./S......&gamma=0.999&threshold=0.000001"
    lesson.open(trapped)
    connected(lesson)
    lesson.click("plan")
    lesson.wait(lambda: lesson.text("notice").startswith("Planning"))
    lesson.click("mode-learn")
    step(lesson)
    lesson.click("mode-plan")
    done = "m.planning.job === null && m.planning.result.policy !== null"
    lesson.wait(lambda: lesson.module("plan/session.js", done), "the plan comes to its end")


@pytest.fixture
def sockets(lesson):
    """The page again, with ``lastSocket`` as its line, to be cut."""
    source = """const Native = WebSocket; window.WebSocket = class extends Native {
        constructor(...all) { super(...all); window.lastSocket = this; } };"""
    chrome = lesson.driver
    script = chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})["identifier"]
    lesson.open("/#mode=learn")
    connected(lesson)
    yield lesson
    chrome.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def test_what_is_pressed_before_the_server_has_said_welcome_is_asked_for_once(sockets):
    chrome = sockets.driver
    hold = """const listen = WebSocket.prototype.addEventListener; window.held = [];
        WebSocket.prototype.addEventListener = function (type, told) {
          const hold = (event) => (held ? held.push(() => told(event)) : told(event));
          listen.call(this, type, type === "message" ? hold : told);
        };"""
    script = chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": hold})["identifier"]
    try:
        sockets.open("/#mode=learn")
        sockets.wait(lambda: sockets.script("return held.length"), "the welcome is on its way")
        sockets.click("learn")
        sockets.script("const all = held; held = null; for (const tell of all) tell()")
        sockets.wait(lambda: steps(sockets) > 3, "it learns")
        assert sockets.text("notice") == ""
    finally:
        chrome.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def test_a_lesson_outlives_its_line_and_takes_nothing_that_was_pressed_meanwhile(sockets):
    set_pace(sockets, 5)
    sockets.click("learn")
    sockets.wait(lambda: steps(sockets) > 3)
    at = steps(sockets)
    sockets.script("lastSocket.close()")
    sockets.wait(lambda: sockets.get("banner").is_displayed(), "the line is down")
    sockets.wait(lambda: steps(sockets) > at + 5, "it goes on when the line is back")
    sockets.click("learn")
    sockets.wait(lambda: sockets.text("learn") == "Go on")
    step(sockets)
    at = steps(sockets)
    press = "lastSocket.close(), document.getElementById('learn-step').click()"
    said = sockets.module("core/state.js", f"({press}, m.state.notice?.say())")
    assert said == "The connection is lost; try again when it is back."
    sockets.wait(lambda: "Connected again" in sockets.text("notice"))
    connected(sockets)
    step(sockets)
    assert steps(sockets) == at + 1  # the press while it was down is not done later


def test_a_lesson_is_lost_with_its_server_and_can_be_repeated(lesson):
    port = free_port()
    other = Page(lesson.driver, f"http://127.0.0.1:{port}")
    with running_server(port):
        other.open("/#mode=learn")
        connected(other)
        step(other, "episode")
        q = learner(other)["q"]
    other.wait(lambda: other.get("banner").is_displayed(), "the line is down")
    with running_server(port):
        other.wait(lambda: "the lesson with it" in other.text("notice"), "the page says that the lesson has ended")
        assert learner(other)["q"] == q  # what was learnt is still on the page
        step_again = "document.getElementById('learn-episode').click()"
        other.script(step_again)
        other.wait(lambda: not other.module("learn/lesson.js", "m.lesson.run.over") and steps(other))
        other.wait(lambda: learner(other)["episode"] == 1, "the same buttons begin it again")
        assert learner(other)["q"] == q  # and the same seed repeats it
        other.click("learn-reset")
    other.wait(lambda: other.get("banner").is_displayed(), "the line is down")
    other.click("learn-step")
    other.click("learn-step")
    other.wait(lambda: "begins as soon as" in other.text("notice"), "it waits for the line")
    set_pace(other, 6)
    with running_server(port):
        other.wait(lambda: steps(other) == 2, "the lesson that was asked for begins, with both steps")
        other.open("/")
    calm(lesson)


# -- the world changes while it learns ----------------------------------------------------------------------------


def test_what_is_drawn_and_set_acts_in_the_running_lesson(lesson):
    step(lesson, "episode")
    learnt = learner(lesson)
    count_sends = """window.sent = []; const { send } = WebSocket.prototype;
        WebSocket.prototype.send = function (data) {
          sent.push(JSON.parse(data).type); return send.call(this, data); };"""
    lesson.script(count_sends)
    lesson.tool("block")
    cells = lesson.cells()
    ActionChains(lesson.driver).click_and_hold(cells[0]).move_to_element(cells[1]).release().perform()
    lesson.wait(
        lambda: lesson.module("learn/lesson.js", "m.lesson.run.truth.v[0]") == 0, "the planner's truth is new"
    )
    assert lesson.maze() == "BB.T/.B.D/S..."
    assert learner(lesson)["q"] == learnt["q"]  # nobody forgets
    both = """import('/static/core/change.js').then(({ setWorld }) => {
        setWorld({ prob: 0.7 }, false); setWorld({ prob: 0.6 }) })"""
    before = lesson.script("return sent.filter((type) => type === 'world').length")
    lesson.script(both)
    lesson.wait(lambda: "prob=0.6" in lesson.driver.current_url)
    lesson.settle()
    assert lesson.script("return sent.filter((type) => type === 'world').length") == before + 1  # once a frame
    lesson.tool("start")
    cells[11].click()
    lesson.field("step_reward", -0.5)
    env = GridWorld([[9, 9, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]], 0.6, -0.5, (2, 3))
    expected = Truth(env, 0.9)
    lesson.wait(
        lambda: lesson.module("learn/lesson.js", "m.lesson.run.truth.optimum") == pytest.approx(expected.optimum),
        "start and step reward act",
    )
    step(lesson)
    assert steps(lesson) == learnt["step"] + 1


# -- truth beside belief ------------------------------------------------------------------------------------------


def choose_view(page, view, number=1):  # noqa: F811
    Select(page.get(f"view-{number}")).select_by_value(view)
    return page.settle()


def views(page, number=1):  # noqa: F811
    return [option.get_attribute("value") for option in Select(page.settle().get(f"view-{number}")).options]


def numbers(page, view, number=0):  # noqa: F811
    return page.module("learn/views.js", f"m.numbersOf('{view}', m.learnerOf({number}))")


def test_each_board_shows_belief_truth_error_policy_traces_or_critic(lesson):
    Select(lesson.get("learner")).select_by_value("td_lambda")
    Select(lesson.get("learner2")).select_by_value("actor_critic")
    assert views(lesson) == ["q", "policy", "n", "truth", "error", "traces"]
    assert views(lesson, 2) == ["q", "policy", "n", "truth", "critic"]
    assert Select(lesson.get("view-2")).first_selected_option.text == "Preferences H"
    for _ in range(3):
        step(lesson)
    scripts = script("td_lambda"), script("actor_critic", 2)
    (agent, _), (actor, _) = [[next(steps) for steps in scripts] for _ in range(3)][-1]
    rows = dict(enumerate(numbers(lesson, "traces")))
    for (s, a), trace in agent.traces.items():
        assert rows[s][a] == pytest.approx(trace)
    truth = Truth(GridWorld(), 0.9)
    assert numbers(lesson, "truth")[8] == [pytest.approx(truth.V[8])]
    assert numbers(lesson, "error")[8] == pytest.approx([q - t for q, t in zip(agent.q[8], truth.Q[8], strict=True)])
    assert numbers(lesson, "policy")[8] == pytest.approx(agent.action_probs(8))
    assert numbers(lesson, "critic", 1)[8] == [pytest.approx(actor.critic.v[8])]
    assert numbers(lesson, "policy", 1)[8] == pytest.approx(actor.action_probs(8))
    seen = set()
    for view in views(lesson):
        choose_view(lesson, view)
        seen.add((drawn(lesson), lesson.text("view-legend-1")))
    assert len(seen) == len({words for _, words in seen}) == 6  # each looks different and says what it is
    lesson.choose(8)
    choose_view(lesson, "error")
    assert re.search(r"Q − Q\* = up [+−]0\.\d{3}, right [+−]0", lesson.label(8))  # in words: which number is which
    choose_view(lesson, "truth", 2)
    lesson.wait(
        lambda: "Truth: V* = 0.374" in lesson.label(8) or "0.374" in lesson.script(LABEL_2), "it is said, too"
    )
    Select(lesson.get("learner2")).select_by_value("sarsa")
    lesson.settle()
    assert Select(lesson.get("view-2")).first_selected_option.text == "Truth: V*"  # it has that one, too


LABEL_2 = "return document.querySelector('#board-2 [data-state=\"8\"]').getAttribute('aria-label')"


@pytest.mark.parametrize(
    "changes", [{}, {"epsilon": 0.6, "epsilon_decay": 0.5}, {"temperature": 0.7}], ids=["fixed", "decay", "softmax"]
)
def test_the_policy_shown_is_the_one_that_acts(lesson, changes):
    world = TableWorld(GridWorld())
    world.reset(seed=1)
    agent = make_agent("sarsa", world, 1, default_settings() | changes)
    for _ in agent.steps(world):
        pass
    known = {"based_on": "value", "q": agent.q, "n": agent.n}
    settings = default_settings() | changes
    shown = lesson.driver.execute_async_script(
        "const [known, settings, done] = arguments; import('/static/learn/views.js')"
        ".then((m) => done(known.q.map((_, s) => m.actionProbs(known, s, settings))))",
        known,
        settings,
    )
    for s in range(12):
        assert shown[s] == pytest.approx(agent.action_probs(s))


def test_error_and_greedy_value_are_curves_and_the_dotted_line_is_explained(lesson):
    set_pace(lesson, 8)
    lesson.click("learn")
    lesson.wait(lambda: len((learner(lesson) or {}).get("measures") or []) > 20, "measures come")
    lesson.click("learn")
    lesson.wait(lambda: lesson.text("learn") == "Go on")
    assert "stays below it on average, for its returns include its exploration" in lesson.text("curve-note")
    _, rms, greedy = learner(lesson)["measures"][-1]
    seen = {curve(lesson)}
    for kind, value in (("error", rms), ("greedy", greedy)):
        lesson.get(f"curve-{kind}").find_element(By.XPATH, "..").click()
        written = f"{value:.3f}".rstrip("0")
        lesson.wait(lambda written=written: written in lesson.get("curve").get_attribute("aria-label"), kind)
        seen.add(curve(lesson))
    assert len(seen) == 3
    assert greedy <= 0.3739
    assert "Exact value of the start" in lesson.text("curve-note")


def curve(page):  # noqa: F811
    return page.script("return document.querySelector('#curve canvas').toDataURL()")


def test_a_curve_of_one_episode_is_a_dot(lesson):
    step(lesson, "episode")
    lesson.script("document.querySelectorAll('#curve canvas').forEach((at) => { at.dataset.seen = 1 })")
    inked = """const at = document.querySelector('#curve canvas'); const [w, h] = [at.width, at.height];
        const accent = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
        const [r, g, b] = [1, 3, 5].map((i) => parseInt(accent.slice(i, i + 2), 16));
        const data = at.getContext('2d').getImageData(0, 0, w, h).data; let count = 0;
        for (let i = 0; i < data.length; i += 4) count += data[i] === r && data[i + 1] === g && data[i + 2] === b;
        return count"""
    assert lesson.script(inked) > 15


# -- what a planner imagines (Day 6) --------------------------------------------------------------------------------

DYNA_MAZE = f"maze={DYNA}&prob=1&step_reward=0&gamma=0.95&mode=learn"


def test_imagined_updates_are_those_of_the_class_and_are_drawn_and_said_apart_from_the_real_one(lesson):
    lesson.open(f"/#{DYNA_MAZE}&learner=prioritized_sweeping&seed=3")
    connected(lesson)
    own = script("prioritized_sweeping", 3, GridWorld.from_link(DYNA_MAZE), gamma=0.95)
    while not learner(lesson) or not learner(lesson)["treasures"]:
        step(lesson, "episode")
        agent, last = next(own)
        while not (last.terminated or last.truncated):
            agent, last = next(own)
    known = learner(lesson)
    assert known["q"] == agent.q
    assert [update[:2] for update in known["imagined"]["updates"]] == [[s, a] for s, a, _ in last.updates]
    assert known["flashes"] == [{"state": last.state, "action": last.action, "error": last.td_error}]
    said = lesson.driver.find_element(By.CSS_SELECTOR, "#lesson-readouts .imagined").text
    count = f"then {len(last.updates)} imagined updates; {len(last.updates)} changed something"
    assert said == f"{count}, the most at row 2, column 9, ↑: +1.0000"
    lesson.wait(lambda: "just imagined: up +1.0000" in lesson.label(17), "a screen reader hears it, too")
    lesson.click("lang-ja")
    lesson.wait(lambda: "直前の想像: 上 +1.0000" in lesson.label(17))
    assert english_left(lesson) == []
    lesson.click("lang-en")
    time.sleep(2)  # the last wave has come to rest
    resting = drawn(lesson.settle())
    lesson.module("learn/lesson.js", "m.lesson.run.learners[0].waves.splice(0)")
    lesson.module("core/state.js", "m.changed()")
    assert drawn(lesson.settle()) != resting


def test_the_view_of_the_model_shows_how_long_ago_each_action_was_tried(lesson):
    Select(lesson.get("learner")).select_by_value("dyna_plus")
    assert views(lesson)[-1] == "model"
    own, tried = script("dyna_plus"), {}
    for i in range(1, 7):
        step(lesson)
        _, last = next(own)
        tried[last.state, last.action] = i
    choose_view(lesson, "model")
    for s, row in enumerate(numbers(lesson, "model")):
        assert row is None or row == [6 - tried[s, a] if (s, a) in tried else None for a in range(4)]
        assert (row is None) == all((s, a) not in tried for a in range(4))
    lesson.choose(last.state)
    assert re.search(r"Model: age = .*(–|0)", lesson.label(last.state))


def test_an_example_brings_the_learners_that_make_its_point_and_undo_takes_all_of_it_back(lesson):
    before = lesson.driver.current_url
    Select(lesson.get("example")).select_by_value("shortcut")
    assert lesson.text("board-name").startswith("Dyna-Q")
    assert lesson.text("board-name-2").startswith("Dyna-Q+")
    lesson.wait(lambda: "100 steps/s" in lesson.text("pace-value"))
    lesson.click("undo")
    lesson.wait(lambda: lesson.driver.current_url == before)
    lesson.click("mode-plan")
    Select(lesson.get("example")).select_by_value("blocking")
    assert "learner" not in lesson.driver.current_url  # on another page it is a maze and no more
    lesson.click("mode-learn")
    lesson.settle()


def test_one_press_changes_the_maze_and_the_lesson_goes_on_in_it(lesson):
    Select(lesson.get("example")).select_by_value("shortcut")
    set_pace(lesson, 8)
    lesson.click("learn")
    lesson.wait(lambda: min(steps(lesson), steps(lesson, 1)) > 3000, "both know the way")
    lesson.click("learn")
    lesson.wait(lambda: lesson.text("learn") == "Go on")
    optimum = "m.lesson.run.truth.optimum"
    assert lesson.module("learn/lesson.js", optimum) == pytest.approx(0.95**15)
    at, taken = steps(lesson), [learner(lesson, i)["treasures"] for i in (0, 1)]
    assert lesson.text("turn") == "Open a shortcut"
    lesson.click("turn")
    lesson.wait(lambda: lesson.module("learn/lesson.js", optimum) == pytest.approx(0.95**9), "the new maze is told")
    assert "the lesson goes on in it" in lesson.text("notice")
    lesson.wait(lambda: lesson.text("turn") == "Close the shortcut")
    lesson.click("learn")
    lesson.wait(lambda: steps(lesson) > at + 3000, "the same lesson goes on")
    lesson.click("learn")
    lesson.wait(lambda: lesson.text("learn") == "Go on")
    dyna, plus = (learner(lesson, i)["treasures"] - before for i, before in enumerate(taken))
    assert plus > 1.1 * dyna
    lesson.choose(0)
    lesson.keys("c")
    lesson.wait(lambda: lesson.text("turn") == "Open a shortcut", "c closes it again")
    lesson.tool("block")
    lesson.cells()[0].click()
    lesson.wait(lambda: not lesson.get("turn").is_displayed(), "another maze has no such button")


def test_the_command_of_a_planner_repeats_the_lesson(lesson, tmp_path):
    lesson.open(
        "/#maze=...T/.B.D/S...&gamma=1&mode=learn&learner=dyna&learner2=prioritized_sweeping&planning_steps=7"
    )
    connected(lesson)
    for _ in range(3):
        step(lesson, "episode")
    rows = list(csv.DictReader(io.StringIO(lesson.module("learn/page.js", "m.learnPage.csv()"))))
    command = lesson.module("learn/page.js", "m.learnPage.command()").splitlines()
    assert [line.split()[1] for line in command] == ["IM/dyna.py", "IM/prioritized_sweeping.py"]
    assert all("--modelstep 7" in line and "--memory 10" in line for line in command)
    assert_script_lives_it(command[0], [row for row in rows if row["learner"] == "dyna"], tmp_path)


# -- walk greedily ------------------------------------------------------------------------------------------------


def test_walks_greedily_without_ending_the_lesson(lesson):
    Select(lesson.get("learner2")).select_by_value("sarsa")
    assert not lesson.get("greedy").is_enabled()  # nothing has been learnt yet
    set_pace(lesson, 8)
    lesson.click("learn")
    lesson.wait(lambda: (learner(lesson) or {}).get("episode", 0) > 300, "it learns")
    set_pace(lesson, 5)
    lesson.click("greedy")
    both = "Stop walking", "Go on"
    lesson.wait(lambda: (lesson.text("greedy"), lesson.text("learn")) == both, "the lesson pauses meanwhile")
    at = steps(lesson)
    lesson.wait(lambda: lesson.text("notice").count(", return ") == 2, "each says how its walk ended")
    assert re.search("Q-learning: .*SARSA: ", lesson.text("notice"))
    lesson.wait(lambda: steps(lesson) > at + 5, "and everything goes on")
    lesson.click("greedy")
    lesson.wait(lambda: lesson.text("greedy") == "Stop walking")
    lesson.click("greedy")
    lesson.wait(lambda: lesson.text("learn") == "Pause", "a walk that is stopped lets it go on, too")


def test_a_walk_that_finds_no_end_says_so(lesson):
    lesson.open("/" + TRAPPED)
    connected(lesson)
    step(lesson)
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    lesson.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        lesson.click("greedy")
        lesson.wait(lambda: "still wandering after 200 steps" in lesson.text("notice"))
    finally:
        lesson.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# -- many seeds, advice, what can be taken away -------------------------------------------------------------------


def test_twenty_seeds_are_a_band_beside_the_curve(lesson):
    step(lesson, "episode")
    alone = curve(lesson)
    lesson.click("band")
    lesson.wait(lambda: "Q-learning: 20 of 20 seeds" in lesson.text("band-progress"), "all seeds")
    assert "by 95%" in lesson.text("curve-note")
    assert curve(lesson.settle()) != alone
    bands = lesson.module("learn/band.js", "m.band.bands")
    assert [len(bands), len(bands[0]["mean"]), bands[0]["size"]] == [1, 100, 1]
    edges = zip(bands[0]["low"], bands[0]["mean"], bands[0]["high"], strict=True)
    assert all(low <= mean <= high for low, mean, high in edges)
    lesson.click("band")
    assert curve(lesson.settle()) == alone, "the lesson's whole curve is back"
    lesson.get("epsilon-slider").send_keys(Keys.END)
    lesson.wait(lambda: lesson.text("band-progress") == "", "a band of other settings is not shown")
    lesson.click("rows-more")
    lesson.click("band")
    lesson.wait(lambda: lesson.text("band") == "Stop the seeds")
    lesson.click("band")
    lesson.wait(lambda: lesson.text("band") != "Stop the seeds", "it can be stopped")


@pytest.mark.parametrize(
    ("maze", "sentence"),
    [
        ("........../........../........../........../S........T", "the treasure was never reached"),
        ("..../..../S...", "There is no treasure in this maze"),
        ("...BT/...BB/S....", "No way leads from the start to the treasure"),
    ],
)
def test_one_sentence_when_nothing_is_learnt(lesson, maze, sentence):
    advice = """(() => { const { maze } = world.fromText(MAZE);
        const seen = { name: 'q_learning', based_on: 'value', treasures: 0 };
        const say = (episode, treasures) => { lesson.run = { learners: [{ ...seen, episode, treasures }] };
          return m.adviceFor({ maze, step_reward: -0.04 }); };
        const all = [say(40, 0), say(19, 0), say(40, 1)]; lesson.run = null; return all; })()""".replace(
        "MAZE", f"'{maze}'"
    )
    said = lesson.driver.execute_async_script(
        "const done = arguments[0]; Promise.all(['learn/advice', 'learn/lesson', 'core/maze'].map((each) =>"
        f" import(`/static/${{each}}.js`))).then(([m, {{ lesson }}, world]) => done({advice}))"
    )
    assert said[1:] == ["", ""]
    assert sentence in said[0]


def test_a_link_carries_pace_and_views(lesson):
    lesson.open("/#mode=learn&learner2=actor_critic&pace=full&view=error,critic&cell=9")
    connected(lesson)
    assert lesson.get("view-1").get_attribute("value") == "error"
    assert lesson.get("view-2").get_attribute("value") == "critic"
    assert lesson.text("pace-value") == "full speed"
    assert lesson.module("learn/page.js", "m.learnPage.view()") == {"pace": "full", "view": "error,critic"}


def test_csv_and_command_repeat_the_lesson(lesson, tmp_path):
    lesson.open(
        "/#maze=...T/.B.D/S...&rewards=1.2:0.5&prob=0.9&gamma=1&mode=learn&learner2=n_step_sarsa&num_steps=3&epsilon=0.3"
    )
    connected(lesson)
    for _ in range(3):
        step(lesson, "episode")
    rows = list(csv.DictReader(io.StringIO(lesson.module("learn/page.js", "m.learnPage.csv()"))))
    assert [(row["learner"], row["seed"], row["episode"]) for row in rows[:4:3]] == [
        ("q_learning", "1", "1"),
        ("n_step_sarsa", "2", "1"),
    ]
    command = lesson.module("learn/page.js", "m.learnPage.command()").splitlines()
    assert ["--num-steps 3" in line for line in command] == [False, True]
    assert_script_lives_it(command[0], [row for row in rows if row["learner"] == "q_learning"], tmp_path)


def test_no_number_touches_its_neighbour(lesson):
    """Two learners on the book's maze: the numbers of neighbouring cells are apart, and there is no -0.00."""
    lesson.script(
        """window.texts = []; const { fillText } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.fillText = function (words, x, y) {
          texts.push([words, x, y, this.measureText(words).width, this.textAlign]);
          return fillText.call(this, words, x, y); };"""
    )
    step(lesson, "episode")
    written = lesson.script("return texts.map(([words]) => words)")
    assert re.search(r"−?0\.\d{3}( |$)", " ".join(written))  # three decimals, where the cells are large
    Select(lesson.get("learner2")).select_by_value("sarsa")
    for _ in range(2):
        step(lesson, "episode")
    for view in ("error", "policy", "q"):
        lesson.script("texts.length = 0")
        choose_view(lesson, view)
        written = [each for each in lesson.script("return texts") if each[4] == "center" and "." in each[0]]
        digits = [each for each in written if re.fullmatch(r"[+−]?\d\.\d+", each[0])]
        assert len(digits) >= 8
        assert not [each[0] for each in digits if re.fullmatch(r"−0\.0+", each[0])]
        lines = {}
        for _, x, y, width, _ in digits:
            lines.setdefault(round(y), set()).add((x - width / 2, x + width / 2))
        for spans in lines.values():
            ordered = sorted(spans)
            gaps = [right[0] - left[1] for left, right in pairwise(ordered)]
            assert min(gaps, default=9) > 3
