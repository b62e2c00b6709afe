// A world as the part of an address after #: "maze=...T/.B.D/S...&prob=0.8&gamma=0.9&step_reward=-0.04&mode=learn&…".
// Readable, and short enough for 20 × 20 in a chat. What a page adds is there where it differs from its default.

import { fromText, rewardsFromText, rewardsToText, toText } from "./maze.js";
import { firstId, pages, panels } from "./registry.js";
import { DYNAMICS, defaults, newWorld } from "./state.js";

const OLD_NAMES = { lambda: "lambda_" }; // in links from before it was renamed

/** A world: the maze and some of its numbers, by default all. */
export function worldText(world, numbers = Object.keys(DYNAMICS)) {
  const rewards = rewardsToText(world.maze);
  return [`maze=${toText(world.maze)}`, ...(rewards ? [`rewards=${rewards}`] : []),
    ...numbers.map((name) => `${name}=${world[name]}`)].join("&");
}

/** What --maze of the course's scripts takes: they have the discount by itself. */
export const mazeText = (world) => worldText(world, ["prob", "step_reward"]);

export function toHash({ mode, world, settings }, view = {}) {
  const parts = [worldText(world)];
  if (mode !== firstId) parts.push(`mode=${mode}`);
  for (const page of pages) {
    for (const [name, field] of Object.entries(page.settings)) {
      const value = settings[page.id][name];
      if (value !== field.default) parts.push(`${name}=${value}`);
    }
  }
  for (const [name, value] of Object.entries(view)) parts.push(`${name}=${value}`);
  return parts.join("&");
}

/**
 * { mode, world, settings, view, problems } of an address. Nothing is thrown away for the sake of a part that cannot
 * be read: that part takes its default, and `problems` lists [key, values] of sentences that say so.
 */
export function fromHash(hash) {
  const problems = [];
  const fields = fieldsOf(hash, problems);
  const world = newWorld();
  const read = readers(fields, problems);
  if (fields.has("maze")) readMaze(fields, world, problems);
  Object.assign(world, read(DYNAMICS));
  const settings = Object.fromEntries(
    pages.map(({ id, settings: known }) => [id, { ...defaults(known), ...read(known) }]));
  let mode = fields.get("mode") ?? firstId;
  fields.delete("mode");
  if (!pages.some((page) => page.id === mode)) {
    problems.push(["link.unknown", { name: "mode", value: shown(mode) }]);
    mode = firstId;
  }
  const moment = ["cell", ...[...pages, ...panels].flatMap((each) => each.moment)];
  const view = Object.fromEntries([...fields].filter(([name]) => moment.includes(name)));
  for (const name of moment) fields.delete(name);
  for (const [name, value] of fields) problems.push(["link.unknown", { name: shown(name), value: shown(value) }]);
  return { mode, world, settings, view, problems };
}

function fieldsOf(hash, problems) {
  let text = hash.replace(/^#/, "");
  try {
    text = decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    problems.push(["link.encoding", {}]);
  }
  const parts = text.split("&").filter(Boolean).map((part) => {
    const cut = part.indexOf("=");
    const name = cut < 0 ? part : part.slice(0, cut);
    return [OLD_NAMES[name] ?? name, cut < 0 ? "" : part.slice(cut + 1)];
  });
  return new Map(parts);
}

function readMaze(fields, world, problems) {
  try {
    const { maze, warnings } = fromText(fields.get("maze"));
    world.maze = maze;
    problems.push(...warnings.map((key) => [key, {}]));
    if (fields.has("rewards")) world.maze = rewardsFromText(maze, fields.get("rewards"));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.push([error.message, {}]);
  }
  fields.delete("maze");
  fields.delete("rewards");
}

/** A function that takes from `fields` what belongs to { name: { low, high } or { choices } } and can be read. */
const readers = (fields, problems) => (known) => {
  const values = {};
  for (const [name, { low, high, choices, whole }] of Object.entries(known)) {
    if (!fields.has(name)) continue;
    const text = fields.get(name);
    fields.delete(name);
    const value = choices ? text : Number(text);
    const right = choices ? choices.includes(text)
      : text.trim() !== "" && value >= low && value <= high && (!whole || Number.isInteger(value));
    if (right) values[name] = value;
    else problems.push(["link.unknown", { name, value: shown(text) }]);
  }
  return values;
};

const shown = (text) => (text.length > 24 ? `${text.slice(0, 24)}…` : text);
