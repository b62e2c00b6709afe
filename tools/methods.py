"""The map of the methods: docs/methods.svg and the table in docs/METHODS.md, in both languages, from what the classes
say of themselves (`framework.method.Method`): nobody edits them, so they cannot say anything else.

    python -m tools.methods

draws the map and writes the table anew; a name in either is a link to its file. It takes 5 s, TensorFlow's import.
"""

import importlib
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from framework.cli import run
from framework.runs.files import written_whole

ROOT = Path(__file__).parents[1]
LANGUAGES = {"en": "", "ja": ".ja"}

METHODS = (  # module, class, and its name in both languages
    ("DP.planner", "ValueIterationPlanner", "value iteration", "価値反復法"),
    ("DP.planner", "PolicyIterationPlanner", "policy iteration", "方策反復法"),
    ("DP.planner", "ModifiedPolicyIterationPlanner", "modified policy iteration", "修正方策反復法"),
    ("EL.monte_carlo", "MonteCarloAgent", "Monte Carlo", "モンテカルロ法"),
    ("EL.monte_carlo", "OffPolicyMonteCarloAgent", "importance sampling", "重点サンプリング"),
    ("EL.sarsa", "SARSAAgent", "SARSA", "SARSA"),
    ("EL.sarsa", "ExpectedSARSAAgent", "Expected SARSA", "Expected SARSA"),
    ("EL.sarsa", "NStepSARSAAgent", "n-step SARSA", "n ステップ SARSA"),
    ("EL.td_lambda", "TDLambdaAgent", "TD(λ)", "TD(λ)"),
    ("EL.q_learning", "QLearningAgent", "Q-learning", "Q 学習"),
    ("EL.q_learning", "DoubleQLearningAgent", "Double Q-learning", "Double Q 学習"),
    ("EL.actor_critic", "ActorCritic", "actor-critic", "Actor-Critic"),
    ("FN.value_function_agent", "ValueFunctionAgent", "fitted Q", "Fitted Q"),
    ("FN.dqn_agent", "DeepQNetworkAgent", "DQN", "DQN"),
    ("FN.rainbow_agent", "RainbowAgent", "Rainbow", "Rainbow"),
    ("FN.policy_gradient_agent", "PolicyGradientAgent", "REINFORCE", "REINFORCE"),
    (
        "FN.policy_gradient_continuous_agent", "PolicyGradientContinuousAgent", "Gaussian actor-critic",
        "ガウス方策の Actor-Critic",
    ),
    ("FN.a2c_agent", "ActorCriticAgent", "A2C", "A2C"),
    ("FN.paac_agent", "PAACAgent", "PAAC", "PAAC"),
    ("FN.paac_learners", "NStepQ", "n-step Q-learning", "n ステップ Q 学習"),
    ("FN.trpo_agent", "TRPOAgent", "TRPO", "TRPO"),
    ("FN.ppo_agent", "PPOAgent", "PPO", "PPO"),
    ("FN.ddpg_agent", "DDPGAgent", "DDPG, TD3", "DDPG、TD3"),
    ("FN.sac_agent", "SACAgent", "SAC", "SAC"),
    ("IM.dyna", "DynaAgent", "Dyna-Q", "Dyna-Q"),
    ("IM.dyna", "DynaPlusAgent", "Dyna-Q+", "Dyna-Q+"),
    ("IM.prioritized_sweeping", "PrioritizedSweepingAgent", "prioritised sweeping", "優先度つきスイープ"),
    ("IM.dagger", "Student", "cloning, DAgger", "クローニング、DAgger"),
    ("IM.deep_dagger", "NetworkStudent", "deep DAgger", "深層 DAgger"),
    ("IM.maxent", "MaxEntIRL", "MaxEnt IRL", "MaxEnt IRL"),
    ("IM.deep_maxent", "DeepMaxEntIRL", "deep MaxEnt IRL", "深層 MaxEnt IRL"),
    ("IM.bayesian", "BayesianIRL", "Bayesian IRL", "ベイズ IRL"),
    ("IM.adversarial", "Discriminator", "adversarial imitation", "敵対的模倣学習"),
    ("IM.world_models.controller", "Controller", "World Models", "World Models"),
    ("EV.evolution", "EvolutionalAgent", "evolution strategies", "進化戦略"),
    ("AP.reincarnation", "QDaggerAgent", "QDagger", "QDagger"),
    ("AP.rvs", "RvSAgent", "RvS", "RvS"),
    ("AP.decision_transformer", "DecisionTransformer", "Decision Transformer", "Decision Transformer"),
    ("AP.calql", "CalQLAgent", "CQL, Cal-QL", "CQL、Cal-QL"),
    ("AP.rlpd", "RLPDAgent", "RLPD", "RLPD"),
    ("AP.rlhf", "RLHFAgent", "RLHF", "RLHF"),
    ("AP.dpo", "DPOAgent", "DPO", "DPO"),
    ("AP.alphadev", "AlphaDevAgent", "AlphaDev", "AlphaDev"),
    ("AP.plant", "PlantAgent", "SAC with a safety layer", "安全層つき SAC"),
    ("AP.llm_policy", "GLAMAgent", "GLAM", "GLAM"),
    ("AP.llm_explore", "ELLMAgent", "ELLM", "ELLM"),
    ("AP.llm_world_model", "TreePlanner", "RAP", "RAP"),
)  # fmt: skip
COLUMNS = {
    "known": ("known model: planning", "モデルは既知: 計画"),
    "learnt": ("learnt model", "モデルを学習"),
    "off-policy": ("no model, off-policy", "モデルなし、方策オフ"),
    "on-policy": ("no model, on-policy", "モデルなし、方策オン"),
}
ROWS = {
    "value": ("value", "価値", "the policy follows from it", "方策はそこから決まる"),
    "both": ("policy and value", "方策と価値", "each improves the other", "互いに改善し合う"),
    "policy": ("policy", "方策", "by returns, or by a teacher", "収益または教師から"),
    "reward": ("reward", "報酬", "from demonstrations", "デモンストレーションから"),
}
MARKS = {  # kept in, backup
    ("table", "expectation"): ("table, expectation", "テーブル、期待値"),
    ("table", "sample"): ("table, samples", "テーブル、サンプル"),
    ("function", "expectation"): ("function, expectation", "関数、期待値"),
    ("function", "sample"): ("function, samples", "関数、サンプル"),
}
HEADINGS = (
    ("day", "Day"), ("method", "手法"), ("model", "モデル"), ("policy from", "方策の由来"), ("moved towards", "目標"),
    ("experience", "経験"), ("backup", "バックアップ"), ("kept in", "表現"),
)  # fmt: skip
WORDS = {
    "none": "なし", "known": "既知", "learnt": "学習する", "value": "価値", "policy": "方策", "reward": "報酬",
    "estimate": "見積もり", "actual return": "実際の収益", "label": "教師の行動", "on-policy": "方策オン",
    "off-policy": "方策オフ", "planning": "計画", "expectation": "期待値", "sample": "サンプル", "table": "テーブル",
    "function": "関数",
}  # fmt: skip
DAYS = {"DP": 2, "EL": 3, "FN": 4, "IM": 6, "EV": 6, "AP": 7}
LEFT, WIDTH, TOP, LINE, PAD = 190, 225, 64, 26, 14  # of the picture, in pixels
INK, QUIET, RULE, BLUE, ORANGE = "#1f2328", "#59636e", "#d1d9e0", "#2166ac", "#b35806"
STYLE = {"font-family": "system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK JP', 'Yu Gothic', sans-serif"}


