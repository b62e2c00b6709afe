// What the person plays with: keys that are held, three buttons for fingers, the halves of the board; and readouts.

import { setSettings } from "../core/change.js";
import { byId, make, on, say } from "../core/dom.js";
import { t } from "../core/i18n.js";
import { changed, state } from "../core/state.js";
import { drawGames } from "./board.js";
import {
  PACES, catching, endGame, isPlaying, newStudent, nextRound, pause, push, setPace, studentDrives, toggleGame,
} from "./game.js";

const KEYS = { ArrowLeft: 0, ArrowDown: 1, ArrowRight: 2 };
const BUTTONS = [["left", "←"], ["wait", "↓"], ["right", "→"]];

const held = []; // [what holds it, action], the latest last
let told = null; // the action that the server was told

const isHere = () => state.mode === "catch";

function hold(what, action) {
  release(what, false);
  held.push([what, action]);
  tellPush();
}

function release(what, final = true) {
  const at = held.findIndex(([each]) => each === what);
  if (at >= 0) held.splice(at, 1);
  if (final) tellPush();
}

function releaseAll() {
  held.length = 0;
  tellPush();
}

function tellPush() {
  const action = held.at(-1)?.[1] ?? null;
  if (action === told) return;
  told = action;
  push(action);
}

export function buildGame() {
  for (const [action, [name, words]] of BUTTONS.entries()) {
    const button = make("button", { id: `catch-${name}`, className: "icon", textContent: words });
    button.dataset.tLabel = `catch.push.${name}`;
    holdsWhilePressed(button, () => action);
    byId("catch-pad").append(button);
  }
  const stage = byId("catch-stage");
  holdsWhilePressed(stage, ({ clientX }) => {
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
  document.addEventListener("keyup", ({ key }) => { if (key in KEYS) release(key); });
  window.addEventListener("blur", releaseAll);
  window.addEventListener("pagehide", endGame);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    releaseAll();
    pause();
  });
}

function onKeyDown(event) {
  const { key, ctrlKey, metaKey, altKey, target } = event;
  if (!isHere() || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
  if (!target.matches("body, button, summary, [type=checkbox], #catch-stage")) return;
  const onBoard = target.matches("body, #catch-stage");
  if (key in KEYS) {
    if (!event.repeat) hold(key, KEYS[key]);
  } else if (key === " " && onBoard) {
    if (!event.repeat) toggleGame();
  } else if (key === "n") nextRound();
  else return;
  event.preventDefault();
}

/** A finger or the mouse holds; a click without a pointer, such as a screen reader's, is a short push. */
function holdsWhilePressed(node, actionOf) {
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    hold(event.pointerId, actionOf(event));
  });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
    node.addEventListener(type, ({ pointerId }) => release(pointerId));
  }
  node.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is a push here
  node.addEventListener("click", (event) => {
    if (event.detail !== 0 || node.role === "group") return;
    hold("click", actionOf(event));
    release("click");
  });
}

/** Another page is shown: nothing is pushed, and the game waits. */
export function leaveGame() {
  releaseAll();
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
