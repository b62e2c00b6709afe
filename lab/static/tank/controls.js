// What the operator works with: pumps, leaks, set-points, whose plant is shown; the table of the shift.

import { isBig } from "../core/big.js";
import { setSettings } from "../core/change.js";
import { accept } from "../core/controls.js";
import { byId, make, on, option, put, say, setAttribute } from "../core/dom.js";
import { fixed, short } from "../core/format.js";
import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { drawMimic } from "./mimic.js";
import {
  askFor, broken, endShift, isWorking, nextShift, operators, pause, plant, readRow, toggleLeak, toggleShift, turn,
  watched,
} from "./plant.js";
import { SETTINGS } from "./settings.js";
import { drawTrends } from "./trend.js";

const TURN = 0.1; // V, a press of a key
const ASKED = { low: 11, high: 14.5 }; // cm
const byKey = (pump, way) => () => { if (plant.run?.now) turn(pump, plant.run.now.wanted[pump] + way * TURN); };
const ACTS = {
  " ": toggleShift, n: nextShift, q: byKey(0, 1), a: byKey(0, -1), w: byKey(1, 1), s: byKey(1, -1),
  ...Object.fromEntries([1, 2, 3, 4].map((tank) => [String(tank), () => toggleLeak(tank)])),
};
const REPEATS = "qaws"; // a key that is held turns on

export function buildTank() {
  for (const pump of [0, 1]) {
    on(`tank-pump-${pump + 1}`, "input", ({ target }) => turn(pump, target.valueAsNumber));
    on(`tank-ask-${pump + 1}`, "change", ({ target }) => {
      const asked = [...(plant.run?.now?.set_points ?? [])];
      if (asked.length && accept(`tank.ask.${pump + 1}`, target.valueAsNumber, ASKED)) {
        asked[pump] = target.valueAsNumber;
        askFor(...asked);
      }
      target.value = fixed(plant.run?.now?.set_points[pump] ?? 12.5, 1); // until the server agrees
    });
  }
  for (const tank of [1, 2, 3, 4]) {
    const button = make("button", { id: `tank-leak-${tank}`, textContent: String(tank) });
    button.addEventListener("click", () => toggleLeak(tank));
    byId("tank-leaks").append(button);
  }
  const flows = SETTINGS.tank_leak.choices.map((flow) => make("option", { value: flow, textContent: flow }));
  byId("tank-flow").append(...flows);
  byId("tank-world").append(...SETTINGS.tank_world.choices.map((name) => option(name, `tank.world.${name}`)));
  on("tank-flow", "change", ({ target }) => setSettings("tank", { tank_leak: target.value }));
  on("tank-world", "change", ({ target }) => setSettings("tank", { tank_world: target.value }));
  on("tank-go", "click", toggleShift);
  on("tank-next", "click", nextShift);
  const pace = (final) => ({ target }) => setSettings("tank", { tank_pace: target.valueAsNumber }, final);
  on("tank-pace", "input", pace(false));
  on("tank-pace", "change", pace(true));
  on("tank-seed", "change", ({ target }) => {
    if (accept("tank.seed", target.valueAsNumber, SETTINGS.tank_seed)) {
      setSettings("tank", { tank_seed: target.valueAsNumber });
    }
    target.value = state.settings.tank.tank_seed;
  });
  buildTable();
  document.addEventListener("keydown", onKeyDown);
  window.addEventListener("pagehide", endShift);
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); });
}

/** A line for each operator; who is chosen is watched. */
function buildTable() {
  byId("tank-scores").append(...SETTINGS.tank_watch.choices.map((name) => {
    const radio = make("input", { type: "radio", name: "tank-watch", value: name, id: `tank-watch-${name}` });
    radio.addEventListener("change", () => setSettings("tank", { tank_watch: name }));
    const words = make("span");
    words.dataset.t = `tank.who.${name}`;
    const head = make("th", { scope: "row" }, make("label", {}, radio, " ", words));
    return make("tr", { id: `tank-score-${name}` }, head, make("td"), make("td"));
  }));
}

