"""Start here: checks the set-up, then shows what the course is about: planning, walking, and a game to be learnt.

    python welcome.py                  the checks, then 25 seconds to watch
    python welcome.py --no-window      the same, written to runs/welcome/welcome.gif and welcome.png
    python welcome.py --doctor         only the checks, as Markdown to paste into an issue
    python welcome.py --json           only the checks, for machines
    python welcome.py --lang ja        in Japanese (日本語)

This file must say what is wrong even where nothing is installed. So it is plain enough for an old Python to read,
and imports more than the standard library only after the checks.
"""

import argparse
import os
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036, pip refuses an old Python but nothing has called pip yet
    sys.exit(
        f"Nanoka needs Python 3.11, 3.12 or 3.13, and this is {sys.version_info[0]}.{sys.version_info[1]}; "
        "install one from https://www.python.org and start again. / Python 3.11〜3.13 を入れてください。"
    )

TRAINED = Path(__file__).parent / "FN" / "trained" / "ppo_agent.npz"
GIF, PNG = Path("runs", "welcome", "welcome.gif"), Path("runs", "welcome", "welcome.png")

TEXTS = {
    "checks": (
        "Nanoka (七日, seven days). First the checks, 3 seconds:",
        "Nanoka（七日）へようこそ。まず環境を点検します（3 秒）:",
    ),
    "mend": ("Mend what is marked ✗, then start this again.", "✗ の項目を直して、もう一度実行してください。"),
    "window": (
        "A window opens for {seconds:.0f} seconds (Esc closes it).",
        "ウィンドウを {seconds:.0f} 秒ほど表示します（Esc で閉じます）。",
    ),
    "no window": ("No window could be opened ({error}).", "ウィンドウを開けませんでした（{error}）。"),
    "closed": ("The window was closed.", "ウィンドウが閉じられました。"),
    "gif": ("Drawing {count} pictures for a GIF; this takes about {seconds:.0f} seconds.",
            "GIF 用に {count} 枚の絵を描きます（{seconds:.0f} 秒ほどかかります）。"),
    "wrote": ("Look at {gif} and {png}.", "{gif} と {png} をご覧ください。"),
    "not written": ("The files could not be written: {error}.", "ファイルを書き込めませんでした（{error}）。"),
    "maze": (
        "Maze: planned in {sweeps} sweeps; a walk of {steps} steps, {slips} of them slips, {end}.",
        "迷路: {sweeps} 回のスイープで計画し、{steps} 歩（うち {slips} 歩は滑って）歩き、{end}。",
    ),
    "treasure": ("ended at the treasure", "宝にたどり着きました"),
    "danger": ("ended in danger (luck has its say)", "危険なマスに入ってしまいました（運もあります）"),
    "lost": ("did not end", "まだ終わっていません"),
    "catcher": (
        "Catcher: of the same fruit, chance caught {chance} and the {name} {caught}.",
        "Catcher: 同じ果物を、でたらめなプレイヤーは {chance} 個、{name}は {caught} 個捕りました。",
    ),
    "agent": ("agent, which learnt from pixels alone,", "ピクセルだけから学習したエージェント"),
    "oracle": ("oracle", "オラクル"),
    "no tensorflow": (
        "Without TensorFlow ({error}) an oracle plays in place of Day 4's agent.",
        "TensorFlow がない（{error}）ため、4 日目のエージェントの代わりにオラクルがプレイします。",
    ),
    "next": ("What to do next:", "次にすること:"),
    "activate": ("use this virtual environment from here on", "以後、この仮想環境を使う"),
    "day 1": ("Day 1: ten random walks through a maze", "1 日目: でたらめに迷路を 10 回歩く"),
    "day 2": ("Day 2: the values and the best actions", "2 日目: 価値と最適な行動を計算する"),
    "day 4": (
        "Day 4: an agent learns the game from pixels, in about a minute",
        "4 日目: エージェントがゲームをピクセルから学習する（1 分ほど）",
    ),
    "day 6": (
        "Day 6: a population learns to balance a pole without any gradient, in 3 seconds",
        "6 日目: ネットワークの集団が、勾配を使わずにポールの立て方を学習する（3 秒）",
    ),
    "lab": ("Day 2: draw your own maze in the browser", "2 日目: ブラウザで自分の迷路を描く"),
}  # fmt: skip
NEXT = {
    "day 1": "python DP/environment_demo.py",
    "day 2": "python DP/planner.py",
    "lab": "python DP/run_server.py --open",
    "day 4": "python FN/ppo_agent.py",
    "day 6": "python EV/evolution.py",
}


def main(arguments=None):
    options = read_arguments(arguments)
    encoding = getattr(sys.stdout, "encoding", None)
    for stream in (sys.stdout, sys.stderr):  # Japanese, also into a pipe on Windows
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    from tools import doctor

    lang = options.lang or doctor.default_language()
    say = partial(speak, lang)
    only_checks = options.doctor or options.json
    if not only_checks:
        say("checks")
    checks = doctor.check_all(encoding, start_tensorflow=only_checks)
    missing = {check.key for check in checks if check.status == doctor.MISSING}
    if only_checks:
        print((doctor.as_json if options.json else doctor.as_markdown)(checks, lang))
        return 1 if missing else 0
    print(doctor.as_text(checks, lang))
    shown = False
    if not missing - {"nanoka", "write_access"}:  # without these two there is still something to see
        has_display = any(check.key == "display" and check.status == doctor.OK for check in checks)
        print()
        shown = show(say, options, has_display and not options.no_window, "write_access" not in missing)
    print()
    say("mend" if missing else "next")
    for key, command in [*activation(), *([] if missing else NEXT.items())]:
        print(f"  {command:36} ", end="")
        say(key)
    return 0 if shown and not missing else 1


