"""Day 6 in the simulator's page: Catcher by keyboard, a student beside, in a real Chromium."""

from importlib.util import find_spec

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.lab.test_browser import chromium, origin, page, wait_for  # noqa: F401  (fixtures)
from tests.lab.test_browser_access import media, resize

LEFT, WAIT, RIGHT = range(3)
# Another page has the one process; nobody plays there.
HOLD_THE_PROCESS = """window.other = new WebSocket(`ws://${location.host}/live`);
addEventListener('pagehide', () => other.close());
other.onopen = () => other.send(JSON.stringify({ type: 'catch', id: 1, pace: 0 }));
const done = arguments[0];
other.onmessage = ({ data }) => done(JSON.parse(data).type);"""


def open_game(page, address="/#mode=catch"):  # noqa: F811
    page.driver.get("about:blank")
    page.driver.get(page.origin + address)
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is open")
    return page


def run(page):  # noqa: F811
    return page.module("catch/game.js", "m.catching.run")


def mine(page):  # noqa: F811
    return run(page)["now"]["mine"]


def play_alone(page, address="/#mode=catch"):  # noqa: F811
    open_game(page, address)
    page.driver.execute_async_script(HOLD_THE_PROCESS)
    page.click("catch-go")
    page.wait(lambda: run(page) and run(page)["now"], "the game begins")


def set_pace(page, index):  # noqa: F811
    page.script(
        """const at = document.getElementById('catch-pace');
        at.value = arguments[0]; at.dispatchEvent(new Event('input'))""",
        index,
    )


def hold(page, key):  # noqa: F811
    ActionChains(page.driver).key_down(key).perform()


def let_go(page, key):  # noqa: F811
    ActionChains(page.driver).key_up(key).perform()


def test_who_finds_the_process_taken_is_told_and_plays_alone_by_keys_and_buttons(page):  # noqa: F811
    play_alone(page)
    said = page.text("notice")
    if find_spec("tensorflow"):
        assert said.startswith("the process for large computations is in use")
    assert said.endswith("You play without a student.")
    assert page.get("catch-driver").is_enabled() is False
    page.wait(lambda: "Nobody learns from you" in page.text("catch-hint"))
    hold(page, Keys.ARROW_RIGHT)
    page.wait(lambda: mine(page)["action"] == RIGHT and mine(page)["speed"] > 4, "a held key pushes on and on")
    hold(page, Keys.ARROW_LEFT)
    page.wait(lambda: mine(page)["action"] == LEFT, "the later key counts")
    let_go(page, Keys.ARROW_LEFT)
    page.wait(lambda: mine(page)["action"] == RIGHT, "and the older again when that is let go")
    page.script("window.dispatchEvent(new Event('blur'))")
    page.wait(lambda: mine(page)["action"] == WAIT, "who looks away holds nothing")
    for repeat in (True, True, False):
        page.script(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', "
            "{ key: 'n', repeat: arguments[0], bubbles: true }))",
            repeat,
        )
    page.wait(lambda: run(page)["now"]["round"] > 1 and run(page)["now"]["step"] > 5, "the next round")
    assert run(page)["now"]["round"] == 2  # a key that stays down begins one round, not one after the other
    let_go(page, Keys.ARROW_RIGHT)
    button = page.get("catch-left")
    ActionChains(page.driver).click_and_hold(button).perform()
    page.wait(lambda: mine(page)["action"] == LEFT, "a button")
    ActionChains(page.driver).release().perform()
    page.wait(lambda: mine(page)["action"] == WAIT)
    page.module("core/change.js", "m.setMode('plan')")
    assert run(page)["running"] is False  # the game waits
    page.wait(lambda: page.get("board").is_displayed(), "the maze is there again")
    page.module("core/change.js", "m.setMode('catch')")
    page.wait(lambda: not page.get("board").is_displayed(), "and not here")
    assert page.text("catch-go") == "Go on"
    page.click("catch-go")
    set_pace(page, 8)
    page.wait(lambda: "You pressed nothing" in page.text("notice") or run(page)["now"]["round"] > 2)


