// Reading a file of demonstrations: every step is checked to be possible in its maze, and to pay what the maze pays.

import { fromHash } from "../core/address.js";
import { setWorld } from "../core/change.js";
import { t } from "../core/i18n.js";
import { tell } from "../core/state.js";
import { stepsOf, textOf } from "./codec.js";
import { isTooMuch, mostWords, replace } from "./shown.js";

const LARGEST = 5_000_000; // bytes

/** Take the demonstrations of a file, with its maze. What is wrong with it is said in one sentence. */
export async function loadFile(file) {
  try {
    if (file.size > LARGEST) throw refused("teach.file.large", { most: LARGEST / 1e6 });
    const { world, list } = read(await file.text());
    if (isTooMuch(list)) throw refused("teach.file.many", mostWords);
    setWorld(world);
    replace(world, list);
    tell("info", () => t("teach.file.read", { count: list.length, name: file.name }));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    tell("error", () => t(error.message, { ...error.values, name: file.name }));
  }
}

const refused = (key, values = {}) => Object.assign(new RangeError(key), { values });

function read(text) {
  const data = parsed(text);
  if (data?.format !== "nanoka-demonstrations-1" || typeof data.maze !== "string" || !Array.isArray(data.episodes)) {
    throw refused("teach.file.format");
  }
  const { world, problems } = fromHash(data.maze);
  if (problems.length || !data.maze.includes("maze=")) throw refused("teach.file.maze");
  if (typeof data.gamma === "number" && data.gamma >= 0 && data.gamma <= 1) world.gamma = data.gamma;
  return { world, list: data.episodes.map((episode, i) => ({ text: textIn(world, episode, i + 1), by: "file" })) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refused("teach.file.format");
  }
}

function textIn(world, episode, number) {
  const rows = episode?.steps;
  if (!Array.isArray(rows) || !rows.length || !rows.every((row) => Array.isArray(row) && row.length === 4)) {
    throw refused("teach.file.empty", { number });
  }
  const text = textOf(world.maze, rows.map(([from, action, , to]) => ({ from, action, to })));
  const steps = text === null ? null : stepsOf(world, text);
  if (!steps || steps.some(({ reward }, i) => !(Math.abs(reward - rows[i][2]) < 1e-9))) {
    throw refused("teach.file.step", { number });
  }
  return text;
}
