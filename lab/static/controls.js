// Everything around the board: example, size, tools, settings, transport. Built once, then kept in step.

import { legendGradient } from "./colour.js";
import { describe } from "./board.js";
import { EXAMPLES, example } from "./examples.js";
import { full, residual, short } from "./format.js";
import { t } from "./i18n.js";
import { TOOLS } from "./input.js";
import { lessonScale } from "./lesson.js";
import { MAX_SIDE, MIN_SIDE, colsOf, empty, resize, rowsOf } from "./maze.js";
import { lastSweep, setSpeed, show, toggle } from "./player.js";
import { cancel, plan, stopWalk, walk, worldChanged } from "./session.js";
import { PLANS, SPEEDS, changed, isLearning, isStale, state, tell } from "./state.js";

const byId = (id) => document.getElementById(id);
const on = (id, type, listener) => byId(id).addEventListener(type, listener);

// Sliders move in steps; the number beside each takes anything, and the server judges it.
const PARAMS = [
  { name: "gamma", min: 0, max: 1, step: 0.01 },
  { name: "prob", min: 0, max: 1, step: 0.01 },
  { name: "step_reward", min: -1, max: 0.2, step: 0.01 },
  { name: "threshold", min: -10, max: -1, step: 1, toSlider: Math.log10, toValue: (power) => Number(`1e${power}`) },
];

export const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

export const option = (value, key) => {
  const node = make("option", { value });
  node.dataset.t = key;
  return node;
};

/** setWorld(changes, commit): the page's way to change the maze or a setting. */
export function buildControls(setWorld, travelBack, travelForth) {
  buildTools();
  buildParams("params", PARAMS, setWorld);
  byId("planner").append(...PLANS.map((name) => option(name, `plan.${name}`)));
  byId("example").append(option("", "example"),
    ...[...Object.keys(EXAMPLES), "random"].map((name) => option(name, `example.${name}`)));

  on("example", "change", ({ target }) => {
    const name = target.value;
    target.value = ""; // so that the same example, or another random maze, can be chosen again
    const { maze, settings } = example(name);
    setWorld({ maze, ...settings });
    tell("info", () => t("example.loaded", { name: t(`example.${name}`) }));
  });
  const sized = (rows, cols) => {
    const clamp = (n, old) => (Number.isFinite(n) ? Math.max(MIN_SIDE, Math.min(MAX_SIDE, Math.round(n))) : old);
    const { maze } = state.world;
    setWorld({ maze: resize(maze, clamp(rows, rowsOf(maze)), clamp(cols, colsOf(maze))) });
    changed(); // an unusable number is put right on the page even where the maze stays
  };
  on("rows", "change", ({ target }) => sized(target.valueAsNumber, colsOf(state.world.maze)));
  on("cols", "change", ({ target }) => sized(rowsOf(state.world.maze), target.valueAsNumber));
  for (const [name, step] of [["fewer", -1], ["more", 1]]) {
    on(`rows-${name}`, "click", () => sized(rowsOf(state.world.maze) + step, colsOf(state.world.maze)));
    on(`cols-${name}`, "click", () => sized(rowsOf(state.world.maze), colsOf(state.world.maze) + step));
  }
  on("undo", "click", travelBack);
  on("redo", "click", travelForth);
  on("clear", "click", () => setWorld({ maze: empty(rowsOf(state.world.maze), colsOf(state.world.maze)) }));
  on("planner", "change", ({ target }) => setWorld({ plan: target.value }));
  on("live", "change", ({ target }) => {
    state.live = target.checked;
    if (state.live && (!state.result || isStale())) worldChanged(state.world);
  });

  on("plan", "click", () => (state.job ? cancel() : plan()));
  on("play", "click", toggle);
  on("first", "click", () => show(0));
  on("back", "click", () => show(state.shown - 1));
  on("forward", "click", () => show(state.shown + 1));
  on("last", "click", () => show(Infinity));
  on("scrub", "input", ({ target }) => show(target.valueAsNumber));
  on("speed", "input", ({ target }) => setSpeed(target.valueAsNumber));
  on("walk", "click", () => (state.playing === "walk" ? stopWalk() : walk()));
}

const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
};

function buildTools() {
  byId("tools").append(...TOOLS.map((name, key) => {
    const radio = make("input", { type: "radio", name: "tool", value: name, id: `tool-${name}` });
    radio.addEventListener("change", () => {
      state.tool = name;
      changed();
    });
    const words = make("span");
    words.dataset.t = `tool.${name}`;
    return make("label", { className: `tool ${name}` }, radio, icon(name), words,
      make("kbd", { textContent: key || "Esc", ariaHidden: "true" }));
  }));
}

/** A number and a slider for each parameter. */
export function buildParams(id, params, setWorld) {
  byId(id).append(...params.map(({ name, min, max, step, toValue = Number }) => {
    const title = make("label", { htmlFor: name });
    title.dataset.t = name;
    const hint = make("small", { id: `${name}-hint` });
    hint.dataset.t = `${name}.hint`;
    const number = make("input", { type: "number", id: name, step: "any" });
    number.setAttribute("aria-describedby", hint.id);
    const slider = make("input", { type: "range", id: `${name}-slider`, min, max, step });
    slider.dataset.tLabel = "slider";
    slider.dataset.tOf = name;
    number.addEventListener("change", () => setWorld({ [name]: number.valueAsNumber }));
    slider.addEventListener("input", () => setWorld({ [name]: toValue(slider.valueAsNumber) }, false));
    slider.addEventListener("change", () => setWorld({ [name]: toValue(slider.valueAsNumber) }));
    return make("div", { className: "param", id: `param-${name}` }, title, hint, slider, number);
  }));
}

