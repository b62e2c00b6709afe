"""The simulator's page in a real headless Chromium, against the real server (`python DP/run_server.py`)."""

import json
import re
import shutil
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from DP.planner import PLANNERS
from environment import GridWorld

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install -e .[dev]")
from selenium.webdriver.chrome.service import Service  # noqa: E402  (after the check that selenium is there)
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
BOOK_MAZE = [[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]]
BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Google/Chrome/Application/chrome.exe",
)
DRIVERS = ("chromedriver", "/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver")
FLAGS = (
    *(
        "--headless=new",
        "--no-sandbox",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
    ),
    *("--disable-component-update", "--disable-sync", "--lang=en-US", "--window-size=1280,900"),
)


def find(names):
    return next((path for name in names if (path := shutil.which(name))), None)


def wait_for(condition, what, seconds=15):
    """Ask again and again, without a sleep of our own, until ``condition()`` is true."""
    return WebDriverWait(None, seconds, poll_frequency=0.02).until(lambda _: condition(), what)


def answers(port):
    try:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return True
    except OSError:
        return False


def free_port():
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running_server(port):
    command = [sys.executable, str(ROOT / "DP" / "run_server.py"), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: process.poll() is not None or answers(port), "the server does not answer", seconds=30)
        assert process.poll() is None, "the server ended"
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def origin():
    port = free_port()
    with running_server(port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def chromium_in(folder):
    """A headless Chromium whose profile is in an empty folder; skips where no browser is installed."""
    browser, driver = find(BROWSERS), find(DRIVERS)
    if not browser or not driver:
        missing = " and ".join(name for name, path in (("Chromium", browser), ("chromedriver", driver)) if not path)
        pytest.skip(f"no {missing} found on PATH or in the usual places")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        # Before any script of the page runs: count the interval timers that are alive.
        chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_TIMERS})
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with chromium_in(tmp_path_factory.mktemp("chromium")) as chrome:
        yield chrome


COUNT_TIMERS = """
window.liveTimers = new Set(); window.mostTimers = 0;
const set = window.setInterval, clear = window.clearInterval;
window.setInterval = (...args) => { const id = set(...args); liveTimers.add(id);
  mostTimers = Math.max(mostTimers, liveTimers.size); return id; };
window.clearInterval = (id) => { liveTimers.delete(id); clear(id); };
"""


class Page:
    """What a visitor can do, by the names that the page gives to things."""

    def __init__(self, driver, origin):
        self.driver, self.origin = driver, origin

    def open(self, address="/"):
        self.driver.get("about:blank")  # else a new part after # would not load the page anew
        self.driver.get(self.origin + address)
        self.wait(lambda: self.cells(), "the board is not drawn")
        return self

    def wait(self, condition, what="the page did not get there"):
        return wait_for(condition, what)

    def get(self, name):
        return self.driver.find_element(By.ID, name)

    def click(self, name):
        self.get(name).click()

    def text(self, name):
        return self.driver.execute_script("return document.getElementById(arguments[0]).textContent", name)

    def rows(self, selector):
        """The texts of every row's cells, read at one moment: a page that draws itself anew replaces its rows."""
        source = "return [...document.querySelectorAll(arguments[0])].map(r => [...r.cells].map(c => c.innerText))"
        return self.script(source, selector)

    def script(self, source, *args):
        return self.driver.execute_script(source, *args)

    def module(self, name, expression):
        """Evaluate an expression on one of the page's own modules, ``m``."""
        source = f"const done = arguments[0]; import('/static/{name}').then((m) => done({expression}))"
        return self.driver.execute_async_script(source)

    def cells(self):
        return self.driver.find_elements(By.CSS_SELECTOR, "#board [role=gridcell]")

    def label(self, state):
        selector = f"#board [data-state='{state}']"
        return self.script("return document.querySelector(arguments[0]).getAttribute('aria-label')", selector)

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def tool(self, name):
        self.get(f"tool-{name}").find_element(By.XPATH, "..").click()

    def choose(self, state):
        self.tool("look")
        self.cells()[state].click()
        self.settle()

    def field(self, name, value):
        field = self.get(name)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE, str(value), Keys.TAB)

    def maze(self):
        return re.search(r"maze=([^&]*)", self.driver.current_url)[1]

    def plan(self):
        self.click("plan")
        self.wait(lambda: self.text("notice").startswith(("Planned", "計画が完了")), "the plan does not end")
        self.click("last")
        return self.settle()

    def settle(self):
        """Until the page has drawn what was changed so far: it draws once a frame, before this callback."""
        self.driver.execute_async_script("requestAnimationFrame(arguments[0])")
        return self

    def shown(self):
        """(sweep shown, number of sweeps)"""
        number = self.wait(lambda: re.match(r"Sweep (\d+) of (\d+)", self.text("sweep-number")))
        return tuple(map(int, number.groups()))

    def q_shown(self):
        return [float(self.get(f"q-{name}").get_attribute("value")) for name in ("up", "right", "down", "left")]


