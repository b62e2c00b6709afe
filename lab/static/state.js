// The one state of the page, its address (the part after #), and undo. No DOM here.

import { example } from "./examples.js";
import { fromText, toText } from "./maze.js";

const DEFAULTS = { plan: "value", prob: 0.8, gamma: 0.9, threshold: 1e-4, step_reward: -0.04 };
export const PLANS = ["value", "value-sync", "policy", "modified"];
const NUMBERS = ["prob", "gamma", "threshold", "step_reward"];

export const LEARNERS = ["monte_carlo", "sarsa", "expected_sarsa", "q_learning", "td_lambda", "actor_critic"];
const LEARN_DEFAULTS = {
  mode: "plan", learner: "q_learning", seed: 1, learner2: "", seed2: 2,
  epsilon: 0.1, learning_rate: 0.1, rate_decay: 0, lambda_: 0.9, actor_rate: 0.5,
};
const CHOICES = { mode: ["plan", "learn"], learner: LEARNERS, learner2: ["", ...LEARNERS] };

/** Everything that a plan or a lesson depends on, and all that a link shares: the maze and the settings. */
const newWorld = () => ({ maze: example("book").maze, ...DEFAULTS, ...LEARN_DEFAULTS });

export const state = {
  world: newWorld(),
  committed: "", // the address of the world as last remembered; undo and redo hold older and newer ones
  past: [],
  future: [],

  tool: "look",
  cell: null, // the chosen cell's state index, or null
  action: null, // the action whose terms are written out; null follows the best one
  hovered: null,

  link: "connecting", // "open" | "lost"
  job: null, // { id, world, jump, result } while the server plans
  replan: false, // the world changed while a live plan was running
  live: false, // plan again on every change
  result: null, // the plan on the page: { id, world, key, start, outcomes, sweeps, scale, policy }
  shown: 0, // index into result.sweeps of the sweep on the board (a sweep's own number may skip some)
  playing: null, // "sweeps" | "walk" | null: what the one timer advances
  speed: 3, // index into SPEEDS

  walk: null, // { steps, at, since, seed, … } the walk being watched
  walks: null, // { sweep, count, total } to compare the mean return with V(start)

  run: null, // the lesson on the page (lesson.js): { id, key, learners: [...], optimum, over }
  paused: true, // no steps unless they are asked for one by one
  pace: 3, // index into PACES
  view: "q", // what the board of a lesson shows: "q" | "n"

  notice: null, // { kind: "info" | "error", say: () => sentence in the language of the moment }
  lang: "en",
};

let listener = () => {};
/** One listener, the page's render; whoever changes the state calls changed(). */
export const onChange = (render) => { listener = render; };
export const changed = () => listener();

export function tell(kind, say) {
  state.notice = { kind, say };
  changed();
}

export const isLearning = () => state.world.mode === "learn";
/** The lesson goes on by itself. */
export const isRunning = () => state.run !== null && !state.run.over && !state.paused;

export const SPEEDS = [1, 2, 4, 8, 16, 30, 60]; // sweeps (or steps) a second
export const PACES = [1, 2, 4, 8, 15, 30, 100, 1000, "full"]; // steps of an agent a second

let asked = {}; // isStale is asked for every cell of every frame, and a world never changes in place
/** The page no longer shows the maze and the settings that the plan was made for. */
export function isStale() {
  const { world, result } = state;
  if (asked.world !== world || asked.result !== result) {
    asked = { world, result, stale: result !== null && result.key !== planKey(world) };
  }
  return asked.stale;
}
/** The sweep to draw and explain: none when the maze on the page is no longer the one planned. */
export const currentSweep = () => (isStale() ? null : state.result?.sweeps[state.shown] ?? null);

/** "maze=...T/.B.D/S...&plan=value&prob=0.8&…": readable, and short enough for 20 × 20 in a chat. */
export function toHash(world) {
  // What belongs to learning is there where it differs from its default, so that a link to a plan stays short.
  const learning = Object.keys(LEARN_DEFAULTS).filter((name) => world[name] !== LEARN_DEFAULTS[name]);
  return [planKey(world), ...learning.map((name) => `${name}=${world[name]}`)].join("&");
}

/** All that a plan depends on. */
export function planKey(world) {
  const settings = ["plan", ...NUMBERS].map((name) => `${name}=${world[name]}`);
  return [`maze=${toText(world.maze)}`, ...settings].join("&");
}

/** All that a lesson depends on and that cannot change while it runs. */
export const lessonKey = ({ maze, prob, step_reward, learner, seed, learner2, seed2 }) =>
  [toText(maze), prob, step_reward, learner, seed, learner2, learner2 && seed2].join("&");

/** The world of an address. What is missing takes its default; throws where the maze cannot be read. */
export function fromHash(hash) {
  const fields = new Map(decodeURIComponent(hash.replace(/^#/, "")).split("&").map((part) => {
    const cut = part.indexOf("=");
    return [part.slice(0, cut), part.slice(cut + 1)];
  }));
  if (fields.has("lambda")) fields.set("lambda_", fields.get("lambda")); // in links from before it was renamed
  const world = newWorld();
  if (fields.has("maze")) world.maze = fromText(fields.get("maze"));
  if (fields.has("plan")) {
    if (!PLANS.includes(fields.get("plan"))) throw new RangeError("unknown planner");
    world.plan = fields.get("plan");
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (!fields.has(name)) continue;
    if (!choices.includes(fields.get(name))) throw new RangeError(`unknown ${name}`);
    world[name] = fields.get(name);
  }
  // A number out of range is kept: the server says what is wrong with it, in one sentence.
  const numbers = Object.keys(LEARN_DEFAULTS).filter((name) => !(name in CHOICES));
  for (const name of [...NUMBERS, ...numbers]) if (fields.has(name)) world[name] = parseFloat(fields.get(name));
  return world;
}

/** Remember the world as it is now. True if it differs from the last one remembered. */
export function commit() {
  const address = toHash(state.world);
  if (address === state.committed) return false;
  state.past.push(state.committed);
  state.future = [];
  state.committed = address;
  return true;
}

/** Step back (or forth) through remembered worlds; false at the end of the road. */
export function travel(from, to) {
  if (!from.length) return false;
  to.push(state.committed);
  // Undo takes back what was drawn and set, not the way from one day to the other.
  state.world = { ...fromHash(from.pop()), mode: state.world.mode };
  state.committed = toHash(state.world);
  return true;
}
