// The chosen cell: its value, its four Q values, and the Bellman backup written out with its numbers.

import { actionsIn, backup } from "../core/bellman.js";
import { css, inkOn, valueColour } from "../core/colour.js";
import { SVG, byId, make } from "../core/dom.js";
import { fixed, full, residual, short, signed } from "../core/format.js";
import { sayPlace, t } from "../core/i18n.js";
import { ACTION_NAMES, ARROWS, isOrdinary, kindOf, placeOf, rewardOf } from "../core/maze.js";
import { state } from "../core/state.js";
import { certain, errorOf } from "./numbers.js";
import { currentSweep, isCertain, planning } from "./session.js";

const DIGITS = 4;
const EDGES = ["0,0 160,0", "160,0 160,160", "160,160 0,160", "0,160 0,0"]; // of the Q square, by action

/**
 * The backup of the chosen cell and the action written out; null where there are no numbers to show. `taken` is the
 * policy's action, null for value iteration; `written` is what the sweep under way gives this cell at this moment.
 */
export function chosenBackup() {
  const sweep = currentSweep();
  const { cell } = state;
  if (!sweep || cell === null || !isOrdinary(state.world.maze, cell)) return null;
  const { outcomes, world } = planning.result;
  const actions = backup(outcomes, sweep.values, world.gamma, cell);
  const best = actionsIn(sweep.best[cell]);
  const near = actionsIn(sweep.greedy[cell] & ~sweep.best[cell]);
  const taken = sweep.policy?.[cell] ?? null;
  const largest = Math.max(...actions.map(({ q }) => q));
  const picked = planning.written?.cell === cell ? planning.written.action : null;
  const written = sweep.cell !== cell ? null : taken === null ? largest : actions[taken].q;
  return {
    backup: actions, best, near, taken, largest, written, action: picked ?? taken ?? best[0] ?? 0,
    value: sweep.values[cell],
  };
}

const place = (index) => placeOf(state.world.maze, index);
const where = (index) => sayPlace(place(index));

/** Built once: four triangles for the eye and the mouse, four radio buttons for everyone. */
export function buildInspector(onAction) {
  const middles = [[80, 32], [124, 84], [80, 136], [36, 84]];
  byId("q-diagram").replaceChildren(...EDGES.map((edge, action) => {
    const group = document.createElementNS(SVG, "g");
    const triangle = document.createElementNS(SVG, "polygon");
    triangle.setAttribute("points", `${edge} 80,80`);
    const label = document.createElementNS(SVG, "text");
    label.setAttribute("x", middles[action][0]);
    label.setAttribute("y", middles[action][1]);
    group.append(triangle, label);
    group.addEventListener("click", () => onAction(action));
    return group;
  }), Object.assign(document.createElementNS(SVG, "polygon"), { id: "q-chosen" }));
  byId("q-list").replaceChildren(...ARROWS.map((arrow, action) => {
    const radio = make("input", { type: "radio", name: "q-action", value: action });
    radio.addEventListener("change", () => onAction(action));
    const part = (className, textContent = "") => make("span", { className, textContent });
    const value = make("data", { id: `q-${ACTION_NAMES[action]}` });
    return make("label", {}, radio, part("arrow", arrow), part("name"), value, part("best"));
  }));
}

export function renderInspector() {
  const chosen = state.cell !== null;
  if (planning.written?.cell !== state.cell) planning.written = null;
  byId("cell-where").textContent = chosen ? where(state.cell) : "";
  const numbers = chosenBackup();
  byId("cell-numbers").hidden = numbers === null;
  byId("cell-note").hidden = numbers !== null;
  byId("cell-note").textContent = numbers ? "" : explain();
  if (!numbers) return;
  renderValue(numbers);
  renderQ(numbers);
  renderTerms(numbers);
}

