/** The form that begins a review; what it should cost is said before anything is asked. */

import { call } from "../core/api.js";
import { collections, usualCollection } from "../core/collections.js";
import { confirmed } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { failure, notice } from "../core/notices.js";
import { address, go } from "../core/router.js";
import { dollars, t } from "../core/words.js";
import { DocumentChoice } from "./choice.js";
import { QuestionEditor } from "./editor.js";

/** The page `#/reviews/new`. */
export class ReviewForm {
  #choice = new DocumentChoice(usualCollection());
  #questions = new QuestionEditor();
  #name = h("input", { id: "review-name", maxlength: 1_000, autocomplete: "off" });
  #most = h("input", { id: "review-most", type: "number", min: 0, step: "any", inputmode: "decimal" });
  #said = h("div");
  #begin = h("button", { type: "submit", class: "primary" }, t("reviews.begin"));

  constructor() {
    this.element = h(
      "div",
      { class: "page reviews form" },
      h("nav", { class: "crumb", "aria-label": t("title.reviews") }, h("a", { href: address("reviews") }, t("title.reviews"))),
      h("h1", {}, t("reviews.new")),
      h("p", { class: "hint lead" }, t("reviews.newWhy")),
      collections().length ? this.#form() : this.#noDocuments(),
    );
  }

  begin() {}

  end() {}

  #noDocuments() {
    return h("p", { class: "empty" }, t("reviews.noDocuments"), " ", h("a", { href: address("documents", "default") }, t("documents.upload")));
  }

  #form() {
    return h(
      "form",
      { onsubmit: (event) => (event.preventDefault(), this.#send()) },
      h("div", { class: "labelled" }, h("label", { for: "review-name" }, t("reviews.name")), this.#name, h("p", { class: "hint" }, t("reviews.nameWhy"))),
      this.#choice.element,
      this.#questions.element,
      h("div", { class: "labelled" }, h("label", { for: "review-most" }, t("reviews.most")), this.#most, h("p", { class: "hint" }, t("reviews.mostWhy"))),
      this.#said,
      h("div", { class: "row" }, this.#begin, h("p", { class: "hint" }, t("reviews.beginWhy"))),
    );
  }

  /** Null where something is missing yet, which is said. */
  #order() {
    const questions = this.#questions.questions();
    const documents = this.#choice.documents;
    if (!questions.length) return this.#miss(t("reviews.noQuestion"));
    if (documents?.length === 0) return this.#miss(t("reviews.noneChosen"));
    const most = this.#most.value === "" ? undefined : Number(this.#most.value);
    return { questions, documents, collection: this.#choice.collection, name: this.#name.value.trim(), max_usd: most };
  }

  #miss(words) {
    fill(this.#said, h("p", { class: "failure", role: "alert" }, words));
    return null;
  }

  async #send() {
    const order = this.#order();
    if (order === null) return;
    fill(this.#said, h("p", { class: "hint", role: "status" }, t("reviews.estimating")));
    this.#begin.disabled = true;
    try {
      const expected = await call("/v1/reviews/estimate", { body: order });
      fill(this.#said);
      if (!(await confirmed(priceWords(expected), t("reviews.begin"), "primary"))) return;
      const begun = await call("/v1/reviews", { body: order });
      notice(t(begun.goes_on ? "reviews.goesOn" : "reviews.begun"));
      go("review", begun.id);
    } catch (error) {
      fill(this.#said, failure(error));
    } finally {
      this.#begin.disabled = false;
    }
  }
}

function priceWords({ cells, documents, too_long: long, fresh_tokens: fresh, cached_tokens: cached, usd }) {
  const said = [
    t("reviews.expectedCells", { n: cells, documents: t("documents.count", { n: documents }) }),
    usd === null ? t("reviews.expectedUnknown") : t("reviews.expectedPrice", { usd: dollars(usd) }),
    t("reviews.expectedTokens", { fresh, cached }),
  ];
  if (long) said.push(t("reviews.expectedLong", { n: long }));
  return said.join(" ");
}
