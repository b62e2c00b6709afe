// The settings of walking: what a link holds of them.

const SWITCH = ["on", "off"];

export const SETTINGS = {
  fog: { default: "on", choices: SWITCH }, // over what has not been seen
  rules: { default: "off", choices: SWITCH }, // whether the move probability and the step reward are told
};
