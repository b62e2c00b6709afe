"""Who does what in a deep chapter: docs/anatomy.svg, in both languages, from a run that is watched (`tools.calls`).

    python -m tools.anatomy

PPO and DQN train on CartPole for a few steps, in a temporary folder; each run is stopped by Ctrl-C and goes on. Who
calls what, when, how often and with which shapes is what happened there; code, docstrings and lengths are those of
the files. Written by hand are where a box stands and a line on what it is for. It takes 15 s.
"""

import ast
import importlib
import inspect
import io
import re
import signal
import tempfile
import xml.etree.ElementTree as ET
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

from framework.cli import run
from framework.runs.files import written_whole
from tools.calls import ITERATED, Fields, Watch
from tools.svg import GROUND, LINE, RULE, SANS, arrow, box, draw, flow, line_through, put, wide, written

ROOT = Path(__file__).parents[1]
LANGUAGES = {"en": "", "ja": ".ja"}

BOXES = {  # part: its file, colour, title, and what it is for; the last two in both languages
    "train": (
        "FN/ppo_agent.py", "#1f2328", "train(config)", "train(config)",
        "The chapter owns the algorithm: what is done, in which order.",
        "章の担当はアルゴリズム: 何をどの順に行うか",
    ),
    "agent": (
        "framework/agent.py", "#2166ac", "Agent", "Agent",
        "Networks: how to act and to learn, what to save and load.",
        "ネットワーク: 行動と学習の方法、保存と読み込みの対象",
    ),
    "rollout": (
        "framework/rollout.py", "#762a83", "Rollout", "Rollout",
        "Experience that is learnt from once.",
        "1 回だけ学習に使う経験",
    ),
    "replay": (
        "framework/replay.py", "#762a83", "ReplayBuffer", "ReplayBuffer",
        "Or, off-policy: experience that is kept.",
        "方策オフの章では、ためておく経験",
    ),
    "vector": (
        "framework/vector.py", "#1b7837", "worlds", "環境",
        "All step at once; where an episode ends, the next begins.",
        "一度に 1 ステップ進め、エピソードが終われば次を始める",
    ),
    "trainer": (
        "framework/trainer.py", "#b35806", "Trainer", "Trainer",
        "Owns the clock, the folder, evaluation, checkpoints and the end.",
        "担当は時計、フォルダ、評価、チェックポイント、終了",
    ),
    "evaluate": (
        "framework/evaluate.py", "#b35806", "evaluation", "評価",
        "Plays the agent in worlds of its own.",
        "専用の環境で成績を測る",
    ),
    "checkpoints": (
        "framework/runs/checkpoints.py", "#b35806", "Checkpoints", "Checkpoints",
        "What a run that was killed goes on from.",
        "強制終了しても、ここから再開",
    ),
    "logger": (
        "framework/runs/logger.py", "#b35806", "Logger", "Logger",
        "Rows, TensorBoard and the progress bar.",
        "行、TensorBoard、進捗バー",
    ),
}  # fmt: skip
COLOURS = {part: colour for part, (_, colour, *_) in BOXES.items()}
IN_JAPANESE = {  # the first sentences of the files
    "Proximal policy optimisation (Schulman et al. 2017), Day 4.":
        "近接方策最適化（Schulman et al. 2017）、Day 4。",
    "What saving, resuming and playing need to know of an agent.":
        "保存、再開、プレイに必要な、エージェントについての知識。",
    "A few steps of B worlds under one policy, time first: what on-policy methods learn from, once.":
        "1 つの方策で B 個の環境を数ステップ進めた記録。時間が先頭の軸。方策オンの手法が 1 回だけ学習に使う。",
    "Replay buffers: what was experienced is kept, and learnt from many times (Lin 1992; Mnih et al. 2015).":
        "経験再生のバッファ。経験をためておき、何度も学習に使う（Lin 1992; Mnih et al. 2015）。",
    "Many worlds stepped at once, and Gymnasium's automatic reset handled in one place.":
        "多数の環境を一度に進める。Gymnasium の自動リセットも、ここだけで扱う。",
    "The clock and the toolbox of a training run.": "学習の時計と道具箱。",
    "How good an agent is: fresh episodes, without exploration, apart from training.":
        "エージェントの良さ。学習とは別の新しいエピソードを、探索なしで。",
    "Checkpoints of a run: each written whole, the last two kept.":
        "学習のチェックポイント。書きかけを残さず、最後の 2 つを保つ。",
    "What a run leaves behind: rows in ``metrics.csv``, TensorBoard events, and ``config.json``.":
        "学習が残すもの。metrics.csv の行、TensorBoard のログ、config.json。",
}  # fmt: skip
MOMENTS = {  # of the Trainer's work: the methods that do it, its name and when it is; the last two in both languages
    "start": (["__init__", "__enter__"], "start", "開始", "makes\nthe folder", "フォルダを\n作る"),
    "resume": (["_go_on"], "resume", "再開", "if a run\nis in it", "途中の\n学習があれば"),
    "body": (["log", "_between"], "each body", "毎回", "notes and\nthe bar", "値と\n進捗バー"),
    "evaluation": (["_evaluate"], "evaluation", "評価", "every\neval_every", "eval_every\nごと"),
    "row": (["_row"], "row", "行の記録", "every\nlog_every", "log_every\nごと"),
    "checkpoint": (
        ["_save"], "checkpoint", "チェックポイント",
        "every checkpoint_\nseconds, Ctrl-C", "checkpoint_seconds\nごと、Ctrl-C",
    ),
    "end": (["__exit__"], "end", "終了", "at steps or\ntarget_return", "steps か\ntarget_return"),
}  # fmt: skip
WORDS = {
    "title": ("Who does what in a deep chapter", "深層強化学習の章の役割分担"),
    "chapter": ("called by the chapter", "章からの呼び出し"),
    "trainer": ("called by the Trainer", "Trainer からの呼び出し"),
    "moments": ("to 7: when, as under Trainer", "〜 7: 時点（Trainer の欄）"),
    "axes": (
        "1 ×, T ×: so often in each body of the loop. B worlds, T steps, N = T × B rows, K minibatches.",
        "1 ×、T ×: ループ 1 回あたりの呼び出し回数。B は環境、T はステップ、N = T × B は行、K はミニバッチの数",
    ),
    "once": ("once", "初回"),
    "due": ("if due", "時々"),
    "lines": ("lines", "行"),
    "loop": ("between two bodies of the loop", "ループの各回のあと"),
    "acts": ("acts with", "行動に必要"),
    "learns": ("learns with", "学習に必要"),
    "asks": ("the agent asks it", "Agent からの呼び出し"),
    "ended": ("where an episode ends", "エピソードの終わり"),
    "own": ("an episode in each world of its own", "専用の環境で 1 エピソードずつ"),
    "leaves": ("What it leaves in the run's folder", "学習のフォルダに残るもの"),
}

