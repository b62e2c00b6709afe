"""Day 6 in the simulator's page: demonstrations, and what is learnt from them, in a real Chromium."""

import json
import re
from importlib.util import find_spec
from pathlib import Path

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from environment import GridWorld
from framework.tabular.demonstrations import read_demonstrations, write_demonstrations
from IM.inverse import Dynamics, demonstrate, optimal_policy
from lab.teaching import episode_of
from tests.lab.test_browser import chromium, origin, page  # noqa: F401  (fixtures)
from tests.lab.test_browser_access import violations
from tests.lab.test_browser_play import REMEMBER_SOCKETS

MAZE = "maze=....../.BB.B./...B../.B..../S..B..&rewards=1.6:1&prob={prob}&step_reward=0&gamma=0.95"
ARROWS = {"u": Keys.ARROW_UP, "r": Keys.ARROW_RIGHT, "d": Keys.ARROW_DOWN, "l": Keys.ARROW_LEFT}


def open_teach(page, prob=0.8, more="", language="en"):  # noqa: F811
    page.open(f"/?lang={language}#{MAZE.format(prob=prob)}&mode=teach{more}")
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is open")
    return page


def texts(page):  # noqa: F811
    return page.module("teach/shown.js", "m.shown.list.map(({ text }) => text)")


def under_way(page):  # noqa: F811
    return page.module("teach/walking.js", "m.showing.steps")


def learnt(page):  # noqa: F811
    """What was learnt, once MaxEnt has converged and been held against the maze."""

    def known():
        run = page.module("teach/session.js", "m.learnt()")
        return (
            run if run and run["maxent"] and run["maxent"]["converged"] and "maxent" in (run["home"] or {}) else None
        )

    return page.wait(known, "MaxEnt converges")


def show_best(page, count=5):  # noqa: F811
    page.field("demos", count)
    page.click("teach-best")
    page.wait(lambda: len(texts(page)) == count, "the optimal policy shows")
    return learnt(page)


def press(page, way):  # noqa: F811
    for letter in way:
        before = len(under_way(page))
        page.keys(ARROWS[letter])
        page.wait(lambda before=before: len(under_way(page)) == before + 1, f"a step {letter}")


def test_a_walk_by_the_arrow_keys_is_a_demonstration_of_real_steps(page):  # noqa: F811
    open_teach(page, prob=0.5)
    assert page.get("mode-teach").get_attribute("aria-pressed") == "true"
    press(page, "uuuurr")
    steps = under_way(page)
    env = GridWorld.from_link(MAZE.format(prob=0.5))
    assert all(step["to"] in [each[1] for each in env.P[step["from"]][step["action"]]] for step in steps)
    page.keys(Keys.ENTER)
    page.wait(lambda: texts(page), "Enter keeps it")
    walked = episode_of(env, texts(page)[0], 1)
    assert [step[:2] for step in walked] == [(step["from"], step["action"]) for step in steps]
    page.wait(lambda: page.text("teach-list").startswith("1. walked, 6 steps, return 0.000"))
    run = learnt(page)
    assert run["seen"] == sorted({step["from"] for step in steps})
    page.wait(lambda: "goes up" in page.label(24), "the first cell's action is cloned")
    press(page, "u")  # another one, from the start
    assert under_way(page)[0]["from"] == 24


def test_a_path_is_drawn_as_intended_and_stays_at_the_goal(page):  # noqa: F811
    open_teach(page)
    page.tool("path")
    cells = page.cells()
    pull = ActionChains(page.driver, duration=40).move_to_element(cells[24]).click_and_hold()
    for cell in (18, 12, 6, 0, 1, 2, 3, 4, 5):
        pull = pull.move_to_element(cells[cell])
    pull.release().perform()
    page.wait(lambda: texts(page) == ["uuuurrrrr" + "u" * 21], "drawn, and held by the wall until the horizon")
    assert page.text("teach-list").startswith("1. drawn, 30 steps, return ")
    run = learnt(page)
    reward = run["maxent"]["reward"]
    assert max(range(30), key=reward.__getitem__) == 5
    page.wait(lambda: "hatched" in page.text("teach-legend-1"))
    page.wait(lambda: "never seen" in page.label(20), "a cell that was never seen is said to be")


def test_a_path_can_be_drawn_by_keyboard(page):  # noqa: F811
    open_teach(page, more="&stay=off")
    page.tool("path")
    page.script("document.querySelector('#board [tabindex=\"0\"]').focus()")
    for letter in "uuuur":
        page.keys(ARROWS[letter])
    page.wait(lambda: "Path of 5 steps, at most 30" in page.text("teach-hint"))
    page.keys(Keys.ENTER)
    page.wait(lambda: texts(page) == ["uuuur"])


