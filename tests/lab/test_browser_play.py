"""Day 1 in the simulator's page: the person is the agent, in the fog, in a real Chromium."""

import re

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from environment import GridWorld
from framework.tabular.demonstrations import read_demonstrations
from tests.lab.test_browser import Page, calm, chromium, english_left, free_port, origin, page, running_server  # noqa: F401  (fixtures)

KEYS = {"u": Keys.ARROW_UP, "r": Keys.ARROW_RIGHT, "d": Keys.ARROW_DOWN, "l": Keys.ARROW_LEFT}
ACTIONS = "urdl"
TO_THE_TREASURE = "uurrr"  # in the book's maze, without slips
WITHOUT_SLIPS = "/#mode=play&prob=1"
REMEMBER_SOCKETS = """window.sockets = []; const Plain = window.WebSocket;
window.WebSocket = class extends Plain { constructor(...args) { super(...args); window.sockets.push(this); } };"""


def open_walk(page, address=WITHOUT_SLIPS):  # noqa: F811
    page.open(address)
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is open")
    return page


def run(page):  # noqa: F811
    """The walk under way, once no answer is due."""
    walk = page.module("play/walking.js", "m.walking.run ?? {waiting: false, steps: [], seed: null, ended: null}")
    return None if walk["waiting"] else walk


def steps(page):  # noqa: F811
    return len(page.wait(lambda: run(page), "the server answers")["steps"])


def walk(page, way):  # noqa: F811
    """Press arrow keys, one after the other's answer, until the walk ends."""
    for letter in way:
        if run(page)["ended"]:
            break
        before = steps(page)
        page.keys(KEYS[letter])
        page.wait(lambda before=before: steps(page) == before + 1, f"a step {letter}")
    return page.settle()


def again(page):  # noqa: F811
    page.keys("r")
    page.wait(lambda: steps(page) == 0, "another walk")


def walks(page):  # noqa: F811
    return page.module("play/walking.js", "m.recordHere().walks")


def test_a_link_opens_the_page_and_every_step_is_the_worlds_own(page):  # noqa: F811
    open_walk(page, "/#mode=play&prob=0.4")
    assert page.get("mode-play").get_attribute("aria-pressed") == "true"
    walk(page, "uurdlurdlu")
    walked = run(page)
    env = GridWorld(move_prob=0.4)
    state, _ = env.reset(seed=walked["seed"])
    total = discounted = slips = 0
    for i, (letter, step) in enumerate(zip("uurdlurdlu", walked["steps"], strict=False)):
        before, (state, reward, _, _, info) = state, env.step(ACTIONS.index(letter))
        assert step == {
            "from": before, "action": ACTIONS.index(letter), "reward": reward, "to": state, "slipped": info["slipped"]
        }  # fmt: skip
        total, discounted, slips = total + reward, discounted + 0.9**i * reward, slips + info["slipped"]
    said = page.text("play-step")
    row, col = divmod(state, 4)
    assert said.startswith(f"Step {len(walked['steps'])}: ")
    assert f"row {row + 1}, column {col + 1}, reward {reward:g}".replace("-", "−") in said
    assert (", slipped" in said) == info["slipped"]
    sums = page.text("play-sums")
    numbers = re.search(r"return (\S+) · discounted (\S+) · slips (\d+) · seed (\d+)", sums).groups()
    assert [float(n.replace("−", "-")) for n in numbers] == pytest.approx(
        [total, discounted, slips, walked["seed"]], abs=6e-4
    )
    assert page.get("play-step").get_attribute("aria-live") == "polite"