@dataclass(frozen=True)
class Options:
    pass


def methods():
    """(class, name, Japanese name, path of its file) of each; imports all of them, so TensorFlow too."""
    for module, name, english, japanese in METHODS:
        yield getattr(importlib.import_module(module), name), english, japanese, module.replace(".", "/") + ".py"


def place(method):
    """(row, column) of a class on the map. A critic is a value that is moved towards an estimate."""
    row = method.based_on
    if row == "policy" and method.prediction_target == "estimate":
        row = "both"
    return row, method.model_is if method.model_is != "none" else method.policy_learnt


def table(language):
    """The table of docs/METHODS.md."""
    which = list(LANGUAGES).index(language)
    rows = [[heading[which] for heading in HEADINGS], ["---"] * len(HEADINGS)]
    for method, *names, path in methods():
        said = method.model_is, method.based_on, method.prediction_target
        said += method.policy_learnt, method.backup, method.kept_in
        words = [word if language == "en" else WORDS[word] for word in said]
        rows.append([str(DAYS[path[:2]]), f"[{names[which]}](../{path})", *words])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def picture(language):
    """The map as the text of an SVG. A name is a link to its file, and stands in the reader's own fonts."""
    which = list(LANGUAGES).index(language)
    cells = {(row, column): [] for row in ROWS for column in COLUMNS}
    for method, *names, path in methods():
        cells[place(method)].append((names[which], path, MARKS[method.kept_in, method.backup], method))
    heights = [2 * PAD + LINE * max(2, *(len(cells[row, column]) for column in COLUMNS)) for row in ROWS]
    width, height = LEFT + WIDTH * len(COLUMNS) + PAD, TOP + sum(heights) + 48
    svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width} {height}", **STYLE)
    ET.SubElement(svg, "title").text = ("The methods of the course", "コースの手法の地図")[which]
    ET.SubElement(svg, "rect", width=str(width), height=str(height), fill="white")
    for i, words in enumerate(COLUMNS.values()):
        write(svg, LEFT + WIDTH * i + PAD, TOP - 18, words[which], **{"font-weight": "600"})
    y = TOP
    for row, tall in zip(ROWS, heights, strict=True):
        ET.SubElement(svg, "path", d=f"M{PAD} {y}H{width - PAD}", stroke=RULE)
        write(svg, PAD, y + PAD + 18, ROWS[row][which], **{"font-weight": "600"})
        write(svg, PAD, y + PAD + 38, ROWS[row][which + 2], 12, QUIET)
        for i, column in enumerate(COLUMNS):
            for j, (name, path, words, method) in enumerate(cells[row, column]):
                x, middle = LEFT + WIDTH * i + PAD, y + PAD + LINE * j + 13
                mark(svg, x, middle, method.kept_in, method.backup)
                link = ET.SubElement(svg, "a", href=f"../{path}")
                ET.SubElement(link, "title").text = f"{path}: {words[which]}"
                write(link, x + 20, middle + 5, name, colour=BLUE)
        y += tall
    ET.SubElement(svg, "path", d=f"M{PAD} {y}H{width - PAD}", stroke=RULE)
    for i, ((kept_in, backup), words) in enumerate(MARKS.items()):
        mark(svg, LEFT + WIDTH * i + PAD, y + 26, kept_in, backup)
        write(svg, LEFT + WIDTH * i + PAD + 20, y + 30, words[which], 12, QUIET)
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def write(parent, x, y, words, size=15, colour=INK, **style):
    given = {"x": str(x), "y": str(y), "font-size": str(size), "fill": colour}
    ET.SubElement(parent, "text", {**given, **style}).text = words