SIZES = {"B": (8, 5, 6), "T": (32,), "N": (256, 16), "K": (3,)}  # of the axes in the runs; 5 and 6 are evaluations
SHORT = {"num_envs": 8, "eval_episodes": 5, "final_episodes": 6, "checkpoint_seconds": 1e6}  # Ctrl-C saves, no clock
RUNS = {
    "FN.ppo_agent": {"steps": 1_024, "eval_every": 512, "rollout_steps": 32, "batch_size": 64, "epochs": 2},
    "FN.dqn_agent": {"steps": 320, "eval_every": 160, "learning_starts": 128, "train_period": 64}
    | {"target_period": 64, "gradient_steps": 3, "batch_size": 16},
}
IN_THE_CODE = {"envs": "vector", "make_worlds": "vector", "agent": "agent", "PPOAgent": "agent"} | {
    "rollout": "rollout", "Rollout": "rollout", "trainer": "trainer", "Trainer": "trainer",
}  # fmt: skip

WITHOUT_RESULT = ("player", "make_worlds")  # it would say nothing: a graph, and the worlds themselves

WIDTH, MARGIN, LANE, MIDDLE, BETWEEN, PAD = 800, 12, 42, 246, 38, 12  # of the picture and its columns, in pixels
NARROWER = 8  # by so much than its card is what stands beside an arrow
GAP = "\N{NO-BREAK SPACE}" * 5
DRAWINGS = {"agent": 110, "vector": 70}  # the heights of what is drawn in cards
UNITS = ((-1, 4), (0, 5), (1, 3))  # place and units of the layers in the drawing of a network
CENTRED = {"text_anchor": "middle"}