def test_what_was_not_seen_is_neither_drawn_nor_named(page):  # noqa: F811
    open_walk(page)
    assert page.label(3) == "row 1, column 4, not seen yet"
    assert page.label(5) == "row 2, column 2, not seen yet"
    assert page.label(4) == "row 2, column 1, empty"  # a neighbour
    assert page.label(8) == "row 3, column 1, start, you are here"
    ActionChains(page.driver).move_to_element(page.cells()[3]).perform()
    page.wait(lambda: page.text("hover") == "row 1, column 4, not seen yet", "the mouse learns no more")
    treasure, fog = paper(page, 3), paper(page, 1)
    assert treasure == fog != paper(page, 4)
    walk(page, "u")
    assert page.label(5) == "row 2, column 2, block"
    assert page.label(0) == "row 1, column 1, empty"
    again(page)
    assert page.label(5) == "row 2, column 2, block"  # what was seen is remembered
    page.tool("danger")
    page.wait(lambda: "treasure" in page.label(3), "who paints sees the maze")
    page.tool("look")
    page.wait(lambda: "not seen" in page.label(3))
    page.click("fog")
    page.wait(lambda: "treasure" in page.label(3), "the box lifts the fog")
    assert paper(page.settle(), 3) != fog
    assert "fog=off" in page.driver.current_url


def paper(page, state):  # noqa: F811
    """The colour near the corner of a cell."""
    return page.script(
        """const board = document.querySelector('#board canvas'), cell = arguments[0].getBoundingClientRect();
        const copy = new OffscreenCanvas(board.width, board.height).getContext('2d');
        copy.drawImage(board, 0, 0);
        const box = board.getBoundingClientRect(), ratio = devicePixelRatio;
        const at = [cell.x - box.x + 12, cell.y - box.y + cell.height / 2].map((each) => Math.round(each * ratio));
        return [...copy.getImageData(...at, 1, 1).data]""",
        page.cells()[state],
    )


def test_keys_buttons_and_clicks_all_walk(page):  # noqa: F811
    open_walk(page)
    walk(page, "u")  # nothing has the focus
    assert run(page)["steps"][-1]["to"] == 4
    page.click("play-up")
    page.wait(lambda: steps(page) == 2, "a button")
    page.keys(Keys.ARROW_RIGHT)  # the focus is on the button
    page.wait(lambda: steps(page) == 3)
    page.cells()[2].click()
    page.wait(lambda: steps(page) == 4, "a click on a neighbouring cell")
    page.cells()[8].click()  # not a neighbour
    assert steps(page.settle()) == 4
    page.keys(Keys.ARROW_DOWN)  # the focus is on the board
    page.wait(lambda: steps(page) == 5)
    assert [step["to"] for step in run(page)["steps"]] == [4, 0, 1, 2, 6]
    page.settle()
    assert page.driver.switch_to.active_element.get_attribute("data-state") == "6"  # the focus goes with the agent
    walk(page, "l")
    assert page.text("play-step") == "Step 6: left, stayed in place, row 2, column 3, reward −0.04"
    page.click("fog")
    page.keys(Keys.ARROW_UP)  # the focus is on a box that has no use for it
    page.wait(lambda: steps(page) == 7)


def test_arrow_keys_move_the_focus_while_a_tool_paints(page):  # noqa: F811
    open_walk(page)
    page.tool("block")
    page.keys(Keys.TAB)
    page.script("document.querySelector('#board [tabindex=\"0\"]').focus()")
    page.keys(Keys.ARROW_RIGHT, "3")
    page.wait(lambda: page.maze() == "...T/.B.D/SB..", "painted by keyboard")
    assert steps(page) == 0


@pytest.fixture
def phone(page):  # noqa: F811
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    )
    return page


def touch(page, *points):  # noqa: F811
    for kind, at in (("touchStart", points[:1]), *(("touchMove", [point]) for point in points[1:]), ("touchEnd", [])):
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(at)})


def cut_off(page):  # noqa: F811
    """The names of readouts that are wider than the page."""
    return page.script(
        """return [...document.querySelectorAll('.readout')].filter((at) => at.checkVisibility()
        && at.getBoundingClientRect().right > innerWidth).map((at) => at.id)"""
    )


