"""Day 3 in the simulator's page: learn, pause, step, move a slider, put two side by side, in a real Chromium."""

import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.lab.test_browser import Page, chromium, english_left, free_port, origin, page, running_server  # noqa: F401  (fixtures)
from tests.lab.test_learning import script

NAMES = ["monte_carlo", "sarsa", "expected_sarsa", "q_learning", "td_lambda", "actor_critic"]


@pytest.fixture
def lesson(page):  # noqa: F811
    """The page on Day 3, connected."""
    page.open("/#mode=learn")
    connected(page)
    return page


def connected(page):  # noqa: F811
    page.wait(lambda: page.module("state.js", "m.state.link") == "open", "the line is open")


def learner(page, index=0):  # noqa: F811
    return page.module("state.js", f"m.state.run?.learners[{index}] ?? null")


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
    picture = drawn(lesson)
    lesson.get("view-n").find_element(By.XPATH, "..").click()
    lesson.settle()
    assert drawn(lesson) != picture  # visits instead of values
    lesson.click("learn-reset")
    lesson.wait(lambda: learner(lesson) is None and lesson.get("lesson-hint").is_displayed())


def test_sliders_act_while_it_runs(lesson):
    set_pace(lesson, 7)
    lesson.click("learn")
    lesson.wait(lambda: steps(lesson) > 10)
    lesson.get("gamma-slider").send_keys(Keys.HOME)  # only the next reward counts
    lesson.wait(lambda: lesson.module("state.js", "m.state.run.optimum") == pytest.approx(-0.04), "γ acts")
    for name in ("epsilon", "learning_rate", "lambda_", "rate_decay"):
        lesson.get(f"{name}-slider").send_keys(Keys.END)
    lesson.wait(lambda: "epsilon=1" in lesson.driver.current_url and "lambda_=1" in lesson.driver.current_url)
    at = steps(lesson)
    lesson.wait(lambda: steps(lesson) > at, "the same lesson goes on")
    lesson.field("epsilon", 5)
    lesson.wait(lambda: "epsilon must be a number from 0 to 1; got 5" in lesson.text("notice"))
    at = steps(lesson)
    lesson.wait(lambda: steps(lesson) > at, "a refused setting stops nothing")
    lesson.click("undo")
    lesson.wait(lambda: lesson.get("epsilon").get_attribute("value") == "1", "undo")


def test_links_from_before_lambda_had_its_name_are_read(lesson):
    assert lesson.module("state.js", "m.fromHash('#lambda=0.25').lambda_") == 0.25


def test_all_best_actions_of_a_learner_are_shown_once_one_was_tried(lesson):
    """Bit a is set where action a is as good as the best."""
    learnt = "{q: [[0.5, 0.2, 0.5, 0], [0, 0, 0, 0]], n: [[1, 0, 0, 0], [0, 0, 0, 0]]}"
    assert lesson.module("lesson.js", f"[0, 1].map((s) => m.bestMask({learnt}, s))") == [1 + 4, 0]


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


def test_drawing_begins_a_new_lesson_and_the_keyboard_does_it_all(lesson):
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
    lesson.keys(Keys.ARROW_RIGHT, "3")
    lesson.wait(lambda: lesson.maze() == "...T/.B.D/SB..")
    lesson.wait(lambda: learner(lesson) is None, "another maze is another lesson")
    lesson.keys("n")
    lesson.wait(lambda: (learner(lesson) or {}).get("episode") == 1)
    assert sum(learner(lesson)["n"][9]) == 0
    lesson.keys("r")
    lesson.wait(lambda: learner(lesson) is None, "r forgets")


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


def test_a_lesson_that_is_refused_says_why(lesson):
    lesson.field("seed", -1)
    lesson.click("learn")
    lesson.wait(lambda: "seed must be a whole number" in lesson.text("notice"))
    lesson.field("seed", 2)
    step(lesson)
    assert learner(lesson)["seed"] == 2


def test_a_lesson_ends_with_its_connection_and_can_be_repeated(lesson):
    port = free_port()
    other = Page(lesson.driver, f"http://127.0.0.1:{port}")
    with running_server(port):
        other.open("/#mode=learn")
        connected(other)
        step(other, "episode")
        q = learner(other)["q"]
    other.wait(lambda: "the lesson with it" in other.text("notice"), "the page says that the lesson has ended")
    assert learner(other)["q"] == q  # what was learnt is still on the page
    with running_server(port):
        connected(other)
        other.click("learn-episode")
        other.wait(lambda: (learner(other) or {}).get("episode") == 1, "the same buttons begin it again")
        assert learner(other)["q"] == q  # and the same seed repeats it
        other.open("/")
    for log in ("browser", "performance"):  # refused connections are in the log, as they should be
        lesson.driver.get_log(log)
    lesson.open()
