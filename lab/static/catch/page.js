// The page Catch (Day 6): a person plays Catcher, and a student learns from every step at once and plays beside.

import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { csv, renderCatchCurve } from "./chart.js";
import { buildGame, leaveGame, renderGame } from "./controls.js";
import { gameChanged, gameLink, isPlaying } from "./game.js";
import { markup } from "./markup.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";

export const catchPage = {
  id: "catch",
  day: 6,
  settings: SETTINGS,
  strings,
  markup,
  build: buildGame,
  render() {
    renderGame();
    renderCatchCurve();
  },
  boards: () => 0,
  numbers: () => [],
  busy: isPlaying,
  summary: () => t(`catch.board.${state.settings.catch.catcher}`),
  changed: gameChanged,
  leave: leaveGame,
  link: gameLink,
  csv,
};
