// The pages of the simulator. A page is an object:
//
//   id, day          "learn", 3: its name in links and in the menu (strings `page.learn`), the day of the course
//   settings         { name: { default, low, high } or { default, choices } }: what a link holds of it
//   strings          { en: { key: sentence }, ja: … }
//   markup           HTML for the slots of index.html: transport, readouts, after, settings, side, keys, help
//   build()          once, when its markup stands
//   render()         after every change while it is shown
//   boards()         how many boards it shows, 1 or 2
//   mazeOf(number)   the maze of a board; by default the one that is drawn
//   boardTitle(number)  [name, remark] over a board, or []
//   draw(board)      paints a board; true asks for another frame
//   describe(index, board)  what a screen reader hears of a cell beside its place and kind: a list of parts
//   hidden(index)    what screen readers hear of a cell in place of its kind, where that is not to be known yet; or null
//   keys             { key: function }, on the board; one that returns false leaves the key to what it means everywhere
//   busy()           true while something plays: names of cells are then not rewritten
//   legend()         what the colours stand for: { scale } of values, or words { low, high }; null where nothing
//   summary()        the settings in a few words
//   changed(old)     the world or its settings are no longer { world, settings } of old
//   leave()          another page is shown now
//   link(what, alive)  the line is "open" (with the ids of jobs that outlived a gap), "lost" or "full"
//   tools            names of further tools for its boards (tools.js)
//   csv, command     what can be taken away: csv() gives a table as text, command() the command that does the same
//   meanReturn()     { name, value } of the latest episodes of who learns here, or null
//   view, openView   what a link carries of the moment: view() gives { name: text }, openView(fields) shows it
//
// Everything but id, day, settings, strings and markup may be left out.

import { addStrings } from "./i18n.js";
import { defaults, state } from "./state.js";

export const pages = [];

/** What all pages have beside them: { strings, build, render, link, view, openView } as a page has them. */
export const panels = [];

const NOTHING = {
  build() {}, render() {}, boards: () => 1, mazeOf: () => state.world.maze, boardTitle: () => [], draw: () => false,
  describe: () => [], hidden: () => null, meanReturn: () => null, keys: {}, busy: () => false, legend: () => null,
  summary: () => "", changed() {}, leave() {},
  link() {}, tools: [], view: () => ({}), openView() {},
};

export function register(list) {
  for (const page of list) {
    pages.push({ ...NOTHING, ...page });
    state.settings[page.id] = defaults(page.settings);
    addStrings(page.strings);
  }
}

export function addPanels(list) {
  for (const panel of list) {
    panels.push({ ...NOTHING, ...panel });
    addStrings(panel.strings);
  }
}

export const pageOf = (id) => pages.find((page) => page.id === id);
export const current = () => pageOf(state.mode);
