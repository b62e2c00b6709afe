"""The simulator's page in Chromium: frames a second of the largest maze, memory of a long lesson, frames of a dream.

    python bench/lab_page.py                needs Chromium, chromedriver and selenium; takes about five minutes

Two learners learn a 20×20 maze at full speed: those of Day 3 only learn, those of Day 6 imagine 50 updates after each
step, too. It counts the different states that the page draws in ten seconds,
after five for warming up, and reads what the browser and the server hold at 20 and at 120 seconds. Then the page
Dream plays at 30 steps a second: its two boards alone, and with the other two.
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
DREAM = "#mode=dream&dreamer=random&dream_pace=30"
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
COUNT_DREAMT = """
const [seconds, done] = arguments;
import(new URL("static/dream/game.js", document.baseURI)).then(({ dreaming }) => {
  let [frames, last, until] = [0, null, performance.now() + 1000 * seconds];
  const look = () => {
    const { now, running } = dreaming.run;
    if (now !== last) frames += 1;
    last = now;
    if (now.over && !running) document.getElementById("dream-go").click();
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
    results = {"lessons": {}}
    for names in LESSONS:
        link = f"{LINK}&learner={names[0]}&learner2={names[1]}"
        result = results["lessons"][" and ".join(names)] = measured(link, long_lesson, options.seconds)
        print(f"{' and '.join(names)}: {result['frames_per_second']:.1f} frames a second")
        for name in ("browser", "server"):
            print(f"{name}: {' → '.join(f'{size:.1f}' for size in result[f'{name}_megabytes'])} MB")
    results["dream"] = measured(DREAM, dream, 10)
    for boards, frames in results["dream"].items():
        print(f"dream, {boards} boards: {frames:.1f} frames a second")
    if options.save:
        save("lab_page", {"machine": machine("tornado", "numpy", "selenium", "tensorflow"), **results})


def measured(link, measure, seconds):
    """``measure(chrome, link, server, seconds)``, with a server and a browser of its own."""
    server = subprocess.Popen(
        [sys.executable, SERVER, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = re.search(r"http://\S+/", server.stdout.readline()).group(0)
        chrome = browser()
        try:
            return measure(chrome, address + link, server, seconds)
        finally:
            chrome.quit()
    finally:
        server.terminate()
        server.wait()


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


def dream(chrome, link, server, seconds):
    """Play games and their dreams for so long; returns {boards: frames a second}."""
    chrome.set_script_timeout(60)
    chrome.get(link)
    chrome.implicitly_wait(60)
    chrome.find_element("id", "dream-go").click()
    chrome.find_element("css selector", "#dream-follow:not(:disabled)")  # the model is awake
    frames = {2: chrome.execute_async_script(COUNT_DREAMT, seconds)}
    for name in ("seen", "futures"):
        chrome.find_element("id", f"dream-show-{name}").click()
    return {**frames, 4: chrome.execute_async_script(COUNT_DREAMT, seconds)}


if __name__ == "__main__":
    run(main, Options, __doc__)