def speak(lang, key, **values):
    """Print a text in one language; a value may itself be the key of a text."""
    language = ("en", "ja").index(lang)
    values = {name: TEXTS[value][language] if value in TEXTS else value for name, value in values.items()}
    print(TEXTS[key][language].format(**values), flush=True)


def activation():
    """The command that activates the virtual environment that runs this, unless it is active already."""
    if sys.prefix == sys.base_prefix or os.environ.get("VIRTUAL_ENV"):
        return []
    folder = Path(sys.prefix)
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    command = str(folder / "Scripts" / "activate") if os.name == "nt" else f"source {folder / 'bin' / 'activate'}"
    return [("activate", command)]


def read_arguments(arguments):
    """By argparse, for this program must run, and say what is missing, before anything is installed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--doctor", action="store_true", help="only the checks; exit code 1 if something is missing")
    parser.add_argument("--json", action="store_true", help="only the checks, as JSON")
    parser.add_argument("--no-window", action="store_true", help="write files even where there is a display")
    parser.add_argument("--lang", choices=("en", "ja"), help="language of what is printed; by default the locale's")
    parser.add_argument("--seed", type=seed_number, default=0, help="random seed (default 0)")
    parser.add_argument("--quick", action="store_true", help="the same, shorter")
    return parser.parse_args(arguments)


def seed_number(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 on; got {text!r}")
    return int(text)


# ------------------------------------------------------------------------------------------
# The show. Its films are lists of shots (milliseconds, draw); draw() makes the picture when its turn comes.
# ------------------------------------------------------------------------------------------

MAZE = """
......#.....#.....
......#....-#..+..
..................
......#....-#.....
......#.....#.....
##.####..####-....
......#.....##.###
......#.....#.....
......#...........
......#..-..#.....
.........-..#.....
......#.....#.....
"""


def show(say, options, in_window, can_write):
    """Play the show in a window, or write it to files; returns whether that could be done."""
    import numpy as np

    from DP.planner import ValueIterationPlanner
    from environment import GridWorld
    from tools.scenes import catcher_scene, maze_scene

    codes = {".": 0, "#": 9, "+": 1, "-": -1}
    env = GridWorld([[codes[symbol] for symbol in row] for row in MAZE.split()], step_reward=0)
    planner = ValueIterationPlanner(env, in_place=False)  # one step a sweep, which the eye can follow
    maze, walk = maze_scene(env, planner, 0.95, options.seed, options.quick)

    luck = np.random.default_rng(options.seed)
    players = {"chance": lambda state: luck.integers(3), **best_player(say)}
    catcher, score = catcher_scene(players, options.seed, options.quick)

    shots, done = maze + catcher, False
    if in_window:
        say("window", seconds=sum(milliseconds for milliseconds, _ in shots) / 1000)
        done = play(say, shots)
    if not done and can_write:
        say("gif", count=len(shots), seconds=len(shots) / 40)
        done = write(say, shots, posters=(maze[-1], catcher[-1]))
    if done:
        end = {1.0: "treasure", -1.0: "danger"}.get(walk.pop("reward"), "lost")
        say("maze", end=end, **walk)
        name, caught = list(score.items())[-1]
        say("catcher", chance=score["chance"], name=name, caught=caught)
    return done


def best_player(say):
    """{name: player}: the agent that Day 4 trained on pixels alone; where TensorFlow is missing, the oracle."""
    from environment import catcher_oracle

    try:
        if find_spec("tensorflow") is None:
            raise ModuleNotFoundError
        from FN.ppo_agent import Config, PPOAgent
        from framework.agent import load_agent
        from tools.scenes import PixelPlayer
    except (Exception, SystemExit) as error:  # missing, or broken in one of many ways; welcome goes on without
        say("no tensorflow", error=type(error).__name__)
        return {"oracle": lambda state: catcher_oracle(state)[0]}
    agent, config = load_agent(TRAINED, PPOAgent, Config)
    return {"agent": PixelPlayer(agent, config)}


def play(say, shots):
    """Play the shots in a window; returns False if none can be opened."""
    import pygame

    from worlds.window import play_in_window

    try:
        if not play_in_window(progress(shots), "Nanoka"):
            say("closed")
    except pygame.error as error:
        say("no window", error=error)
        return False
    return True


def write(say, shots, posters):
    """Write all shots as a GIF, and two of them side by side as a PNG; returns False if that is not possible."""
    import numpy as np

    from framework.media.gif import save_gif, save_png

    try:
        save_gif(GIF, (draw() for _, draw in progress(shots)), [milliseconds for milliseconds, _ in shots])
        save_png(PNG, np.hstack([draw() for _, draw in posters]))
    except OSError as error:
        say("not written", error=error.strerror)
        return False
    say("wrote", gif=GIF.as_posix(), png=PNG.as_posix())
    return True


def progress(shots):
    from tqdm import tqdm

    return tqdm(shots, bar_format="  {bar:40} {remaining}", leave=False, disable=None)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
