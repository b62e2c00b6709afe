// The page House (Day 7): what a language model would do next, what can be done, and what a robot then does.

import { t } from "../core/i18n.js";
import { state } from "../core/state.js";
import { buildHouse, renderHouse } from "./controls.js";
import { markup } from "./markup.js";
import { csv, houseChanged, houseLink, isWorking, pause } from "./session.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";

/** The script that tells the same kind of plan; its houses are others. */
function command() {
  const { house_way: way, house_model: model, house_can: can } = state.settings.house;
  const flag = can === "yes" ? "" : " --no-affordance";
  return `python AP/llm_planner.py --model ${model} --score ${way}${flag}`;
}

export const housePage = {
  id: "house",
  day: 7,
  settings: SETTINGS,
  strings,
  markup,
  build: buildHouse,
  render: renderHouse,
  boards: () => 0,
  numbers: () => [],
  busy: isWorking,
  summary: () => t(`house.model.${state.settings.house.house_model}`),
  changed: houseChanged,
  leave: pause,
  link: houseLink,
  csv,
  command,
};
