// The page Rate (Day 7): a person says which of two reviews is better, and a small reward model learns the taste.

import { t } from "../core/i18n.js";
import { buildRate, renderRate } from "./controls.js";
import { markup } from "./markup.js";
import { now, rateChanged, rateLink } from "./session.js";
import { SETTINGS } from "./settings.js";
import { strings } from "./strings.js";
import { command, csv } from "./take.js";

export const ratePage = {
  id: "rate",
  day: 7,
  settings: SETTINGS,
  strings,
  markup,
  build: buildRate,
  render: renderRate,
  boards: () => 0,
  numbers: () => [],
  summary: () => t("rate.answered", { count: now().ratings.length }),
  changed: rateChanged,
  link: rateLink,
  csv,
  command,
};
