// The page Tank (Day 7): a person at the pumps of a plant, beside controllers of the same plant.

import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { buildTank, renderTank } from "./controls.js";
import { markup } from "./markup.js";
import { csv, isWorking, pause, plantChanged, plantLink } from "./plant.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";

export const tankPage = {
  id: "tank",
  day: 7,
  settings: SETTINGS,
  strings,
  markup,
  build: buildTank,
  render: renderTank,
  boards: () => 0,
  numbers: () => [],
  busy: isWorking,
  summary: () => t(`tank.world.${state.settings.tank.tank_world}`),
  changed: plantChanged,
  leave: pause,
  link: plantLink,
  csv,
};
