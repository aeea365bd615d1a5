/** Lines with a point for each day that has a value; a day without one is a gap. */

import { svg } from "../core/dom.js";

const RADIUS = 2.5;

/** @param {{values: (number | null)[]}[]} series */
export function highest(series) {
  return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
}

/** @returns {SVGElement[]} */
export function draw(frame, series) {
  return series.flatMap(({ values, colour }) => [
    ...runs(values).map((run) => svg("polyline", { class: `line-${colour}`, points: run.map(([place, value]) => `${frame.x(place)},${frame.y(value)}`).join(" ") })),
    ...runs(values)
      .flat()
      .map(([place, value]) => svg("circle", { class: `fill-${colour}`, cx: frame.x(place), cy: frame.y(value), r: RADIUS })),
  ]);
}

/** Days in a row that have a value. @returns {[number, number][][]} */
export function runs(values) {
  const found = [];
  let open = false;
  values.forEach((value, place) => {
    if (value === null) {
      open = false;
      return;
    }
    if (!open) found.push([]);
    found.at(-1).push([place, value]);
    open = true;
  });
  return found;
}
