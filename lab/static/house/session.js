// The plan, as the page has it: what it asks the server for, and what each answer does.

import { setSettings } from "../core/change.js";
import { sayError, t } from "../core/i18n.js";
import { forget, newJob, send } from "../core/line.js";
import { changed, state, tell } from "../core/state.js";

const SEEDS = 2 ** 32;
const PACE = 1; // skills a second

// { id, wish, running, stepping, now }: `wish` is what the reader has typed, "" without; `now` is the latest message
// "home" (lab/house.py), or null until there is one.
let run = null;
let icons = []; // known for good once a job has begun
let live = false; // whether the server has a language model

export const home = () => run?.now ?? null;
export const wish = () => run?.wish ?? "";
export const isWorking = () => run?.running ?? false;
export const isThinking = () => run !== null && (run.now === null || run.stepping);
export const canAskLive = () => live;
export const iconOf = (thing) => icons[thing];

const settings = () => state.settings.house;
function order() {
  const { house_said: said, house_seed: seed, house_model: model, house_way: way, house_can: can } = settings();
  return { said: Number(said), seed, model, way, can: can === "yes" };
}
const ask = (message) => {
  const left = run !== null && send({ id: run.id, ...message });
  if (!left) tell("info", () => t("link.wait"));
  return left;
};

/** Begin where nothing is under way; with a wish, a model at the server is asked. */
export function begin(wish = "") {
  if (state.link !== "open") return;
  drop();
  run = { id: newJob(answers), wish, running: false, stepping: false, now: null };
  if (!send({ type: "house", id: run.id, wish, pace: 0, ...order() })) drop();
}

function drop() {
  if (run) forget(run.id);
  run = null;
}

/** The reader's own wish, or with "" the sentences that were recorded. */
export function wishFor(words) {
  if (run) send({ type: "cancel", id: run.id });
  begin(words);
  changed();
}

export function step() {
  if (!run?.now || run.now.over || run.stepping) return;
  pause();
  if (ask({ type: "step" })) run.stepping = true;
  changed();
}

/** Go on by itself, pause, or begin anew where this plan is over. */
export function toggle() {
  if (!run?.now) return;
  if (run.now.over) again();
  else if (run.running) pause();
  else if (ask({ type: "pace", pace: PACE })) run.running = true;
  changed();
}

export function pause() {
  if (!run?.running) return;
  run.running = false;
  ask({ type: "pace", pace: 0 });
  changed();
}

/** The same house, from the start. */
export function again() {
  if (run?.now) ask({ type: "again", ...order() });
}

/** Another house; `houseChanged` asks for it. */
export const another = () => setSettings("house", { house_seed: (settings().house_seed + 1) % SEEDS });

/** The settings are no longer those of `old`. */
export function houseChanged(old) {
  const before = old.settings.house;
  if (!run || before === settings()) return;
  pause();
  const said = before.house_said !== settings().house_said;
  if (run.wish && (said || before.house_model !== settings().house_model)) wishFor(""); // back to what was recorded
  else again();
}

/** A job that did not outlive a gap of the line begins anew. */
export function houseLink(link, alive) {
  if (link === "open" && run && !alive.includes(run.id)) drop();
}

const ofRun = (act) => (message) => {
  if (message.id !== run?.id) return;
  act(message);
  changed();
};

const answers = {
  waking: ofRun(() => {}),

  house: ofRun((about) => {
    ({ icons, live } = about);
  }),

  home: ofRun((now) => {
    Object.assign(run, { now, stepping: false });
    if (now.over) pause();
  }),

  limit: ofRun(() => {
    run.running = false;
  }),

  error: ofRun((error) => {
    if (error.over) {
      const { wish: words } = run;
      drop();
      if (words) begin();
    }
    tell("error", () => sayError(error));
  }),

  cancelled: ofRun(drop),
};

/** A line for each skill, in the words that the model reads. */
export function csv() {
  const { scores } = home() ?? {};
  if (!scores) return null;
  const rows = scores.says.map((says, skill) => [skill, says, scores.can[skill], scores.both[skill]].join(","));
  return ["skill,says,can,both", ...rows, ""].join("\n");
}
