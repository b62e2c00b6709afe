// Around the boards: what a person shows with, the views, how far the methods are.

import { setSettings, setWorld } from "../core/change.js";
import { css, legendGradient, valueColour } from "../core/colour.js";
import { accept, buildSettings, putParams } from "../core/controls.js";
import { byId, make, on, option, put, say } from "../core/dom.js";
import { example } from "../core/examples.js";
import { fixed, full, residual, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { ACTION_NAMES, ARROWS } from "../core/maze.js";
import { DYNAMICS, defaults, state } from "../core/state.js";
import { endsAt } from "./codec.js";
import { SETTINGS } from "./settings.js";
import { isLearning, learnSoon, learnt, letBestShow, teaching, toggleTeaching } from "./session.js";
import { fits, isChanged, shown, sizeOf } from "./shown.js";
import { VIEWS, boardCount, legendOf, nextView, regretOf, setView, viewOf } from "./views.js";
import { act, finish, restart, showing } from "./walking.js";

const PARAMS = [
  { name: "horizon", min: 1, max: 100, step: 1 },
  { name: "l2", min: 0, max: 1, step: 0.01 },
  { name: "beta", min: 0.1, max: 20, step: 0.1 },
];

const AGREED = 1.05; // R-hat below which chains are commonly said to agree

/** Arrow keys show; while something is painted they do what they do on the other pages. */
const mayAct = () => state.mode === "teach" && ["look", "path"].includes(state.tool);
const key = (action) => () => {
  if (!mayAct()) return false;
  act(action);
  return true;
};
/** A key that has a meaning only while something is being shown. */
const only = (deed) => () => {
  if (!showing.steps.length) return false;
  deed();
  return true;
};
export const KEYS = {
  ArrowUp: key(0), ArrowRight: key(1), ArrowDown: key(2), ArrowLeft: key(3),
  Enter: only(finish), r: only(restart), o: letBestShow, v: (board) => (board ? nextView(board) : false),
};

export function buildTeaching() {
  for (const [action, name] of ACTION_NAMES.entries()) {
    const button = make("button", { id: `teach-${name}`, className: "icon", textContent: ARROWS[action] });
    button.dataset.tLabel = `teach.go.${name}`;
    button.addEventListener("click", () => act(action));
    byId("teach-pad").append(button);
  }
  on("teach-keep", "click", finish);
  on("teach-restart", "click", restart);
  on("teach-best", "click", letBestShow);
  on("teach-stop", "click", toggleTeaching);
  on("teach-open", "click", () => {
    const { maze, settings } = example("open");
    setWorld({ ...defaults(DYNAMICS), ...settings, maze });
  });
  on("demos", "change", ({ target }) => {
    if (accept("demos", target.valueAsNumber, SETTINGS.demos)) setSettings("teach", { demos: target.valueAsNumber });
    target.value = state.settings.teach.demos;
  });
  on("stay", "change", ({ target }) => setSettings("teach", { stay: target.checked ? "on" : "off" }));
  buildSettings(byId("teach-params"), "teach", PARAMS, SETTINGS);
  buildViews();
  // The boards have the keys already; they act, too, where the focus is nowhere, arrows also on what has no use for
  // them.
  document.addEventListener("keydown", (event) => {
    const { ctrlKey, metaKey, altKey, target, key: name } = event;
    if (state.mode !== "teach" || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
    const useless = target.matches(name.startsWith("Arrow") ? "body, button, summary, [type=checkbox]" : "body");
    if (useless && KEYS[name] && KEYS[name](null) !== false) event.preventDefault();
  });
}

/** Over each board what its cells show, and under it what the colours mean. */
function buildViews() {
  for (const [number, name] of ["board", "board-2"].entries()) {
    const select = make("select", { id: `teach-view-${number + 1}`, className: "view" },
      ...VIEWS.map((view) => option(view, `teach.${view}`)));
    select.dataset.tLabel = "teach.view";
    const legend = make("p", { id: `teach-legend-${number + 1}`, className: "view-legend" },
      make("span"), make("i", { ariaHidden: "true" }), make("span"), make("small"));
    for (const node of [select, legend]) node.dataset.page = "teach";
    byId(number ? "board-name-2" : "board-name").append(select);
    byId(name).after(legend);
    select.addEventListener("change", () => setView(number, select.value));
  }
}

/** The name of a board is its view's; its remark is what that view's way loses in the maze on the page. */
export function taughtTitle(number) {
  const view = viewOf(number);
  const regret = regretOf(view);
  const silent = regret === null || ["truth", "sd"].includes(view);
  return [t(`teach.${view}`), silent ? "" : t("teach.regret", { regret: fixed(regret, 3) })];
}

export const teachSummary = () => {
  const { gamma, prob } = state.world;
  const { l2, beta } = state.settings.teach;
  return `γ ${full(gamma)} · p ${full(prob)} · L2 ${full(l2)} · β ${full(beta)}`;
};

export function renderTeaching() {
  learnSoon();
  const { stay, demos } = state.settings.teach;
  putParams(PARAMS, state.settings.teach);
  put("demos", demos);
  byId("stay").checked = stay === "on";
  byId("teach-keep").disabled = !showing.steps.length;
  byId("teach-restart").disabled = !showing.steps.length;
  byId("teach-stop").hidden = !isLearning();
  say(byId("teach-stop"), t(teaching.run?.stopped ? "teach.go.on" : "teach.stop"));
  for (const [number] of VIEWS.slice(0, boardCount()).entries()) renderLegend(number);
  const terminal = state.world.maze.grid.flat().some((_, index) => endsAt(state.world.maze, index));
  byId("teach-terminal").hidden = !terminal;
  say(byId("teach-hint"), hint());
  say(byId("teach-maxent"), learnt()?.maxent ? sayMaxent(learnt().maxent) : "");
  say(byId("teach-bayes"), learnt() ? sayBayes(learnt()) : "");
}

function renderLegend(number) {
  put(`teach-view-${number + 1}`, viewOf(number));
  const { low, high, signed, map, words } = legendOf(number);
  const [from, ramp, to, note] = byId(`teach-legend-${number + 1}`).children;
  say(from, low);
  say(to, high);
  say(note, words);
  ramp.hidden = !map;
  ramp.style.backgroundImage = signed ? legendGradient() : `linear-gradient(to right, ${[0, 0.5, 1]
    .map((share) => css(valueColour(share, 1))).join(", ")})`;
}

function hint() {
  const { steps, kind } = showing;
  const { horizon } = state.settings.teach;
  if (kind && steps.length) return t(`teach.${kind}.under.way`, { step: steps.length, horizon });
  if (!shown.list.length) return t(state.tool === "path" ? "teach.hint.path" : "teach.hint");
  if (!fits()) return t("teach.size", { size: sizeOf(shown.world) });
  if (isChanged()) return t("teach.changed");
  return t(state.tool === "path" ? "teach.hint.path" : "teach.hint.change");
}

function sayMaxent({ number, gradient, converged }) {
  const values = { number, gradient: residual(Number(gradient.toPrecision(1))) };
  return t(converged ? "teach.maxent.done" : "teach.maxent.step", values);
}

function sayBayes({ posterior, limit }) {
  if (!posterior) return limit ? t("teach.bayes.large") : "";
  const { samples, most, acceptance, r_hat: agreement, ess } = posterior;
  const words = t("teach.bayes.step", {
    samples: samples.toLocaleString("en"), most: most.toLocaleString("en"), acceptance: fixed(acceptance, 2),
    r_hat: agreement === null ? "–" : agreement === 1e6 ? "∞" : fixed(agreement, 2),
    ess: ess === null ? "–" : short(ess, 0),
  });
  return agreement > AGREED ? [words, t("teach.bayes.apart", { agreed: AGREED })].join(t("list")) : words;
}

/** Something is being computed, so that names of cells are not rewritten all the time. */
export const isBusy = () => isLearning() && teaching.run.ready && !teaching.run.stopped;
