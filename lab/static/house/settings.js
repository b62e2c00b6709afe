// The settings of the page House: what a link holds of them, and what the server accepts.

export const SETTINGS = {
  house_said: { default: "0", choices: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"] },
  house_seed: { default: 1, low: 0, high: 2 ** 32 - 1, whole: true }, // of the house
  house_model: { default: "qwen-1.5b", choices: ["smollm2", "qwen-0.5b", "qwen-1.5b"] }, // whose recorded answers
  house_way: { default: "pmi", choices: ["pmi", "sum", "mean"] }, // how options are compared
  house_can: { default: "yes", choices: ["yes", "no"] }, // whether affordances count
};
