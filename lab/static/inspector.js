// The chosen cell: its value, its four Q values, and the Bellman backup written out with its numbers.

import { actionsIn, backup } from "./bellman.js";
import { css, inkOn, valueColour } from "./colour.js";
import { fixed, full, short, signed } from "./format.js";
import { t } from "./i18n.js";
import { ACTION_NAMES, ARROWS, colsOf, kindOf } from "./maze.js";
import { currentSweep, state } from "./state.js";

const DIGITS = 4;
const SVG = "http://www.w3.org/2000/svg";
const EDGES = ["0,0 160,0", "160,0 160,160", "160,160 0,160", "0,160 0,0"]; // of the Q square, by action
const byId = (id) => document.getElementById(id);

/** The backup of the chosen cell and the action written out; null where there are no numbers to show. */
export function chosenBackup() {
  const sweep = currentSweep();
  if (!sweep || state.cell === null || !isOrdinary(state.cell)) return null;
  const { outcomes, world } = state.result;
  const actions = backup(outcomes, sweep.values, world.gamma, state.cell);
  const best = actionsIn(sweep.greedy[state.cell]);
  return { backup: actions, best, action: state.action ?? best[0] ?? 0, value: sweep.values[state.cell] };
}

function place(index) {
  const cols = colsOf(state.world.maze);
  return [Math.floor(index / cols), index % cols];
}

const isOrdinary = (index) => kindOf(state.world.maze, ...place(index)) === "empty";
const where = (index) => {
  const [row, col] = place(index);
  return t("cell.at", { row: row + 1, col: col + 1 });
};

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
    const line = document.createElement("label");
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "q-action", value: action });
    radio.addEventListener("change", () => onAction(action));
    const value = document.createElement("data");
    value.id = `q-${ACTION_NAMES[action]}`;
    line.append(radio, part("arrow", arrow), part("name", ""), value, part("best", ""));
    return line;
  }));
}

function part(name, words) {
  return Object.assign(document.createElement("span"), { className: name, textContent: words });
}

export function renderInspector() {
  const chosen = state.cell !== null;
  byId("cell-where").textContent = chosen ? where(state.cell) : "";
  const numbers = chosenBackup();
  byId("cell-numbers").hidden = numbers === null;
  byId("cell-note").hidden = numbers !== null;
  byId("cell-note").textContent = numbers ? "" : explain();
  if (!numbers) return;
  const value = byId("cell-value");
  value.value = numbers.value;
  value.textContent = full(numbers.value);
  renderQ(numbers);
  renderTerms(numbers);
}

function explain() {
  if (state.cell === null) return t("cell.choose");
  const [row, col] = place(state.cell);
  const kind = kindOf(state.world.maze, row, col);
  if (kind === "block") return t("cell.block");
  if (kind !== "empty") return t("cell.end", { reward: signed(state.world.maze.grid[row][col]) });
  return t(state.result ? "cell.stale" : "cell.plan");
}

function renderQ({ backup: actions, best, action }) {
  byId("q-chosen").setAttribute("points", `${EDGES[action]} 80,80`); // on top, so that no neighbour covers its edge
  [...byId("q-diagram").querySelectorAll("g")].forEach((group, a) => {
    const rgb = valueColour(actions[a].q, state.result.scale);
    const [triangle, label] = group.children;
    triangle.style.fill = css(rgb);
    label.style.fill = inkOn(rgb);
    label.textContent = fixed(actions[a].q, 3);
    group.classList.toggle("best", best.includes(a));
  });
  [...byId("q-list").children].forEach((line, a) => {
    line.querySelector("input").checked = a === action;
    line.querySelector(".name").textContent = t(`action.${ACTION_NAMES[a]}`);
    const value = line.querySelector("data");
    value.value = actions[a].q;
    value.textContent = fixed(actions[a].q, DIGITS);
    value.title = full(actions[a].q);
    line.querySelector(".best").textContent = best.includes(a) ? t("best") : "";
    line.classList.toggle("is-best", best.includes(a));
  });
}

function renderTerms({ backup: actions, best, action, value }) {
  const { gamma } = state.result.world;
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
  const largest = Math.max(...actions.map((each) => each.q));
  byId("backup-note").textContent = t(best.includes(action) ? "backup.max" : "backup.less", {
    largest: fixed(largest, DIGITS), actions: best.map((a) => ARROWS[a]).join(" "), value: fixed(value, DIGITS),
  });
}

function remark({ next, terminated }) {
  if (terminated) return ` (${t("backup.ends")})`;
  return next === state.cell ? ` (${t("backup.stays")})` : "";
}

function row(columns) {
  const line = document.createElement("tr");
  line.append(...columns.map((words) => Object.assign(document.createElement("td"), { textContent: words })));
  return line;
}