def middle(page, state):  # noqa: F811
    return page.script(
        """const box = arguments[0].getBoundingClientRect();
        return {x: box.x + box.width / 2, y: box.y + box.height / 2}""",
        page.cells()[state],
    )


def test_a_finger_walks_by_a_tap_and_by_a_swipe(phone):
    open_walk(phone)
    phone.script("arguments[0].scrollIntoView({block: 'center'})", phone.cells()[4])
    at = middle(phone, 4)
    touch(phone, at)
    phone.wait(lambda: steps(phone) == 1, "a tap")
    top = phone.script("return scrollY")
    touch(phone, at, {**at, "y": at["y"] - 30}, {**at, "y": at["y"] - 60})
    phone.wait(lambda: steps(phone) == 2, "a swipe")
    assert [step["to"] for step in run(phone)["steps"]] == [4, 0]
    assert phone.script("return scrollY") == top
    touch(phone, at, {**at, "x": at["x"] + 60})
    phone.wait(lambda: steps(phone) == 3)
    assert run(phone)["steps"][-1]["to"] == 1


def test_an_enlarged_board_shows_where_the_agent_is(phone):
    rows = ["....................", *["...................."] * 18, "S..................."]
    open_walk(phone, f"/#maze={'/'.join(rows)}&mode=play&prob=1")
    for _ in range(2):
        phone.click("zoom-in")
        phone.settle()
    for count in range(1, 14):
        phone.script("document.getElementById('play-right').click()")
        phone.wait(lambda count=count: steps(phone) == count)
    phone.settle()
    frame, cell = phone.get("board").rect, phone.cells()[19 * 20 + 13].rect
    assert frame["x"] <= cell["x"] < cell["x"] + cell["width"] <= frame["x"] + frame["width"] + 1


@pytest.mark.parametrize("language", ["en", "ja"])
def test_fits_a_phone_with_buttons_for_fingers_and_a_name_for_everything(phone, language):
    open_walk(phone, f"/?lang={language}#mode=play&prob=1&rules=on")
    assert cut_off(phone) == []
    walk(phone, TO_THE_TREASURE)
    assert cut_off(phone) == []
    assert phone.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    small = phone.script(
        """return [...document.querySelectorAll('button, select, summary')]
        .filter((at) => at.checkVisibility() && at.getBoundingClientRect().height < 43).map((at) => at.id)"""
    )
    assert [name for name in small if name] == []
    below, pad = (phone.get(name).rect for name in ("board", "play-pad"))
    assert below["y"] + below["height"] <= pad["y"]
    tree = phone.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "checkbox", "slider", "spinbutton", "radio", "gridcell", "grid"}
    nodes = [node for node in tree if node.get("role", {}).get("value") in roles and not node.get("ignored")]
    assert len(nodes) > 30
    assert [node["role"]["value"] for node in nodes if not node.get("name", {}).get("value", "").strip()] == []


def test_the_end_is_said_and_r_begins_another_walk(page):  # noqa: F811
    open_walk(page)
    walk(page, TO_THE_TREASURE)
    page.wait(lambda: page.text("notice") == "Reached the treasure: return 0.84, discounted 0.519.")
    page.keys(Keys.ARROW_LEFT)
    page.wait(lambda: "“Again” or the key r" in page.text("notice"), "nothing follows the end")
    first = run(page)["seed"]
    assert page.text("play-means").startswith("You, 1 walk0.519Optimum: the planner’s V(start)0.519")
    again(page)
    assert run(page)["seed"] != first
    walk(page, "rrru")
    page.wait(lambda: page.text("notice").startswith("Fell into danger: return −1.12"))
    page.wait(lambda: page.text("play-means").startswith("You, 2 walks"))


