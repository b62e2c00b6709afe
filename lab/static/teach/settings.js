// The settings of teaching: what a link holds of them, and what the server accepts.

export const SETTINGS = {
  l2: { default: 0.1, low: 0, high: 10 },
  beta: { default: 4, low: 0.1, high: 100 },
  horizon: { default: 30, low: 1, high: 200, whole: true },
  demos: { default: 10, low: 1, high: 200, whole: true }, // that the optimal policy shows at one press
  stay: { default: "on", choices: ["on", "off"] }, // a path that was drawn stays at its end until the horizon
};
