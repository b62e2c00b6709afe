// Everything around the board that belongs to Day 3: the way between the days, learners, settings, pace, readouts.

import { layout } from "./cells.js";
import { buildParams, make, option, put, putParams } from "./controls.js";
import { fixed, full, short, signedFixed } from "./format.js";
import { t } from "./i18n.js";
import { choose } from "./input.js";
import { nameOf } from "./learn_board.js";
import { STYLES } from "./learn_chart.js";
import { learnersOf, resetLesson, setPace, stepLesson, toggleLesson } from "./lesson.js";
import { ARROWS, colsOf } from "./maze.js";
import { LEARNERS, PACES, changed, isLearning, isRunning, state } from "./state.js";

const byId = (id) => document.getElementById(id);
const on = (id, type, listener) => byId(id).addEventListener(type, listener);

const PARAMS = [
  { name: "epsilon", min: 0, max: 1, step: 0.01 },
  { name: "learning_rate", min: 0, max: 1, step: 0.01 },
  { name: "rate_decay", min: 0, max: 1, step: 0.05 },
  { name: "lambda_", min: 0, max: 1, step: 0.01 },
  { name: "actor_rate", min: 0, max: 2, step: 0.05 },
];
const WITHOUT = { // settings that a learner has not got, so that the page can say so before a lesson begins
  epsilon: ["actor_critic"],
  lambda_: LEARNERS.filter((name) => name !== "td_lambda"),
  actor_rate: LEARNERS.filter((name) => name !== "actor_critic"),
};

/** setWorld(changes, remembered) as for controls.js; setMode("plan" | "learn"). */
export function buildLearnControls(setWorld, setMode) {
  for (const mode of ["plan", "learn"]) {
    on(`mode-${mode}`, "click", () => setMode(mode));
  }
  byId("learner").append(...LEARNERS.map((name) => option(name, `learner.${name}`)));
  byId("learner2").append(option("", "learner.none"), ...LEARNERS.map((name) => option(name, `learner.${name}`)));
  for (const name of ["learner", "learner2"]) on(name, "change", ({ target }) => setWorld({ [name]: target.value }));
  for (const name of ["seed", "seed2"]) on(name, "change", ({ target }) => setWorld({ [name]: target.valueAsNumber }));
  on("new-seeds", "click", () => {
    const [seed, seed2] = crypto.getRandomValues(new Uint16Array(2));
    setWorld({ seed, seed2 });
  });
  buildParams("learn-params", PARAMS, setWorld);
  on("learn", "click", toggleLesson);
  on("learn-step", "click", () => stepLesson("step"));
  on("learn-episode", "click", () => stepLesson("episode"));
  on("learn-reset", "click", resetLesson);
  on("pace", "input", ({ target }) => setPace(target.valueAsNumber));
  byId("pace").max = PACES.length - 1;
  for (const view of ["q", "n"]) {
    on(`view-${view}`, "change", () => {
      state.view = view;
      changed();
    });
  }
  on("board-2", "click", (event) => {
    const box = byId("board-2").getBoundingClientRect();
    const [row, col] = [event.clientY - box.top, event.clientX - box.left].map((at) => Math.floor(at / layout.size));
    if (row < layout.rows && col < layout.cols) choose(row * colsOf(state.world.maze) + col);
  });
}

export function renderMode() {
  const learning = isLearning();
  for (const mode of ["plan", "learn"]) byId(`mode-${mode}`).setAttribute("aria-pressed", String(mode === state.world.mode));
  for (const node of document.querySelectorAll("[data-for]")) node.hidden = (node.dataset.for === "learn") !== learning;
  byId("param-threshold").hidden = learning;
  const two = learning && state.world.learner2 !== "";
  byId("column-2").hidden = !two;
  document.querySelector("main").classList.toggle("compare", two);
  placeCurve(two);
  byId("legend-scale").hidden = learning && state.view === "n";
}

/** Two boards are low and leave room under them: there the curve that compares them is wide. */
function placeCurve(two) {
  const [card, stage] = [byId("curve").closest("section"), document.querySelector(".stage")];
  if ((card.parentElement === stage) === two) return;
  if (two) stage.append(card);
  else byId("learnt").closest("section").before(card);
}

