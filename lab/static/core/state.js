// What all pages share: the world, the settings of each page, the cell and the tool chosen, undo. No DOM here.

import { example } from "./examples.js";

/** The numbers of a world, with their defaults and what the server accepts. */
export const DYNAMICS = {
  prob: { default: 0.8, low: 0, high: 1 },
  gamma: { default: 0.9, low: 0, high: 1 },
  step_reward: { default: -0.04, low: -10, high: 10 },
};
export const defaults = (fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.default]));

export const newWorld = () => ({ maze: example("book").maze, ...defaults(DYNAMICS) });

export const state = {
  mode: null, // the id of the page shown
  world: newWorld(), // { maze, prob, gamma, step_reward }: shared by all pages, never changed in place
  settings: {}, // { page id: { name: value } }, never changed in place either
  past: [], // undo and redo hold { world, settings } of older and newer moments
  future: [],

  tool: "look",
  brush: 0.5, // the number that the reward painter paints
  cell: null, // the chosen cell's state index, or null
  hovered: null, // { index, board } of the cell under the mouse, or null

  link: "connecting", // "open" | "lost" | "full" | "silent"
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

/** All settings that a page reads: the world's and its own. */
export const settingsOf = (id) => ({ ...state.world, ...state.settings[id] });
