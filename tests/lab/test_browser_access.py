"""How the page looks and whom it serves: contrast, screen readers, forced colours, every size of window, a class."""

import io
import re
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.lab.test_browser import chromium, origin, page  # noqa: F401  (fixtures)
from tests.lab.test_browser_learn import connected, step

FIELD = "/".join(["..................T.", *["." * 20] * 18, "S" + "." * 19])  # 20 × 20
VIEWS = {  # language, colour scheme, width, height
    "en-light": ("en", "light", 1280, 900),
    "ja-dark": ("ja", "dark", 1280, 720),
    "en-dark-phone": ("en", "dark", 390, 844),
    "ja-light-phone": ("ja", "light", 390, 844),
}


def resize(page, width, height, ratio=1):  # noqa: F811
    metrics = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": width < 500}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.settle().settle()  # the page hears of it in the one frame, and draws in the next


@contextmanager
def media(page, **features):  # noqa: F811
    """Emulated media features, such as prefers_color_scheme="dark"."""
    pairs = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": pairs})
    try:
        yield
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def box(page, selector):  # noqa: F811
    """The place of an element in the window: x, y, width, height, right, bottom."""
    return page.script("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)


def pages_of(page):  # noqa: F811
    return page.module("core/registry.js", "m.pages.map((page) => page.id)")


def contrast(one, other):
    """Of two [r, g, b], by the definition of WCAG."""

    def luminance(rgb):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in rgb)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def parse(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


# -- what can be read, by whom ----------------------------------------------------------------------------------


def situations(page):  # noqa: F811
    """Goes through what a reader meets; yields a name for each."""
    page.plan()
    page.choose(2)
    yield "planned, with a chosen cell"
    page.click("help")
    yield "help"
    page.keys(Keys.ESCAPE)
    page.click("take")
    yield "take away"
    page.keys(Keys.ESCAPE)
    page.script("document.getElementById('settings').open = true")
    page.field("gamma", 5)
    page.wait(lambda: "error" in page.get("notice").get_attribute("class"))
    yield "an error"
    for name in pages_of(page):
        page.module("core/change.js", f"m.setMode('{name}')")
        page.settle()
        yield f"the page {name}"
    page.script("location.hash = '#mode=learn&learner2=actor_critic'")
    connected(page)
    step(page, "episode")
    yield "two learners after an episode"
    page.script("location.hash = '#maze=.......BT/S......../.........&mode=learn&learner=dyna&learner2=dyna_plus'")
    step(page, "episode")
    step(page)
    yield "two planners after a step"


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_wrong(page, view):  # noqa: F811
    found = find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe-core is not installed: pip install -e .[dev]")
    axe = (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")
    language, scheme, width, height = VIEWS[view]
    resize(page, width, height)
    with media(page, prefers_color_scheme=scheme, prefers_reduced_motion="reduce"):
        page.open(f"/?lang={language}")
        page.script(axe)
        for situation in situations(page):
            page.settle()
            assert violations(page) == [], situation


def violations(page):  # noqa: F811
    """[rule: element] of axe-core, with the size of targets and everything of WCAG 2.2."""
    return page.driver.execute_async_script(
        """const done = arguments[0];
        axe.run({ rules: { 'target-size': { enabled: true } } }).then(({ violations }) =>
          done(violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
            `${id}: ${target} ${failureSummary}`))));"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_digits_read_on_every_shade_and_outlines_stand_out(page, scheme):  # noqa: F811
    with media(page, prefers_color_scheme=scheme):
        page.open()
        shades = page.module(
            "core/colour.js",
            "Array.from({ length: 401 }, (_, i) => m.valueColour(i / 200 - 1, 1)).map((rgb) => [rgb, m.inkOn(rgb)])",
        )
        assert min(contrast(shade, parse(ink)) for shade, ink in shades) >= 4.5
        names = ["page", "card", "soft", "empty", "edge", "treasure", "danger", "agent"]
        rgb = page.module("core/colour.js", f"{names}.map((name) => m.pageRgb('--' + name))")
        colour = dict(zip(names, rgb, strict=True))
        for name in ("treasure", "danger", "agent"):
            assert contrast(colour[name], [255, 255, 255]) >= 4.5, name
        for name in ("page", "card", "soft", "empty"):
            assert contrast(colour["edge"], colour[name]) >= 3, name
        for name in ("undo", "example", "rows", "help", "pages", "plan"):
            assert contrast(colour_of(page, name, "borderTopColor"), colour["page"]) >= 3, name
        assert contrast(row_of_pixels(page, "#board canvas")[0], colour["page"]) >= 3  # an empty cell's outline


def row_of_pixels(page, canvas):  # noqa: F811
    """The pixels at the left edge of the first cell; the one that differs most from the cell comes first."""
    pixels = page.script(
        """const canvas = document.querySelector(arguments[0]);
        return [...canvas.getContext('2d').getImageData(0, Math.round(canvas.height / 8), 6, 1).data]""",
        canvas,
    )
    opaque = [pixels[i : i + 3] for i in range(0, 24, 4) if pixels[i + 3] > 200]
    return sorted(opaque, key=lambda rgb: -contrast(rgb, opaque[-1]))


def test_sliders_speak_what_is_shown(page):  # noqa: F811
    page.plan()
    for key in (Keys.HOME, Keys.ARROW_RIGHT, Keys.END, Keys.ARROW_LEFT):
        page.get("scrub").send_keys(key)
        page.settle()
        assert page.get("scrub").get_attribute("aria-valuetext") == page.text("sweep-number"), key
    assert page.get("threshold-slider").get_attribute("aria-valuetext") == "10⁻⁴"


def test_settings_that_a_learner_has_not_got_are_not_there(page):  # noqa: F811
    page.open("/#mode=learn")
    assert page.get("param-epsilon").is_displayed()
    assert not page.get("param-lambda_").is_displayed()
    Select(page.get("learner")).select_by_value("td_lambda")
    page.wait(lambda: page.get("param-lambda_").is_displayed())


def test_the_board_beside_has_a_grid_of_its_own_for_screen_readers(page):  # noqa: F811
    page.open("/#mode=learn&learner2=sarsa")
    connected(page)
    step(page, "episode")
    grids = page.driver.find_elements(By.CSS_SELECTOR, "[role=grid]")
    names = [grid.get_attribute("aria-label") for grid in grids if grid.is_displayed()]
    assert [name.split(":")[0] for name in names] == ["Q-learning", "SARSA"]
    page.wait(lambda: "SARSA: best" in name_beside(page, 8))


def name_beside(page, state):  # noqa: F811
    """What a screen reader hears of a cell of the second board."""
    selector = f"#board-2 [data-state='{state}']"
    return page.script("return document.querySelector(arguments[0]).getAttribute('aria-label')", selector)


def test_two_boards_may_show_different_mazes(page):  # noqa: F811
    page.open("/#mode=learn&learner2=sarsa")
    other = "await import('/static/core/maze.js').then((m) => m.fromText('T./.D/S.').maze)"
    page.driver.execute_async_script(
        f"""const done = arguments[0]; (async () => {{ const maze = {other};
        const {{ pageOf }} = await import('/static/core/registry.js');
        const {{ state, changed }} = await import('/static/core/state.js');
        pageOf('learn').mazeOf = (number) => (number ? maze : state.world.maze); changed(); done() }})()"""
    )
    page.settle()
    sizes = [
        len(page.driver.find_elements(By.CSS_SELECTOR, f"{board} [data-state]")) for board in ("#board", "#board-2")
    ]
    assert sizes == [12, 6]
    assert name_beside(page, 0).startswith("row 1, column 1, treasure")


def test_forced_colours_keep_tracks_legend_and_what_is_chosen(page):  # noqa: F811
    with media(page, forced_colors="active"):
        page.open()
        chosen, other = (colour_of(page, f"mode-{name}", "backgroundColor") for name in ("plan", "learn"))
        assert contrast(chosen, other) >= 3
        chosen, other = (colour_of(page, f"lang-{name}", "backgroundColor") for name in ("en", "ja"))
        assert contrast(chosen, other) >= 3
        assert "gradient" in page.script(
            "return getComputedStyle(document.getElementById('legend-ramp')).backgroundImage"
        )
        slider = Image.open(io.BytesIO(page.get("gamma-slider").screenshot_as_png)).convert("RGB")
        middle = [slider.getpixel((8, y)) for y in range(slider.height)]
        assert max(contrast(rgb, middle[0]) for rgb in middle) >= 3  # the track, left of its thumb


def colour_of(page, name, kind):  # noqa: F811
    """[r, g, b] of an element, as it is drawn; kind: "backgroundColor" and the like."""
    words = page.script("return getComputedStyle(document.getElementById(arguments[0]))[arguments[1]]", name, kind)
    return list(map(int, re.findall(r"\d+", words)[:3]))


# -- every size of window ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_page_scrolls_sideways_at_any_width(page, language):  # noqa: F811
    page.open(f"/?lang={language}").plan()
    for name in pages_of(page):
        page.module("core/change.js", f"m.setMode('{name}')")
        for width, height in ((1280, 720), (1024, 768), (768, 1024), (390, 844), (320, 568)):
            resize(page, width, height)
            assert page.script("return document.documentElement.scrollWidth") <= width, (name, width)


def test_the_menu_holds_all_pages(page):  # noqa: F811
    for width in (1280, 1024, 768, 390, 320):
        resize(page, width, 800)
        shown = page.get("pages").is_displayed()
        assert shown == (width > 900), width
        cut_off = page.script("const at = document.getElementById('pages'); return at.scrollWidth > at.clientWidth")
        assert not cut_off, f"a name is cut off at {width}"
        assert page.get("page-menu").is_displayed() != shown
        assert page.script("return document.documentElement.scrollWidth") <= width
    Select(page.get("page-menu")).select_by_value("learn")
    page.wait(lambda: page.get("learn").is_displayed())


def test_a_large_screen_is_filled_and_enlarging_the_page_never_makes_the_board_smaller(page):  # noqa: F811
    resize(page, 1920, 1080)
    assert (
        box(page, "#board .board")["width"] * box(page, "#board .board")["height"] > 0.2 * 1920 * 1080
    )  # 11% before
    assert box(page, "#plan")["bottom"] <= 1080
    for width, height in ((1920, 1080), (1366, 768)):
        before = 0
        for zoom in (1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3):
            resize(page, round(width / zoom), round(height / zoom), zoom)
            cell = page.script("return document.querySelector('#board [data-state]').offsetWidth") * zoom
            assert cell >= before - zoom, f"{width} × {height} at {zoom}"  # cells are whole CSS pixels
            before = cell


@pytest.mark.parametrize("size", [(1366, 768), (1280, 720)])
def test_two_learners_keep_their_curve_above_the_fold(page, size):  # noqa: F811
    resize(page, *size)
    page.open("/#mode=learn&learner2=sarsa")
    connected(page)
    step(page, "episode")
    assert box(page, "#curve canvas")["bottom"] <= size[1]
    assert box(page, "#learn")["bottom"] <= size[1]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_phone_shows_the_first_button_and_the_numbers_of_a_tapped_cell(page, language):  # noqa: F811
    fold = 664  # of 844, what a browser's bars leave
    resize(page, 390, 844)
    page.open(f"/?lang={language}")
    assert box(page, "#plan")["bottom"] <= fold
    page.plan()
    page.script("scrollTo(0, 0)")
    page.cells()[2].click()
    page.wait(lambda: "0.92" in page.text("hover"))
    assert box(page, "#hover")["bottom"] <= fold
    page.open(f"/?lang={language}#mode=learn")
    assert box(page, "#learn")["bottom"] <= fold
    page.script("document.querySelector('#settings summary').scrollIntoView()")
    page.driver.find_element(By.CSS_SELECTOR, "#settings summary").click()
    assert page.get("learner").is_displayed()


def test_a_phone_enlarges_a_large_maze_and_scrolls_inside_its_frame(page):  # noqa: F811
    resize(page, 390, 844, 2)
    page.open(f"/#maze={FIELD}")
    assert box(page, "#board [data-state]")["width"] < 24
    frame = box(page, "#board")
    page.click("zoom-in")
    page.wait(lambda: box(page, "#board [data-state]")["width"] >= 24, "a target for a finger")
    assert box(page, "#board") == pytest.approx(frame, abs=2)  # the frame stays, and what is in it scrolls
    assert page.script("return document.documentElement.scrollWidth") == 390
    assert (
        page.script("return getComputedStyle(document.querySelector('.cells')).touchAction") == "auto"
    )  # a pinch is free
    start = page.driver.find_element(By.CSS_SELECTOR, "#board [tabindex='0']")
    start.send_keys(Keys.ARROW_UP, *[Keys.ARROW_RIGHT] * 19)
    page.wait(lambda: page.script("return document.activeElement.dataset.state") == "379")
    cell = box(page, "#board [data-state='379']")
    assert cell["right"] <= frame["right"] + 1
    assert cell["bottom"] <= frame["bottom"] + 1
    for key in ("f", Keys.ESCAPE):  # a full-screen view, and back
        page.keys(key)
        page.settle().settle()
    assert box(page, "#board")["height"] == pytest.approx(frame["height"], abs=2)
    page.click("zoom-in")
    page.click("zoom-in")
    page.wait(lambda: not page.get("zoom-in").is_enabled(), "there is a largest size")
    for _ in range(3):
        page.click("zoom-out")
    page.wait(lambda: box(page, "#board [data-state]")["width"] < 24, "and the way back")
    page.open()
    assert not page.get("zoom").is_displayed()  # large cells need it not


# -- for a class ------------------------------------------------------------------------------------------------


def test_full_screen_shows_the_board_and_its_controls_alone(page):  # noqa: F811
    resize(page, 1280, 900)
    page.plan()
    before = box(page, "#board .board")
    page.click("big")
    page.wait(lambda: box(page, "#board .board")["width"] > before["width"] * 1.1, "as large as the screen allows")
    assert page.get("plan").is_displayed()
    assert page.get("sweep-number").is_displayed()
    for name in ("example", "settings", "help", "chart"):
        assert not page.get(name).is_displayed(), name
    assert page.script("return document.documentElement.scrollHeight <= innerHeight")
    assert box(page, ".transport")["bottom"] <= page.script("return innerHeight")
    page.keys(Keys.ESCAPE)
    page.wait(lambda: page.get("help").is_displayed(), "Escape leaves")
    page.wait(lambda: box(page, "#board .board") == before)
    page.choose(0)
    page.keys("f")
    page.wait(lambda: not page.get("help").is_displayed(), "f on the board, too")
    page.click("big")
    page.wait(lambda: page.get("help").is_displayed())


def test_a_copied_link_carries_the_moment(page):  # noqa: F811
    page.plan()
    page.choose(6)
    assert "cell=6" in page.module("core/change.js", "m.shareHash()")
    page.open("/#maze=...T/.B.D/S...&cell=6")
    page.wait(lambda: "column 3" in page.text("cell-where"))


def taken(page, button):  # noqa: F811
    """Press a button that saves a file; (its name, its content: [width, height] or text)."""
    return page.driver.execute_async_script(
        """const [id, done] = arguments; const original = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
          URL.createObjectURL = original;
          const content = blob.type === 'image/png'
            ? createImageBitmap(blob).then(({ width, height }) => [width, height]) : blob.text();
          const said = document.getElementById('take-said');
          content.then((it) => requestAnimationFrame(() => done([said.textContent, it])));
          return '#' };
        HTMLAnchorElement.prototype.click = function () {};
        document.getElementById(id).click();""",
        button,
    )


def test_a_picture_a_table_and_a_command_can_be_taken_away(page):  # noqa: F811
    page.plan()
    offers = "{ csv: () => 'sweep,value', command: () => 'python DP/planner.py' }"
    page.module("core/registry.js", f"Object.keys(Object.assign(m.pageOf('plan'), {offers}))")
    page.click("take")
    said, (width, height) = taken(page, "take-picture")
    assert said == "nanoka-plan.png was saved."
    assert width > 1000
    assert height > 800
    assert taken(page, "take-table") == ["nanoka-plan.csv was saved.", "sweep,value"]
    assert page.get("command").get_attribute("value") == "python DP/planner.py"
    page.click("take-command")
    page.wait(lambda: page.text("take-said").startswith(("Copied", "Copying")))
    page.keys(Keys.ESCAPE)
    offers = "{ csv: () => null, command: () => null }"
    page.module("core/registry.js", f"Object.keys(Object.assign(m.pageOf('plan'), {offers}))")
    page.click("take")
    for name in ("take-table", "take-command", "command"):
        assert not page.get(name).is_displayed(), f"this page has no {name}"
    assert page.get("take-picture").is_displayed()


# -- rewards of their own ---------------------------------------------------------------------------------------


def test_rewards_are_painted_by_keyboard_said_drawn_and_kept_in_the_link(page):  # noqa: F811
    page.tool("reward")
    page.field("brush", 2)
    page.wait(lambda: "from −1 to 1" in page.text("notice"), "one sentence says what is accepted")
    page.field("brush", -0.25)
    page.choose(4)
    page.keys("6")
    page.wait(lambda: "rewards=2.1:-0.25" in page.driver.current_url)
    assert page.text("notice").startswith("row 2, column 1, empty, reward −0.25")
    page.keys("3")
    page.wait(lambda: page.text("notice") == "row 2, column 1, block")
    page.keys("6")
    page.wait(lambda: "no reward" in page.text("notice"))
    page.keys("4")
    page.wait(lambda: page.text("notice") == "row 2, column 1, empty")
    page.choose(9)
    page.keys("4")
    page.wait(lambda: page.text("notice") == "row 3, column 2, empty", "it says so where nothing changes, too")
    page.open("/#maze=...T/.B.D/S...&rewards=1.4:0.5,2.1:-0.25,3.1:0.1")
    assert "treasure, +0.5" in page.label(3)
    assert "reward −0.25" in page.label(4)
    assert "start, reward +0.1" in page.label(8)


def test_a_reward_is_seen_at_every_size_of_the_cells(page):  # noqa: F811
    for rows, cols in ((3, 4), (8, 10), (20, 20)):
        plain = "/".join(["." * cols] * (rows - 1) + ["S" + "." * (cols - 1)])
        page.open(f"/#maze={plain}")
        before = page.script("return document.querySelector('#board canvas').toDataURL()")
        page.open(f"/#maze={plain}&rewards=1.2:0.5")
        assert page.script("return document.querySelector('#board canvas').toDataURL()") != before, f"{rows} × {cols}"
