/** A chart over days: drawn anew for every width, read by pointer, by keyboard, or as a table. */

import { fill, h, svg } from "../core/dom.js";
import { t } from "../core/words.js";
import { frame, HEIGHT } from "./frame.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

/**
 * @typedef {{name: string, values: (number | null)[], colour: 1 | 2 | 3 | 4}} Series
 * @typedef {{highest: (series: Series[]) => number, draw: (frame: object, series: Series[]) => SVGElement[]}} Marks
 */

/** A figure with its heading, legend, drawing and table. */
export class Chart {
  #about;
  #drawing = h("div", { class: "drawing" });
  #tip = h("div", { class: "tip", role: "status", hidden: true });
  #width = 0;
  #frame = null;
  #cursor = null;
  #watch = new ResizeObserver(() => this.#fit());

  /**
   * @param {{title: string, summary: string, days: string[], longDays: string[], series: Series[], marks: Marks,
   *   format: (value: number) => string, axis?: (value: number) => string, highest?: number}} about
   *   `summary` says in a sentence what the drawing shows; `axis` writes the numbers beside it.
   */
  constructor(about) {
    this.#about = about;
    const nothing = about.series.every(({ values }) => values.every((value) => !value));
    this.element = h(
      "figure",
      { class: "card chart" },
      h("figcaption", {}, h("h2", {}, about.title), h("p", { class: "hint" }, about.summary)),
      nothing ? h("p", { class: "nothing" }, t("chart.nothing")) : this.#shown(),
    );
  }

  /** Draws no more. */
  end() {
    this.#watch.disconnect();
  }

  #shown() {
    const { title, summary, series } = this.#about;
    const canvas = h(
      "div",
      {
        class: "canvas",
        tabindex: 0,
        role: "img",
        "aria-label": t("chart.label", { title, summary }),
        onkeydown: (event) => this.#key(event),
        onblur: () => this.#point(null),
        onpointermove: (event) => this.#point(this.#frame.at(event.clientX - canvas.getBoundingClientRect().left)),
        onpointerleave: () => this.#point(null),
      },
      this.#drawing,
    );
    this.#watch.observe(this.#drawing);
    const legend = series.length > 1 && h("ul", { class: "legend" }, series.map(({ name, colour }) => h("li", {}, swatch(colour), name)));
    return [legend, h("div", { class: "over" }, canvas, this.#tip), this.#table()];
  }

  #fit() {
    const width = Math.floor(this.#drawing.clientWidth);
    if (!width || width === this.#width) return;
    this.#width = width;
    const { series, marks, days, format, axis, highest } = this.#about;
    this.#frame = frame({ width, labels: days, highest: highest ?? marks.highest(series), format: axis ?? format });
    this.#cursor = svg("line", { class: "cursor", y1: this.#frame.top, y2: this.#frame.bottom, visibility: "hidden" });
    const drawn = [this.#frame.nodes, this.#cursor, marks.draw(this.#frame, series)].flat();
    fill(this.#drawing, svg("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" }, drawn));
    this.#point(null);
  }

  #key(event) {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const last = this.#about.days.length - 1;
    const from = this.#tip.hidden ? last + (STEPS[event.key] < 0 ? 1 : 0) : Number(this.#tip.dataset.place);
    this.#point(Math.min(last, Math.max(0, from + STEPS[event.key])));
  }

  /** Tell the values of a day beside it. */
  #point(place) {
    this.#tip.hidden = place === null;
    this.#cursor?.setAttribute("visibility", place === null ? "hidden" : "visible");
    if (place === null || this.#tip.dataset.place === String(place)) return;
    const { longDays, series } = this.#about;
    this.#tip.dataset.place = place;
    fill(
      this.#tip,
      h("strong", {}, longDays[place]),
      series.map(({ name, values, colour }) => h("span", {}, swatch(colour), `${name}: ${this.#written(values[place])}`)),
    );
    const x = this.#frame.x(place);
    this.#cursor.setAttribute("x1", x);
    this.#cursor.setAttribute("x2", x);
    const isRight = x > this.#width / 2;
    this.#tip.style.left = isRight ? "auto" : `${x + 10}px`;
    this.#tip.style.right = isRight ? `${this.#width - x + 10}px` : "auto";
  }

  #table() {
    const { title, longDays, series } = this.#about;
    const row = (day, place) =>
      h("tr", {}, h("th", { scope: "row" }, day), series.map(({ values }) => h("td", { class: "figure" }, this.#written(values[place]))));
    return h(
      "details",
      {},
      h("summary", { "aria-label": t("chart.tableOf", { title }) }, t("chart.table")),
      h(
        "div",
        { class: "scroll as-table", tabindex: 0, role: "region", "aria-label": title },
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("chart.day")), series.map(({ name }) => h("th", { scope: "col", class: "figure" }, name)))),
          h("tbody", {}, longDays.map(row)),
        ),
      ),
    );
  }

  #written(value) {
    return value === null ? t("chart.none") : this.#about.format(value);
  }
}

const swatch = (colour) => h("span", { class: `swatch back-${colour}`, "aria-hidden": "true" });
