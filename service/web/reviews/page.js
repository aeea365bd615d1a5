/** One review: looks after it while it runs, and what people do with it. */

import { call } from "../core/api.js";
import { confirmed } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explained, notice } from "../core/notices.js";
import { address, go } from "../core/router.js";
import { visible } from "../core/text.js";
import { pause } from "../core/waiting.js";
import { dollars, moment, t } from "../core/words.js";
import { fileName, save } from "./exporting.js";
import { Grid } from "./grid.js";
import { CellPanel } from "./panel.js";
import { cost, isUnderWay, nameOf, progress, stateWords } from "./standing.js";

const LEAST_WAIT = 800;
const LONGEST_WAIT = 20_000;
/** A look that took long is a large review, or a busy server: it is left alone for longer. */
const REST = 4;
const FORMATS = [
  ["xlsx", "Excel"],
  ["csv", "CSV"],
  ["json", "JSON"],
];

/** The page `#/review/ID`. */
export class ReviewPage {
  #path;
  #review = null;
  #leaving = new AbortController();
  #watching = false;
  #head = h("header", { class: "review-head" });
  #acts = h("div", { class: "row" });
  #lost = h("p", { class: "why", role: "status" });
  #grid = null;
  #panel = null;

  constructor(id) {
    this.#path = `/v1/reviews/${encodeURIComponent(id)}`;
    this.element = h("div", { class: "page reviews wide" });
  }

  async begin() {
    await this.#load();
    const { questions } = this.#review;
    this.#panel = new CellPanel(questions, () => this.#close());
    this.#grid = new Grid(questions, {
      open: (cell) => this.#open(cell),
      reach: (cell) => this.#panel.isOpen && this.#show(cell),
    });
    fill(
      this.element,
      h("nav", { class: "crumb", "aria-label": t("title.reviews") }, h("a", { href: address("reviews") }, t("title.reviews"))),
      this.#head,
      this.#acts,
      this.#lost,
      h("div", { class: "beside" }, this.#grid.element, this.#panel.element),
    );
    this.#draw();
    this.#watch();
  }

  end() {
    this.#leaving.abort();
  }

  async #load() {
    this.#review = await call(this.#path, { signal: this.#leaving.signal });
  }

  /** Look again and again while it runs; the cells are fetched only where one has changed. */
  async #watch() {
    if (this.#watching) return;
    this.#watching = true;
    const { signal } = this.#leaving;
    for (let wait = LEAST_WAIT; isUnderWay(this.#review); ) {
      await pause(wait, signal);
      if (signal.aborted) return;
      const begun = performance.now();
      try {
        await this.#look();
        fill(this.#lost);
        wait = Math.max(LEAST_WAIT, REST * (performance.now() - begun));
      } catch (error) {
        if (signal.aborted) return;
        fill(this.#lost, explained(error));
        if (error?.status === 404) break;
        wait = Math.min(2 * wait, LONGEST_WAIT);
      }
    }
    this.#watching = false;
  }

  async #look() {
    const brief = await call(`${this.#path}?cells=false`, { signal: this.#leaving.signal });
    const stands = ({ state, progress: cells, cancelling }) => JSON.stringify([state, cells, cancelling]);
    if (stands(brief) === stands(this.#review)) return;
    await this.#load();
    this.#draw();
  }

  #draw() {
    const review = this.#review;
    fill(
      this.#head,
      h("div", { class: "row between" }, h("h1", {}, nameOf(review)), stateWords(review)),
      h("p", { class: "hint" }, [visible(review.collection), moment(review.created_at), cost(review)].join(" · ")),
      progress(review),
      review.reason && h("p", { class: "why" }, visible(review.reason)),
    );
    this.#drawActs();
    this.#grid.draw(review.cells);
  }

  #drawActs() {
    const { state, progress: cells, cancelling } = this.#review;
    const under = isUnderWay(this.#review);
    const button = (key, act, kind = null, disabled = false) => h("button", { type: "button", class: kind, disabled, "data-act": key, onclick: act }, t(`reviews.act.${key}`));
    const focused = document.activeElement?.dataset?.act;
    fill(
      this.#acts,
      under && button("stop", () => this.#stop(), null, cancelling),
      !under && (cells.pending > 0 || cells.stale > 0 || state === "failed") && button("resume", () => this.#resume(false), "primary"),
      !under && cells.failed > 0 && button("retry", () => this.#resume(true)),
      h("span", { class: "hint" }, t("reviews.export")),
      FORMATS.map(([format, name]) => h("button", { type: "button", "data-act": format, onclick: () => this.#export(format) }, name)),
      !under && button("delete", () => this.#delete(), "danger"),
    );
    if (focused) this.#acts.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  #stop() {
    return this.#do(() => call(`${this.#path}/cancel`, { method: "POST" }));
  }

  #resume(failed) {
    return this.#do(async () => {
      const begun = await call(`${this.#path}/resume`, { body: { retry_failed: failed } });
      const { cells, usd } = begun.estimate;
      notice(usd === null ? t("reviews.resumedUnpriced", { n: cells }) : t("reviews.resumed", { n: cells, usd: dollars(usd) }));
    });
  }

  #export(format) {
    const asked = `${this.#path}/export?format=${format}`;
    return this.#do(() => save(asked, fileName(this.#review.name, format)));
  }

  async #delete() {
    if (!(await confirmed(t("reviews.deleteAsk", { name: nameOf(this.#review) }), t("reviews.act.delete")))) return;
    try {
      await call(this.#path, { method: "DELETE" });
      go("reviews");
    } catch (error) {
      notice(explained(error), "bad");
    }
  }

  async #do(act) {
    try {
      await act();
      await this.#load();
      this.#draw();
      this.#watch();
    } catch (error) {
      if (error?.name !== "AbortError") notice(explained(error), "bad");
    }
  }

  #open(cell) {
    this.#show(cell);
    this.#panel.focus();
  }

  #show(cell) {
    this.#panel.show(cell);
    this.#grid.mark(cell);
  }

  #close() {
    this.#panel.hide();
    this.#grid.mark(null);
    this.#grid.focus();
  }
}
