// The page Plan (Day 2): planners of DP/ on the maze that was drawn, sweep by sweep.

import { changed, state } from "../core/state.js";
import { describePlanned, drawPlan } from "./board.js";
import { buildChart, renderChart } from "./chart.js";
import { KEYS, buildPlanControls, planSummary, renderPlanControls } from "./controls.js";
import { buildInspector, renderInspector } from "./inspector.js";
import { markup } from "./markup.js";
import {
  openPlanView, pause, planAgain, planView, planning, planningChanged, planningLink, playing,
} from "./session.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";
import { command, csv } from "./take.js";

export const planPage = {
  id: "plan",
  day: 2,
  settings: SETTINGS,
  strings,
  markup,
  keys: KEYS,
  build() {
    buildPlanControls();
    buildChart();
    buildInspector((action) => {
      planning.written = { cell: state.cell, action };
      changed();
    });
  },
  render() {
    planAgain();
    renderPlanControls();
    renderChart();
    renderInspector();
  },
  draw: drawPlan,
  describe: describePlanned,
  busy: () => ["sweeps", "cells"].includes(playing()),
  legend: () => ({ scale: planning.result?.scale ?? 0 }),
  summary: planSummary,
  changed: planningChanged,
  leave: pause,
  link: planningLink,
  view: planView,
  openView: openPlanView,
  moment: ["sweep"],
  csv,
  command,
};
