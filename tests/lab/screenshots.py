"""Take the README's pictures of the simulator again: ``python -m tests.lab.screenshots`` (needs Chromium).

The Japanese one needs a Japanese font, such as Noto Sans CJK.
"""

import tempfile

from tests.lab.test_browser import ROOT, Page, chromium_in, free_port, running_server

BRIDGE = "#maze=......./.BDDDB./S.....T/.BDDDB./.......&gamma=0.95"


def main():
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, running_server(port), chromium_in(folder) as chrome:
        for language, name in (("en", "simulator.png"), ("ja", "simulator.ja.png")):
            page = Page(chrome, f"http://127.0.0.1:{port}").open(f"/?lang={language}{BRIDGE}")
            page.plan()
            page.choose(18)
            page.settle()
            chrome.set_window_size(1280, 900 + chrome.get_window_size()["height"] - page.script("return innerHeight"))
            chrome.save_screenshot(str(ROOT / "docs" / name))
            print(f"docs/{name} written")


if __name__ == "__main__":
    main()
