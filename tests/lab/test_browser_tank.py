"""Day 7 in the simulator's page: a shift at the quadruple tank, in a real Chromium."""

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.lab.test_browser import chromium, origin, page  # noqa: F401  (fixtures)
from tests.lab.test_browser_access import box, resize
from tests.lab.test_browser_teach import REMEMBER_SOCKETS


def open_tank(page, address="/#mode=tank&tank_pace=30"):  # noqa: F811
    page.driver.get("about:blank")
    page.driver.get(page.origin + address)
    page.wait(lambda: page.module("core/state.js", "m.state.link") == "open", "the line is open")
    return page


def now(page):  # noqa: F811
    return page.module("tank/plant.js", "m.plant.run?.now")


def last_row(page, name="person"):  # noqa: F811
    return page.module("tank/plant.js", f"m.readRow(m.plant.run.rows.at(-1), '{name}')")


def begin(page):  # noqa: F811
    page.click("tank-go")
    page.wait(lambda: now(page), "the plant answers")


def pause(page):  # noqa: F811
    page.click("tank-go")
    page.wait(lambda: page.text("tank-go") == "Go on")
    page.settle()


def value(page, name):  # noqa: F811
    return page.script("return document.getElementById(arguments[0]).value", name)


def score(page, name):  # noqa: F811
    """[error, percent of the steps in alarm] as the table has them."""
    words = page.script(
        "return [...document.getElementById(arguments[0]).children].map((cell) => cell.textContent)",
        f"tank-score-{name}",
    )
    return [float(each.rstrip("%")) for each in words[1:]]


def pixels(page, name):  # noqa: F811
    """How many pixels of a canvas are painted."""
    return page.script(
        """const canvas = document.getElementById(arguments[0]);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 3; i < data.length; i += 4) if (data[i]) count += 1;
        return count""",
        name,
    )


def test_an_operator_turns_pumps_opens_a_leak_and_asks_for_other_levels(page):  # noqa: F811
    open_tank(page, "/#mode=tank&tank_pace=5")
    begin(page)
    page.keys("q", "q", "s")
    page.wait(lambda: now(page)["wanted"] == [3.35, 3.05], "keys turn the pumps")
    page.wait(lambda: last_row(page)["volts"] == [3.35, 3.05], "and the plant follows")
    page.get("tank-pump-1").send_keys(Keys.ARROW_LEFT)
    page.wait(lambda: now(page)["wanted"][0] == 3.3, "a slider by its own keys")
    page.keys("3")
    page.wait(lambda: now(page)["opened"] == [0, 0, 1, 0], "a leak")
    assert page.get("tank-leak-3").get_attribute("aria-pressed") == "true"
    assert "Tank 3 leaks 1 cm³/s" in page.text("notice")
    page.click("tank-leak-3")
    page.wait(lambda: now(page)["opened"] == [0, 0, 0, 0], "it is closed")
    Select(page.get("tank-flow")).select_by_value("2")
    page.click("tank-leak-4")
    page.wait(lambda: now(page)["opened"] == [0, 0, 0, 2], "a larger one")
    page.field("tank-ask-1", 12)
    page.wait(lambda: now(page)["set_points"][0] == 12, "another set-point")
    pause(page)
    assert pixels(page, "tank-mimic") > 20_000
    assert pixels(page, "tank-trend") > 5_000
    assert "You, minute" in page.get("tank-trend").get_attribute("aria-label")


def test_set_points_that_the_plant_cannot_hold_get_one_sentence_and_do_not_stay(page):  # noqa: F811
    open_tank(page, "/#mode=tank&tank_pace=5")
    begin(page)
    pause(page)
    before = now(page)["set_points"]
    page.field("tank-ask-1", 20)
    assert "must be a number from 11 to 14.5" in page.text("notice")
    page.field("tank-ask-1", 11)
    page.field("tank-ask-2", 14.5)
    page.wait(lambda: "the upper tanks would rest above 7 cm" in page.text("notice"), "the server refuses")
    page.settle()
    assert now(page)["set_points"][1] == before[1]
    assert float(value(page, "tank-ask-2")) == round(before[1], 1)
    assert page.module("tank/plant.js", "m.plant.run !== null")


