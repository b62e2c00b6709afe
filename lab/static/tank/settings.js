// The settings of the plant: what a link holds of them, and what the server accepts.

export const SETTINGS = {
  tank_world: { default: "seen", choices: ["seen", "unseen", "minimum"] }, // how the valves stand, how worn pumps are
  tank_watch: { default: "person", choices: ["person", "pi", "wrong", "linear", "sac"] }, // whose plant is shown
  tank_leak: { default: "1", choices: ["0.5", "1", "2"] }, // cm³/s, of a leak that is opened
  tank_seed: { default: 1, low: 0, high: 2 ** 32 - 1, whole: true },
  tank_pace: { default: 4, low: 1, high: 30, whole: true }, // steps of ten seconds, each second
};
