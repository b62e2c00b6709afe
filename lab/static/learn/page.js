// The page Learn (Day 3): agents of EL/ on the maze that was drawn, one or two, stepped as slowly as asked.

import { settingsOf, state } from "../core/state.js";
import { bandChanged, bandLink } from "./band.js";
import { describeLearnt, drawLearner } from "./board.js";
import { buildCurve, meanReturn, renderCurve } from "./chart.js";
import { KEYS, buildLearnControls, learnSummary, learnerTitle, renderLearnControls, setView } from "./controls.js";
import { renderLearnt } from "./inspector.js";
import { PACES, isRunning, lesson, lessonChanged, lessonLink, pauseLesson, setPace } from "./lesson.js";
import { markup } from "./markup.js";
import { SETTINGS, learnersOf, suited } from "./settings.js";
import { strings } from "./strings.js";
import { command, csv } from "./take.js";
import { learnerOf, sharedLegend, viewOf, viewsOf } from "./views.js";
import { dropWalks, isWalking } from "./walks.js";

const boards = () => learnersOf(settingsOf("learn")).length;

export const learnPage = {
  id: "learn",
  day: "3, 6",
  settings: SETTINGS,
  strings,
  markup,
  keys: KEYS,
  build() {
    buildLearnControls();
    buildCurve();
  },
  render() {
    renderLearnControls();
    renderCurve();
    renderLearnt();
  },
  boards,
  boardTitle: learnerTitle,
  draw: drawLearner,
  describe: describeLearnt,
  busy: () => isRunning() || isWalking(),
  legend: sharedLegend,
  summary: learnSummary,
  changed(old) {
    if (old.world.maze !== state.world.maze) dropWalks();
    lessonChanged(old);
    bandChanged();
  },
  leave() {
    dropWalks();
    pauseLesson();
  },
  link(what, alive) {
    lessonLink(what, alive);
    bandLink(what);
  },
  view: () => ({ pace: PACES[lesson.pace], view: [...Array(boards()).keys()].map(viewOf).join(",") }),
  openView({ pace, view = "" }) {
    const index = PACES.findIndex((each) => String(each) === pace);
    if (index >= 0) setPace(index);
    view.split(",").slice(0, boards()).forEach((each, number) => {
      if (viewsOf(learnerOf(number).name).includes(each)) setView(number, each);
    });
  },
  moment: ["pace", "view"],
  suit(name) {
    const { pace, settings } = suited(name) ?? { settings: null };
    if (settings) setPace(PACES.indexOf(pace));
    return settings;
  },
  meanReturn,
  csv,
  command,
};
