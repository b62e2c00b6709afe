"""The simulator's page in Chromium: frames a second of the largest maze, and the memory of a long lesson.

    python bench/lab_page.py                needs Chromium, chromedriver and selenium; takes about five minutes

Two learners learn a 20×20 maze at full speed: those of Day 3 only learn, those of Day 6 imagine 50 updates after each
step, too. It counts the different states that the page draws in ten seconds,
after five for warming up, and reads what the browser and the server hold at 20 and at 120 seconds.
"""

import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.lab_load import SERVER, resident_megabytes
from bench.machine import machine, save
from framework.cli import run

FIELD = "/".join(["..................T.", *["." * 20] * 18, "S..................."])
LINK = f"#maze={FIELD}&prob=0.8&gamma=0.98&step_reward=-0.01&mode=learn&pace=full"
LESSONS = (("q_learning", "sarsa"), ("dyna", "dyna_plus"))
COUNT_FRAMES = """
const [seconds, done] = arguments;
import(new URL("static/learn/lesson.js", document.baseURI)).then(({ lesson }) => {
  let [frames, last, until] = [0, null, performance.now() + 1000 * seconds];
  const look = () => {
    const { step } = lesson.run.learners[0];
    if (step !== last) frames += 1;
    last = step;
    if (performance.now() < until) requestAnimationFrame(look);
    else done(frames / seconds);
  };
  requestAnimationFrame(look);
});
"""


def browser():
    """A headless Chromium.

    Raises:
        ValueError: selenium or Chromium is missing.
    """
    try:
        from selenium import webdriver
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        raise ValueError('selenium is not installed; python -m pip install -e ".[dev]"') from None
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--window-size=1280,900"):
        options.add_argument(flag)
    try:
        return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    except WebDriverException as error:
        raise ValueError(f"Chromium does not start: {' '.join(error.msg.split())}") from None


def heap_megabytes(chrome):
    """What the page's scripts hold after collecting garbage, in MB."""
    chrome.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    return chrome.execute_cdp_cmd("Runtime.getHeapUsage", {})["usedSize"] / 1e6


@dataclass(frozen=True)
class Options:
    seconds: int = 120
    """How long the lesson goes on."""
    save: bool = True
    """Write bench/results/lab_page.json."""


def main(options):
    lessons = {" and ".join(names): measured(names, options.seconds) for names in LESSONS}
    if options.save:
        save("lab_page", {"machine": machine("tornado", "numpy", "selenium"), "lessons": lessons})


def measured(names, seconds):
    """A lesson of two learners, with a server and a browser of its own; returns what `long_lesson` measures."""
    server = subprocess.Popen(
        [sys.executable, SERVER, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = re.search(r"http://\S+/", server.stdout.readline()).group(0)
        chrome = browser()
        try:
            link = f"{address}{LINK}&learner={names[0]}&learner2={names[1]}"
            result = long_lesson(chrome, link, server, seconds)
        finally:
            chrome.quit()
    finally:
        server.terminate()
        server.wait()
    print(f"{' and '.join(names)}: {result['frames_per_second']:.1f} frames a second")
    for name in ("browser", "server"):
        print(f"{name}: {' → '.join(f'{size:.1f}' for size in result[f'{name}_megabytes'])} MB")
    return result


def long_lesson(chrome, link, server, seconds):
    """Learn for so long; returns frames a second, and the memory of browser and server early and late."""
    chrome.set_script_timeout(60)
    chrome.get(link)
    chrome.implicitly_wait(10)
    chrome.find_element("id", "learn").click()
    began = time.monotonic()
    time.sleep(5)
    frames = chrome.execute_async_script(COUNT_FRAMES, 10)
    browser_megabytes, server_megabytes = [], []
    for moment in (min(20, seconds), seconds):
        time.sleep(max(0, began + moment - time.monotonic()))
        browser_megabytes.append(heap_megabytes(chrome))
        server_megabytes.append(resident_megabytes(server))
    return {
        "frames_per_second": frames,
        "seconds": [min(20, seconds), seconds],
        "browser_megabytes": browser_megabytes,
        "server_megabytes": server_megabytes,
        "steps": chrome.execute_script("return document.getElementById('lesson-readouts').textContent"),
    }


if __name__ == "__main__":
    run(main, Options, __doc__)