def mark(parent, x, middle, kept_in, backup):
    """A square is a table, a circle a function; it is full where a backup is an expectation."""
    style = {"fill": ORANGE if backup == "expectation" else "white", "stroke": ORANGE, "stroke-width": "1.6"}
    if kept_in == "table":
        ET.SubElement(parent, "rect", {"x": str(x), "y": str(middle - 5), "width": "10", "height": "10", **style})
    else:
        ET.SubElement(parent, "circle", {"cx": str(x + 5), "cy": str(middle), "r": "5.5", **style})


def with_table(text, language):
    """A document with its table written anew: the one whose first column is the day."""
    found = re.findall(rf"^\| {HEADINGS[0][list(LANGUAGES).index(language)]} \|.*\n(?:\|.*\n)+", text, re.MULTILINE)
    if len(found) != 1:
        raise ValueError(f"the map's document has one table of methods; this has {len(found)}")
    return text.replace(found[0], table(language))


def main(options):
    for language, suffix in LANGUAGES.items():
        page = ROOT / "docs" / f"METHODS{suffix}.md"
        for path, text in (
            (ROOT / "docs" / f"methods{suffix}.svg", picture(language)),
            (page, with_table(page.read_text(encoding="utf-8"), language)),
        ):
            with written_whole(path) as part:
                part.write_text(text, encoding="utf-8", newline="\n")
            print(f"{path.relative_to(ROOT).as_posix()} written")


if __name__ == "__main__":
    run(main, Options, __doc__)