@dataclass(frozen=True)
class Options:
    pass


@dataclass(frozen=True)
class Seen:
    """A run that was watched: its calls, its chapter, the class of its agent, the files that it left."""

    calls: dict
    chapter: object
    agent: type
    files: list

    def between(self, caller, callee):
        """[(name, moment, call)] in the order of the run."""
        return [(*key[2:], call) for key, call in self.calls.items() if key[:2] == (caller, callee)]

    def often(self, name, call):
        """How often the chapter calls: so many times in each body of the loop, or else a key of `WORDS`."""
        starts = self.calls["train", "trainer", "Trainer", ""].count
        bodies = self.calls["train", "trainer", ITERATED, ""].count - starts  # the last of each start ends the loop
        count = bodies if name == ITERATED else call.count
        if count % bodies:
            return "once" if count == starts else "due"
        return f"{axis(count // bodies)} ×"


def watched(chapter):
    """Train for a few steps, stop by Ctrl-C and go on; a `Seen`."""
    from framework.trainer import Trainer
    from framework.training import shortened

    chapter = importlib.import_module(chapter)
    (agent,) = (one for name, one in vars(chapter).items() if name.endswith("Agent") and name != "Agent")
    parts = {
        part: [importlib.import_module(as_module(file))] for part, (file, *_) in BOXES.items() if part != "train"
    }
    parts |= {"train": [chapter.train], "agent": [agent, *parts["agent"]]}
    moments = {getattr(Trainer, name): moment for moment, (names, *_) in MOMENTS.items() for name in names}

    def stop(caller, name, count):
        if (caller, name, count) == ("train", "log", 2):
            signal.raise_signal(signal.SIGINT)

    watch = Watch(parts, moments, {"vector": "evaluate"}, stop)  # an evaluation has worlds of its own
    with tempfile.TemporaryDirectory() as folder:
        config = replace(shortened(chapter.CARTPOLE), **SHORT, **RUNS[chapter.__name__], run_folder=folder)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            with suppress(KeyboardInterrupt):
                watch.run(lambda: chapter.train(config))
            watch.run(lambda: chapter.train(config))
        files = sorted({re.sub(r"^events\..*", "events.…", path.name) for path in Path(folder).iterdir()})
    return Seen(watch.calls, chapter, agent, files)


def as_module(file):
    return file.removesuffix(".py").replace("/", ".")


@cache
def runs():
    """What was seen of PPO and of DQN."""
    return tuple(map(watched, RUNS))


def axis(size):
    """The letter of an axis that is so long, or its length."""
    return next((letter for letter, sizes in SIZES.items() if size in sizes), str(size))


def described(name, kind):
    """A name and its shape, ``obs [B, 4]``, which no line breaks; of a NamedTuple the axes that all fields have."""
    if isinstance(kind, Fields):
        shapes = list(kind.fields.values())
        common = [sizes[0] for sizes in zip(*shapes, strict=False) if len(set(sizes)) == 1]
        axes = [*map(axis, common), *(["…"] if max(map(len, shapes)) > len(common) else [])]
    elif isinstance(kind, tuple):
        axes = map(axis, kind)
    else:
        return name
    return f"{name} [{', '.join(axes)}]".strip().replace(" ", "\N{NO-BREAK SPACE}")


def grouped(fields):
    """Names by their shapes: ``obs, next_obs [B, 4]; action [B]``."""
    names = {}
    for name, kind in fields.items():
        names.setdefault(kind, []).append(name)
    return "; ".join(", ".join([*found[:-1], described(found[-1], kind)]) for kind, found in names.items())


def said(name, call, names=()):
    """A call in words, a list of (text, style).

    Args:
        names: that the caller gives to what comes back.
    """
    if name == ITERATED:
        return [("for step in trainer", "name")]
    arguments = ", ".join(described(*one) for one in call.arguments.items())
    if name[0].isupper() and len(call.arguments) > 1:  # a class; the code shows what it is made of
        arguments = "…"
    result, back = call.result, ""
    if isinstance(result, dict):
        back = ", ".join(result)
    elif isinstance(result, list):
        back = grouped(dict(zip(names, result, strict=True)))
    elif result:
        back = described("" if isinstance(result, tuple) else getattr(result, "name", result), result)
    words = [(f"{name}(", "name"), (arguments, "plain"), (")", "name"), (f" → {back}", "plain")]
    return words if back and name not in WITHOUT_RESULT else words[:-1]


