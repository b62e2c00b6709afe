// The page Teach (Day 6): somebody shows the way, and three methods learn from it: what to do, or what was wanted.

import { drawTaught } from "./board.js";
import { KEYS, buildTeaching, isBusy, renderTeaching, taughtTitle, teachSummary } from "./controls.js";
import { buildList, renderList } from "./list.js";
import { markup } from "./markup.js";
import { teachingLink } from "./session.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";
import { command, csv, openTeachView, teachView } from "./take.js";
import { boardCount, describeTaught } from "./views.js";
import { dropShowing, pathTool, showingChanged, showingLink } from "./walking.js";

export const teachPage = {
  id: "teach",
  day: 6,
  settings: SETTINGS,
  strings,
  markup,
  keys: KEYS,
  tools: { path: pathTool },
  build() {
    buildTeaching();
    buildList();
  },
  render() {
    renderTeaching();
    renderList();
  },
  boards: boardCount,
  boardTitle: taughtTitle,
  draw: drawTaught,
  describe: describeTaught,
  busy: isBusy,
  legend: () => null,
  summary: teachSummary,
  changed: showingChanged,
  leave: dropShowing,
  link(what, alive) {
    teachingLink(what, alive);
    showingLink(what, alive);
  },
  view: teachView,
  openView: openTeachView,
  moment: ["maps", "shown", "taught"],
  csv,
  command,
};
