"""How the page's modules hang together, from their text: what is asked for is there, and what is there is used."""

import re
from collections import Counter
from pathlib import Path
from posixpath import dirname, join, normpath

from lab.learners import SETTINGS

STATIC = Path(__file__).parents[2] / "lab" / "static"
SERVED = "catalogue.js"  # made by the server
BEGINS = "app.js"
IMPORT = re.compile(r'^(?:import|export)\s+\{([^}]*)\}\s+from\s+"([^"]+)";', re.M)
KEY = re.compile(r'"([^"\s\\]+)": "')  # of a sentence
EXPORT = re.compile(r"^export (?:async )?(?:const|let|function|class) (\w+)", re.M)


def texts(ending):
    return {
        path.relative_to(STATIC).as_posix(): path.read_text("utf-8") for path in sorted(STATIC.rglob("*" + ending))
    }


def without_comments(text):
    return re.sub(r"(^|\s)//.*", r"\1", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


MODULES = texts(".js")
SENTENCES = {name: text for name, text in MODULES.items() if name.endswith("strings.js") or name == "core/errors.js"}
HTML = (STATIC / "index.html").read_text("utf-8")
CODE = HTML + "\n".join(without_comments(text) for name, text in MODULES.items() if name not in SENTENCES)
CSS = without_comments("\n".join(texts(".css").values()))
TESTS = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_browser*.py"))


def imports_of(name):
    """{module: [names]} that a module imports."""
    found = IMPORT.findall(MODULES[name])
    return {normpath(join(dirname(name), path)): re.findall(r"\w+", names) for names, path in found}


def exports_of(name):
    again = re.findall(r"^export \{([^}]*)\};", MODULES[name], re.M)
    return {*EXPORT.findall(MODULES[name]), *(each for names in again for each in names.split())}


IMPORTS = {name: imports_of(name) for name in MODULES}


def pattern(template):
    """What a template of JavaScript can become."""
    return re.sub(r"\\\$\\\{.*?\\\}", r"[^ ]*", re.escape(template))


def found(expression, text=CODE):
    return set(re.findall(expression, text))


def test_no_modules_import_each_other_in_a_circle():
    left = dict(IMPORTS)
    while free := [name for name, wanted in left.items() if not set(wanted) & set(left)]:
        for name in free:
            del left[name]
    assert not left


def test_the_core_knows_no_page_and_no_page_knows_another():
    for name, wanted in IMPORTS.items():
        folder = dirname(name)
        for other in wanted:
            assert not folder or dirname(other) in (folder, "core") or other == SERVED, (name, other)
            assert folder != "core" or dirname(other) == "core", (name, other)
    core = "".join(without_comments(text) for name, text in MODULES.items() if name.startswith("core/"))
    pages = {dirname(name) for name in MODULES} - {"", "core"}
    assert not pages & found(r'"(\w+)"', core)


def test_every_module_and_every_name_is_used_by_another():
    wanted = Counter((module, name) for names in IMPORTS.values() for module in names for name in names[module])
    for name, text in MODULES.items():
        code = without_comments(text)
        for module, names in IMPORTS[name].items():
            assert module == SERVED or set(names) <= exports_of(module), (name, module)
            for each in names:
                assert len(re.findall(rf"(?<![\w$])(?<!\w\.){each}\b", code)) > 1, f"{name} does not use {each}"
        assert name == BEGINS or any(name in others for others in IMPORTS.values()), f"nobody imports {name}"
        for each in EXPORT.findall(text):
            assert wanted[name, each] or re.search(rf"\bm\.{each}\b", TESTS), f"nobody imports {each} of {name}"


def test_every_sentence_has_one_place():
    keys = Counter(each for text in SENTENCES.values() for each in re.findall(KEY, text))
    assert not [key for key, count in keys.items() if count != 2]  # one in each language


def test_every_sentence_is_said_and_every_one_that_is_said_is_there():
    keys = found(KEY, "".join(SENTENCES.values()))
    dotted = {each for each in found(r'"([a-z]\w*(?:\.[a-z0-9]+)+)"') if not each.endswith((".js", ".json"))}
    attributes = found(r'data-t(?:-label)?="([^"$]+)"')
    assert not {*dotted, *attributes, *found(r'\bt\("([^"]+)"')} - keys
    templates = found(r"(?:\bt\(|dataset\.t\w* = |option\(name, )(?:[^`;\n]*[?:(] )?`([^`]+)`")
    patterns = "|".join(pattern(each) for each in templates)
    lines = "\n".join(re.findall(r"(?:\bt\(|\boption\(|dataset\.t\w* = |\bname: ).*", CODE))
    unsaid = keys - dotted - attributes - found(r'"(\w+)"', lines) - set(SETTINGS)
    assert not [each for each in unsaid if not re.fullmatch(patterns, each)]


def test_every_picture_of_the_sprites_is_used_and_every_one_that_is_used_is_there():
    tools = found(r"(?m)^  (\w+): (?:kind\(|painter\(|\{ keys)", MODULES["core/tools.js"])
    assert found(r'<symbol id="i-([\w-]+)"') == tools | found(r"#i-([\w-]+)") | found(r'\bicon\("([\w-]+)"')


def test_every_element_and_class_that_is_asked_for_is_there_and_the_other_way_round():
    known = found(r'\bid(?:="|: "| = ")(?!i-)([^"$]+)"')
    made = [re.compile(pattern(each)) for each in found(r"\bid(?:: | = )`([^`]+)`")]
    asked = found(r'(?:\bbyId|\bon|\bput)\("([^"]+)"') | found(r'(?:for|aria-labelledby)="([^"]+)"')
    assert not [each for each in asked - known if not any(one.fullmatch(each) for one in made)]
    by_template = re.compile("|".join(pattern(each) for each in found(r"(?:\bbyId|\bon|#)\(?`?([\w-]+\$\{[^`]+)`")))
    used = asked | found(r"#([a-z][\w-]*)", CSS + CODE) | found(r'"([\w-]+)"', CODE.replace('id="', "id='"))
    assert not [each for each in known - used if not by_template.fullmatch(each)]
    for name in found(r"\.([a-z][\w-]*)(?=[^{}]*\{)", CSS):
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", CODE), f"nothing has the class {name}"
    assert found(r"var\(--([\w-]+)", CSS) <= found(r"--([\w-]+):", CSS) | found(r'setProperty\("--([\w-]+)"')


def test_lines_are_short():
    for name, text in MODULES.items():
        for number, line in enumerate(text.splitlines(), 1):
            assert len(line) <= 118 or "<" in line, f"{name}:{number}"
