// Numbers of a plan, as precise as they are and no more.

import { fixed, full } from "../core/format.js";

const MOST = 9; // decimals

/** The values of the last sweep are right to within θγ / (1 − γ); Infinity at γ = 1, where nothing is promised. */
export const errorOf = ({ threshold, gamma }) => (gamma === 1 ? Infinity : (threshold * gamma) / (1 - gamma));

/** A last value with the decimals that are certain, but one at least; with `otherwise` where nothing is promised. */
export function certain(value, world, otherwise) {
  const error = errorOf(world);
  const digits = error === Infinity ? otherwise : Math.max(1, Math.min(MOST, Math.floor(-Math.log10(error))));
  return fixed(value, digits);
}

/** "59 µs", "3.1 ms", "2 s". */
export function duration(seconds) {
  const [unit, count] = seconds < 1e-3 ? ["µs", 1e6] : seconds < 1 ? ["ms", 1e3] : ["s", 1];
  return `${full(Number((seconds * count).toPrecision(2)))} ${unit}`;
}
