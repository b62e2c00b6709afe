// Who says what, the bars of each skill, the steps so far; buttons and keys.

import { setSettings } from "../core/change.js";
import { accept } from "../core/controls.js";
import { byId, fill, make, on, option, put, say } from "../core/dom.js";
import { fixed } from "../core/format.js";
import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import {
  again, another, begin, canAskLive, home, isThinking, isWorking, step, toggle, wish, wishFor,
} from "./session.js";
import { SETTINGS } from "./settings.js";
import { THINGS, renderRooms, roomName, thingName } from "./view.js";

const SHOWN = 8; // skills with bars
const KEYS = { " ": toggle, ".": step, r: again, n: another };

export function buildHouse() {
  byId("house-said").append(...SETTINGS.house_said.choices.map((number) => option(number, `house.said.${number}`)));
  byId("house-model").append(...SETTINGS.house_model.choices.map((name) => option(name, `house.model.${name}`)));
  byId("house-way").append(...SETTINGS.house_way.choices.map((name) => option(name, `house.way.${name}`)));
  on("house-said", "change", ({ target }) => setSettings("house", { house_said: target.value }));
  on("house-model", "change", ({ target }) => setSettings("house", { house_model: target.value }));
  on("house-way", "change", ({ target }) => setSettings("house", { house_way: target.value }));
  on("house-can", "change", ({ target }) => setSettings("house", { house_can: target.checked ? "yes" : "no" }));
  on("house-seed", "change", ({ target }) => {
    if (accept("house.seed", target.valueAsNumber, SETTINGS.house_seed)) {
      setSettings("house", { house_seed: target.valueAsNumber });
    }
    target.value = state.settings.house.house_seed;
  });
  on("house-step", "click", step);
  on("house-go", "click", toggle);
  on("house-again", "click", again);
  on("house-another", "click", another);
  on("house-live", "submit", (event) => {
    event.preventDefault();
    const words = byId("house-wish").value.trim();
    if (words) wishFor(words);
  });
  on("house-back", "click", () => wishFor(""));
  document.addEventListener("keydown", onKeyDown);
  document.addEventListener("visibilitychange", () => { if (document.hidden && isWorking()) toggle(); });
}

function onKeyDown(event) {
  const { key, repeat, ctrlKey, metaKey, altKey, target } = event;
  if (state.mode !== "house" || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
  if (!(key in KEYS) || target.matches("input:not([type=checkbox]), select")) return;
  if (key === " " && target.matches("button, summary, input")) return; // it presses what has the focus
  event.preventDefault();
  if (!repeat) KEYS[key]();
}

/** A skill, by its number, in the reader's language. */
function skillName(number) {
  const count = THINGS.length;
  if (number < count) return t("house.skill.find", { thing: thingName(number) });
  if (number < 2 * count) return t("house.skill.pick", { thing: thingName(number - count) });
  return [t("house.skill.bring"), t("house.skill.put"), t("house.skill.done")][number - 2 * count];
}

function happened({ did, thing, room }) {
  const words = { thing: thing === null ? "" : thingName(thing), room: room === null ? "" : roomName(room) };
  return t(`house.did.${did}`, words);
}

/** What the user says: the reader's wish, or one of the sentences. */
const said = () => wish() || t(`house.said.${state.settings.house.house_said}`);

export function renderHouse() {
  const { house_said: number, house_seed: seed, house_model: model, house_way: way, house_can: can } =
    state.settings.house;
  if (!home() && !isThinking()) begin();
  const now = home();
  put("house-said", number);
  put("house-model", model);
  put("house-way", way);
  put("house-seed", seed);
  byId("house-can").checked = can === "yes";
  byId("house-model").disabled = wish() !== "";
  byId("house-live").hidden = !canAskLive();
  byId("house-back").hidden = !wish();
  byId("house-step").disabled = !now || now.over !== null || isThinking();
  byId("house-go").disabled = !now;
  byId("house-again").disabled = !now?.log.length;
  say(byId("house-go"), t(now?.over ? "house.anew" : isWorking() ? "pause" : "house.go"));
  say(byId("house-hint"), hint(now));
  say(byId("house-prompt"), now?.prompt ?? "");
  byId("house-wish").placeholder = t("house.wish");
  say(byId("house-asked"), t(wish() ? "house.asked.live" : "house.asked", { model: now?.model ?? "…" }));
  renderRooms(said());
  renderLog(now);
  renderBars(now);
}

function hint(now) {
  if (!now) return t(wish() ? "house.waking" : "house.wait");
  if (isThinking()) return t("house.thinking");
  if (!now.over) return now.log.length ? "" : t("house.hint");
  const kind = now.over === "done" ? (now.served === null ? "told" : now.served ? "served" : "nothing") : now.over;
  return t(`house.over.${kind}`);
}

function renderLog(now) {
  const log = now?.log ?? [];
  const lines = log.map((each) => [skillName(each.skill), happened(each), each.worked]);
  fill(byId("house-log"), JSON.stringify(lines), () => lines.map(([name, what, worked]) =>
    make("li", { className: worked ? "worked" : "failed" }, make("b", { textContent: name }), " ", what)));
  byId("house-log").hidden = !lines.length;
}

/** The skills with the highest scores: three bars each. */
function renderBars(now) {
  const scores = now?.scores;
  byId("house-bars").hidden = !scores;
  say(byId("house-bars-note"), t(scores ? "house.bars.note" : "house.bars.none"));
  if (!scores) return;
  const best = scores.both.map((_, skill) => skill).sort((a, b) => scores.both[b] - scores.both[a]).slice(0, SHOWN);
  const rows = best.map((skill) => [skillName(skill), scores.says[skill], scores.can[skill], scores.both[skill]]);
  const heads = [t("house.bars.skill"), t("house.bars.says"), t("house.bars.can"), t("house.bars.both")];
  fill(byId("house-bars"), JSON.stringify([heads, rows]), () => [
    make("thead", {}, make("tr", {}, ...heads.map((words) => make("th", { scope: "col", textContent: words })))),
    make("tbody", {}, ...rows.map(([name, ...shares]) => make("tr", {},
      make("th", { scope: "row", textContent: name }), ...shares.map(bar)))),
  ]);
}

function bar(share, place) {
  const length = make("i", { className: ["says", "can", "both"][place], ariaHidden: "true" });
  length.style.setProperty("--length", share);
  return make("td", {}, length, fixed(share, 2));
}
