// What the person acts with: keys, four buttons, taps and swipes on the board; and what each step brought.

import { setSettings } from "../core/change.js";
import { byId, make, on, say } from "../core/dom.js";
import { full, short } from "../core/format.js";
import { sayPlace, t } from "../core/i18n.js";
import { ACTION_NAMES, ARROWS, placeOf } from "../core/maze.js";
import { DYNAMICS, state } from "../core/state.js";
import { act, actionTo, again, agentAt, returnOf, walking } from "./walking.js";

const SWIPE = 24; // CSS pixels; less is a tap

/** Keys and taps walk; while something is painted they do what they do on the other pages. */
const walks = () => state.mode === "play" && state.tool === "look";

const key = (action) => () => {
  if (!walks()) return false;
  act(action);
  return true;
};
export const KEYS = { ArrowUp: key(0), ArrowRight: key(1), ArrowDown: key(2), ArrowLeft: key(3), r: again };

export function buildWalking() {
  for (const [action, name] of ACTION_NAMES.entries()) {
    const button = make("button", { id: `play-${name}`, className: "icon", textContent: ARROWS[action] });
    button.dataset.tLabel = `play.${name}`;
    button.addEventListener("click", () => act(action));
    byId("play-pad").append(button);
  }
  on("play-again", "click", again);
  for (const name of ["fog", "rules"]) {
    on(name, "change", ({ target }) => setSettings("play", { [name]: target.checked ? "on" : "off" }));
  }
  // The board has its keys already (tools.js); they act, too, where the focus is nowhere or on what has no use for
  // them.
  document.addEventListener("keydown", (event) => {
    const { ctrlKey, metaKey, altKey, target } = event;
    if (state.mode !== "play" || ctrlKey || metaKey || altKey) return;
    if (!target.matches("body, button, summary, [type=checkbox]") || target.closest("dialog")) return;
    if (KEYS[event.key] && KEYS[event.key]() !== false) event.preventDefault();
  });
  listenToFingers(byId("board"));
}

/** A tap or a click on a neighbouring cell walks there, and so does a swipe anywhere on the board. */
function listenToFingers(board) {
  let down = null;
  board.addEventListener("click", ({ target }) => {
    const cell = target.closest("[data-state]");
    const action = cell && walks() ? actionTo(Number(cell.dataset.state)) : null;
    if (action !== null) act(action);
  });
  board.addEventListener("pointerdown", ({ pointerType, clientX, clientY }) => {
    down = pointerType === "mouse" ? null : [clientX, clientY];
  });
  board.addEventListener("pointercancel", () => { down = null; });
  board.addEventListener("pointerup", ({ clientX, clientY }) => {
    if (!down || !walks()) return;
    const [x, y] = [clientX - down[0], clientY - down[1]];
    down = null;
    if (Math.max(Math.abs(x), Math.abs(y)) < SWIPE) return;
    act(Math.abs(x) > Math.abs(y) ? (x > 0 ? 1 : 3) : (y > 0 ? 2 : 0));
  });
}

export function renderWalking() {
  const { run } = walking;
  const { fog, rules } = state.settings.play;
  byId("board").classList.toggle("walking", walks());
  byId("fog").checked = fog === "on";
  byId("rules").checked = rules === "on";
  byId("play-again").disabled = !run;
  const hint = [t("play.hint"), ...(fog === "on" ? [t("play.hint.fog")] : [])].join(t("sentences"));
  say(byId("play-hint"), run?.steps.length ? "" : hint);
  say(byId("play-step"), run?.steps.length ? sayStep(run) : "");
  say(byId("play-sums"), run?.seed != null ? saySums(run) : "");
  followAgent(run);
}

/** "Step 3: up, slipped, row 3, column 1, reward −0.04" */
function sayStep({ steps, maze }) {
  const { from, action, to, reward, slipped } = steps.at(-1);
  const what = [t(`action.${ACTION_NAMES[action]}`), ...(slipped ? [t("walk.slipped")] : []),
    ...(from === to ? [t("play.held")] : []), sayPlace(placeOf(maze, to)),
    t("walk.reward", { reward: short(reward, 3) })];
  return t("play.step", { step: steps.length, what: what.join(t("list")) });
}

const saySums = ({ steps, seed, ended }) => [
  ...(ended ? [t(`walk.${ended}`)] : []),
  t("walk.return", { value: short(returnOf(steps), 3) }),
  t("walk.discounted", { value: short(returnOf(steps, state.world.gamma), 3) }),
  t("walk.slips", { count: steps.filter(({ slipped }) => slipped).length }),
  t("walk.seed", { seed }),
].join(" · ");

let followed = null; // the step that the focus has followed
/** The keyboard's focus, if it is on the board, goes with the agent, and so does the view of an enlarged board. */
function followAgent(run) {
  const step = run?.steps.at(-1) ?? null;
  if (step === followed) return;
  followed = step;
  const cell = byId("board").querySelector(`[data-state="${agentAt()}"]`);
  if (!cell || !walks()) return;
  if (document.activeElement.closest("#board")) cell.focus({ preventScroll: true });
  if (byId("board").matches(".zoomed")) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Another page is shown: nothing swipes. */
export const leaveWalking = () => byId("board").classList.remove("walking");

/** Of the world's numbers, the rules are found out by walking, unless they are told. */
export const numbersTold = () => (state.settings.play.rules === "on" ? Object.keys(DYNAMICS) : ["gamma"]);

export function walkingSummary() {
  const { gamma, prob } = state.world;
  return [`γ ${full(gamma)}`, ...(state.settings.play.rules === "on" ? [`p ${full(prob)}`] : [])].join(" · ");
}
