// What the person plays with: keys that are held, three buttons for fingers, the halves of the board; and readouts.

import { setSettings } from "../core/change.js";
import { byId, make, on, say } from "../core/dom.js";
import { Held } from "../core/hold.js";
import { t } from "../core/i18n.js";
import { changed, state } from "../core/state.js";
import { drawGames } from "./board.js";
import {
  PACES, catching, endGame, isPlaying, newStudent, nextRound, pause, push, setPace, studentDrives, toggleGame,
} from "./game.js";

const KEYS = { ArrowLeft: 0, ArrowDown: 1, ArrowRight: 2 };
const ACTS = { " ": toggleGame, n: nextRound };
const BUTTONS = [["left", "←"], ["wait", "↓"], ["right", "→"]];

const held = new Held(push);

const isHere = () => state.mode === "catch";

export function buildGame() {
  for (const [action, [name, words]] of BUTTONS.entries()) {
    const button = make("button", { id: `catch-${name}`, className: "icon", textContent: words });
    button.dataset.tLabel = `catch.push.${name}`;
    held.whilePressed(button, () => action);
    byId("catch-pad").append(button);
  }
  const stage = byId("catch-stage");
  held.whilePressed(stage, ({ clientX }) => {
    const box = stage.querySelector("figure:not([hidden]) canvas").getBoundingClientRect();
    const wide = stage.getBoundingClientRect();
    const middle = studentDrives() ? wide.x + wide.width / 2 : box.x + box.width / 2;
    return clientX < middle ? 0 : 2;
  });
  on("catch-go", "click", toggleGame);
  on("catch-next", "click", nextRound);
  on("catch-forget", "click", newStudent);
  on("catch-pace", "input", ({ target }) => setPace(target.valueAsNumber));
  on("catch-pace", "pointerup", () => byId("catch-stage").focus({ preventScroll: true })); // arrow keys play again
  byId("catch-pace").max = PACES.length - 1;
  const set = (name, yes, no) => ({ target }) => setSettings("catch", { [name]: target.checked ? yes : no });
  on("catch-driver", "change", set("driver", "student", "teacher"));
  on("catch-oracle", "change", set("catcher", "oracle", "person"));
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("keyup", ({ key }) => { if (key in KEYS) held.release(key); });
  window.addEventListener("blur", () => held.releaseAll());
  window.addEventListener("pagehide", endGame);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) leaveGame();
  });
}

function onKeyDown(event) {
  const { key, repeat, ctrlKey, metaKey, altKey, target } = event;
  if (!isHere() || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
  if (!target.matches("body, button, summary, [type=checkbox], #catch-stage")) return;
  if (key === " " && !target.matches("body, #catch-stage")) return; // it presses what has the focus
  if (!(key in KEYS || key in ACTS)) return;
  event.preventDefault();
  if (repeat) return;
  if (key in KEYS) held.hold(key, KEYS[key]);
  else ACTS[key]();
}

/** Another page is shown: nothing is pushed, and the game waits. */
export function leaveGame() {
  held.releaseAll();
  pause();
}

export function renderGame() {
  const { run } = catching;
  const { catcher: teacher, driver } = state.settings.catch;
  const [playing, alone] = [isPlaying(), run !== null && !run.student];
  say(byId("catch-go"), t(playing ? "pause" : run ? "catch.resume" : "catch.go"));
  byId("catch-next").disabled = !run || run.waking;
  byId("catch-driver").checked = driver === "student" && !alone;
  byId("catch-driver").disabled = alone;
  byId("catch-oracle").checked = teacher === "oracle";
  say(byId("catch-forget"), t(alone ? "catch.wake" : "catch.forget"));
  byId("catch-forget").disabled = !run || run.waking;
  byId("catch-pace").value = catching.pace;
  const pace = t("catch.pace.value", { pace: PACES[catching.pace] });
  byId("catch-pace").setAttribute("aria-valuetext", pace);
  say(byId("catch-pace-value"), pace);
  for (const button of byId("catch-pad").children) button.disabled = teacher === "oracle";
  renderNames(teacher);
  say(byId("catch-hint"), hint(teacher));
  say(byId("catch-numbers"), run?.student && run.now ? numbers(run.now) : "");
  if (drawGames()) changed();
}

function renderNames(teacher) {
  const student = studentDrives() ? "catch.board.drives" : "catch.board.student";
  const names = { mine: t(`catch.board.${teacher}`), theirs: t(student) };
  byId("catch-mine").hidden = studentDrives();
  for (const [name, words] of Object.entries(names)) {
    const [title, score] = byId(`catch-${name}`).querySelector("figcaption").children;
    const game = catching.run?.now?.[name];
    say(title, words);
    say(score, game ? t("catch.score", game) : "");
  }
}

function hint(teacher) {
  const { run } = catching;
  if (run?.waking) return t("catch.waking");
  if (run && !run.student) return t("catch.hint.alone");
  if (run?.running && run.now?.labels > 60) return "";
  if (teacher === "oracle") return t(studentDrives() ? "catch.hint.oracle.drives" : "catch.hint.oracle");
  return t(studentDrives() ? "catch.hint.drives" : "catch.hint");
}

const numbers = ({ labels, agreement, recent }) => [
  t(labels === 1 ? "catch.labels.one" : "catch.labels", { count: labels.toLocaleString("en") }),
  ...(recent ? [t("catch.agreement", { percent: Math.round(100 * agreement), count: recent })] : []),
].join(" · ");