def test_a_shift_ends_with_a_comparison_and_the_next_one_has_other_luck(page):  # noqa: F811
    open_tank(page)
    begin(page)
    page.click("tank-watch-pi")
    page.wait(lambda: page.text("tank-title-watched") == "The PI loops’ plant")
    page.wait(lambda: page.text("notice").startswith("The shift is over. You: "), "120 steps are over")
    assert "SAC: " in page.text("notice")
    assert page.text("tank-go") == "Next shift"
    rows = page.module("tank/plant.js", "m.csv()").strip().split("\n")
    assert len(rows) == 122
    assert rows[0].startswith("step,set_point1_cm")
    assert rows[0].endswith("sac_pump2_v")
    assert {len(row.split(",")) for row in rows} == {7 + 5 * 6}
    page.click("tank-go")
    page.wait(lambda: now(page)["seed"] == 2 and 0 < len(page.module("tank/plant.js", "m.plant.run.rows")) < 100)
    assert page.text("tank-go") == "Pause"
    page.wait(lambda: score(page, "pi")[0] > 0)


def test_a_level_beyond_its_constraint_is_an_alarm(page):  # noqa: F811
    open_tank(page)
    begin(page)
    page.module("tank/plant.js", "m.turn(0, 10)")
    page.wait(lambda: page.text("notice").startswith("Alarm: tank "), "too much water")
    pause(page)
    page.wait(lambda: score(page, "person")[1] > 0)


def test_a_link_carries_plant_operator_pace_and_seed(page):  # noqa: F811
    open_tank(page, "/#mode=tank&tank_world=minimum&tank_watch=pi&tank_seed=7&tank_pace=10&tank_leak=0.5")
    page.wait(lambda: page.text("tank-pace-value") == "100 times as fast")
    begin(page)
    page.wait(lambda: now(page)["seed"] == 7)
    page.wait(lambda: not page.get("tank-score-sac").is_displayed(), "SAC has not learnt these valves")
    assert page.get("tank-score-pi").is_displayed()
    assert (value(page, "tank-world"), value(page, "tank-flow")) == ("minimum", "0.5")
    Select(page.get("tank-world")).select_by_value("seen")
    page.wait(lambda: page.get("tank-score-sac").is_displayed(), "the other plant begins")
    page.module("core/change.js", "m.setMode('plan')")
    page.wait(lambda: page.module("tank/plant.js", "!m.isWorking()"), "who looks elsewhere is waited for")


def test_a_shift_outlives_a_short_loss_of_the_line(page):  # noqa: F811
    source = {"source": REMEMBER_SOCKETS}
    script = page.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)["identifier"]
    try:
        open_tank(page, "/#mode=tank&tank_pace=5")
        begin(page)
        page.wait(lambda: last_row(page)["step"] >= 3)
        before = page.module("tank/plant.js", "m.plant.run.id")
        page.script("sockets.at(-1).close()")
        page.wait(lambda: page.module("core/state.js", "m.state.link") == "lost")
        page.wait(lambda: page.module("core/state.js", "m.state.link") == "open")
        page.wait(lambda: last_row(page)["step"] >= 6, "it goes on")
        assert page.module("tank/plant.js", "m.plant.run.id") == before
        steps = page.module("tank/plant.js", "m.plant.run.rows.map((row) => row[0])")
        assert steps == list(range(len(steps)))
    finally:
        page.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script})


def test_on_a_phone_plant_and_trends_stand_one_under_the_other(page):  # noqa: F811
    open_tank(page, "/?lang=ja#mode=tank")
    resize(page, 390, 844)
    try:
        mimic, trend = (box(page, selector) for selector in ("#tank-mimic", "#tank-trend"))
        assert mimic["bottom"] <= trend["top"]
        for place in (mimic, trend):
            assert place["x"] >= 0
            assert place["right"] <= 390
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
