// The settings of the page Rate: what a link holds of them, and what the server accepts.

export const SETTINGS = {
  rate_seed: { default: 1, low: 0, high: 2 ** 32 - 1, whole: true }, // of the reviews that are written
  rate_reads: { default: "words", choices: ["words", "features"] }, // what the reward reads of a review
  rate_n: { default: "64", choices: ["4", "16", "64"] }, // the best of how many is chosen
  rater: { default: "taste", choices: ["taste", "coin", "longer"] }, // who answers the rest, if asked to
};