def test_a_walk_that_is_left_is_kept_but_not_in_the_mean(page):  # noqa: F811
    open_walk(page)
    walk(page, "ur")
    again(page)
    walk(page, TO_THE_TREASURE)
    page.wait(lambda: page.text("play-means").startswith("You, 1 walk0.519"))
    assert "Left before their end: 1." in page.text("play-compare")


def test_walks_that_are_taken_away_are_demonstrations(page, tmp_path):  # noqa: F811
    open_walk(page, "/#maze=..T/.D./S..&mode=play&prob=0.5&step_reward=-0.1&gamma=0.8&rewards=3.2:0.25")
    for way in ("urur", "rr"):
        walk(page, way)
        again(page)
    page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    file = tmp_path / "nanoka-walks.json"
    page.click("play-take")
    page.wait(file.exists, "the file is saved")
    read = read_demonstrations(file)
    assert read.gamma == 0.8
    assert (read.env.move_prob, read.env.step_reward, read.env.rewards[2, 1]) == (0.5, -0.1, 0.25)
    for episode, kept in zip(read.episodes, walks(page), strict=True):
        assert episode.seed == kept["seed"]
        assert list(episode.steps) == [(s["from"], s["action"], s["reward"], s["to"]) for s in kept["steps"]]
        env = GridWorld.from_link(read.env.link)
        env.reset(seed=episode.seed)
        assert [env.step(action)[0] for _, action, _, _ in episode.steps] == [step[3] for step in episode.steps]


def test_forgotten_walks_can_be_taken_back(page):  # noqa: F811
    open_walk(page)
    walk(page, TO_THE_TREASURE)
    again(page)
    walk(page, "u")
    page.click("play-forget")
    page.wait(lambda: "were forgotten" in page.text("notice"))
    page.wait(lambda: page.label(3).endswith("not seen yet"), "what was seen is forgotten, too")
    assert walks(page) == []
    walk(page, TO_THE_TREASURE)
    page.click("play-back")
    page.wait(lambda: len(walks(page)) == 3, "the walks of then and of now")
    page.wait(lambda: page.text("play-means").startswith("You, 2 walks"))
    assert not page.get("play-back").is_displayed()


def test_painting_ends_a_walk_and_keeps_it_with_its_maze(page):  # noqa: F811
    open_walk(page)
    walk(page, "ur")
    page.tool("block")
    page.cells()[9].click()
    page.wait(lambda: "It is kept with the maze as it was" in page.text("notice"))
    assert walks(page) == []
    page.wait(lambda: "Kept from other mazes: 1." in page.text("play-compare"))
    page.choose(8)
    page.wait(lambda: "you are here" in page.label(8), "the agent is back at the start")
    walk(page, "u")
    page.click("undo")
    page.wait(lambda: [len(each["steps"]) for each in walks(page)] == [2], "the walk is back with its maze")
    page.field("gamma", 0.5)
    page.wait(lambda: len(walks(page)) == 1, "another discount is the same maze")


def test_the_rules_are_told_only_when_asked_for(page):  # noqa: F811
    open_walk(page, "/#mode=play&prob=0.9")
    assert not page.get("param-prob").is_displayed()
    assert not page.get("rules-table").is_displayed()
    walk(page, TO_THE_TREASURE * 4)
    again(page)
    page.wait(lambda: page.get("rules-table").is_displayed(), "afterwards, what happened")
    ups = sum(step["action"] == 0 for step in walks(page)[0]["steps"])
    counts = page.script(
        "return [...document.querySelectorAll('#rules-table tbody tr:first-child td')].map((td) => +td.textContent)"
    )
    assert sum(counts) == ups
    assert "true probability" not in page.text("rules-table")
    page.click("rules")
    page.wait(lambda: "true probability0.90.050.05" in page.text("rules-table"))
    assert page.get("param-prob").is_displayed()
    page.click("rules")
    page.wait(lambda: not page.get("param-prob").is_displayed())
    page.click("mode-plan")
    page.wait(lambda: page.get("param-prob").is_displayed(), "a planner knows the rules")