def test_a_changed_maze_shows_whose_goal_carries_over(page):  # noqa: F811
    open_teach(page)
    home = show_best(page)["home"]
    assert home["maxent"]["regret"] < 0.05
    page.tool("block")
    page.cells()[12].click()
    page.wait(lambda: "MaxEnt’s goal carries over" in page.text("teach-verdict"), "held against the new maze")

    def held():
        return page.module("teach/session.js", "m.worth().now")

    def shown():
        row = re.search(r"Cloning([\d.]+?)(\d\.\d{3})(\d\.\d{3})MaxEnt", page.text("teach-worth"))
        return float(row[3])

    # What was learnt in the old maze may still arrive, and then the table is drawn anew a moment later.
    page.wait(lambda: abs(shown() - held()["cloning"]["regret"]) < 6e-4, "the table shows what is held")
    assert held()["cloning"]["regret"] > held()["maxent"]["regret"] + 0.05
    assert len(texts(page)) == 5
    page.choose(24)
    page.keys(Keys.ARROW_UP)
    page.wait(lambda: "are of the maze before" in page.text("notice"), "nobody shows something in another maze")
    page.click("undo")
    page.wait(lambda: "regret now" not in page.text("teach-worth"), "all is as it was")
    page.click("rows-more")
    page.wait(lambda: "of a maze of 5 × 6" in page.text("teach-hint"), "another size is said")


def test_another_setting_is_learnt_anew(page):  # noqa: F811
    open_teach(page)
    before = show_best(page, 3)["maxent"]["reward"]
    page.field("l2", 1)
    page.wait(lambda: max(learnt(page)["maxent"]["reward"]) < max(before) - 0.5, "a larger penalty, smaller rewards")
    assert "l2=1" in page.driver.current_url


def test_demonstrations_are_saved_loaded_and_taken_back(page, tmp_path):  # noqa: F811
    open_teach(page)
    show_best(page, 3)
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.click("teach-save")
    file = tmp_path / "nanoka-demonstrations.json"
    page.wait(file.exists, "the file is saved")
    read = read_demonstrations(file)
    assert [list(episode.steps) for episode in read.episodes] == [
        list(episode_of(read.env, text, 1)) for text in texts(page)
    ]
    page.click("teach-last")
    page.wait(lambda: len(texts(page)) == 2)
    page.click("teach-back")
    page.wait(lambda: len(texts(page)) == 3)
    page.script("document.querySelector('#teach-list li:last-child .icon').focus()")
    page.keys(Keys.ENTER)
    focused = "return document.activeElement.getAttribute('aria-label')"
    page.wait(lambda: page.script(focused) == "Remove demonstration 2", "the focus stays in the list")
    page.click("teach-forget")
    page.wait(lambda: texts(page) == [])
    env = GridWorld(move_prob=0.6)
    other = demonstrate(env, optimal_policy(Dynamics(env), env.entry_reward, 0.9), 4, 30, 0.9)
    write_demonstrations(tmp_path / "mine.json", other)
    page.get("teach-file").send_keys(str(tmp_path / "mine.json"))
    page.wait(lambda: "mine.json: 4 demonstrations were loaded" in page.text("notice"))
    assert "prob=0.6" in page.driver.current_url
    assert "...T/.B.D/S..." in page.driver.current_url
    page.wait(lambda: page.get("teach-terminal").is_displayed(), "here the goal ends the episode")


def file_of(steps, count=1):
    """The text of a file with an episode, so many times, in the book's maze."""
    episode = {"seed": None, "steps": steps, "terminated": False}
    about = {"format": "nanoka-demonstrations-1", "maze": "maze=...T/.B.D/S...", "gamma": 0.9}
    return json.dumps({**about, "episodes": [episode] * count})


MUCH = "holds more than the page takes: at most 500 demonstrations, of 1,000 steps each and 60,000 together"
NO_STEP = "episode 1 has a step that cannot happen in its maze, or pays another reward"
BAD_FILES = [
    ("[", "is not a file of demonstrations"),
    ('{"format": "nanoka-demonstrations-1", "maze": "maze=xx", "episodes": []}', "its maze cannot be read"),
    (file_of([]), "episode 1 must have at least one step"),
    (file_of([[8, 0, -0.04, 3]]), NO_STEP),
    (file_of([[8, 0, 1, 4]]), NO_STEP),
    (file_of([[8, 5, -0.04, 9]]), NO_STEP),  # there is no action 5
    (file_of([[8, 3, -0.04, 8]] * 1_001), MUCH),
    (file_of([[8, 3, -0.04, 8]], count=501), MUCH),
    (file_of([[8, 3, -0.04, 8]] * 200, count=301), MUCH),
]


