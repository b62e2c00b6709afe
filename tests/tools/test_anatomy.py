"""The picture of a deep chapter shows what happens in a run, and what happens there is all in the picture."""

import importlib
import inspect
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.anatomy import BOXES, COLOURS, LANGUAGES, RUNS, WIDTH, as_module, picture, runs
from tools.calls import ITERATED
from tools.svg import MONO, STYLES, wide

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
ARROWS = {  # that the picture has
    "train": {"agent", "rollout", "replay", "vector", "trainer"},
    "trainer": {"agent", "replay", "vector", "evaluate", "checkpoints", "logger"},
    "evaluate": {"agent"},
    "agent": {"rollout"},
    "rollout": {"agent"},
}


def drawn(language):
    return ET.parse(ROOT / "docs" / f"anatomy{LANGUAGES[language]}.svg").getroot()


def names_of(svg):
    """The names of what is called, in the order of the picture."""
    bold = [span for span in svg.iter(f"{SVG}tspan") if span.get("font-family") == MONO and not is_code(span)]
    return [name for span in bold for name in re.findall(r"[A-Za-z_]\w*", span.text)]


def is_code(span):
    return span.get("font-weight") != str(STYLES["name"][0]["font_weight"])


def test_the_pictures_are_what_the_code_draws_today():
    for language, suffix in LANGUAGES.items():
        kept = (ROOT / "docs" / f"anatomy{suffix}.svg").read_text(encoding="utf-8")
        assert picture(language) == kept, "python -m tools.anatomy draws it anew"


def test_whoever_calls_whom_in_a_run_has_an_arrow_and_nobody_calls_the_chapter():
    found = {}
    for caller, callee, *_ in (key for seen in runs() for key in seen.calls):
        found.setdefault(caller, set()).add(callee)
    assert found == ARROWS


def test_counts_and_shapes_are_those_that_the_chapters_code_says():
    ppo, dqn = runs()
    steps, bodies = RUNS["FN.ppo_agent"]["rollout_steps"], 1_024 // (8 * RUNS["FN.ppo_agent"]["rollout_steps"])
    assert ppo.calls["train", "vector", "step", ""].count == steps * bodies
    assert ppo.often("step", ppo.calls["train", "vector", "step", ""]) == "T ×"
    assert ppo.often(ITERATED, ppo.calls["train", "trainer", ITERATED, ""]) == "1 ×"
    assert ppo.often("PPOAgent", ppo.calls["train", "agent", "PPOAgent", ""]) == "once"
    assert dqn.often("sample", dqn.calls["train", "replay", "sample", ""]) == "due"
    fields = dqn.calls["train", "replay", "sample", ""].result.fields
    assert fields["obs"] == (3, 16, 4)
    assert set(ppo.calls["trainer", "checkpoints", "save", "checkpoint"].arguments) == {"step", "state"}
    assert ("trainer", "replay", "load_state", "resume") in dqn.calls


def test_every_call_in_the_picture_is_a_public_function_or_method():
    modules = [importlib.import_module(as_module(file)) for file, *_ in BOXES.values()]
    classes = [one for module in modules for one in vars(module).values() if inspect.isclass(one)]
    known = {name for owner in (*modules, *classes) for name in vars(owner) if not name.startswith("_")}
    names = names_of(drawn("en"))
    assert len(names) > 40
    assert set(names) - known == {"for", "step", "in", "trainer"} - known


def test_both_languages_have_the_same_boxes_calls_and_arrows():
    english, japanese = map(drawn, LANGUAGES)
    for what in ("a", "rect", "path", "circle"):
        assert len(list(english.iter(f"{SVG}{what}"))) == len(list(japanese.iter(f"{SVG}{what}"))), what
    links = [[link.get("href") for link in svg.iter(f"{SVG}a")] for svg in (english, japanese)]
    assert links[0] == links[1]
    assert sorted(links[0]) == sorted(f"../{file}" for file, *_ in BOXES.values())
    assert names_of(english) == names_of(japanese)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_runs_over_the_picture(language):
    sizes = {str(attributes["font_size"]): style for style, (attributes, _) in STYLES.items()}  # a wide one of each
    for text in drawn(language).iter(f"{SVG}text"):
        if len(text) and text.get("transform") is None and text.get("text-anchor") is None:
            width = sum(wide(span.text, sizes[span.get("font-size")]) for span in text)
            assert float(text.get("x")) + width < WIDTH, "".join(text.itertext())


def test_files_are_there_and_boxes_have_a_colour():
    assert all((ROOT / file).is_file() for file, *_ in BOXES.values())
    assert set(COLOURS) == set(BOXES)