def test_a_student_wakes_learns_at_once_drives_and_is_forgotten(page):  # noqa: F811
    if not find_spec("tensorflow"):
        pytest.skip('needs TensorFlow: python -m pip install -e ".[cpu]"')
    for _ in range(2):  # who leaves the page, and comes back, finds the process free
        open_game(page)
        page.click("catch-go")
    page.wait(lambda: page.text("catch-hint").startswith("The student wakes up"), "one is told")
    wait_for(lambda: run(page)["now"], "the student is awake", seconds=60)
    assert run(page)["student"]
    hold(page, Keys.ARROW_RIGHT)
    page.wait(lambda: run(page)["now"]["labels"] > 40, "every step is a label")
    page.wait(lambda: run(page)["now"]["agreement"] > 0.3, "it learns at once")
    assert "labels · the student would have done the same in" in page.text("catch-numbers")
    let_go(page, Keys.ARROW_RIGHT)
    page.click("catch-driver")
    page.wait(lambda: run(page)["now"]["driver"] == "student", "the student drives")
    page.wait(lambda: not page.get("catch-mine").is_displayed(), "there is one board")
    assert "driver=student" in page.driver.current_url
    labels = run(page)["now"]["labels"]
    round_before = run(page)["now"]["round"]
    page.wait(lambda: run(page)["now"]["step"] > 10)
    assert run(page)["now"]["labels"] == labels  # who presses nothing says nothing
    hold(page, Keys.ARROW_DOWN)
    page.wait(lambda: run(page)["now"]["labels"] > labels and run(page)["now"]["said"] == WAIT, "a correction")
    let_go(page, Keys.ARROW_DOWN)
    page.click("catch-oracle")
    set_pace(page, 8)
    wait_for(lambda: run(page)["now"]["round"] > round_before, "a round ends", seconds=60)
    page.wait(lambda: page.module("catch/game.js", "m.catching.results.length") > 0, "it stands in the curve")
    assert "teacher –, student" in page.get("catch-curve").get_attribute("aria-label")
    page.click("catch-forget")
    page.wait(lambda: "forgotten everything" in page.text("notice"))
    page.wait(lambda: run(page)["now"]["labels"] < labels, "it begins anew")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_fits_a_phone_with_buttons_for_fingers(page, language):  # noqa: F811
    resize(page, 390, 844, 2)
    play_alone(page, f"/?lang={language}#mode=catch&catcher=oracle")
    page.settle()
    assert page.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    for name in ("catch-go", "catch-left", "catch-wait", "catch-right", "catch-next", "catch-forget"):
        assert page.get(name).rect["height"] >= 43, name
    boards = [page.get(f"catch-{name}").rect for name in ("mine", "theirs")]
    assert boards[0]["x"] + boards[0]["width"] <= boards[1]["x"]
    assert page.get("catch-pad").rect["y"] < page.get("catch-go").rect["y"]  # the thumbs' buttons come first
    page.wait(lambda: run(page)["now"]["step"] > 3, "the oracle plays")


def test_the_boards_are_still_between_steps_where_motion_is_not_wanted(page):  # noqa: F811
    with media(page, prefers_reduced_motion="reduce"):
        play_alone(page, "/#mode=catch&catcher=oracle")
        set_pace(page, 0)
        page.wait(lambda: run(page)["now"]["step"] > 2)
        moving = page.module("catch/board.js", "m.drawGames()")
        assert moving is False


def test_a_link_carries_who_teaches_and_who_drives(page):  # noqa: F811
    open_game(page, "/#mode=catch&catcher=oracle&driver=student")
    assert page.get("catch-oracle").is_selected()
    assert page.get("catch-driver").is_selected()
    assert page.text("catch-theirs").strip().startswith("The student drives")
    page.click("take")
    assert not page.get("take-picture").is_displayed()  # there is no maze to paint
    assert page.get("take-link").is_displayed()
