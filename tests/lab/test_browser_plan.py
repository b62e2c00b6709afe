"""The page Plan of the simulator, in a real headless Chromium: what a sweep shows, inside it, by hand, taken away."""

# ruff: noqa: F401, F811  (pytest finds the fixtures chromium, origin and page by the names of arguments)

import csv
import io
import json
import re
import shlex

import numpy as np
import pytest

from DP.backups import q_values
from DP.planner import PLANNERS
from environment import GridWorld
from tests.lab.test_browser import (
    Keys,
    Select,
    chromium,
    origin,
    page,
    solved,
)

ORDINARY = [0, 1, 2, 4, 6, 8, 9, 10, 11]  # of the book's maze, which has ends at 3 and 7 and a block at 5
LONG = "/#maze=BTB/BBB/S..&gamma=0.999"  # a treasure that nobody can reach: thousands of sweeps


def planning(page, expression):
    return page.module("plan/session.js", expression)


def backup(page):
    return page.module("plan/inspector.js", "m.chosenBackup()")


def take(page, what):
    return page.module("core/registry.js", f"m.pageOf('plan').{what}()")


def by_hand(page, address="/"):
    page.open(address)
    Select(page.get("planner")).select_by_value("policy")
    page.click("by-hand")
    page.click("plan")
    page.wait(lambda: page.get("evaluate").is_displayed(), "the policy to begin with is there")


def ask(page, name, count=1):
    for _ in range(count):
        before = planning(page, "m.planning.result.sweeps.length")
        page.click(name)
        page.wait(lambda before=before: planning(page, "m.planning.result.sweeps.length") > before, name)
        page.settle()


# -- what the numbers say ---------------------------------------------------------------------------------------


def test_within_theta_is_not_the_largest(page):
    page.open("/#threshold=0.1").plan()
    page.choose(8)
    page.wait(lambda: page.get("cell-numbers").is_displayed())
    Q = page.q_shown()
    marks = page.script("return [...document.querySelectorAll('#q-list span.best')].map((at) => at.textContent)")
    assert marks == ["best" if q == max(Q) else "within θ" if q > max(Q) - 0.1 else "" for q in Q]
    assert marks.count("best") == 1
    assert "within θ" in marks
    for action, q in enumerate(Q):
        page.driver.find_element("css selector", f"#q-list input[value='{action}']").click()
        note = page.wait(lambda: page.settle().text("backup-note"))
        if q == max(Q):
            assert note.startswith("The largest of the four,")
        elif q > max(Q) - 0.1:
            gap = float(re.match(r"(\S+) below the largest: within the threshold θ", note)[1])
            assert gap == pytest.approx(max(Q) - q, rel=0.01)
    assert "best: up, within θ: " in page.label(8)


def test_a_walk_takes_the_best_action_not_the_first_within_theta(page):
    """After one sweep at θ = 1 all four actions tie in every cell; beside the treasure only one is best."""
    page.open("/#maze=..T/.../S..&threshold=0.5&prob=1").plan()
    page.click("first")
    page.click("forward")
    sweep = planning(page, "m.currentSweep()")
    assert sweep["greedy"][1] != sweep["best"][1] == 0b0010  # right, into the treasure
    page.script("""window.sent = []; const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) { sent.push(JSON.parse(data)); send.call(this, data) }""")
    page.click("walk")
    page.wait(lambda: planning(page, "m.planning.walk"))
    policy = page.script("return sent.find((message) => message.type === 'walk').policy")
    assert policy[1] == 1


def test_v_is_shown_with_the_digits_that_theta_guarantees(page):
    for theta, digits, error in (("0.0001", 3, "9.0 × 10⁻⁴"), ("1e-8", 7, "9.0 × 10⁻⁸"), ("0.1", 1, "0.9")):
        page.open(f"/#threshold={theta}").plan()
        page.choose(8)
        value = page.wait(lambda: page.text("cell-value"))
        exact = float(page.get("cell-value").get_attribute("value"))
        assert value == f"{exact:.{digits}f}"
        assert page.get("cell-value").get_attribute("title") == str(exact)
        assert page.text("cell-error") == f"right to within {error}"
        assert page.get("cell-about").get_attribute("textContent") == "about"
        assert page.text("cell-equals") == "≈"
    page.click("back")  # a value on the way there is what it is
    page.settle()
    assert page.text("cell-equals") == "="