def test_a_slip_is_told_by_where_it_led(page):  # noqa: F811
    """From 9, below the block, up: as intended, to the left, to the right. From 1 the sides of right both hold."""
    steps = [(9, 0, 9, False), (9, 0, 8, True), (9, 0, 10, True), (1, 1, 1, True)]
    objects = ", ".join(
        f"{{from: {s}, action: {a}, to: {n}, slipped: {str(slipped).lower()}}}" for s, a, n, slipped in steps
    )
    outcomes = f"[{objects}].map((step) => m.outcomeOf(m.recordHere().maze, step))"
    assert page.module("play/walking.js", outcomes) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("returns", "sentence"),
    [
        ([], "When a walk of yours has ended"),
        ([0.3] * 9, "with fewer than 10 walks luck counts for much"),
        ([0.5, 0.1] * 5, "no more than luck makes in 10 walks"),  # mean 0.3, two standard errors 0.13
        ([0.2, 0.1] * 10, "0.22 below the optimum, more than luck"),
        ([0.6] * 10, "0.23 above the optimum. That is luck"),
    ],
)
def test_the_difference_from_the_optimum_is_explained_honestly(page, returns, sentence):  # noqa: F811
    assert sentence in page.module("play/record.js", f"m.compare({returns}, 0.37)")


def test_a_learners_mean_stands_beside_yours_where_it_has_one(page):  # noqa: F811
    open_walk(page)
    assert "page Learn" not in page.text("play-means")
    page.click("mode-learn")
    page.click("learn-episode")
    page.wait(lambda: page.module("core/registry.js", "m.pageOf('learn').meanReturn()"), "a learner's mean")
    page.click("mode-play")
    page.wait(lambda: "Q-learning on the page Learn, latest episodes" in page.text("play-means"))
    assert "includes its exploration" in page.text("play-compare")


def test_a_walk_outlives_a_short_loss_of_its_line(page):  # noqa: F811
    source = {"source": REMEMBER_SOCKETS}
    script = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)["identifier"]
    try:
        open_walk(page)
        walk(page, "ur")
        before = run(page)
        page.script("sockets.at(-1).close()")
        page.wait(lambda: page.module("core/state.js", "m.state.link") == "lost")
        page.keys(Keys.ARROW_UP)
        page.wait(lambda: "try again when it is back" in page.text("notice"))
        page.wait(lambda: page.module("core/state.js", "m.state.link") == "open")
        walk(page, "u")
        after = run(page)
        assert after["seed"] == before["seed"]
        assert [step["to"] for step in after["steps"]] == [4, 4, 0]
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def test_a_walk_that_the_server_has_lost_is_kept_and_said_to_be_lost(page):  # noqa: F811
    port = free_port()
    other = Page(page.driver, f"http://127.0.0.1:{port}")
    with running_server(port):
        open_walk(other)
        walk(other, "ur")
    with running_server(port):
        other.wait(lambda: "the walk under way with it" in other.text("notice"), "the page says so")
        assert [len(each["steps"]) for each in walks(other)] == [2]
        walk(other, TO_THE_TREASURE)
        other.wait(lambda: other.text("play-means").startswith("You, 1 walk"), "and walks on")
        other.open("/")
    calm(page)


def test_speaks_japanese_throughout(page):  # noqa: F811
    open_walk(page, "/?lang=ja#mode=play&prob=0.5&rules=on")
    assert page.label(3) == "1 行目 4 列目、まだ見ていないマス"
    assert english_left(page) == []
    walk(page, TO_THE_TREASURE * 6)
    again(page)
    page.wait(lambda: page.text("play-means").startswith("あなた（1 回）"))
    walk(page, "l")
    assert page.text("play-step").startswith("1 歩目: 左、")
    page.click("play-forget")
    page.settle()
    assert english_left(page) == []
