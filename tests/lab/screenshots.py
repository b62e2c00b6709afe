"""Take the README's pictures of the simulator again: ``python -m tests.lab.screenshots`` (needs Chromium).

The Japanese ones need a Japanese font, such as Noto Sans CJK.
"""

import tempfile

from tests.lab.test_browser import ROOT, Page, chromium_in, free_port, running_server, wait_for
from tests.lab.test_browser_learn import connected, learner, set_pace, step
from tests.lab.test_browser_teach import open_teach, show_best

BRIDGE = "#maze=......./.BDDDB./S.....T/.BDDDB./.......&gamma=0.95"
CLIFF = "#maze=......../......../......../SDDDDDDT&prob=1&gamma=0.95&mode=learn&learner2=sarsa"


def plan(page, language):
    page.open(f"/?lang={language}{BRIDGE}").plan()
    page.choose(18)


def learn(page, language):
    """Q-learning walks along the edge of the cliff, SARSA keeps away from it."""
    page.open(f"/?lang={language}{CLIFF}")
    connected(page)
    set_pace(page, 8)
    page.click("learn")
    page.wait(lambda: (now := learner(page)) and now["q"] and now["episode"] > 5000, "it learns")
    set_pace(page, 2)
    page.click("learn")
    for _ in range(4):
        step(page)
    page.choose(19)


def teach(page, language):
    """What cloning and MaxEnt make of three demonstrations, and the posterior's mean and spread beside them."""
    open_teach(page, language=language)
    show_best(page, 3)
    wait_for(lambda: page.module("teach/session.js", "!m.isLearning()"), "the chains have ended", seconds=90)


def main():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, running_server(port), chromium_in(folder) as chrome:
        page = Page(chrome, f"http://127.0.0.1:{port}")
        for visit, name in ((plan, "simulator"), (learn, "lesson"), (teach, "teach")):
            for language, suffix in (("en", ".png"), ("ja", ".ja.png")):
                visit(page, language)
                page.settle()
                outside = chrome.get_window_size()["height"] - page.script("return innerHeight")
                chrome.set_window_size(1280, 900 + outside)
                chrome.save_screenshot(str(ROOT / "docs" / f"{name}{suffix}"))
                print(f"docs/{name}{suffix} written")


if __name__ == "__main__":
    main()