function onKeyDown(event) {
  const { key, repeat, ctrlKey, metaKey, altKey, target } = event;
  if (state.mode !== "tank" || ctrlKey || metaKey || altKey || target.closest("dialog")) return;
  if (!(key in ACTS) || target.matches("input:not([type=range], [type=radio]), select")) return;
  if (key === " " && target.matches("button, summary, input")) return; // it presses what has the focus
  event.preventDefault();
  if (!repeat || REPEATS.includes(key)) ACTS[key]();
}

export function renderTank() {
  const { run } = plant;
  const { tank_world: world, tank_leak: flow, tank_seed: seed, tank_pace: pace } = state.settings.tank;
  const now = run?.now;
  say(byId("tank-go"), t(isWorking() ? "pause" : now?.over ? "tank.next" : run ? "tank.resume" : "tank.go"));
  byId("tank-next").disabled = !now || run.limited;
  byId("tank-world").value = world;
  byId("tank-flow").value = flow;
  put("tank-seed", seed);
  put("tank-pace", pace);
  const words = t("tank.pace.value", { times: 10 * pace });
  setAttribute(byId("tank-pace"), "aria-valuetext", words);
  say(byId("tank-pace-value"), words);
  renderPumps(now);
  for (const tank of [1, 2, 3, 4]) {
    const button = byId(`tank-leak-${tank}`);
    const open = now?.opened[tank - 1] > 0;
    button.disabled = !now;
    setAttribute(button, "aria-pressed", String(open));
    setAttribute(button, "aria-label", t(open ? "tank.leak.close" : "tank.leak.open", { tank }));
  }
  renderScores(now);
  say(byId("tank-title-watched"), t(`tank.plant.${watched()}`));
  say(byId("tank-hint"), hint());
  drawPlant();
}

function renderPumps(now) {
  const mine = now ? readRow(plant.run.rows.at(-1), "person").volts : null;
  for (const pump of [0, 1]) {
    const slider = byId(`tank-pump-${pump + 1}`);
    const wanted = now?.wanted[pump] ?? 3;
    slider.disabled = byId(`tank-ask-${pump + 1}`).disabled = !now;
    if (document.activeElement !== slider || Number(slider.value) !== wanted) slider.value = wanted;
    const said = now ? t("tank.volts", { wanted: fixed(wanted, 2), now: fixed(mine[pump], 2) }) : "";
    setAttribute(slider, "aria-valuetext", said);
    say(byId(`tank-pump-${pump + 1}-value`), said);
    put(`tank-ask-${pump + 1}`, fixed(now?.set_points[pump] ?? 12.5, 1));
  }
}

function renderScores(now) {
  for (const name of SETTINGS.tank_watch.choices) {
    const line = byId(`tank-score-${name}`);
    const index = operators().indexOf(name);
    line.hidden = operators().length > 0 && index < 0;
    byId(`tank-watch-${name}`).checked = name === watched();
    byId(`tank-watch-${name}`).disabled = !now;
    const score = now && index >= 0 ? now.scores[index] : null;
    say(line.children[1], score ? fixed(score.error, 2) : "–");
    say(line.children[2], score ? `${fixed(100 * score.violation, 1)}%` : "–");
  }
}

function hint() {
  const { run } = plant;
  if (!run?.now) return t("tank.hint");
  const { levels } = readRow(run.rows.at(-1), watched());
  const over = broken(levels, run.about).map((tank) => t("tank.alarm.one", {
    tank: tank + 1, level: short(levels[tank], 1),
  }));
  if (over.length) return t("tank.alarm", { what: over.join(t("list")) });
  return run.now.over ? "" : t(watched() === "person" ? "tank.hint.person" : "tank.hint.other");
}

/** Side by side where there is room, else one under the other; both as tall. */
function drawPlant() {
  const stage = byId("tank-stage");
  const wide = stage.clientWidth;
  const beside = wide >= 620;
  stage.classList.toggle("beside", beside);
  const most = isBig() ? window.innerHeight * 0.72 : 430;
  const mimic = Math.min(beside ? (wide - 14) * 0.52 : wide, (most * 640) / 480);
  drawMimic(mimic);
  drawTrends(beside ? wide - 14 - mimic : wide, beside ? (mimic * 480) / 640 : 330);
}
