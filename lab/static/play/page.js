// The page Walk (Day 1): the person is the agent, and walks the maze that was drawn, in the fog.

import { describeWalked, drawWalked, hiddenCell } from "./board.js";
import { KEYS, buildWalking, leaveWalking, numbersTold, renderWalking, walkingSummary } from "./controls.js";
import { markup } from "./markup.js";
import { buildRecord, renderRecord } from "./record.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";
import { recordHere, walkingChanged, walkingLink } from "./walking.js";

export const playPage = {
  id: "play",
  day: 1,
  settings: SETTINGS,
  strings,
  markup,
  keys: KEYS,
  build() {
    buildWalking();
    buildRecord();
  },
  render() {
    renderWalking();
    renderRecord();
  },
  draw: drawWalked,
  describe: describeWalked,
  hidden: hiddenCell,
  legend: () => null,
  summary: walkingSummary,
  numbers: numbersTold,
  changed: walkingChanged,
  leave: leaveWalking,
  link: walkingLink,
  demonstrations: () => recordHere().walks.map(({ steps }) => steps),
};