def test_seconds_are_the_sweeps_own_in_a_unit_that_one_can_read(page):
    shown = page.module("plan/numbers.js", "[59e-6, 0.00123, 0.0999, 2.345, 41].map(m.duration)")
    assert shown == ["59 µs", "1.2 ms", "100 ms", "2.3 s", "41 s"]
    page.plan()
    number, unit = re.search(r"Planned: \d+ sweeps, (\S+) (µs|ms|s) of computing", page.text("notice")).groups()
    assert float(number) * {"µs": 1e-6, "ms": 1e-3, "s": 1}[unit] < 0.05  # queue and line are not in it


def test_a_plan_of_one_sweep_is_said_and_drawn(page):
    page.open("/#gamma=0&threshold=1&maze=../ST&prob=0.5").plan()
    assert page.text("notice").startswith("Planned: 1 sweep,")
    assert page.shown() == (1, 1)
    painted = page.script(
        """const canvas = document.querySelector('#chart canvas'), at = canvas.getContext('2d');
        const { data } = at.getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((alpha, i) => i % 4 === 3 && alpha > 0).length"""
    )
    assert painted > 100
    assert "Sweep 1: 0.48" in page.get("chart").get_attribute("aria-label")


def test_sweeps_past_a_thousand_are_thinned_out_and_their_numbers_stay_right(page):
    page.open(LONG).plan()
    last = len(solved(grid=[[9, 1, 9], [9, 9, 9], [0, 0, 0]], gamma=0.999).log)
    numbers = planning(page, "m.planning.result.sweeps.map((sweep) => sweep.number)")
    assert last > 2000 > len(numbers)
    assert page.shown() == (last, last)
    page.click("back")
    page.wait(lambda: page.shown() == (numbers[-2], last))
    assert page.get("scrub").get_attribute("aria-valuetext") == f"Sweep {numbers[-2]} of {last}"
    assert f"Sweep {numbers[-2]}:" in page.get("chart").get_attribute("aria-label")
    page.script(
        """const at = document.querySelector('#chart canvas'), box = at.getBoundingClientRect();
        const event = { clientX: box.left + (40 + box.width - 14) / 2, buttons: 1, bubbles: true };
        at.dispatchEvent(new PointerEvent('pointerdown', event))"""
    )
    middle = page.wait(lambda: page.shown()[0] < numbers[-2] and page.shown()[0])
    assert abs(middle - last / 2) < last / 50
    planning(page, "(m.oneCell(), 0)")
    page.wait(lambda: "are not shown" in page.text("sweep-residual"), "it says why there are no cells")


# -- what goes on playing, and what does not --------------------------------------------------------------------


def test_a_change_of_gamma_stops_the_playing_and_says_so(page):
    page.get("speed").send_keys(Keys.HOME)  # one sweep a second
    page.click("plan")
    page.wait(lambda: page.script("return liveTimers.size") == 1, "the sweeps play")
    page.get("gamma-slider").send_keys(Keys.ARROW_LEFT)
    page.wait(lambda: page.script("return liveTimers.size") == 0, "and stop")
    assert planning(page, "m.planning.shown") < 5  # not because they were at their end
    page.wait(lambda: "have changed since this plan" in page.text("walk-readout"))
    assert not page.get("play").is_enabled()
    assert planning(page, "(m.play(), m.playing())") is None  # nor by a key
    page.click("undo")
    page.wait(lambda: page.get("play").is_enabled(), "the plan is of these settings again")


def test_moving_the_start_alone_keeps_the_plan(page):
    page.plan()
    page.tool("start")
    page.cells()[10].click()
    page.wait(lambda: page.maze() == "...T/.B.D/..S.")
    assert planning(page, "m.isStale()") is False
    page.click("walk")
    page.wait(lambda: planning(page, "m.planning.walk?.start") == 10)


def test_the_mean_of_walks_is_of_one_start(page):
    page.plan()
    page.get("speed").send_keys(Keys.END)
    page.click("walk")
    page.wait(lambda: page.text("walk-mean").startswith("Walks: 1"))
    page.tool("start")
    page.cells()[10].click()
    assert page.settle().text("walk-mean") == ""


