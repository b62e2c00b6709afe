// The controls of planning: the planner, the threshold, the transport of the sweeps, what they say.

import { buildSettings, putParams } from "../core/controls.js";
import { setSettings } from "../core/change.js";
import { byId, on, option, put } from "../core/dom.js";
import { fixed, full, residual, short, superscript } from "../core/format.js";
import { t } from "../core/i18n.js";
import { startOf } from "../core/maze.js";
import { SPEEDS } from "../core/player.js";
import { state } from "../core/state.js";
import { certain } from "./numbers.js";
import {
  back, byHand, cancel, isStale, lastSweep, oneCell, plan, planning, playing, setByHand, setLive, setSpeed, show,
  shownSweep, speed, stopWalk, toggle, toggleCells, walk,
} from "./session.js";
import { SETTINGS } from "./settings.js";

const PARAMS = [{
  name: "threshold", min: -10, max: 0, step: 1, toSlider: Math.log10, toValue: (power) => Number(`1e${power}`),
  said: (value) => `10${superscript(Math.round(Math.log10(value)))}`,
}];

export function buildPlanControls() {
  buildSettings(byId("plan-params"), "plan", PARAMS, SETTINGS);
  byId("planner").append(...SETTINGS.plan.choices.map((name) => option(name, `plan.${name}`)));
  on("planner", "change", ({ target }) => setSettings("plan", { plan: target.value }));
  on("live", "change", ({ target }) => setLive(target.checked));
  on("by-hand", "change", ({ target }) => setByHand(target.checked));
  for (const type of ["evaluate", "improve"]) on(type, "click", () => byHand(type));
  on("one-cell", "click", oneCell);
  on("play-cells", "click", toggleCells);
  on("plan", "click", () => (planning.job ? cancel() : plan()));
  on("play", "click", toggle);
  on("first", "click", () => show(0));
  on("back", "click", back);
  on("forward", "click", () => show(planning.shown + 1));
  on("last", "click", () => show(Infinity));
  on("scrub", "input", ({ target }) => show(target.valueAsNumber));
  on("speed", "input", ({ target }) => setSpeed(target.valueAsNumber));
  on("walk", "click", () => (playing() === "walk" ? stopWalk() : walk()));
}

export const KEYS = {
  " ": toggle, ",": back, ".": () => show(planning.shown + 1), p: () => plan(), w: walk, C: toggleCells,
  c(board) {
    oneCell();
    if (planning.at !== null) board.focus(state.cell); // a screen reader hears the cell under backup
  },
  v: () => byHand("evaluate"),
  i: () => byHand("improve"),
};

export function renderPlanControls() {
  put("planner", state.settings.plan.plan);
  putParams(PARAMS, state.settings.plan);
  byId("live").checked = planning.live;
  byId("by-hand").checked = planning.byHand;
  byId("by-hand").closest("label").hidden = state.settings.plan.plan !== "policy";
  renderTransport();
  renderReadouts();
}

export const planSummary = () =>
  `${t(`plan.${state.settings.plan.plan}`)} · γ ${full(state.world.gamma)} · p ${full(state.world.prob)}`;

function renderTransport() {
  const { result, shown, walks, hand } = planning;
  const last = result ? lastSweep() : 0;
  const none = !result || isStale();
  byId("plan").textContent = t(planning.job ? "plan.stop" : hand || isStale() ? "plan.again" : "plan");
  for (const id of ["first", "back", "play", "forward", "last", "scrub", "one-cell", "play-cells", "walk"]) {
    byId(id).disabled = none;
  }
  for (const id of ["evaluate", "improve"]) byId(id).hidden = !hand?.result;
  byId("play-cells").textContent = t(playing() === "cells" ? "pause" : "cells.play");
  const label = t(playing() ? "pause" : "play");
  const button = byId("play");
  button.setAttribute("aria-label", label);
  button.title = label;
  button.querySelector("use").setAttribute("href", playing() ? "#i-pause" : "#i-play");
  const scrub = byId("scrub");
  scrub.max = last;
  scrub.value = shown;
  scrub.style.setProperty("--share", last ? `${(100 * shown) / last}%` : "0%");
  scrub.setAttribute("aria-valuetext", saySweep(shownSweep()));
  byId("speed").value = speed();
  byId("speed").setAttribute("aria-valuetext", t("speed.value", { speed: SPEEDS[speed()] }));
  byId("walk").textContent = t(playing() === "walk" ? "walk.stop" : walks?.count ? "walk.again" : "walk");
}

function renderReadouts() {
  const { result, walk: walked, walks } = planning;
  const sweep = shownSweep();
  // Steps are read out one by one; sweeps that play are not, they would never stop talking.
  byId("sweep-readout").setAttribute("aria-live", playing() ? "off" : "polite");
  byId("sweep-number").textContent = saySweep(sweep);
  const phase = byId("sweep-phase");
  phase.hidden = !["evaluate", "improve"].includes(sweep?.phase);
  phase.textContent = phase.hidden ? "" : t(`phase.${sweep.phase}`);
  phase.dataset.phase = sweep?.phase;
  byId("sweep-residual").textContent = sweep?.number ? saySmall(sweep) : "";

  byId("walk-readout").textContent = isStale() ? t("stale") : walked ? sayWalk(walked) : sweep ? "" : t("walk.hint");
  const compare = walks?.count && !isStale() && result?.policy && walks.sweep === lastSweep();
  byId("walk-mean").textContent = compare ? t("walk.mean", {
    count: walks.count, mean: fixed(walks.total / walks.count, 3),
    value: certain(result.sweeps.at(-1).values[startOf(state.world.maze)], result.world, 3),
  }) : "";
}

/** What stands beside the number of a sweep: its residual, or what its cells read. */
function saySmall({ cell, phase, residual: change }) {
  if (cell !== undefined) return t(planning.result.world.plan === "value-sync" ? "cells.old" : "cells.new");
  const gain = phase === "improve" && planning.result === planning.hand?.result;
  const words = [t(gain ? "sweep.gain" : "sweep.residual", { residual: residual(change) })];
  if (planning.whole) words.push(t(planning.whole));
  return words.join(" · ");
}

function saySweep(sweep) {
  if (!sweep) return t("sweep.none");
  if (sweep.number === 0) return t("sweep.zero");
  if (sweep.cell !== undefined) {
    return t("sweep.inside", { number: sweep.number, at: sweep.done.length + 1, count: sweep.count });
  }
  return t("sweep.of", { number: sweep.number, count: planning.result.sweeps.at(-1).number });
}

function sayWalk({ at, steps, seed }) {
  const step = steps[at - 1];
  const parts = [t("walk.step", { at, count: steps.length })];
  if (step) {
    parts.push(t("walk.reward", { reward: short(step.reward, 3) }), t("walk.return", { value: fixed(step.total, 3) }),
      t("walk.discounted", { value: fixed(step.discounted, 3) }), t("walk.slips", { count: step.slips }));
  }
  return [...parts, t("walk.seed", { seed })].join(" · ");
}
