// Diverging colours for values: orange below zero, blue above, neutral at zero. Orange against blue is
// told apart with every common kind of colour blindness; numbers and shapes say the same without colour.

const RAMPS = {
  light: ["#b45309", "#e58b2b", "#f8c98c", "#fbfaf7", "#b9d6ee", "#5f9fd4", "#1c5d9f"],
  dark: ["#f0993e", "#b26a22", "#69441f", "#252a32", "#234a70", "#3477b4", "#6db3f2"],
};
const parse = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const STOPS = { light: RAMPS.light.map(parse), dark: RAMPS.dark.map(parse) };

const darkScheme = matchMedia("(prefers-color-scheme: dark)");
export const scheme = () => (darkScheme.matches ? "dark" : "light");
export const onSchemeChange = (listener) => darkScheme.addEventListener("change", listener);

/** value / scale in [-1, 1] -> [r, g, b]. */
export function valueColour(value, scale) {
  const stops = STOPS[scheme()];
  const place = ((Math.max(-1, Math.min(1, scale ? value / scale : 0)) + 1) / 2) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return stops[low].map((channel, i) => Math.round(channel + (stops[low + 1][i] - channel) * (place - low)));
}

export const css = (rgb) => `rgb(${rgb.join(" ")})`;

/** Relative luminance as WCAG defines it. */
function luminance(rgb) {
  const [r, g, b] = rgb.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours, from 1 to 21. Text needs 4.5, an outline 3. */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const INKS = ["#16202c", "#ffffff", "#000000"]; // the soft ink first; on every colour one of the three reads
const SHADES = INKS.map((ink) => [ink, parse(ink)]);

/** Ink that reads on a colour. */
export const inkOn = (rgb) => SHADES.find(([, shade]) => contrast(shade, rgb) >= 4.5)[0];

const known = new Map();
onSchemeChange(() => known.clear());

/** A colour of the style sheet, so that the canvas follows the page. Remembered, for it is asked per cell. */
export function pageColour(name) {
  if (!known.has(name)) {
    known.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  }
  return known.get(name);
}

/** The same as [r, g, b]; the sheet must write it as #rrggbb. */
export const pageRgb = (name) => parse(pageColour(name));

export const rampColours = () => RAMPS[scheme()];
export const legendGradient = () => `linear-gradient(to right, ${rampColours().join(", ")})`;
