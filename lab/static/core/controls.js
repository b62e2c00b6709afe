// What all pages have around the board: example, size, tools, the numbers of the world, the menu of pages.

import { redo, setMode, setSettings, setWorld, undo } from "./change.js";
import { legendGradient } from "./colour.js";
import { byId, fragment, icon, make, on, option, put, say } from "./dom.js";
import { EXAMPLES, example } from "./examples.js";
import { full, short } from "./format.js";
import { t } from "./i18n.js";
import { MAX_SIDE, MIN_SIDE, colsOf, empty, resize, rowsOf } from "./maze.js";
import { current, pages } from "./registry.js";
import { DYNAMICS, changed, defaults, state, tell } from "./state.js";
import { TOOLS, addTools, toolNames } from "./tools.js";

// Sliders move in steps; the number beside each takes anything in range.
const PARAMS = [
  { name: "gamma", min: 0, max: 1, step: 0.01 },
  { name: "prob", min: 0, max: 1, step: 0.01 },
  { name: "step_reward", min: -1, max: 0.2, step: 0.01 },
];
const SLOTS = ["transport", "readouts", "after", "settings", "params", "side", "keys", "help"];

/** Put every page's markup into its slots, then the controls that all share. */
export function buildControls() {
  for (const page of pages) {
    for (const slot of SLOTS) {
      for (const node of [...fragment(page.markup?.[slot] ?? "").children]) {
        node.dataset.page = page.id;
        byId(`slot-${slot}`).before(node);
      }
    }
  }
  for (const slot of SLOTS) byId(`slot-${slot}`).remove();
  buildMenu();
  buildTools();
  buildParams(byId("params"), PARAMS, () => state.world, setWorld, DYNAMICS);
  byId("example").append(option("", "example"),
    ...[...Object.keys(EXAMPLES), "random"].map((name) => option(name, `example.${name}`)));

  on("example", "change", ({ target }) => {
    const name = target.value;
    target.value = ""; // so that the same example, or another random maze, can be chosen again
    const { maze, settings } = example(name);
    const own = current().suit(name);
    setWorld({ ...defaults(DYNAMICS), ...settings, maze }, own === null); // nothing stays of the example before
    if (own) setSettings(current().id, own);
    tell("info", () => t("example.loaded", { name: t(`example.${name}`) }));
  });
  const sized = (rows, cols) => {
    const clamp = (n, old) => (Number.isFinite(n) ? Math.max(MIN_SIDE, Math.min(MAX_SIDE, Math.round(n))) : old);
    const { maze } = state.world;
    const [newRows, newCols] = [clamp(rows, rowsOf(maze)), clamp(cols, colsOf(maze))];
    if (newRows !== rowsOf(maze) || newCols !== colsOf(maze)) setWorld({ maze: resize(maze, newRows, newCols) });
    changed(); // an unusable number is put right on the page even where the maze stays
  };
  on("rows", "change", ({ target }) => sized(target.valueAsNumber, colsOf(state.world.maze)));
  on("cols", "change", ({ target }) => sized(rowsOf(state.world.maze), target.valueAsNumber));
  for (const [name, step] of [["fewer", -1], ["more", 1]]) {
    on(`rows-${name}`, "click", () => sized(rowsOf(state.world.maze) + step, colsOf(state.world.maze)));
    on(`cols-${name}`, "click", () => sized(rowsOf(state.world.maze), colsOf(state.world.maze) + step));
  }
  on("undo", "click", undo);
  on("redo", "click", redo);
  on("clear", "click", () => setWorld({ maze: empty(rowsOf(state.world.maze), colsOf(state.world.maze)) }));
}

/** Buttons where there is room, and a list of the same pages where there is none. */
function buildMenu() {
  for (const { id } of pages) {
    const button = make("button", { id: `mode-${id}` }, make("span"), " ", make("small"));
    button.addEventListener("click", () => setMode(id));
    byId("pages").append(button);
    byId("page-menu").append(make("option", { value: id }));
  }
  on("page-menu", "change", ({ target }) => setMode(target.value));
}

function buildTools() {
  for (const page of pages) addTools(page.tools);
  byId("tools").append(...Object.entries(TOOLS).map(([name, { keys }]) => {
    const radio = make("input", { type: "radio", name: "tool", value: name, id: `tool-${name}` });
    radio.addEventListener("change", () => {
      state.tool = name;
      changed();
    });
    const words = make("span");
    words.dataset.t = `tool.${name}`;
    return make("label", { className: `tool ${name}` }, radio, icon(name), words,
      make("kbd", { textContent: keys[0] ?? "Esc", ariaHidden: "true" }));
  }));
  on("brush", "change", ({ target }) => {
    if (accept("brush", target.valueAsNumber, { low: -1, high: 1 })) state.brush = target.valueAsNumber;
    target.value = state.brush;
  });
}