def test_a_file_that_is_none_gets_one_sentence(page, tmp_path):  # noqa: F811
    open_teach(page)
    for number, (text, sentence) in enumerate(BAD_FILES):
        file = tmp_path / f"bad-{number}.json"
        file.write_text(text, encoding="utf-8")
        page.get("teach-file").send_keys(str(file))
        page.wait(lambda file=file: page.text("notice").startswith(file.name), f"{file.name} is spoken of")
        assert sentence in page.text("notice")
    assert texts(page) == []


def test_a_link_carries_the_demonstrations_into_another_maze(page):  # noqa: F811
    open_teach(page)
    show_best(page, 3)
    shown = texts(page)
    page.tool("block")
    page.cells()[12].click()
    page.wait(lambda: "regret now" in page.text("teach-worth"))
    Select(page.get("teach-view-1")).select_by_value("truth")
    link = page.module("core/change.js", "m.shareHash()")
    page.open(f"/#{link}")
    page.wait(lambda: texts(page) == shown, "the demonstrations are there")
    assert page.get("teach-view-1").get_attribute("value") == "truth"
    page.wait(lambda: "regret now" in page.text("teach-worth"), "with their own maze")
    command = page.module("teach/take.js", "m.command()")
    assert command.splitlines() == [
        "python IM/maxent.py --demonstrations nanoka-demonstrations.json --horizon 30 --l2 0.1",
        "python IM/bayesian.py --demonstrations nanoka-demonstrations.json --gamma 0.95 --beta 4 --steps 2000",
    ]
    many = page.module("teach/shown.js", "m.replace(m.shown.world, Array(300).fill(m.shown.list[0]))")
    assert many is None
    link = page.module("core/change.js", "m.shareHash()")
    assert "shown=" not in link
    page.wait(lambda: "more than 6,000 steps" in page.text("notice"), "what is too long is said")


def test_walks_of_the_page_walk_are_taken_over(page):  # noqa: F811
    page.open("/#mode=play&prob=1")
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open")
    for count, letter in enumerate("uurrr", 1):
        page.keys(ARROWS[letter])
        page.wait(lambda count=count: len(page.module("play/walking.js", "m.walking.run.steps")) == count)
    page.click("mode-teach")
    page.click("teach-walks")
    page.wait(lambda: texts(page) == ["uurrr"])
    page.wait(lambda: page.text("teach-list").startswith("1. walked, 5 steps to an end, return 0.519"))
    page.click("teach-open")
    page.wait(lambda: not page.get("teach-terminal").is_displayed(), "a maze with an open goal")


def test_on_a_phone_there_is_one_board_and_nothing_is_cut_off(page):  # noqa: F811
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    open_teach(page, language="ja")
    assert not page.get("column-2").is_displayed()
    for name in ("teach-up", "teach-right"):
        page.click(name)
    page.wait(lambda: len(under_way(page)) > 0, "buttons walk")
    page.script("document.getElementById('teach-best').click()")
    learnt(page)
    page.settle()
    assert page.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    names = re.compile(r"MaxEnt|R-hat|Enter|nanoka-demonstrations-1|format|\{\w+\}")
    sentences = page.module("teach/strings.js", "Object.values(m.strings.ja)")
    assert [words for words in sentences if re.search("[A-Za-z]{3,}", names.sub("", words))] == []
    small = page.script(
        """return [...document.querySelectorAll('button, select, summary')]
        .filter((at) => at.checkVisibility() && at.getBoundingClientRect().height < 43).map((at) => at.id)"""
    )
    assert [name for name in small if name] == []
    if found := find_spec("axe_playwright_python"):
        page.script((Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8"))
        assert violations(page) == []


def test_what_was_learnt_outlives_a_short_loss_of_the_line(page):  # noqa: F811
    source = {"source": REMEMBER_SOCKETS}
    script = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)["identifier"]
    try:
        open_teach(page)
        before = show_best(page, 2)["id"]
        page.click("teach-stop")
        page.wait(lambda: page.text("teach-stop") == "Go on")
        page.script("sockets.at(-1).close()")
        page.wait(lambda: page.module("core/state.js", "m.state.link") == "lost")
        page.tool("block")
        page.cells()[12].click()
        page.wait(lambda: "goal carries over" in page.text("teach-verdict"), "the changed maze is told of afterwards")
        assert page.module("teach/session.js", "m.teaching.run.id") == before
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})