def given_names(function):
    """{method: the names that a function gives to what it returns}, where it gives any."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and hasattr(node.value.func, "attr"):
            found[node.value.func.attr] = re.findall(r"\w+", ast.unparse(node.targets[0]))
    return found


def first_sentence(file):
    docstring = ast.get_docstring(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    return re.split(r"(?<=\.) (?=[A-Z])", " ".join(docstring.split("\n\n")[0].split()))[0]


def public_methods(cls):
    return [name for name, value in vars(cls).items() if callable(value) and not name.startswith("_")]


class Drawing:
    """The picture in one language. `y` is how far down it has come."""

    def __init__(self, language):
        self.language, self.seen = list(LANGUAGES).index(language), runs()
        self.svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", lang=language, width=str(WIDTH))
        self.svg.set("font-family", SANS)
        draw(self.svg, "title", self.word("title"))
        self.ground = draw(self.svg, "rect", width=WIDTH, rx=10, fill="white")
        self.arrows = draw(self.svg, "g")  # below the boxes
        self.heading()
        self.chapter()
        self.middle()
        self.trainer()
        self.bottom()
        self.ground.set("height", f"{self.y:g}")
        self.svg.set("viewBox", f"0 0 {WIDTH} {self.y:g}")

    def word(self, key):
        return WORDS[key][self.language] if key in WORDS else key

    # What stands in boxes and beside arrows

    def from_train(self, part):
        """Rows of what the chapters call, PPO's first: (how often, words). PPO's agent stands for all."""
        rows = {}
        for seen in self.seen[:1] if part == "agent" else self.seen:
            names = given_names(seen.chapter.train)
            for name, _, call in seen.between("train", part):
                rows.setdefault(name, (self.word(seen.often(name, call)), said(name, call, names.get(name))))
        return list(rows.values())

    def from_trainer(self, part):
        """Rows of what the Trainer calls: (moment, names), in the order of the moments."""
        found = {moment: {} for moment in MOMENTS}
        for seen in self.seen:
            for name, moment, _ in seen.between("trainer", part):
                found[moment][name] = None
        return [(moment, [(", ".join(names), "name")]) for moment, names in found.items() if names]

    def rows(self, x, y, rows, width, paint=True):
        """Rows under each other, with what marks them at their left; returns where they end."""
        for mark, words in rows:
            indent = 22 if mark in MOMENTS else 38
            lines = flow(words, width - NARROWER - indent)
            if paint:
                if mark in MOMENTS:
                    self.number(x + 8, y, mark)
                else:
                    put(self.svg, x, y, [[(mark, "quiet")]])
                put(self.svg, x + indent, y, lines)
            y += LINE * len(lines) + 3
        return y

    def number(self, x, y, moment):
        """The number of a moment in a disc; y is where letters stand."""
        draw(self.svg, "circle", cx=x, cy=y - 4.5, r=8.5, fill=COLOURS["trainer"])
        words = str(list(MOMENTS).index(moment) + 1)
        draw(self.svg, "text", words, x=x, y=y - 0.5, font_size=11.5, font_weight=600, fill="white", **CENTRED)

    def blocks(self, part, width):
        """What a card says under its title: (lines, their colour, a name to find them by)."""
        ppo, dqn = self.seen
        width -= 2 * PAD
        yield flow([(BOXES[part][4 + self.language], "bold")], width), None, ""
        yield flow([(self.sentence(part), "quiet")], width), None, ""
        if part == "agent":
            for words, names in (("acts", ppo.agent.acts_with), ("learns", ppo.agent.learns_with)):
                yield flow([(f"{self.word(words)}: ", "quiet"), (", ".join(names), "plain")], width), None, ""
            for cls in (ppo.agent, *ppo.agent.__bases__):
                methods = ", ".join(public_methods(cls))
                yield flow([(f"{cls.__name__}: ", "bold"), (methods, "plain")], width), None, ""
        if part == "rollout":
            yield flow([(f"{self.word('asks')}:", "quiet")], width), COLOURS["agent"], "asked"
            for name, _, call in ppo.between("agent", part):
                yield flow(said(name, call), width), None, ""
        for of, seen, name in (("vector", ppo, "step"), ("replay", dqn, "sample")):
            if part == of:
                result = seen.calls["train", part, name, ""].result
                yield flow([(f"{result.name}: ", "bold"), (grouped(result.fields), "plain")], width), None, ""

    def sentence(self, part):
        sentence = first_sentence(BOXES[part][0])
        return (IN_JAPANESE[sentence] if self.language else sentence).replace("``", "")

    def height(self, part, width):
        """Of a card; two have a drawing below their words."""
        return 58 + sum(LINE * len(lines) + 6 for lines, *_ in self.blocks(part, width)) + DRAWINGS.get(part, 0)

    def card(self, part, x, y, width, height):
        """Draw one; returns {name of a block: where it begins, "end": where the last one ends}."""
        self.titled(part, x, y, width, height)
        places, y = {}, y + 68
        for lines, colour, name in self.blocks(part, width):
            places[name] = y
            y = put(self.svg, x + PAD, y, lines, colour) + 6
        return places | {"end": y}

    def titled(self, part, x, y, width, height):
        """A box, what it is, how long its file is, where that stands."""
        file, colour, *titles = BOXES[part][:4]
        box(self.svg, x, y, width, height, colour)
        link = draw(self.svg, "a", href=f"../{file}")
        put(link, x + PAD, y + 20, [[(titles[self.language], "title")]], colour)
        put(link, x + PAD, y + 47, [[(file, "quiet")]], COLOURS["agent"])
        count = len((ROOT / file).read_text(encoding="utf-8").splitlines())
        lines = [[(f"{count} {self.word('lines')}", "quiet")]]
        put(self.svg, x + width - PAD, y + 20, lines, text_anchor="end")

    def panel(self, part, x, width, height):
        """A wide box, whose words stand beside its title."""
        self.titled(part, x, self.y, width, height)
        right = x + PAD + 20 + max(wide(BOXES[part][2], "title"), wide(BOXES[part][0], "quiet"))
        put(self.svg, right, self.y + 20, [[(BOXES[part][4 + self.language], "bold")]])
        put(self.svg, right, self.y + 47, [[(self.sentence(part), "quiet")]])

    def along(self, x, y, rows):
        """Rows one after the other, upwards beside an upright line."""
        words = [
            word for mark, row in rows for word in ((f"{mark}\N{NO-BREAK SPACE}", "quiet"), *row, (GAP, "plain"))
        ]
        put(self.svg, x, y, [words[:-1]], transform=f"rotate(-90 {x:g} {y:g})", **CENTRED)

    # From the top to the bottom

    def heading(self):
        put(self.svg, MARGIN, 32, [[(self.word("title"), "heading")]])
        x = MARGIN
        for part, words in (("train", "chapter"), ("trainer", "trainer")):
            arrow(self.svg, [(x, 54), (x + 30, 54)], COLOURS[part])
            put(self.svg, x + 38, 58, [[(self.word(words), "plain")]])
            x += 66 + wide(self.word(words), "plain")
        self.number(x, 58, "start")
        put(self.svg, x + 14, 58, [[(self.word("moments"), "plain")]])
        put(self.svg, MARGIN, 80, [[(self.word("axes"), "quiet")]])
        self.y = 94

    def chapter(self):
        """The chapter's ``train``, as it is, each name in the colour of its box."""
        code = inspect.getsource(self.seen[0].chapter.train).rstrip().splitlines()
        x, width, line = MARGIN, WIDTH - 2 * MARGIN, 17.5
        self.panel("train", x, width, 88 + line * len(code))
        back = {"x": x + PAD, "y": self.y + 60, "width": width - 2 * PAD, "height": 16 + line * len(code)}
        draw(self.svg, "rect", **back, rx=6, fill=GROUND)
        for i, text in enumerate(code):
            words = [(word, "code") for word in re.findall(r"\w+|\W+", text.strip())]
            indent = wide(text, "code") - wide(text.lstrip(), "code")
            place = draw(self.svg, "g")
            put(place, x + 2 * PAD + indent, self.y + 80 + line * i, [words])
            for word in place.iter("tspan"):
                if word.text in IN_THE_CODE:
                    word.set("fill", COLOURS[IN_THE_CODE[word.text]])
                    word.set("font-weight", "700")
        self.y += 88 + line * len(code)

    def middle(self):
        """What both sides use: the agent, experience and the worlds."""
        left, right = MARGIN + LANE, WIDTH - MARGIN - LANE
        side = (right - left - 2 * BETWEEN - MIDDLE) / 2
        at = {"agent": (left, side), "rollout": (left + side + BETWEEN, MIDDLE), "vector": (right - side, side)}
        at["replay"] = at["rollout"]
        down = {part: self.from_train(part) for part in at}
        start = self.y
        top = max(self.end_of(start, down[part], at[part]) for part in ("agent", "rollout", "vector"))
        end = top + self.height("rollout", MIDDLE)
        starts, tops = dict.fromkeys(at, start) | {"replay": end}, dict.fromkeys(at, top)
        tops["replay"] = self.end_of(end, down["replay"], at["replay"])
        bottom = max(tops[part] + self.height(part, at[part][1]) for part in at)
        places = {}
        for part, (x, width) in at.items():
            dashed = {"stroke_dasharray": "5 4"} if part == "replay" else {}
            arrow(self.arrows, [(x + 8, starts[part]), (x + 8, tops[part])], COLOURS["train"], **dashed)
            self.rows(x + 20, starts[part] + 24, down[part], width)
            places[part] = self.card(part, x, tops[part], width, (end if part == "rollout" else bottom) - tops[part])
        self.asks(left + side, places["rollout"]["asked"])
        self.network(left + side / 2, (places["agent"]["end"] + bottom) / 2 - 18)
        self.reset(right - side / 2, (places["vector"]["end"] + bottom) / 2 - 6)

        up = {part: self.from_trainer(part) for part in ("agent", "replay", "vector")}
        self.y = max(self.end_of(bottom, rows, at[part]) for part, rows in up.items())
        for part, rows in up.items():
            x, width = at[part]
            arrow(self.arrows, [(x + 8, self.y), (x + 8, bottom)], COLOURS["trainer"])
            self.rows(x + 20, bottom + 26, rows, width)
        rail = WIDTH - MARGIN - 14
        arrow(self.arrows, [(rail, start), (rail, self.y)], COLOURS["train"])
        self.along(rail - 10, (start + self.y) / 2, self.from_train("trainer"))
        self.played_at = top + 80

    def end_of(self, y, rows, place):
        """How far rows come that begin below y, in a column (x, width)."""
        return self.rows(0, y + 24, rows, place[1], paint=False) - 2

    def asks(self, x, y):
        """The agent asks the rollout, and that asks back."""
        arrow(self.arrows, [(x, y - 4), (x + BETWEEN, y - 4)], COLOURS["agent"])
        for name, *_ in self.seen[0].between("rollout", "agent"):
            y += 36
            arrow(self.arrows, [(x + BETWEEN, y), (x, y)], COLOURS["rollout"])
            put(self.svg, x + BETWEEN / 2 + 2, y - 6, [[(name, "quiet")]], **CENTRED)

    def network(self, x, y):
        """A network, to be seen from afar: an observation goes in; a policy and a value come out."""
        layers = [(x + 52 * i, [y + 17 * (j - (units - 1) / 2) for j in range(units)]) for i, units in UNITS]
        for (a, above), (b, below) in pairwise(layers):
            lines = "".join(line_through([(a, one), (b, other)]) for one in above for other in below)
            draw(self.svg, "path", d=lines, stroke=COLOURS["agent"], stroke_opacity=0.35)
        for a, b in ((a, b) for a, heights in layers for b in heights):
            self.dot(a, b, "agent", "white")
        for (a, _), words in ((layers[0], "obs"), (layers[-1], "π, V")):
            put(self.svg, a, y + 58, [[(words, "quiet")]], **CENTRED)

    def reset(self, x, y):
        """What the worlds give where an episode ends: the true successor, and the first observation of the next."""
        places = [x + place for place in (-78, -42, -6, 46, 82)]
        last, first = places[2:4]
        lines = line_through([(places[0], y), (last, y)]) + line_through([(first, y), (places[-1], y)])
        draw(self.svg, "path", d=lines, stroke=COLOURS["vector"], stroke_width=1.6)
        for place in places:
            self.dot(place, y, "vector", COLOURS["vector"] if place == last else "white")
        for place, below, words in ((x, -16, self.word("ended")), (last, 22, "next_obs"), (first, 22, "obs")):
            put(self.svg, place, y + below, [[(words, "quiet")]], **CENTRED)

    def dot(self, x, y, part, fill):
        draw(self.svg, "circle", cx=x, cy=y, r=5.5, fill=fill, stroke=COLOURS[part], stroke_width=1.6)

    def trainer(self):
        """The Trainer and the moments of its work."""
        x, width = MARGIN + LANE, WIDTH - 2 * MARGIN - LANE
        self.panel("trainer", x, width, 178)
        line, colour = self.y + 104, COLOURS["trainer"]
        at = {moment: x + width / len(MOMENTS) * (i + 0.5) for i, moment in enumerate(MOMENTS)}
        draw(self.svg, "path", d=f"M{at['start']:g} {line:g}H{at['end']:g}", stroke=colour, stroke_width=2)
        first, last = at["body"], at["checkpoint"]
        bracket = f"M{last:g} {line - 12:g}v-6q0 -8 -8 -8H{first + 8:g}q-8 0 -8 8v6"
        draw(self.svg, "path", d=bracket, fill="none", stroke=colour, stroke_width=1.4, stroke_dasharray="4 3")
        put(self.svg, (first + last) / 2, line - 32, [[(self.word("loop"), "quiet")]], **CENTRED)
        for moment, (_, *words) in MOMENTS.items():
            self.number(at[moment], line + 4.5, moment)
            put(self.svg, at[moment], line + 28, [[(words[self.language], "bold")]], **CENTRED)
            lines = [[(words, "quiet")] for words in words[2 + self.language].split("\n")]
            put(self.svg, at[moment], line + 46, lines, **CENTRED)
        self.y += 178

    def bottom(self):
        """What the Trainer has for its work, and what the run leaves."""
        left, between = MARGIN + LANE, 18
        width = (WIDTH - MARGIN - left - 2 * between) / 3
        at = {part: left + i * (width + between) for i, part in enumerate(("evaluate", "checkpoints", "logger"))}
        rows = {part: self.from_trainer(part) for part in at}
        top = max(self.end_of(self.y, rows[part], (x, width)) for part, x in at.items())
        tall = max(self.height(part, width) for part in at)
        for part, x in at.items():
            arrow(self.arrows, [(x + 8, self.y), (x + 8, top)], COLOURS["trainer"])
            self.rows(x + 20, self.y + 24, rows[part], width)
            self.card(part, x, top, width, tall)
        rail, start = MARGIN + 22, top + 16
        points = [(left, start), (rail, start), (rail, self.played_at), (left, self.played_at)]
        arrow(self.arrows, points, COLOURS["evaluate"])
        plays = {name: ("", said(name, call)) for name, _, call in self.seen[0].between("evaluate", "agent")}
        self.along(rail - 8, (start + self.played_at) / 2, [*plays.values(), (self.word("own"), [])])
        self.leaves(top + tall + 16)

    def leaves(self, y):
        words = [(f"{self.word('leaves')}: ", "bold"), (", ".join(self.seen[0].files), "plain")]
        lines, width = flow(words, WIDTH - 2 * MARGIN - 2 * PAD), WIDTH - 2 * MARGIN
        place = {"x": MARGIN, "y": y, "width": width, "height": LINE * len(lines) + 16}
        draw(self.svg, "rect", **place, rx=8, fill=GROUND, stroke=RULE)
        self.y = put(self.svg, MARGIN + PAD, y + 22, lines) + 12


def picture(language):
    """The picture as the text of an SVG. A title is a link to its file."""
    return written(Drawing(language).svg)


def main(options):
    for language, suffix in LANGUAGES.items():
        file = ROOT / "docs" / f"anatomy{suffix}.svg"
        with written_whole(file) as part:
            part.write_text(picture(language), encoding="utf-8", newline="\n")
        print(f"{file.relative_to(ROOT).as_posix()} written")


if __name__ == "__main__":
    run(main, Options, __doc__)
