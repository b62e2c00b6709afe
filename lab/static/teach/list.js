// Beside the boards: whose goal carries over, and the list of demonstrations.

import { byId, icon, make, on, save, say, setAttribute } from "../core/dom.js";
import { fixed, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { pageOf } from "../core/registry.js";
import { state, tell } from "../core/state.js";
import { loadFile } from "./file.js";
import { textOf } from "./codec.js";
import { worth } from "./session.js";
import {
  FILE, add, choose, fileText, isChanged, isTerminated, isTooMuch, mayShow, mostWords, remove, removeAll, shown,
  stepsIn, takeBack,
} from "./shown.js";

const METHODS = ["cloning", "maxent", "mean", "bayes", "best", "random"];

export function buildList() {
  on("teach-save", "click", () => {
    save(new Blob([fileText()], { type: "application/json" }), FILE);
  });
  on("teach-load", "click", () => byId("teach-file").click());
  on("teach-file", "change", ({ target }) => {
    const [file] = target.files;
    target.value = ""; // so that the same file can be chosen again
    if (file) loadFile(file);
  });
  on("teach-walks", "click", takeOver);
  on("teach-last", "click", () => remove(shown.list.length - 1));
  on("teach-forget", "click", removeAll);
  on("teach-back", "click", takeBack);
}

const walksOfPerson = () => pageOf("play")?.demonstrations() ?? [];

/** The walks that somebody made in this maze on the page Walk. */
function takeOver() {
  if (!mayShow()) return null;
  const list = walksOfPerson().filter((steps) => steps.length)
    .map((steps) => ({ text: textOf(state.world.maze, steps), by: "walk" }));
  if (isTooMuch([...shown.list, ...list])) return tell("error", () => t("teach.many", mostWords));
  add(list);
  return tell("info", () => t("teach.taken.over", { count: list.length }));
}

export function renderList() {
  renderWorth();
  const { list, chosen, removed } = shown;
  say(byId("teach-count"), list.length ? String(list.length) : "");
  for (const name of ["save", "last", "forget"]) byId(`teach-${name}`).disabled = !list.length;
  byId("teach-back").hidden = !removed || list === removed.list;
  byId("teach-walks").hidden = !walksOfPerson().length || isChanged();
  const rows = list.map((each) => [t(`teach.by.${each.by}`), ...numbersOf(each)]);
  fill(byId("teach-list"), JSON.stringify([rows, state.lang]), () => rows.map(row));
  [...byId("teach-list").children].forEach((line, i) =>
    setAttribute(line.querySelector("button"), "aria-pressed", String(i === chosen)));
  byId("teach-none").hidden = list.length > 0;
}

function numbersOf(each) {
  const steps = stepsIn(each);
  const { gamma } = state.world;
  const value = steps.reduce((sum, { reward }, i) => sum + reward * gamma ** i, 0);
  return [steps.length, fixed(value, 3), isTerminated(each)];
}

function row([by, length, value, ends], index) {
  const words = t(ends ? "teach.row.ended" : "teach.row", { number: index + 1, by, length, value });
  const open = make("button", { className: "quiet", textContent: words });
  open.addEventListener("click", () => choose(index));
  const name = t("teach.remove", { number: index + 1 });
  const drop = make("button", { className: "icon quiet", ariaLabel: name, title: name }, icon("minus"));
  drop.addEventListener("click", () => remove(index));
  return make("li", {}, open, drop);
}

const filled = new Map();
/** Fill a list or table where its words have changed: nobody's reading or focus is cut by a mere redrawing. */
function fill(node, key, build) {
  if (filled.get(node) === key) return;
  filled.set(node, key);
  const buttons = () => [...node.querySelectorAll("button")];
  const focused = buttons().indexOf(document.activeElement);
  node.replaceChildren(...build());
  if (focused >= 0) buttons()[Math.min(focused, buttons().length - 1)]?.focus(); // of who removes one after the other
}

/** Whose goal carries over: what each method is worth in the maze of the demonstrations, and in the one now. */
function renderWorth() {
  const { home, now } = worth();
  const moved = isChanged();
  byId("teach-worth").hidden = !home;
  say(byId("teach-verdict"), home ? verdict(home, now, moved) : t("teach.worth.none"));
  if (!home) return;
  const heads = moved ? ["teach.value.now", "teach.loss.before", "teach.loss.now"] : ["teach.value", "teach.loss"];
  const head = ["teach.method", ...heads].map((name) => t(name));
  const rows = METHODS.filter((name) => home[name]).map((name) => [
    t(`teach.method.${name}`), short((moved ? now ?? home : home)[name]?.value ?? NaN, 3), said(home[name].regret),
    ...(moved ? [said(now?.[name]?.regret ?? null)] : [])]);
  fill(byId("teach-worth"), JSON.stringify([head, rows]), () => [
    make("thead", {}, line("th", "col", head)), make("tbody", {}, ...rows.map((each) => line("td", "row", each)))]);
}

const said = (regret) => (regret === null ? "–" : fixed(regret, 3));

function line(tag, scope, [first, ...others]) {
  return make("tr", {}, make("th", { scope, textContent: first }),
    ...others.map((words) => make(tag, { textContent: words, ...(tag === "th" ? { scope } : {}) })));
}

function verdict(home, now, moved) {
  if (!moved) return t("teach.worth.home");
  if (!now?.maxent || now.maxent.regret === null || now.cloning.regret === null) return t("teach.worth.wait");
  const [cloned, planned] = [now.cloning.regret, now.maxent.regret];
  const key = cloned > planned + 0.05 ? "carries" : planned > cloned + 0.05 ? "fails" : "same";
  return t(`teach.worth.${key}`, { cloning: fixed(cloned, 2), maxent: fixed(planned, 2) });
}
