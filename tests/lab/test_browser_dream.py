"""Day 6 in the simulator's page: the dream of a world model beside the real game, in a real Chromium."""

from importlib.util import find_spec

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from lab.dreaming import FILE, MODEL
from tests.lab.test_browser import chromium, origin, page, wait_for  # noqa: F401  (fixtures)
from tests.lab.test_browser_access import resize

LEFT, WAIT, RIGHT = range(3)
COUNT_FRAMES = """const [seconds, done] = arguments;
import('/static/dream/game.js').then(({ dreaming }) => {
  let [frames, last, until] = [0, dreaming.run.now.step, performance.now() + 1000 * seconds];
  const look = () => {
    if (dreaming.run.now.step !== last) frames += 1;
    last = dreaming.run.now.step;
    if (performance.now() < until) requestAnimationFrame(look);
    else done(frames / seconds);
  };
  look();
});"""


def open_dream(page, address="/#mode=dream"):  # noqa: F811
    page.driver.get("about:blank")
    page.driver.get(page.origin + address)
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is open")
    return page


def run(page):  # noqa: F811
    return page.module("dream/game.js", "m.dreaming.run")


def now(page):  # noqa: F811
    return run(page)["now"]


def begin(page):  # noqa: F811
    page.click("dream-go")
    wait_for(lambda: run(page) is None or now(page), "the model is awake", seconds=60)
    assert run(page), page.text("notice")


def press(page, key, repeat=False):  # noqa: F811
    page.script(
        """const [key, repeat] = arguments;
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, repeat, bubbles: true }))""",
        key,
        repeat,
    )


def seed(page):  # noqa: F811
    return page.module("core/state.js", "m.state.settings.dream.dream_seed")


def actions(page):  # noqa: F811
    told = now(page)
    return {told["real"]["action"], told["dream"]["action"]}


def brightest(page, name):  # noqa: F811
    """[red, green, blue] of the brightest pixel of a board."""
    return page.script(
        """const canvas = document.querySelector(`#dream-${arguments[0]} canvas`);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let best = [0, 0, 0];
        for (let i = 0; i < data.length; i += 4) if (data[i + 2] > best[2]) best = [...data.slice(i, i + 3)];
        return best""",
        name,
    )


def frames(page, seconds):  # noqa: F811
    """How many different steps are drawn in a second."""
    return page.driver.execute_async_script(COUNT_FRAMES, seconds)


@pytest.fixture
def model():
    if not MODEL.exists():
        pytest.skip(f"needs {FILE}")
    if not find_spec("tensorflow"):
        pytest.skip('needs TensorFlow: python -m pip install -e ".[cpu]"')


def test_the_person_plays_the_game_and_its_dream_by_the_same_keys_buttons_and_fingers(page, model):  # noqa: F811
    open_dream(page)
    page.click("dream-go")
    page.wait(lambda: page.text("dream-hint").startswith("The model wakes up"), "one is told")
    ActionChains(page.driver).key_down(Keys.ARROW_RIGHT).perform()  # while it wakes up
    wait_for(lambda: now(page), "the model is awake", seconds=60)
    page.wait(lambda: actions(page) == {RIGHT}, "a held key pushes in both")
    press(page, "n", repeat=True)
    press(page, "d", repeat=True)
    page.settle()
    assert (seed(page), page.text("notice")) == (1, "")
    press(page, "n")
    assert seed(page) == 2
    page.wait(lambda: now(page)["seed"] == 2 and now(page)["step"], "the next game")
    page.wait(lambda: actions(page) == {RIGHT}, "the key is held there, too")
    page.script("window.dispatchEvent(new Event('blur'))")
    page.wait(lambda: actions(page) == {WAIT}, "who looks away holds nothing")
    ActionChains(page.driver).key_up(Keys.ARROW_RIGHT).perform()
    for name in ("dream-left", "dream-real"):
        target = page.get(name)
        at = -round(target.size["width"] / 4)  # the left half of a board pushes left
        ActionChains(page.driver).move_to_element_with_offset(target, at, 0).click_and_hold().perform()
        page.wait(lambda: actions(page) == {LEFT}, name)
        ActionChains(page.driver).release().perform()
        page.wait(lambda: actions(page) == {WAIT})
    assert brightest(page, "real")[2] > 150
    assert brightest(page, "dream")[2] > 120
    assert "alone\u00a0for" in page.text("dream-dream")
    page.keys("d")
    page.wait(lambda: "goes on from the real game" in page.text("notice"))
    page.wait(lambda: now(page)["dream"]["alone"] < now(page)["step"], "the dream was shown the game again")
    page.click("dream-show-seen")
    page.click("dream-show-futures")
    page.wait(lambda: now(page)["seen"] and now(page)["futures"], "the other two boards")
    page.settle()
    assert brightest(page, "seen")[2] > 120
    page.click("dream-go")
    page.wait(lambda: page.text("dream-go") == "Go on")
    page.wait(lambda: frames(page, 0.3) == 0, "nothing moves")
    page.module("core/change.js", "m.setMode('plan')")
    page.wait(lambda: page.get("board").is_displayed(), "the maze is there again")


def test_a_player_chosen_by_hand_gives_the_arrow_keys_back_to_the_game_and_one_chosen_by_keys_does_not(page):  # noqa: F811
    open_dream(page)
    for by, focused in (("pointerdown", "dream-stage"), ("keydown", "dream-player")):
        page.script(
            """const list = document.getElementById('dream-player');
            list.focus();
            for (const type of [arguments[0], 'change']) list.dispatchEvent(new Event(type))""",
            by,
        )
        assert page.script("return document.activeElement.id") == focused


def test_a_link_carries_game_temperature_pace_and_player_and_a_round_plays_to_its_end(page, model):  # noqa: F811
    open_dream(page, "/#mode=dream&dream_temperature=0.25&dreamer=random&dream_seed=7&dream_pace=30&shows=seen")
    page.wait(lambda: page.text("dream-pace-value") == "30 steps a second")
    assert page.text("dream-temperature-value") == "0.25"
    assert page.get("dream-show-seen").is_selected()
    assert not page.get("dream-show-futures").is_selected()
    assert page.module("core/change.js", "m.shareHash()").endswith("dream_pace=30&shows=seen")
    begin(page)
    assert now(page)["seed"] == 7
    assert frames(page, 2) > 3  # bench/lab_page.py says how many on a machine at rest
    wait_for(lambda: now(page)["over"], "the round is over", seconds=60)
    page.wait(lambda: page.text("notice").startswith("Both are over. Reality: caught"))
    assert page.text("dream-go") == "New game"
    page.click("dream-go")
    page.wait(lambda: now(page)["seed"] == 8 and 0 < now(page)["step"] < 200, "the next game")
    assert "dream_seed=8" in page.driver.current_url


@pytest.mark.parametrize("language", ["en", "ja"])
def test_fits_a_phone_with_buttons_for_fingers(page, language):  # noqa: F811
    resize(page, 390, 844, 2)
    open_dream(page, f"/?lang={language}#mode=dream")
    for name in ("seen", "futures"):
        page.click(f"dream-show-{name}")
    page.settle()
    assert page.script("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    for name in ("dream-go", "dream-left", "dream-right", "dream-follow", "dream-new"):
        assert page.get(name).rect["height"] >= 43, name
    real, dream, seen = (page.get(f"dream-{name}").rect for name in ("real", "dream", "seen"))
    assert real["x"] + real["width"] <= dream["x"]
    assert real["y"] + real["height"] <= seen["y"]
    assert page.get("dream-pad").rect["y"] < page.get("dream-go").rect["y"]  # the thumbs' buttons come first