@pytest.fixture
def page(chromium, origin):
    """A fresh page. Whatever the test does, the console stays clean and no request leaves the server."""
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage"})
    page = Page(chromium, origin).open()
    yield page
    assert not [entry["message"] for entry in chromium.get_log("browser")]
    assert foreign_requests(chromium, origin) == []


def calm(page):
    """Leave a page whose server is gone; what its log says of refused connections is as it should be."""
    page.driver.get("about:blank")
    for log in ("browser", "performance"):
        page.driver.get_log(log)
    page.open()


def foreign_requests(driver, origin):
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    urls += [event["params"]["url"] for event in events if event["method"] == "Network.webSocketCreated"]
    assert any("/live" in url for url in urls)  # the log does see what the page asks for
    local = {urlsplit(origin).netloc, ""}
    return [url for url in urls if urlsplit(url).netloc not in local and not url.startswith("data:")]


def solved(name="value", grid=BOOK_MAZE, gamma=0.9, **world):
    planner = PLANNERS[name](GridWorld(grid, **world))
    planner.plan(gamma=gamma, threshold=1e-4)
    return planner


# -- draw -------------------------------------------------------------------------------------------------------


def test_draws_a_maze_by_mouse(page):
    assert page.maze() == "...T/.B.D/S..."
    page.tool("block")
    cells = page.cells()
    ActionChains(page.driver).click_and_hold(cells[0]).move_to_element(cells[2]).release().perform()
    page.wait(lambda: page.maze() == "BBBT/.B.D/S...", "a drag paints every cell it crosses")
    page.tool("treasure")
    cells[10].click()
    page.tool("start")
    cells[11].click()
    page.tool("empty")
    cells[5].click()
    page.wait(lambda: page.maze() == "BBBT/...D/..TS", "clicks paint treasure, start and empty")
    page.tool("danger")
    cells[11].click()
    page.wait(lambda: "Move the start first" in page.text("notice"), "the start is not painted over")
    assert page.maze() == "BBBT/...D/..TS"
    page.script("arguments[0].click()", cells[10])  # a screen reader's click: no pointer, no coordinates
    page.wait(lambda: page.maze() == "BBBT/...D/..DS", "a click without a pointer paints")
    page.click("undo")

    for expected in ("BBBT/.B.D/..TS", "BBBT/.B.D/S.T.", "BBBT/.B.D/S...", "...T/.B.D/S..."):
        page.click("undo")
        page.wait(lambda expected=expected: page.maze() == expected, "undo takes back one stroke at a time")
    held = ActionChains(page.driver).key_down(Keys.CONTROL).key_down(Keys.SHIFT)
    held.send_keys("z").key_up(Keys.SHIFT).key_up(Keys.CONTROL).perform()
    page.wait(lambda: page.maze() == "BBBT/.B.D/S...", "redo")
    page.click("clear")
    page.wait(lambda: page.maze() == "..../..../S...", "clear")


def test_draws_a_maze_by_keyboard_alone(page):
    page.keys(Keys.TAB, Keys.ENTER)  # the skip link leads to the board, onto the start
    page.wait(lambda: page.driver.switch_to.active_element.get_attribute("data-state") == "8")
    page.keys(Keys.ARROW_RIGHT, "1", Keys.ARROW_RIGHT, "d", Keys.ARROW_UP, "b", Keys.HOME, "5")
    page.wait(lambda: page.maze() == "...T/SBBD/.TD.", "keys paint the cell under the focus")
    page.keys(Keys.END, "e")
    page.wait(lambda: page.maze() == "...T/SBB./.TD.", "e empties")
    page.wait(lambda: "row 2, column 4" in page.text("notice"), "the live region says where")
    page.keys("p")
    page.wait(lambda: page.text("notice").startswith("Planned"), "p plans")
    page.keys(" ")  # pause, wherever the sweeps are by now
    page.keys(",")
    assert page.driver.switch_to.active_element.get_attribute("role") == "gridcell"
    assert len(page.driver.find_elements(By.CSS_SELECTOR, "#board [tabindex='0']")) == 1  # roving focus