def test_a_live_plan_follows_what_was_changed_on_another_page(page):
    page.click("live")
    page.wait(lambda: page.text("notice").startswith("Planned"))
    page.click("mode-learn")
    page.field("gamma", 0.5)
    page.click("mode-plan")
    page.wait(lambda: planning(page, "m.planning.result.world.gamma") == 0.5)
    assert planning(page, "m.isStale()") is False


def test_words_on_a_plan_say_so_on_another_page(page):
    page.script("for (const id of ['plan', 'mode-learn']) document.getElementById(id).click()")
    page.wait(lambda: page.text("notice").startswith("Plan: Planned: 11 sweeps"))


# Before any script of the page runs: while `lineIsDown`, no line opens, and hangUp() drops those that are open.
LINES = """
const Line = window.WebSocket, lines = [];
window.lineIsDown = false;
window.hangUp = () => { lineIsDown = true; lines.forEach((line) => line.close()); };
window.WebSocket = class extends Line {
  constructor(address) {
    if (!lineIsDown) { super(address); lines.push(this); return; }
    const dead = Object.assign(new EventTarget(), { readyState: Line.CLOSED });
    setTimeout(() => dead.dispatchEvent(new Event("close")));
    return dead;
  }
};"""


@pytest.fixture
def droppable(page):
    """A page whose line one can drop, and bring back."""
    add, remove = ("Page.addScriptToEvaluateOnNewDocument", "Page.removeScriptToEvaluateOnNewDocument")
    script = page.driver.execute_cdp_cmd(add, {"source": LINES})
    yield page.open()
    page.driver.execute_cdp_cmd(remove, script)


def drop(page):
    page.script("hangUp()")
    page.wait(lambda: page.get("banner").is_displayed(), "the line is down")


def bring_back(page):
    page.script("lineIsDown = false")
    page.wait(lambda: not page.get("banner").is_displayed(), "the line is up again")


def test_stop_and_walk_say_what_they_can_while_the_line_is_down(droppable):
    page = droppable.plan()
    drop(page)
    page.click("walk")
    page.wait(lambda: "connection is lost" in page.text("notice"), "why it cannot walk")
    page.click("plan")
    page.wait(lambda: page.text("notice") == "Planning…")
    page.click("plan")
    page.wait(lambda: page.text("notice") == "Planning was stopped.")
    page.wait(lambda: page.text("plan") == "Plan")
    page.click("plan")
    bring_back(page)
    page.wait(lambda: page.text("notice").startswith("Planned"), "what was asked for is asked for again")


def test_a_plan_by_hand_is_done_again_when_the_line_is_back(droppable):
    page = droppable
    by_hand(page)
    ask(page, "evaluate", 2)
    ask(page, "improve")
    sweeps = "m.planning.result.sweeps.map(({ values, policy }) => [values, policy])"
    before = planning(page, sweeps)
    drop(page)
    page.click("evaluate")
    page.wait(lambda: "will be done when it is back" in page.text("notice"))
    bring_back(page)
    page.wait(lambda: len(planning(page, sweeps)) == len(before) + 1, "and what was asked for meanwhile")
    assert planning(page, sweeps)[:-1] == before


# -- inside a sweep ---------------------------------------------------------------------------------------------


def cells_of_next_sweep(page):
    """[cell, the number that its backup gives, V that it reads] of each cell of the next sweep, in their order."""
    seen = []
    while True:
        planning(page, "(m.oneCell(), 0)")
        if planning(page, "m.planning.at") is None:
            return seen
        now = backup(page)
        sweep = planning(page, "m.currentSweep()")
        cell = page.module("core/state.js", "m.state.cell")
        assert cell == sweep["cell"]
        seen.append((cell, now["written"], sweep["values"]))


@pytest.mark.parametrize("name", ["value", "value-sync"])
def test_each_cell_of_a_sweep_computes_the_value_that_the_sweep_ends_with(page, name):
    page.open(f"/#plan={name}").plan()
    planning(page, "(m.show(2), 0)")
    old, new = solved(name).log[1:3]
    cells = cells_of_next_sweep(page)
    assert [cell for cell, _, _ in cells] == ORDINARY
    assert planning(page, "m.planning.shown") == 3  # the sweep is over
    for i, (cell, written, values) in enumerate(cells):
        assert written == pytest.approx(new[cell], abs=1e-12)
        mixed = old.copy()
        if name == "value":  # in place: the cells before it are new
            mixed[ORDINARY[:i]] = new[ORDINARY[:i]]
        assert values == pytest.approx(mixed)


