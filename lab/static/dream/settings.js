// The settings of the dream: what a link holds of them, and what the server accepts.

export const SETTINGS = {
  dream_temperature: { default: 1, low: 0.1, high: 1.5 },
  dreamer: { default: "person", choices: ["person", "controller", "random"] }, // who plays
  dream_seed: { default: 1, low: 0, high: 2 ** 32 - 1, whole: true }, // of the real game's fruits, and of the dream
  dream_pace: { default: 15, low: 5, high: 30, whole: true }, // steps a second
};
