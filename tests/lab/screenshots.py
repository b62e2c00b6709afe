"""Take the README's pictures of the simulator again: ``python -m tests.lab.screenshots`` (needs Chromium).

The Japanese ones need a Japanese font, such as Noto Sans CJK.
"""

import tempfile

from tests.lab.test_browser import ROOT, Page, chromium_in, free_port, running_server
from tests.lab.test_browser_learn import connected, learner, set_pace, step

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
    page.wait(lambda: learner(page)["episode"] > 5000 if learner(page)["q"] else False, "it learns")
    set_pace(page, 2)
    page.click("learn")
    for _ in range(4):
        step(page)
    page.choose(19)


def main():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, running_server(port), chromium_in(folder) as chrome:
        page = Page(chrome, f"http://127.0.0.1:{port}")
        for visit, name in ((plan, "simulator"), (learn, "lesson")):
            for language, suffix in (("en", ".png"), ("ja", ".ja.png")):
                visit(page, language)
                page.settle()
                outside = chrome.get_window_size()["height"] - page.script("return innerHeight")
                chrome.set_window_size(1280, 900 + outside)
                chrome.save_screenshot(str(ROOT / "docs" / f"{name}{suffix}"))
                print(f"docs/{name}{suffix} written")


if __name__ == "__main__":
    main()