def test_each_cell_of_an_evaluation_computes_what_the_policy_gives(page):
    by_hand(page)
    ask(page, "evaluate", 3)
    planning(page, "(m.show(2), 0)")
    new = planning(page, "m.planning.result.sweeps[3].values")
    cells = cells_of_next_sweep(page)
    assert [cell for cell, _, _ in cells] == ORDINARY
    assert [written for _, written, _ in cells] == pytest.approx([new[cell] for cell in ORDINARY], abs=1e-12)


def test_modified_policy_iteration_improves_in_both_directions_and_evaluates_as_a_whole(page):
    page.open("/#plan=modified").plan()
    page.click("first")
    planning(page, "(m.oneCell(), 0)")
    page.wait(lambda: "several sweeps of evaluation" in page.text("sweep-residual"))
    seen = []
    for _ in range(3):
        shown = planning(page, "m.planning.shown")
        cells = cells_of_next_sweep(page)
        if planning(page, "m.planning.shown") == shown:
            break  # the end
        if not cells:
            continue
        number, values = planning(page, "(({ number, values }) => [number, values])(m.shownSweep())")
        order = ORDINARY if number % 2 else ORDINARY[::-1]
        assert [cell for cell, _, _ in cells] == order
        assert [written for _, written, _ in cells] == pytest.approx([values[cell] for cell in order], abs=1e-12)
        seen.append(number)
    assert seen


def test_the_cell_under_backup_is_written_out_and_the_key_c_goes_on(page):
    page.plan()
    page.click("first")
    page.click("one-cell")
    page.wait(lambda: page.text("sweep-number") == "Inside sweep 1: cell 1 of 9")
    assert "reads the new values" in page.text("sweep-residual")
    assert "row 1, column 1" in page.text("cell-where")
    assert "This backup sets V(s) to −0.0400" in page.text("backup-note")
    page.cells()[0].click()
    page.keys("c", "c")
    page.wait(lambda: page.text("sweep-number") == "Inside sweep 1: cell 3 of 9")
    assert page.driver.switch_to.active_element.get_attribute("data-state") == "2"
    page.keys(",")
    page.wait(lambda: page.text("sweep-number") == "Before the first sweep", "back leads out of the sweep")
    page.get("speed").send_keys(Keys.END)
    page.click("play-cells")
    page.wait(lambda: page.text("play-cells") == "Pause")
    page.wait(lambda: page.text("sweep-number").startswith("Inside sweep 2"), "the cells play on through the sweeps")
    page.click("play-cells")
    page.wait(lambda: page.script("return liveTimers.size") == 0)
    page.click("last")
    page.click("one-cell")
    page.wait(lambda: "there is no cell to go on to" in page.text("sweep-residual"))


def test_in_place_news_travels_further_in_a_sweep_than_synchronously(page):
    """A corridor whose cells are swept in the direction of the news: one sweep in place is worth five."""
    known = {}
    for name in ("value", "value-sync"):
        page.open(f"/#maze=T....S/......&step_reward=0&prob=1&plan={name}").plan()
        planning(page, "(m.show(1), 0)")
        known[name] = sum(value > 0 for value in planning(page, "m.currentSweep().values")[:6])
    assert known == {"value": 5, "value-sync": 1}


# -- policy iteration by hand -----------------------------------------------------------------------------------


def test_policy_iteration_by_hand_ends_with_the_planners_policy(page):
    by_hand(page)
    arrows = planning(page, "m.currentSweep().policy")
    assert "policy: " in page.label(8)
    ask(page, "evaluate")
    assert page.text("sweep-phase") == "evaluate"
    env = GridWorld([[0, 0, 0, 1], [0, 9, 0, -1], [0, 0, 0, 0]])
    for _ in range(20):
        sweep = planning(page, "m.currentSweep()")
        assert sweep["policy"] == arrows  # it is what the arrows show
        count = planning(page, "m.planning.result.sweeps.length")
        planning(page, "(Array(60).fill('evaluate').forEach(m.byHand), 0)")
        page.wait(lambda count=count: planning(page, "m.planning.result.sweeps.length") == count + 60)
        ask(page, "improve")
        after = planning(page, "m.currentSweep().policy")
        count = sum(after[s] != arrows[s] for s in ORDINARY)
        arrows = after
        if not count:
            break
        words = "1 cell changes its action." if count == 1 else f"{count} cells change their action."
        page.wait(lambda words=words: page.text("notice") == words)
    page.wait(lambda: "the policy is the best one" in page.text("notice"))
    Q = q_values(PLANNERS["value"](env).model, solved().V, 0.9)
    assert all(Q[s, arrows[s]] == pytest.approx(Q[s].max(), abs=1e-3) for s in ORDINARY)
    page.choose(8)
    page.wait(lambda: page.text("cell-equals") == "≈", "its values are as good as the planner's")


