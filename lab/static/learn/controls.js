// Everything around the boards that belongs to learning: learners, settings, pace, readouts.

import { setSettings, setWorld } from "../core/change.js";
import { accept, buildSettings, putParams } from "../core/controls.js";
import { TURNS } from "../core/examples.js";
import { byId, make, on, option, put, say, setAttribute } from "../core/dom.js";
import { fixed, full, short, signedFixed } from "../core/format.js";
import { sayPlace, t } from "../core/i18n.js";
import { ARROWS, fromText, placeOf, toText } from "../core/maze.js";
import { changed, settingsOf, state, tell } from "../core/state.js";
import { adviceFor } from "./advice.js";
import { STYLES } from "./chart.js";
import {
  PACES, isAlive, isFast, isRunning, knownLearners, lesson, resetLesson, setPace, stepLesson, takeBack, toggleLesson,
} from "./lesson.js";
import { LEARNERS, NUMBERS, SETTINGS, learnersOf, settingsOfLearner } from "./settings.js";
import { learnerOf, legendOf, nameOf, viewName, viewOf, viewsOf } from "./views.js";
import { dropWalks, isWalking, toggleWalk } from "./walks.js";

const PARAMS = Object.entries(NUMBERS).map(([name, { low, high, step }]) => ({ name, min: low, max: high, step }));

export function buildLearnControls() {
  byId("learner").append(...LEARNERS.map((name) => option(name, `learner.${name}`)));
  byId("learner2").append(option("", "learner.none"), ...LEARNERS.map((name) => option(name, `learner.${name}`)));
  const set = (changes) => setSettings("learn", changes);
  for (const name of ["learner", "learner2"]) on(name, "change", ({ target }) => set({ [name]: target.value }));
  for (const name of ["seed", "seed2"]) {
    on(name, "change", ({ target }) => {
      if (accept("seed", target.valueAsNumber, SETTINGS[name])) set({ [name]: target.valueAsNumber });
      target.value = state.settings.learn[name];
    });
  }
  on("new-seeds", "click", () => {
    const [seed, seed2] = crypto.getRandomValues(new Uint16Array(2));
    set({ seed, seed2 });
  });
  buildSettings(byId("learn-params"), "learn", PARAMS, SETTINGS);
  on("learn", "click", toggle);
  on("learn-step", "click", () => step("step"));
  on("learn-episode", "click", () => step("episode"));
  on("learn-reset", "click", reset);
  on("greedy", "click", toggleWalk);
  on("take-back", "click", takeBack);
  on("turn", "click", turn);
  on("pace", "input", ({ target }) => setPace(target.valueAsNumber));
  byId("pace").max = PACES.length - 1;
  buildViews();
}

/** Over each board what its cells show, and under it what the colours mean. */
function buildViews() {
  for (const [number, name] of ["board", "board-2"].entries()) {
    const select = make("select", { id: `view-${number + 1}`, className: "view" });
    const legend = make("p", { id: `view-legend-${number + 1}`, className: "view-legend" },
      make("span"), make("i", { ariaHidden: "true" }), make("span"), make("small"));
    for (const node of [select, legend]) node.dataset.page = "learn";
    byId(number ? "board-name-2" : "board-name").append(select);
    byId(name).after(legend);
    select.addEventListener("change", () => setView(number, select.value));
  }
}

export function setView(number, view) {
  lesson.views = lesson.views.with(number, view);
  changed();
}

function nextView({ number }) {
  const views = viewsOf(learnerOf(number).name);
  setView(number, views[(views.indexOf(viewOf(number)) + 1) % views.length]);
}

// Whatever else is asked for ends a walk.
const toggle = () => {
  dropWalks();
  toggleLesson();
};
const step = (unit) => {
  dropWalks();
  stepLesson(unit);
};
const reset = () => {
  dropWalks();
  resetLesson();
};

/** What one press makes of the maze, [what happens, text], or undefined. */
const turnNow = () => TURNS[toText(state.world.maze)];

/** Change the maze; the lesson goes on in it. */
function turn() {
  if (!turnNow()) return;
  const [, text] = turnNow();
  setWorld({ maze: fromText(text).maze });
  tell("info", () => t("turn.done"));
}

export const KEYS = {
  " ": toggle, ".": () => step("step"), n: () => step("episode"), r: reset, R: takeBack, w: toggleWalk, v: nextView,
  c: turn,
};

/** The curve that compares two learners stands beside their boards, above the settings, so that it is always seen. */
function placeCurve(two) {
  const [card, next] = [byId("curve").closest("section"), two ? byId("settings") : byId("learnt").closest("section")];
  if (card.nextElementSibling !== next) next.before(card);
}

const namesNow = () => learnersOf(state.settings.learn).map(({ name }) => name);

export function learnSummary() {
  const { epsilon, learning_rate: rate } = state.settings.learn;
  return `${namesNow().map((name) => t(`learner.${name}`)).join(t("versus"))} · ε ${full(epsilon)} · α ${full(rate)}`;
}

