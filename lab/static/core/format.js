// Numbers for people. Rounded (never cut off), with a real minus sign, and never "-0.00".

const MINUS = "\u2212";

export function fixed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** All the digits of a number. */
export const full = (value) => String(value === 0 ? 0 : value).replaceAll("-", MINUS);

/** At most `digits` decimals and no trailing zeros: 0.8, −0.04, 1. */
export const short = (value, digits = 4) => full(Number(value.toFixed(digits)));

export const signed = (value) => (value > 0 ? "+" : "") + short(value);

/** A residual: plain while it is readable, else with a power of ten. */
export function residual(value) {
  if (value === 0) return "0";
  if (value >= 0.001 && value < 1000) return String(Number(value.toPrecision(3)));
  const [mantissa, exponent] = value.toExponential(1).split("e");
  return `${mantissa} × 10${superscript(Number(exponent))}`;
}

export function superscript(integer) {
  return String(integer).replace(/./g, (ch) => (ch === "-" ? "\u207b" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[ch]));
}

/** With its sign, always: +0.051, −0.040. */
export const signedFixed = (value, digits) => {
  const text = fixed(value, digits);
  return text.startsWith(MINUS) ? text : `+${text}`;
};

/** 950, 1.2K, 31K: what fits into a cell. */
export const compact = (() => {
  const format = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 2 });
  return (count) => (count < 1000 ? String(count) : format.format(count));
})();
