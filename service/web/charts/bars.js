/** Bars, one upon another. */

import { svg } from "../core/dom.js";

const GAP = 0.28;
const WIDEST = 36;

/** @param {{values: (number | null)[]}[]} series */
export function highest(series) {
  return Math.max(0, ...series[0].values.map((_, place) => sum(series, place)));
}

/** @returns {SVGElement[]} */
export function draw(frame, series) {
  const width = Math.min(WIDEST, frame.band * (1 - GAP));
  return series[0].values.flatMap((_, place) => stack(frame, series, place, width));
}

function stack(frame, series, place, width) {
  let below = 0;
  return series.flatMap(({ values, colour }) => {
    const value = values[place] ?? 0;
    if (!value) return [];
    const [low, high] = [frame.y(below), frame.y((below += value))];
    const height = Math.max(0.5, low - high);
    return [svg("rect", { class: `fill-${colour}`, x: frame.x(place) - width / 2, y: low - height, width, height })];
  });
}

const sum = (series, place) => series.reduce((total, { values }) => total + (values[place] ?? 0), 0);