function explain() {
  if (state.cell === null) return t("cell.choose");
  const [row, col] = place(state.cell);
  const kind = kindOf(state.world.maze, row, col);
  if (kind === "block") return t("cell.block");
  if (kind !== "empty") return t("cell.end", { reward: signed(rewardOf(state.world.maze, row, col)) });
  return t(planning.result ? "cell.stale" : "cell.plan");
}

/** With the digits that the threshold promises; a value on the way there with as many as the backup has. */
function renderValue({ value }) {
  const { world } = planning.result;
  const about = isCertain();
  const shown = byId("cell-value");
  shown.value = value;
  shown.textContent = about ? certain(value, world, DIGITS) : fixed(value, DIGITS);
  shown.title = full(value);
  byId("cell-error").textContent = about && errorOf(world) < Infinity
    ? t("value.within", { error: residual(errorOf(world)) }) : "";
  byId("cell-about").hidden = !about;
  byId("cell-equals").textContent = about ? "≈" : "=";
}

function renderQ({ backup: actions, best, near, action }) {
  byId("q-chosen").setAttribute("points", `${EDGES[action]} 80,80`); // on top, so that no neighbour covers its edge
  [...byId("q-diagram").querySelectorAll("g")].forEach((group, a) => {
    const rgb = valueColour(actions[a].q, planning.result.scale);
    const [triangle, label] = group.children;
    triangle.style.fill = css(rgb);
    label.style.fill = inkOn(rgb);
    label.textContent = fixed(actions[a].q, 3);
    group.classList.toggle("best", best.includes(a));
    group.classList.toggle("near", near.includes(a));
  });
  [...byId("q-list").children].forEach((line, a) => {
    line.querySelector("input").checked = a === action;
    line.querySelector(".name").textContent = t(`action.${ACTION_NAMES[a]}`);
    const value = line.querySelector("data");
    value.value = actions[a].q;
    value.textContent = fixed(actions[a].q, DIGITS);
    value.title = full(actions[a].q);
    line.querySelector(".best").textContent = best.includes(a) ? t("best") : near.includes(a) ? t("near") : "";
    line.classList.toggle("is-best", best.includes(a));
    line.classList.toggle("is-near", near.includes(a));
  });
}

function renderTerms(numbers) {
  const { backup: actions, action, taken } = numbers;
  const { gamma } = planning.result.world;
  byId("formula-max").hidden = taken !== null;
  byId("formula-policy").hidden = taken === null;
  const { terms, q } = actions[action];
  byId("terms-action").textContent = ARROWS[action];
  byId("terms").querySelector("tbody").replaceChildren(...terms.map((term, i) => row([
    i ? "+" : "",
    `${short(term.prob)} × (${short(term.reward)} + ${short(gamma)} × ${fixed(term.value, term.value ? DIGITS : 0)})`,
    `= ${fixed(term.product, DIGITS)}`,
    where(term.next) + remark(term),
  ])));
  byId("terms-name").textContent = `Q(s, ${ARROWS[action]})`;
  byId("terms-sum").textContent = `= ${fixed(q, DIGITS)}`;
  byId("backup-note").textContent = noteOn(numbers);
}

/** What the action written out is to the backup. */
function noteOn({ backup: actions, best, near, taken, largest, written, action, value }) {
  const words = {
    largest: fixed(largest, DIGITS), actions: best.map((a) => ARROWS[a]).join(" "), value: fixed(value, DIGITS),
    gap: residual(largest - actions[action].q), written: written === null ? "" : fixed(written, DIGITS),
    taken: taken === null ? "" : ARROWS[taken],
  };
  if (taken !== null) return t(written === null ? "backup.policy" : "backup.now.policy", words);
  if (written !== null) return t("backup.now", words);
  return t(best.includes(action) ? "backup.max" : near.includes(action) ? "backup.near" : "backup.less", words);
}

function remark({ next, terminated }) {
  if (terminated) return t("backup.ends");
  return next === state.cell ? t("backup.stays") : "";
}

const row = (columns) => make("tr", {}, ...columns.map((textContent) => make("td", { textContent })));
