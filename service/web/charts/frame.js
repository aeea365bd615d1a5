/** The axes of a chart, and where values lie between them. */

import { svg } from "../core/dom.js";
import { labelled, ticks } from "./scale.js";

export const HEIGHT = 200;
const TOP = 10;
const BOTTOM = 24;
const CHARACTER = 7.2;
/** Chinese characters take twice the room of a letter. */
const WIDE = /[\u2e80-\uffef]/g;
const LABEL_WIDTH = 84;

/**
 * @param {{width: number, labels: string[], highest: number, format: (value: number) => string}} of
 * @returns {{nodes: SVGElement[], left: number, band: number, x: (place: number) => number, y: (value: number) => number, at: (x: number) => number}}
 *   `x` is the middle of a label's band; `at` the place of the band that holds a point.
 */
export function frame({ width, labels, highest, format }) {
  const marks = ticks(highest);
  const names = marks.map(format);
  const left = Math.ceil(Math.max(...names.map(room)) * CHARACTER) + 8;
  const band = (width - left) / labels.length;
  const bottom = HEIGHT - BOTTOM;
  const y = (value) => bottom - (value / marks.at(-1)) * (bottom - TOP);
  const x = (place) => left + band * (place + 0.5);
  const lines = marks.map((mark, place) => [
    svg("line", { class: place ? "grid" : "base", x1: left, x2: width, y1: y(mark), y2: y(mark) }),
    svg("text", { class: "tick", x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, names[place]),
  ]);
  const below = labelled(labels.length, Math.floor((width - left) / LABEL_WIDTH)).map((place) =>
    svg("text", { class: "tick", y: HEIGHT - 6, ...anchored(x(place), width) }, labels[place]),
  );
  const at = (point) => Math.min(labels.length - 1, Math.max(0, Math.floor((point - left) / band)));
  return { nodes: [...lines.flat(), ...below], left, band, top: TOP, bottom, x, y, at };
}

const room = (name) => name.length + (name.match(WIDE)?.length ?? 0);

/** A label at the edge would be cut off in the middle. */
function anchored(x, width) {
  return x > width - LABEL_WIDTH / 2 ? { x: width, "text-anchor": "end" } : { x, "text-anchor": "middle" };
}