export function renderLearnControls() {
  const { run } = lesson;
  const settings = state.settings.learn;
  for (const name of ["learner", "learner2", "seed", "seed2"]) put(name, settings[name]);
  byId("seed2").disabled = !settings.learner2;
  placeCurve(settings.learner2 !== "");
  putParams(PARAMS, settings);
  const used = new Set(namesNow().flatMap(settingsOfLearner));
  for (const name of Object.keys(NUMBERS)) byId(`param-${name}`).hidden = !used.has(name);
  const running = isRunning();
  byId("learn").textContent = t(running ? "pause" : run && !run.over ? "lesson.resume" : "lesson.learn");
  byId("learn-reset").disabled = !run;
  byId("take-back").hidden = !lesson.forgotten || run !== null;
  byId("turn").hidden = !turnNow();
  if (turnNow()) say(byId("turn"), t(`turn.${turnNow()[0]}`));
  byId("greedy").disabled = !isAlive();
  say(byId("greedy"), t(isWalking() ? "walk.stop" : "greedy"));
  byId("pace").value = lesson.pace;
  const pace = PACES[lesson.pace];
  const words = typeof pace === "number" ? t("pace.value", { pace: pace.toLocaleString("en") }) : t("pace.full");
  byId("pace").setAttribute("aria-valuetext", words);
  byId("pace-value").textContent = words;
  namesNow().forEach(renderView);
  const advice = adviceFor(settingsOf("learn"));
  say(byId("lesson-advice"), advice);
  byId("lesson-advice").hidden = !advice;
  renderLearners();
}

function renderView(name, number) {
  const select = byId(`view-${number + 1}`);
  const views = viewsOf(name);
  const words = views.map((view) => viewName(view, name));
  if (select.textContent !== words.join("")) {
    select.replaceChildren(...views.map((view, i) => make("option", { value: view, textContent: words[i] })));
  }
  select.value = viewOf(number);
  setAttribute(select, "aria-label", t("view.of", { name: t(`learner.${name}`) }));
  const legend = byId(`view-legend-${number + 1}`);
  const { low, high, gradient, words: meaning } = legendOf(number);
  const [lowest, ramp, highest, note] = legend.children;
  say(lowest, low);
  say(highest, high);
  say(note, meaning);
  ramp.style.backgroundImage = gradient;
}

function renderLearners() {
  // Steps taken one by one are read out; a lesson that runs is not, it would never stop talking.
  byId("lesson-readouts").setAttribute("aria-live", isRunning() ? "off" : "polite");
  const lines = knownLearners().map(lineOf);
  const list = byId("lesson-readouts");
  while (list.children.length > lines.length) list.lastChild.remove();
  lines.forEach((words, i) => {
    const line = list.children[i]
      ?? list.appendChild(make("li", {}, make("b"), make("span"), make("span", { className: "equation" }),
        make("span", { className: "imagined" })));
    line.style.setProperty("--mark", `var(${STYLES[i].colour})`);
    words.forEach((each, at) => say(line.children[at], each));
  });
  byId("lesson-hint").hidden = lines.length > 0;
}

/** [name, seed] over a board. */
export function learnerTitle(number) {
  const learner = learnerOf(number);
  return learner ? [nameOf(learner), t("walk.seed", { seed: learner.seed })] : [];
}

/** [name, where it is, the TD error written out, what it imagined then] */
function lineOf(learner) {
  const ended = learner.last && (learner.last.terminated || learner.last.truncated);
  const episode = (learner.episode + (ended ? 0 : 1)).toLocaleString("en");
  const parts = [t("lesson.at", { episode, step: learner.episode_step })];
  if (learner.return !== null) parts.push(t("lesson.return", { value: short(learner.return, 3) }));
  const fast = isFast();
  if (fast && learner.speed >= 1) {
    parts.push(t("lesson.speed", { speed: Number(learner.speed.toPrecision(2)).toLocaleString("en") }));
  }
  return [nameOf(learner), parts.join(" · "), fast ? "" : errorOf(learner), fast ? "" : imaginedOf(learner)];
}

/** "then 20 imagined updates; 3 changed something, the largest at row 1, column 8, →: +0.0475" */
function imaginedOf({ imagined }) {
  if (!imagined) return "";
  const { count, changed: some, updates } = imagined;
  if (!some) return count ? t("lesson.imagined.none", { count }) : t("lesson.imagined.empty");
  const [s, action, error] = updates.reduce((most, each) => (Math.abs(each[2]) > Math.abs(most[2]) ? each : most));
  const where = sayPlace(placeOf(state.world.maze, s));
  return t("lesson.imagined", { count, some, where, action: ARROWS[action], error: signedFixed(error, 4) });
}

function errorOf({ name, last, equation, flashes }) {
  if (!last) return "";
  const done = { action: ARROWS[last.action], reward: short(last.reward, 3) };
  const steps = name === "n_step_sarsa";
  if (!flashes.length) return t(steps ? "lesson.waits.steps" : "lesson.waits", done);
  if (last.td_error === null) {
    if (last.terminated || last.truncated) return t("lesson.returns", { count: flashes.length });
    const [{ action, error }] = flashes;
    return t("lesson.earlier", { ...done, earlier: ARROWS[action], error: signedFixed(error, 4) });
  }
  const error = signedFixed(last.td_error, 4);
  if (!equation) return `${ARROWS[last.action]} δ = ${error}`;
  const signs = (value) => (value < 0 ? `(${fixed(value, 4)})` : fixed(value, 4));
  return `${ARROWS[last.action]} δ = ${short(last.reward)} + ${short(equation.gamma)} × ${signs(equation.next)} − `
    + `${signs(equation.old)} = ${error}`;
}
