/** All reviews, the newest first. */

import { call } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { pause } from "../core/waiting.js";
import { day, dollars, t } from "../core/words.js";
import { isUnderWay, nameOf, progress, stateWords } from "./standing.js";

const LOOK_MILLISECONDS = 2_000;

/** Drawn anew while one of them is under way. */
export class ReviewList {
  #leaving = new AbortController();
  #list = h("ul", { class: "shelf" });
  #drawn = "";

  constructor() {
    this.element = h(
      "div",
      { class: "page reviews" },
      h(
        "header",
        { class: "row between" },
        h("h1", {}, t("title.reviews")),
        h("a", { class: "button primary", href: address("reviews", "new") }, t("reviews.new")),
      ),
      h("p", { class: "hint lead" }, t("reviews.why")),
      this.#list,
    );
  }

  async begin() {
    if (await this.#look()) this.#watch();
  }

  end() {
    this.#leaving.abort();
  }

  /** Whether one is under way. */
  async #look() {
    const { reviews } = await call("/v1/reviews", { signal: this.#leaving.signal });
    const found = JSON.stringify(reviews);
    if (found !== this.#drawn) {
      this.#drawn = found;
      const focused = document.activeElement?.getAttribute?.("href");
      if (reviews.length) fill(this.#list, reviews.map(entry));
      else fill(this.#list, h("li", { class: "empty" }, t("reviews.none")));
      if (focused) this.#list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
    return reviews.some(isUnderWay);
  }

  async #watch() {
    const { signal } = this.#leaving;
    for (;;) {
      await pause(LOOK_MILLISECONDS, signal);
      if (signal.aborted) return;
      try {
        if (!(await this.#look())) return;
      } catch {
        // It is asked again: what is shown stays true as far as it goes.
      }
    }
  }
}

function entry(review) {
  const facts = [
    visible(review.collection),
    t("reviews.size", { n: review.documents, questions: t("reviews.questionCount", { n: review.questions.length }) }),
    day(review.created_at),
    review.spent.calls > 0 && dollars(review.spent.usd),
  ];
  return h(
    "li",
    { class: "card" },
    h("div", { class: "row between" }, h("a", { class: "title", href: address("review", review.id) }, nameOf(review)), stateWords(review)),
    h("p", { class: "hint" }, facts.filter(Boolean).join(" · ")),
    progress(review),
    review.reason && h("p", { class: "why" }, visible(review.reason)),
  );
}