/**
 * A number and a slider for each parameter { name, min, max, step, toSlider, toValue } at the end of `root`.
 * `values()` are those now, `write(changes, final)` changes them, `ranges` says what is accepted. What is not
 * accepted does not stay in the field.
 */
function buildParams(root, params, values, write, ranges) {
  root.append(...params.map(({ name, min, max, step, toValue = Number }) => {
    const title = make("label", { htmlFor: name });
    title.dataset.t = name;
    const hint = make("small", { id: `${name}-hint` });
    hint.dataset.t = `${name}.hint`;
    const number = make("input", { type: "number", id: name, step: "any" });
    number.setAttribute("aria-describedby", hint.id);
    const slider = make("input", { type: "range", id: `${name}-slider`, min, max, step });
    slider.dataset.tLabel = "slider";
    slider.dataset.tOf = name;
    number.addEventListener("change", () => {
      if (accept(name, number.valueAsNumber, ranges[name])) write({ [name]: number.valueAsNumber });
      number.value = values()[name];
    });
    slider.addEventListener("input", () => write({ [name]: toValue(slider.valueAsNumber) }, false));
    slider.addEventListener("change", () => write({ [name]: toValue(slider.valueAsNumber) }));
    return make("div", { className: "param", id: `param-${name}` }, title, hint, slider, number);
  }));
}

/** True if a number may be used; else the page says in one sentence what may. */
export function accept(name, value, { low, high, whole = false }) {
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return true;
  const got = Number.isNaN(value) ? "–" : full(value);
  const key = whole ? "error.whole" : "error.number";
  tell("error", () => t(key, { name: t(name), low: full(low), high: full(high), got }));
  return false;
}

export function putParams(params, values) {
  for (const { name, toSlider = Number, said = (value) => short(value, 10) } of params) {
    put(name, values[name]);
    put(`${name}-slider`, toSlider(values[name]));
    byId(`${name}-slider`).setAttribute("aria-valuetext", said(values[name]));
  }
}

/** Parameters that are settings of a page. */
export const buildSettings = (root, id, params, ranges) =>
  buildParams(root, params, () => state.settings[id], (changes, final) => setSettings(id, changes, final), ranges);

// -- render ---------------------------------------------------------------------------------------------------

export function renderControls() {
  const { maze } = state.world;
  const page = current();
  for (const node of document.querySelectorAll("[data-page]")) node.hidden = node.dataset.page !== page.id;
  renderMenu();
  say(byId("maze-size"), `${rowsOf(maze)} × ${colsOf(maze)}`);
  put("rows", rowsOf(maze));
  put("cols", colsOf(maze));
  byId("rows-fewer").disabled = rowsOf(maze) === MIN_SIDE;
  byId("rows-more").disabled = rowsOf(maze) === MAX_SIDE;
  byId("cols-fewer").disabled = colsOf(maze) === MIN_SIDE;
  byId("cols-more").disabled = colsOf(maze) === MAX_SIDE;
  byId("undo").disabled = !state.past.length;
  byId("redo").disabled = !state.future.length;
  renderTools();
  putParams(PARAMS, state.world);
  for (const { name } of PARAMS) byId(`param-${name}`).hidden = !page.numbers().includes(name);
  say(byId("settings-summary"), page.summary());
  renderNotice();
  renderLegend(page.legend());
}

function renderMenu() {
  for (const [index, { id, day }] of pages.entries()) {
    const button = byId(`mode-${id}`);
    const words = [t(`page.${id}`), t("day", { day })];
    [...button.children].forEach((part, i) => say(part, words[i]));
    button.setAttribute("aria-pressed", String(id === state.mode));
    say(byId("page-menu").options[index], words.join(" · "));
  }
  byId("page-menu").value = state.mode;
}

function renderTools() {
  const names = toolNames();
  if (!names.includes(state.tool)) state.tool = "look";
  for (const name of Object.keys(TOOLS)) byId(`tool-${name}`).closest(".tool").hidden = !names.includes(name);
  byId(`tool-${state.tool}`).checked = true;
  byId("brush-row").hidden = state.tool !== "reward";
  put("brush", state.brush);
}

function renderNotice() {
  const { notice, link } = state;
  say(byId("notice"), notice?.say() ?? "");
  byId("notice").classList.toggle("error", notice?.kind === "error");
  byId("banner").hidden = !["lost", "full", "silent"].includes(link);
  if (!byId("banner").hidden) say(byId("banner"), t(`link.${link}`));
}

/** The words at the ends of the colours. */
export const legendEnds = ({ scale }) => (scale ? [short(-scale, 2), `+${short(scale, 2)}`] : ["−", "+"]);

function renderLegend(legend) {
  byId("legend-scale").hidden = legend === null;
  if (!legend) return;
  const [low, high] = legendEnds(legend);
  say(byId("legend-low"), low);
  say(byId("legend-high"), high);
  byId("legend-ramp").style.backgroundImage = legendGradient();
}