export function renderLearnControls() {
  const { world, run } = state;
  for (const name of ["learner", "learner2", "seed", "seed2"]) put(name, world[name]);
  byId("seed2").disabled = !world.learner2;
  putParams(PARAMS);
  const names = learnersOf(world).map(({ name }) => name);
  for (const [setting, without] of Object.entries(WITHOUT)) {
    byId(`param-${setting}`).classList.toggle("unused", names.every((name) => without.includes(name)));
  }
  byId("settings-summary").textContent =
    `${names.map((name) => t(`learner.${name}`)).join(t("versus"))} · ε ${full(world.epsilon)} · α ${full(world.learning_rate)}`;
  const running = isRunning();
  byId("learn").textContent = t(running ? "pause" : run && !run.over ? "lesson.resume" : "lesson.learn");
  byId("learn-reset").disabled = !run;
  byId("pace").value = state.pace;
  const pace = PACES[state.pace];
  const words = typeof pace === "number" ? t("pace.value", { pace: pace.toLocaleString("en") }) : t("pace.full");
  byId("pace").setAttribute("aria-valuetext", words);
  byId("pace-value").textContent = words;
  byId(`view-${state.view}`).checked = true;
  renderLearners();
}

function renderLearners() {
  const known = state.run?.learners ?? [];
  learnersOf(state.world).forEach(({ name, seed }, i) => {
    const learner = known[i] ?? { name, seed };
    const title = byId(i ? "board-name-2" : "board-name");
    say(title.querySelector("b"), nameOf(learner));
    say(title.querySelector("span"), Number.isNaN(learner.seed) ? "" : t("walk.seed", { seed: learner.seed }));
    byId("board-2").querySelector("canvas").setAttribute("aria-label", t("board.second", { name: nameOf(learner) }));
  });
  // Steps taken one by one are read out; a lesson that runs is not, it would never stop talking.
  byId("lesson-readouts").setAttribute("aria-live", isRunning() ? "off" : "polite");
  const lines = known.filter(({ q }) => q).map(lineOf);
  const list = byId("lesson-readouts");
  while (list.children.length > lines.length) list.lastChild.remove();
  lines.forEach((words, i) => {
    const line = list.children[i] ?? list.appendChild(make("li", {}, make("b"), make("span"), make("span", { className: "equation" })));
    line.style.setProperty("--mark", `var(${STYLES[i].colour})`);
    words.forEach((each, at) => say(line.children[at], each));
  });
  byId("lesson-hint").hidden = lines.length > 0;
}

const say = (node, words) => { if (node.textContent !== words) node.textContent = words; };

/** [name, where it is, the TD error written out] */
function lineOf(learner) {
  const ended = learner.last && (learner.last.terminated || learner.last.truncated);
  const parts = [t("lesson.at", { episode: (learner.episode + (ended ? 0 : 1)).toLocaleString("en"), step: learner.episode_step })];
  if (learner.return !== null) parts.push(t("lesson.return", { value: short(learner.return, 3) }));
  const pace = PACES[state.pace];
  const fast = isRunning() && (pace === "full" || pace > 30);
  if (fast && learner.speed >= 1) {
    parts.push(t("lesson.speed", { speed: Number(learner.speed.toPrecision(2)).toLocaleString("en") }));
  }
  return [nameOf(learner), parts.join(" · "), fast ? "" : errorOf(learner)];
}

function errorOf({ last, equation, flashes }) {
  if (!last) return "";
  if (!flashes.length) return t("lesson.waits", { action: ARROWS[last.action], reward: short(last.reward, 3) });
  if (last.td_error === null) return t("lesson.returns", { count: flashes.length });
  const error = signedFixed(last.td_error, 4);
  if (!equation) return `δ = ${error}`;
  const signs = (value) => (value < 0 ? `(${fixed(value, 4)})` : fixed(value, 4));
  return `${ARROWS[last.action]} δ = ${short(last.reward)} + ${short(equation.gamma)} × ${signs(equation.next)} − `
    + `${signs(equation.old)} = ${error}`;
}