// -- render ---------------------------------------------------------------------------------------------------

export function renderControls() {
  const { maze } = state.world;
  put("rows", rowsOf(maze));
  put("cols", colsOf(maze));
  byId("rows-fewer").disabled = rowsOf(maze) === MIN_SIDE;
  byId("rows-more").disabled = rowsOf(maze) === MAX_SIDE;
  byId("cols-fewer").disabled = colsOf(maze) === MIN_SIDE;
  byId("cols-more").disabled = colsOf(maze) === MAX_SIDE;
  byId("undo").disabled = !state.past.length;
  byId("redo").disabled = !state.future.length;
  byId(`tool-${state.tool}`).checked = true;
  renderSettings();
  renderTransport();
  renderReadouts();
}

/** A field shows the state, except while somebody is typing in it. */
export function put(id, value) {
  const field = byId(id);
  const text = Number.isNaN(value) ? "" : String(value);
  if (document.activeElement !== field || field.type !== "number") field.value = text;
}

function renderSettings() {
  const { world } = state;
  put("planner", world.plan);
  putParams(PARAMS);
  if (!isLearning()) byId("settings-summary").textContent =
    `${t(`plan.${world.plan}`)} · γ ${full(world.gamma)} · p ${full(world.prob)}`;
}

export function putParams(params) {
  for (const { name, toSlider = Number } of params) {
    put(name, state.world[name]);
    put(`${name}-slider`, toSlider(state.world[name]));
  }
}

function renderTransport() {
  const { result } = state;
  const last = result ? lastSweep() : 0;
  byId("plan").textContent = t(state.job ? "plan.stop" : isStale() ? "plan.again" : "plan");
  for (const id of ["first", "back", "play", "forward", "last", "scrub"]) byId(id).disabled = !result;
  const label = t(state.playing ? "pause" : "play");
  const button = byId("play");
  button.setAttribute("aria-label", label);
  button.title = label;
  button.querySelector("use").setAttribute("href", state.playing ? "#i-pause" : "#i-play");
  const scrub = byId("scrub");
  scrub.max = last;
  scrub.value = state.shown;
  scrub.style.setProperty("--share", last ? `${(100 * state.shown) / last}%` : "0%");
  scrub.setAttribute("aria-valuetext", byId("sweep-number").textContent);
  byId("speed").value = state.speed;
  byId("speed").setAttribute("aria-valuetext", t("speed.value", { speed: SPEEDS[state.speed] }));
  byId("walk").disabled = !result || isStale();
  byId("walk").textContent = t(state.playing === "walk" ? "walk.stop" : state.walks?.count ? "walk.again" : "walk");
}

function renderReadouts() {
  const { result, walk: walked, walks } = state;
  const sweep = result?.sweeps[state.shown];
  // Steps are read out one by one; sweeps that play are not, they would never stop talking.
  byId("sweep-readout").setAttribute("aria-live", state.playing ? "off" : "polite");
  byId("sweep-number").textContent = saySweep(sweep);
  const phase = byId("sweep-phase");
  phase.hidden = !["evaluate", "improve"].includes(sweep?.phase);
  phase.textContent = phase.hidden ? "" : t(`phase.${sweep.phase}`);
  phase.dataset.phase = sweep?.phase;
  byId("sweep-residual").textContent =
    sweep?.number ? t("sweep.residual", { residual: residual(sweep.residual) }) : "";

  byId("walk-readout").textContent = isStale() ? t("stale") : walked ? sayWalk(walked) : sweep ? "" : t("walk.hint");
  const compare = walks?.count && !isStale() && result?.policy && walks.sweep === lastSweep();
  byId("walk-mean").textContent = compare ? t("walk.mean", {
    count: walks.count, mean: short(walks.total / walks.count, 3),
    value: short(result.sweeps.at(-1).values[result.start], 3),
  }) : "";

  const { notice } = state;
  const words = notice?.say() ?? "";
  // Written only when it changes: a live region would otherwise be read out again and again.
  if (byId("notice").textContent !== words) byId("notice").textContent = words;
  byId("notice").classList.toggle("error", notice?.kind === "error");
  byId("banner").hidden = state.link !== "lost";
  if (state.link === "lost") byId("banner").textContent = t("link.lost");

  const scale = isLearning() ? lessonScale(0) : result?.scale;
  byId("legend-low").textContent = scale ? short(-scale, 2) : "−";
  byId("legend-high").textContent = scale ? `+${short(scale, 2)}` : "+";
  byId("legend-ramp").style.backgroundImage = legendGradient();
  byId("hover").textContent = state.hovered === null ? "" : describe(state.hovered, full);
}

function saySweep(sweep) {
  if (!sweep) return t("sweep.none");
  if (sweep.number === 0) return t("sweep.zero");
  return t("sweep.of", { number: sweep.number, count: state.result.sweeps.at(-1).number });
}

function sayWalk({ at, steps, seed }) {
  const step = steps[at - 1];
  const parts = [t("walk.step", { at, count: steps.length })];
  if (step) {
    parts.push(t("walk.reward", { reward: short(step.reward, 3) }), t("walk.return", { value: short(step.total, 3) }),
      t("walk.discounted", { value: short(step.discounted, 3) }), t("walk.slips", { count: step.slips }));
  }
  return [...parts, t("walk.seed", { seed })].join(" · ");
}
