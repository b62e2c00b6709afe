// The settings of planning: what a link holds of them, and what the server accepts.

import { CATALOGUE } from "../catalogue.js";

export const SETTINGS = {
  plan: { default: "value", choices: CATALOGUE.planners },
  threshold: { default: 1e-4, low: 1e-10, high: 1 },
};