def test_sizes_and_examples(page):
    page.click("rows-more")
    page.wait(lambda: page.maze() == "...T/.B.D/S.../....", "a row more keeps what is there")
    page.field("cols", 99)
    page.wait(lambda: len(page.cells()) == 4 * 20, "20 columns at most")
    page.field("rows", 1)
    page.wait(lambda: len(page.cells()) == 2 * 20, "2 rows at least")
    example = Select(page.get("example"))
    names = [option.get_attribute("value") for option in example.options][1:]
    assert len(names) >= 7
    page.get("speed").send_keys(Keys.END)
    for name in names:
        example.select_by_value(name)
        page.wait(lambda: "was loaded" in page.text("notice"), name)
        page.plan()  # each is a maze that the server accepts
    assert len(page.maze()) == 15 * 16 - 1  # the random maze came last
    first = page.maze()
    example.select_by_value("random")
    page.wait(lambda: page.maze() != first, "another random maze each time")


def test_a_start_that_fell_off_moves_to_the_nearest_empty_cell_and_eats_nothing(page):
    cases = [
        ("...T/.B.D/...S", "3, 3", ".../.B./..S"),
        ("...T/.B.D/...S", "2, 4", "...T/.BSD"),
        ("...T/.B.D/...S", "4, 4", "...T/.B.D/...S/...."),
        ("...S/..../T...", "3, 3", "..S/.../T.."),
        ("BBS/BBT", "2, 2", "BB/SB"),
    ]
    for maze, shape, expected in cases:
        resized = page.module("core/maze.js", f"m.toText(m.resize(m.fromText('{maze}').maze, {shape}))")
        assert resized == expected


def test_a_new_stroke_leaves_nothing_to_redo(page):
    page.tool("block")
    page.cells()[0].click()
    page.click("undo")
    page.wait(lambda: page.maze() == "...T/.B.D/S...")
    page.cells()[2].click()
    page.wait(lambda: page.maze() == "..BT/.B.D/S...")
    page.wait(lambda: not page.get("redo").is_enabled(), "nothing is left to redo")
    assert page.get("undo").is_enabled()


# -- plan and watch ---------------------------------------------------------------------------------------------