def test_an_improvement_without_evaluation_is_not_called_the_best(page):
    by_hand(page)
    for _ in range(3):
        ask(page, "improve")
    page.wait(lambda: "may not be the best one" in page.text("notice"))
    ask(page, "evaluate", 2)  # and it goes on from there
    assert page.text("sweep-phase") == "evaluate"
    page.get("gamma-slider").send_keys(Keys.ARROW_LEFT)
    page.wait(lambda: not page.get("evaluate").is_displayed(), "another world is another plan")
    assert page.text("plan") == "Plan again"


def test_the_keys_v_and_i_evaluate_and_improve(page):
    by_hand(page)
    page.choose(8)
    page.keys("v")
    page.wait(lambda: page.text("sweep-phase") == "evaluate")
    page.keys("i")
    page.wait(lambda: page.text("sweep-phase") == "improve")
    assert "largest gain" in page.text("sweep-residual")
    page.click("walk")  # of the policy that the arrows show
    page.wait(lambda: planning(page, "m.planning.walk"))


# -- links and what is taken away -------------------------------------------------------------------------------


def test_a_link_opens_at_its_sweep_and_its_cell(page):
    page.open("/#maze=..T/.../S..&sweep=5&cell=3")
    page.wait(lambda: page.text("notice").startswith("Planned"))
    page.wait(lambda: page.shown()[0] == 5)
    assert "row 2, column 1" in page.text("cell-where")
    assert page.module("core/change.js", "m.shareHash()").endswith("cell=3&sweep=5")
    page.open("/#sweep=400")
    page.wait(lambda: page.text("notice").startswith("Planned"))
    page.wait(lambda: page.shown()[0] == page.shown()[1], "a plan without that sweep shows its last")


def test_the_csv_holds_every_sweep(page):
    assert take(page, "csv") is None
    page.plan()
    rows = list(csv.DictReader(io.StringIO(take(page, "csv"))))
    log = solved().log
    assert list(rows[0]) == ["sweep", "row", "column", "value", "best actions"]
    assert len(rows) == (1 + len(log)) * len(ORDINARY)
    for line in rows:
        state = (int(line["row"]) - 1) * 4 + int(line["column"]) - 1
        expected = log[int(line["sweep"]) - 1][state] if line["sweep"] != "0" else 0
        assert float(line["value"]) == pytest.approx(expected, abs=1e-12)
    assert rows[-len(ORDINARY)]["best actions"] == "right"


def test_the_command_plans_the_same_maze(page):
    page.open(
        "/#maze=..T/.B./S..&rewards=3.3:0.5&prob=0.7&gamma=0.95&step_reward=-0.1&plan=policy&threshold=1e-7"
    ).plan()
    words = shlex.split(take(page, "command"))
    assert words[:2] == ["python", "DP/planner.py"]
    options = dict(zip(words[2::2], words[3::2], strict=True))
    planner = PLANNERS[options["--planner"]](GridWorld.from_link(options["--maze"]))
    planner.plan(float(options["--gamma"]), float(options["--threshold"]))
    assert np.allclose(planning(page, "m.currentSweep().values"), planner.V, atol=1e-12)


def test_the_page_speaks_both_languages(page):
    strings = page.module("plan/strings.js", "m.strings")
    assert list(strings["en"]) == list(strings["ja"])
    for key, words in strings["en"].items():
        assert sorted(re.findall(r"\{\w+\}", words)) == sorted(re.findall(r"\{\w+\}", strings["ja"][key])), key
    assert json.dumps(strings["ja"], ensure_ascii=False)
