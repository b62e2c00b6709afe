// The settings of the game: what a link holds of them.

export const SETTINGS = {
  catcher: { default: "person", choices: ["person", "oracle"] }, // who teaches
  driver: { default: "teacher", choices: ["teacher", "student"] }, // whose actions are executed
};
