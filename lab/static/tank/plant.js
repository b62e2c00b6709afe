// The plant, as the page has it: what it asks the server for, what each answer does, what a shift has been so far.

import { setSettings } from "../core/change.js";
import { sayError, t } from "../core/i18n.js";
import { short } from "../core/format.js";
import { forget, newJob, send } from "../core/line.js";
import { changed, state, tell } from "../core/state.js";

const SEEDS = 2 ** 32;
const SHARED = 7; // numbers of a row that are no plant's own: the step, 2 set-points, 4 leaks
const OWN = 6; // numbers of a row of each plant: 4 levels, 2 volts

// `run`: the shift under way, { id, running, limited, about, now, rows, alarms }, or null. `about` is the message
// "shift", `now` the latest "plant", `rows` all rows of the shift; see lab/tanks.py.
export const plant = { run: null };

const settings = () => state.settings.tank;
const ask = (message) => send({ id: plant.run.id, ...message });

export const isWorking = () => plant.run?.running ?? false;
/** Who may be watched: those that work here, as far as that is known. */
export const operators = () => plant.run?.about?.operators ?? [];
/** Whose plant is shown. */
export const watched = () => (operators().includes(settings().tank_watch) ? settings().tank_watch : "person");

/** Of a row: { step, setPoints, leaks, levels, volts } of an operator's plant. */
export function readRow(row, name) {
  const start = SHARED + OWN * operators().indexOf(name);
  return {
    step: row[0], setPoints: row.slice(1, 3), leaks: row.slice(3, 7), levels: row.slice(start, start + 4),
    volts: row.slice(start + 4, start + OWN),
  };
}

/** The tanks, 0 to 3, whose levels break a constraint. */
export const broken = (levels, { least, most }) =>
  [0, 1, 2, 3].filter((i) => levels[i] < least[i] || levels[i] > most[i]);

/** The large button: begin, pause, go on, or another shift where this one is over. */
export function toggleShift() {
  const { run } = plant;
  if (!run) begin();
  else if (run.limited) {
    endShift();
    begin();
  } else if (run.running) pause();
  else if (run.now?.over) nextShift();
  else {
    run.running = true;
    state.notice = null;
    tellPace();
  }
}

export function pause() {
  const { run } = plant;
  if (!run?.running) return;
  run.running = false;
  tellPace();
}

function tellPace() {
  const { run } = plant;
  if (run && !run.limited) ask({ type: "pace", pace: run.running ? settings().tank_pace : 0 });
  changed();
}

function begin() {
  const id = newJob(answers);
  plant.run = { id, running: true, limited: false, about: null, now: null, rows: [], alarms: [] };
  const { tank_world: world, tank_seed: seed, tank_pace: pace } = settings();
  if (send({ type: "tank", id, world, seed, pace })) state.notice = null;
  else {
    drop();
    tell("info", () => t("link.wait"));
  }
  changed();
}

function drop() {
  if (!plant.run) return;
  forget(plant.run.id);
  plant.run = null;
}

/** Nobody works here any more. */
export function endShift() {
  if (!plant.run) return;
  send({ type: "cancel", id: plant.run.id });
  drop();
}

/** The next seed's shift; `plantChanged` asks for it. */
export function nextShift() {
  const { run } = plant;
  if (!run?.now || run.limited) return;
  run.running = true;
  setSettings("tank", { tank_seed: (settings().tank_seed + 1) % SEEDS });
}

/** Turn a pump of the person's to so many volts. */
export function turn(pump, volts) {
  const { run } = plant;
  if (!run?.now) return;
  const most = run.about.volts;
  run.now.wanted[pump] = Math.round(100 * Math.max(0, Math.min(most, volts))) / 100;
  ask({ type: "pumps", volts: run.now.wanted });
  changed();
}

/** Open a leak in a tank, 1 to 4, or close it. */
export function toggleLeak(tank) {
  const { run } = plant;
  if (!run?.now) return;
  const open = run.now.opened[tank - 1] > 0;
  const flow = open ? 0 : Number(settings().tank_leak);
  if (!ask({ type: "leak", tank, flow })) return;
  tell("info", () => t(open ? "tank.leak.closed" : "tank.leak.opened", { tank, flow }));
}

/** Ask for other set-points, cm. */
export function askFor(first, second) {
  if (plant.run?.now) ask({ type: "ask", first, second });
}

/** The settings are no longer those of `old`. */
export function plantChanged(old) {
  const [before, now] = [old.settings.tank, settings()];
  const { run } = plant;
  if (!run || before === now) return;
  if (before.tank_world !== now.tank_world) {
    const { running } = run;
    endShift();
    begin();
    if (!running) pause();
  } else if (before.tank_seed !== now.tank_seed) {
    ask({ type: "again", seed: now.tank_seed });
    Object.assign(run, { alarms: [], now: run.now && { ...run.now, over: false } });
    tellPace();
  } else if (before.tank_pace !== now.tank_pace) tellPace();
  if (before.tank_watch !== now.tank_watch) run.alarms = [];
}

export function plantLink(link, alive) {
  if (link !== "open" || !plant.run || alive.includes(plant.run.id)) return;
  drop();
  tell("info", () => t("tank.lost"));
}

const ofRun = (act) => (message) => {
  if (message.id !== plant.run?.id) return;
  act(plant.run, message);
  changed();
};

/** What the messages of the plant do. */
const answers = {
  shift: ofRun((run, about) => {
    run.about = about;
  }),

  plant: ofRun((run, message) => {
    const before = run.now;
    run.rows = [...run.rows.slice(0, message.first), ...message.rows];
    run.now = message;
    if (message.over && !before?.over) {
      run.running = false;
      tell("info", () => sayOver(message));
    } else if (!message.over) sayAlarms(run);
  }),

  limit: ofRun((run, { limit }) => {
    run.running = false;
    if (limit === "finished") return;
    run.limited = true;
    tell("info", () => t("tank.limited"));
  }),

  error: ofRun((run, error) => {
    if (error.over) drop();
    tell("error", () => sayError(error));
  }),

  cancelled: ofRun(drop),
};

/** Say once that a level of the plant on the page breaks a constraint, as a control room does. */
function sayAlarms(run) {
  const { levels } = readRow(run.rows.at(-1), watched());
  const now = broken(levels, run.about);
  const more = now.filter((tank) => !run.alarms.includes(tank));
  run.alarms = now;
  if (!more.length) return;
  const said = more.map((tank) => t("tank.alarm.one", { tank: tank + 1, level: short(levels[tank], 1) }));
  tell("info", () => t("tank.alarm", { what: said.join(t("list")) }));
}

const sayOver = ({ scores }) => {
  const each = operators().map((name, i) => t("tank.points", {
    name: t(`tank.who.${name}`), error: short(scores[i].error, 2), percent: short(100 * scores[i].violation, 1),
  }));
  return t("tank.over", { what: each.join(t("tank.between")) });
};

/** The shift as a table to take away. */
export function csv() {
  const { run } = plant;
  if (!run?.rows.length) return null;
  const own = ["h1_cm", "h2_cm", "h3_cm", "h4_cm", "pump1_v", "pump2_v"];
  const heads = ["step", "set_point1_cm", "set_point2_cm", ...[1, 2, 3, 4].map((tank) => `leak${tank}_cm3_s`),
    ...operators().flatMap((name) => own.map((each) => `${name}_${each}`))];
  return [heads.join(","), ...run.rows.map((row) => row.join(",")), ""].join("\n");
}
