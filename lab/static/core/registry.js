// The pages of the simulator. A page is an object:
//
//   id, day          "plan", 2: its name in links and in the menu (strings `page.plan`), the day of the course
//   settings         { name: { default, low, high, whole } or { default, choices } }: what a link holds of it
//   strings          { en: { key: sentence }, ja: … }; keys, and names of settings, are of one page only
//   markup           { slot: HTML }: transport, readouts, after, settings, params, side, keys, help of index.html
//   build()          once, when its markup stands
//   render()         after every change while it is shown
//   boards()         how many boards it shows, 1 or 2; 0 where it has something of its own instead, and no maze
//   mazeOf(number)   the maze of a board; by default the one that is drawn
//   numbers()        names of the world's numbers that it shows; by default all
//   boardTitle(number)  [name, remark] over a board, or []
//   draw(board)      paints a board (board.js); true asks for another frame
//   describe(index, board)  what a screen reader hears of an ordinary cell beside its place and kind: a list of parts
//   hidden(index)    what screen readers hear of a cell in place of its kind, where that is not to be known; or null
//   keys             { key: function(board) }, on a board; one that returns false leaves the key to what it means
//                    everywhere
//   busy()           true while something plays: names of cells are then not rewritten
//   legend()         what the colours stand for: { scale } of values (0: not known yet); null where nothing
//   summary()        the settings in a few words
//   changed(old)     the world or the settings of some page are no longer { world, settings } of old; each page is
//                    told, shown or not
//   leave()          another page is shown now
//   link(what, alive)  the line is "open" (with the ids of jobs that outlived a gap), "lost" or "full"
//   suit(name)       an example is loaded on it: returns settings of its own that make the point of it, or null
//   tools            { name: tool } for its boards, beside those of all pages (tools.js)
//   csv(), command() what can be taken away: a table, the command that does the same; null where there is none
//   demonstrations() the walks of a person through the maze on the page: a list of steps [{ from, action, to }] each
//   meanReturn()     { name, value } of the latest episodes of who learns here, or null
//   view, openView   what a copied link carries of the moment: view() gives { name: text }, openView(fields) shows
//                    what a link had; fields may hold those of others, or lack some
//   moment           the names that view() may give
//
// Everything but id, day, settings, strings and markup may be left out.

import { addStrings } from "./i18n.js";
import { DYNAMICS, defaults, state } from "./state.js";

export const pages = [];

/**
 * What all pages have beside them: { strings, build, render, link, view, openView, moment } as a page has them; but
 * what view() gives stands in the address at all times.
 */
export const panels = [];

/** The id of the page of links that name none. */
export let firstId = null;

const NOTHING = {
  build() {}, render() {}, boards: () => 1, mazeOf: () => state.world.maze, numbers: () => Object.keys(DYNAMICS),
  boardTitle: () => [], draw: () => false, describe: () => [], hidden: () => null, keys: {}, busy: () => false,
  legend: () => null, summary: () => "", changed() {}, leave() {}, link() {}, suit: () => null, tools: {},
  csv: () => null, command: () => null, demonstrations: () => [], meanReturn: () => null, view: () => ({}),
  openView() {}, moment: [],
};

/** Pages in the order of the menu; `first` is the one of links that name none. */
export function register(list, first) {
  for (const page of list) {
    pages.push({ ...NOTHING, ...page });
    state.settings[page.id] = defaults(page.settings);
    addStrings(page.strings);
  }
  firstId = first.id;
  state.mode = firstId;
}

export function addPanels(list) {
  for (const panel of list) {
    panels.push({ ...NOTHING, ...panel });
    addStrings(panel.strings);
  }
}

export const pageOf = (id) => pages.find((page) => page.id === id);
export const current = () => pageOf(state.mode);