def test_steps_and_scrubs_through_the_sweeps_of_the_planner(page):
    page.plan()
    log = solved().log
    assert page.shown() == (len(log), len(log))

    def shows(number):
        value = f"value {log[number - 1][8]:.4f}".replace("-", "−")
        page.wait(lambda: value in page.label(8) and page.shown()[0] == number, f"sweep {number}: {page.label(8)}")

    shows(len(log))
    page.click("back")
    shows(len(log) - 1)
    page.click("forward")
    shows(len(log))
    page.get("scrub").send_keys(Keys.HOME)
    page.wait(lambda: page.text("sweep-number") == "Before the first sweep")
    page.get("scrub").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    shows(2)
    chart = page.driver.find_element(By.CSS_SELECTOR, "#chart canvas")
    ActionChains(page.driver).move_to_element_with_offset(chart, chart.size["width"] // 2 - 8, 0).click().perform()
    shows(len(log))
    page.click("first")
    page.click("play")
    page.wait(lambda: page.get("play").get_attribute("aria-label") == "Pause")
    page.get("speed").send_keys(Keys.END)
    page.wait(lambda: page.shown()[0] == len(log), "it plays to the end")
    page.wait(lambda: page.get("play").get_attribute("aria-label") == "Play", "and stops there")


@pytest.mark.parametrize("name", ["value-sync", "policy", "modified"])
def test_every_planner(page, name):
    Select(page.get("planner")).select_by_value(name)
    page.plan()
    planner = solved(name)
    assert page.shown()[0] == page.shown()[1] >= len(planner.log)
    assert f"value {planner.V[8]:.4f}" in page.wait(lambda: page.label(8))
    phases = set()
    for _ in range(min(12, len(planner.log))):
        phases.add(page.text("sweep-phase") if page.get("sweep-phase").is_displayed() else "")
        page.click("back")
        page.settle()
    assert phases == ({""} if name == "value-sync" else {"evaluate", "improve"})


@pytest.mark.parametrize("gamma", [0.9, 0.99])
def test_q_values_shown_equal_the_planners_q(page, gamma):
    page.field("gamma", gamma)
    page.plan()
    Q = solved(gamma=gamma).Q
    for state in (0, 1, 2, 4, 6, 8, 9, 10, 11):
        page.choose(state)
        page.wait(lambda state=state: f"column {state % 4 + 1}" in page.text("cell-where"))
        page.wait(lambda state=state: np.allclose(page.q_shown(), Q[state], rtol=0, atol=1e-12), f"Q of {state}")
        assert page.text("q-up") == f"{Q[state, 0]:.4f}".replace("-", "−")  # rounded, never cut off


def test_bellman_backup_is_written_out_with_its_numbers(page):
    page.plan()
    page.choose(2)  # beside the treasure
    page.wait(lambda: page.get("cell-numbers").is_displayed())
    V = solved().V
    # Right: 0.8 into the treasure, 0.1 up into the wall, 0.1 down.
    rows = page.rows("#terms tbody tr")
    assert sorted(f"{term} {number}" for _, term, number, *_ in rows) == sorted(
        [
            "0.8 × (1 + 0.9 × 0) = 0.8000",
            f"0.1 × (−0.04 + 0.9 × {V[2]:.4f}) = {0.1 * (-0.04 + 0.9 * V[2]):.4f}",
            f"0.1 × (−0.04 + 0.9 × {V[6]:.4f}) = {0.1 * (-0.04 + 0.9 * V[6]):.4f}",
        ]
    )
    assert page.text("terms-sum") == f"= {solved().Q[2, 1]:.4f}"
    assert float(page.get("cell-value").get_attribute("value")) == pytest.approx(V[2], abs=1e-12)  # in full
    page.driver.find_element(By.CSS_SELECTOR, "#q-list input[value='3']").click()
    page.wait(lambda: page.text("terms-sum") == f"= {solved().Q[2, 3]:.4f}", "another action can be written out")
    page.choose(3)
    page.wait(lambda: "its value is 0" in page.text("cell-note"))
    page.choose(5)
    page.wait(lambda: "block" in page.text("cell-note"))


def test_ties_are_shown_as_several_actions(page):
    page.open("/#maze=..T/.../S..&prob=1&step_reward=-0.04")
    page.plan()
    page.wait(lambda: "best: up, right" in page.label(6), page.label(6))


def test_values_are_rounded_never_cut_off(page):
    cases = [[0.9999, 3], [0.8675, 2], [-0.00001, 2], [-0.125, 2], [1e-9, 4], [12.3456, 1]]
    shown = page.module("core/format.js", f"{json.dumps(cases)}.map(([x, d]) => m.fixed(x, d))")
    assert shown == ["1.000", "0.87", "0.00", "−0.13", "0.0000", "12.3"]


def test_second_play_starts_no_second_timer(page):
    page.get("speed").send_keys(Keys.HOME)
    page.click("plan")
    page.wait(lambda: page.script("return liveTimers.size") == 1, "the sweeps play by themselves")
    page.click("plan")
    page.wait(lambda: page.script("return liveTimers.size") == 1)
    for name in (
        "play",
        "play",
        "play",
        "forward",
        "play",
        "play",
        "play",
        "walk",
        "play",
        "play",
        "first",
        "play",
    ):
        page.click(name)
        assert page.script("return liveTimers.size") <= 1, name
    page.module("plan/session.js", "(m.play(), m.play(), m.play(), 0)")
    assert page.script("return [liveTimers.size, mostTimers]") == [1, 1]
    page.click("play")
    assert page.script("return liveTimers.size") == 0


def test_plans_again_on_every_change(page):
    page.click("live")
    page.wait(lambda: "Planned" in page.text("notice"))
    page.tool("empty")
    page.cells()[7].click()
    safe = solved(grid=[[0, 0, 0, 1], [0, 9, 0, 0], [0, 0, 0, 0]])
    page.wait(lambda: f"value {safe.V[11]:.4f}" in page.label(11), "the values follow the maze")
    page.get("gamma-slider").send_keys(Keys.HOME)
    page.wait(lambda: "value −0.0400" in page.label(8), "the values follow a slider")


# -- walk -------------------------------------------------------------------------------------------------------


def test_agent_walks_the_policy_and_its_return_is_shown(page):
    page.plan()
    page.get("speed").send_keys(Keys.END)
    page.click("walk")
    seeds = set()
    for count in (1, 2):
        page.wait(lambda count=count: f"Walks: {count}" in page.text("walk-mean"), "the walk ends")
        at, steps, reward, total, seed = re.match(
            r"Step (\d+) of (\d+) · reward (\S+) · return (\S+) .* seed (\d+)", page.text("walk-readout")
        ).groups()
        total, reward = (float(number.replace("−", "-")) for number in (total, reward))
        assert at == steps
        assert reward in (1, -1)  # it ended in the treasure or in danger
        assert total == pytest.approx(reward - 0.04 * (int(steps) - 1), abs=6e-4)
        assert page.text("notice").startswith(("Reached the treasure", "Fell into danger"))
        seeds.add(seed)
        page.click("walk")
    assert len(seeds) == 2  # each walk has a seed of its own


def test_being_held_by_a_wall_or_a_block_is_no_slip(page):
    """Where actions aim in the book's maze: from 4, beside the block, and from 8, in the corner."""
    aims = page.module(
        "core/maze.js",
        "[4, 8].map((s) => [0, 1, 2, 3].map((a) => m.target(m.fromText('...T/.B.D/S...').maze, s, a)))",
    )
    assert aims == [[0, 4, 8, 4], [4, 9, 8, 8]]


def test_discounted_return_of_a_walk_counts_the_first_reward_in_full(page):
    """Five steps to the treasure: -0.04 × (1 + 1/2 + 1/4 + 1/8) + 1/16 = -0.0125."""
    page.field("gamma", 0.5)
    page.field("prob", 1)
    page.plan()
    page.click("walk")
    discounted = page.wait(
        lambda: page.module("plan/session.js", "m.planning.walk?.steps.map((step) => step.discounted)")
    )
    assert discounted == pytest.approx([-0.04, -0.06, -0.07, -0.075, -0.0125])


# -- language, link, errors, phone ------------------------------------------------------------------------------


def test_switches_to_japanese_and_remembers_it(page):
    page.plan()
    page.choose(0)
    page.click("lang-ja")
    page.wait(lambda: page.driver.title.startswith("Nanoka 七日"))
    assert page.script("return document.documentElement.lang") == "ja"
    page.wait(lambda: page.text("plan") == "計画する")
    assert "計画が完了しました" in page.text("notice")  # sentences already on the page change too
    page.wait(lambda: page.label(3).startswith("1 行目 4 列目、宝"))
    assert english_left(page) == []
    page.open()
    assert page.text("plan") == "計画する"
    page.click("lang-en")
    page.wait(lambda: page.text("plan") == "Plan")


def english_left(page):
    """Visible sentences and accessible names with an English word in them, while the page is in Japanese."""
    found = page.script(
        """const seen = []; const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) { const at = walk.currentNode.parentElement;
          if (at.closest('script, noscript, kbd, var, code, .formula, [lang=en]')) continue;
          seen.push(walk.currentNode.data); }
        for (const at of document.querySelectorAll('[aria-label], [title]'))
          seen.push(at.getAttribute('aria-label') ?? '', at.title ?? '');
        return seen"""
    )
    names = re.compile(
        r"Nanoka|Dyna|V\(s\)|Q\(s|(Expected )?SARSA|Double Q|Actor(-Critic)?|Critic|MaxEnt|DAgger|Catcher|PNG|CSV"
        r"|World Models|Ha & Schmidhuber|Windy|softmax|log|LSTM|CMA-ES|VAE|MDN|RNN"
        r"|AP/\w+\.py|RLHF|PPO|JSON|nat|best of|Johansson|SAC|TensorFlow"
        r"|SmolLM2|Qwen2\.5-Coder|pmi|SayCan|Ahn et al"
    )
    return [words for words in found if re.search(r"[A-Za-z]{3,}", names.sub("", words))]


def test_both_languages_have_every_sentence(page):
    en, ja = page.module("core/i18n.js", "[m.STRINGS.en, m.STRINGS.ja]")
    assert list(en) == list(ja)
    for key in en:
        assert set(re.findall(r"\{\w+\}", en[key])) == set(re.findall(r"\{\w+\}", ja[key])), key


def test_no_name_in_a_link_stands_for_two_things(page):
    of_pages = "[...m.pages, ...m.panels].flatMap((each) => [...Object.keys(each.settings ?? {}), ...each.moment])"
    names = ["maze", "rewards", "mode", "cell", "prob", "gamma", "step_reward"]
    names += page.module("core/registry.js", of_pages)
    assert len(names) == len(set(names))


def test_starts_in_the_browsers_language(page):
    agent = page.script("return navigator.userAgent")
    page.driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": "ja,en"})
    try:
        page.open()
        assert page.text("plan") == "計画する"
    finally:
        page.driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": "en"})
    assert page.open("/?lang=ja").text("plan") == "計画する"


def test_link_holds_the_maze_and_its_settings(page):
    page.tool("danger")
    page.cells()[0].click()
    Select(page.get("planner")).select_by_value("policy")
    page.field("prob", 0.65)
    page.field("step_reward", -0.1)
    page.field("threshold", "1e-7")
    page.wait(lambda: "threshold=1e-7" in page.driver.current_url)
    link = urlsplit(page.driver.current_url)
    page.open(f"/#{link.fragment}")
    assert page.maze() == "D..T/.B.D/S..."
    values = [page.get(name).get_attribute("value") for name in ("planner", "prob", "step_reward", "threshold")]
    assert values == ["policy", "0.65", "-0.1", "1e-7"]
    page.open("/#maze=..T/.X./S..")
    assert "a letter other than" in page.text("notice")
    assert page.maze() == "...T/.B.D/S..."


def test_a_link_may_come_percent_encoded(page):
    """As some chats and mail programs send it on."""
    page.open("/#maze%3D..T%2F.B.%2FS..&prob=0%2E65")
    page.wait(lambda: page.maze() == "..T/.B./S..")
    assert page.get("prob").get_attribute("value") == "0.65"
    assert page.text("notice") == ""


def test_a_number_that_is_refused_stays_neither_in_its_field_nor_in_the_link(page):
    page.plan()
    before, address = page.label(0), page.driver.current_url
    for name, value, accepted in (("gamma", 5, "from 0 to 1; got 5"), ("threshold", "", "from 1e−10 to 1; got –")):
        old = page.get(name).get_attribute("value")
        page.field(name, value)
        page.wait(lambda accepted=accepted: accepted in page.text("notice"), "one sentence says what is accepted")
        assert "error" in page.get("notice").get_attribute("class")
        assert page.get(name).get_attribute("value") == old
        assert page.driver.current_url == address
    assert page.label(0) == before  # the plan is still there


def test_error_of_the_server_is_shown_in_the_pages_language_and_nothing_is_lost(page):
    page.open("/#maze=BTB/BBB/S..&gamma=1")  # a treasure that nobody can reach
    page.click("plan")
    page.wait(lambda: "an end must be within reach" in page.text("notice"))
    page.click("lang-ja")
    page.wait(lambda: "どのマスからも宝か危険に" in page.text("notice"))
    assert page.maze() == "BTB/BBB/S.."


def test_phone_has_no_horizontal_scroll_and_paints_by_touch(page):
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    for address in ("/", "/?lang=ja"):
        page.open(address).plan()
        page.choose(0)
        page.wait(lambda: page.get("cell-numbers").is_displayed())
        assert page.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
        small = page.script(
            """return [...document.querySelectorAll('button, select, summary, .tool')]
            .filter((at) => at.checkVisibility() && at.getBoundingClientRect().height < 43).map((at) => at.id)"""
        )
        assert [name for name in small if name] == []  # big enough for a finger
    page.open("/")
    page.tool("block")
    cells = page.cells()
    page.script("arguments[0].scrollIntoView({block: 'center'})", cells[0])
    points = [
        page.script(
            "const b = arguments[0].getBoundingClientRect(); return {x: b.x + b.width / 2, y: b.y + b.height / 2}",
            cells[i],
        )
        for i in (0, 1, 2)
    ]
    top = page.script("return scrollY")
    for kind, at in (
        ("touchStart", points[:1]),
        ("touchMove", points[1:2]),
        ("touchMove", points[2:]),
        ("touchEnd", []),
    ):
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    page.wait(lambda: page.maze() == "BBBT/.B.D/S...", "a finger paints")
    assert page.script("return scrollY") == top  # and the page does not move under it


def test_reduced_motion_shows_the_answer_at_once(page):
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        page.open()
        page.click("plan")
        page.wait(lambda: page.text("notice").startswith("Planned"))
        page.wait(lambda: page.shown()[0] == page.shown()[1] > 0)
        assert page.script("return mostTimers") == 0
        page.click("walk")
        page.wait(lambda: "Walks: 1" in page.text("walk-mean"))
        assert page.script("return mostTimers") == 0
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_every_control_has_a_name_in_both_languages(page):
    for address in ("/", "/?lang=ja"):
        page.open(address).plan()
        tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        roles = {
            "button",
            "slider",
            "spinbutton",
            "radio",
            "checkbox",
            "combobox",
            "gridcell",
            "grid",
            "radiogroup",
        }
        nodes = [node for node in tree if node.get("role", {}).get("value") in roles and not node.get("ignored")]
        assert len(nodes) > 40
        assert [node["role"]["value"] for node in nodes if not node.get("name", {}).get("value", "").strip()] == []


# Presses, chooses and types what it finds, whatever state the page is in, by a seed. Nothing that leaves the page.
IMPATIENT = """const [seed, actions, done] = arguments;
let last = seed;
const random = () => (last = (last * 1103515245 + 12345) % 2147483648) / 2147483648;
const pick = (list) => list[Math.floor(random() * list.length)];
const seen = (kinds) => [...document.querySelectorAll(kinds)].filter((each) => each.offsetParent && !each.disabled);
const leaves = ["share", "take-link", "take-picture", "take-table", "take-command", "play-take", "big", "teach-load",
  "rate-load"];
const keys = [..."123456tdbesr.,nwRvVicCp ", "ArrowUp", "ArrowRight", "ArrowDown", "ArrowLeft", "Escape", "Home"];
const change = (field) => ["input", "change"].forEach((type) => field.dispatchEvent(new Event(type)));
const pressed = (key, more) => new KeyboardEvent("keydown", { key, bubbles: true, ...more });
const frame = () => new Promise(requestAnimationFrame);
(async () => {
  for (let i = 0; i < actions; i += 1) {
    const [kind, field] = [random(), pick(seen("input[type=range], input[type=number], select"))];
    if (kind < 0.5) pick(seen("button, input").filter(({ id }) => !leaves.includes(id))).click();
    else if (kind < 0.75) {
      if (field.matches("select")) field.selectedIndex = 1 + Math.floor(random() * (field.length - 1));
      else field.value = pick(["", "0", "1", "-1", "0.5", "3", "1e9", field.min, field.max]);
      change(field);
    } else if (kind < 0.95) {
      await frame(); // the board has the size of its maze
      const cell = pick([...document.querySelectorAll("#board [data-state]")]);
      cell.focus();
      document.activeElement.dispatchEvent(pressed(pick(keys)));
    } else document.body.dispatchEvent(pressed("z", { ctrlKey: true, shiftKey: random() < 0.4 }));
    if (random() < 0.3) await frame();
  }
})().finally(done);"""


def test_who_presses_everything_in_any_order_breaks_nothing(page):
    for mode in ("play", "plan", "learn"):
        page.open(f"/#mode={mode}")
        page.driver.execute_async_script(IMPATIENT, 3, 120)
        page.script("document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close())")
        assert "mistake" not in page.settle().text("notice")  # nor does anything stand in the console


def test_reconnects_when_the_server_restarts(page, chromium):
    port = free_port()
    other = Page(chromium, f"http://127.0.0.1:{port}")
    with running_server(port):
        other.open().plan()
    other.wait(lambda: other.get("banner").is_displayed(), "the page says that the connection is lost")
    assert "lost" in other.text("banner")
    assert "value" in other.label(0)  # the plan is still on the page
    other.click("plan")  # asked while the line is down
    with running_server(port):
        other.wait(lambda: not other.get("banner").is_displayed(), "it connects again by itself")
        other.wait(lambda: other.text("notice").startswith("Planned"), "and sends what was asked meanwhile")
        other.open("/")
    calm(page)
