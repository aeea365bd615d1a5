/** Which documents a review reads: a whole collection, or some of it. */

import { call } from "../core/api.js";
import { collections } from "../core/collections.js";
import { fill, h } from "../core/dom.js";
import { explained } from "../core/notices.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";

const AT_ONCE = 1_000;

/** A collection, and which of its documents. */
export class DocumentChoice {
  #collection;
  #chosen = new Set();
  #list = h("ul", { class: "ticks", tabindex: 0, "aria-label": t("reviews.chosen") });
  #filter = h("input", { type: "search", "aria-label": t("documents.filter"), placeholder: t("documents.filter"), oninput: () => this.#sift() });
  #some = h("div", { hidden: true }, this.#filter, this.#list);
  #all = h("input", { type: "radio", name: "which", checked: true, onchange: () => this.#show() });
  #few = h("input", { type: "radio", name: "which", onchange: () => this.#show() });
  #allWords = h("span");

  /** @param {string} collection the one that is chosen first. */
  constructor(collection) {
    this.#collection = collection;
    this.element = h(
      "fieldset",
      { class: "card" },
      h("legend", {}, t("reviews.documents")),
      h("label", { for: "of-collection" }, t("bar.collection")),
      this.#select(),
      h("label", { class: "option" }, this.#all, this.#allWords),
      h("label", { class: "option" }, this.#few, t("reviews.someDocuments")),
      this.#some,
    );
    this.#name();
  }

  get collection() {
    return this.#collection;
  }

  /** Ids; undefined for all. */
  get documents() {
    return this.#all.checked ? undefined : [...this.#chosen];
  }

  #select() {
    const change = (event) => {
      this.#collection = event.target.value;
      this.#chosen.clear();
      fill(this.#list);
      this.#name();
      this.#show();
    };
    const names = collections().map(({ name }) => name);
    return h("select", { id: "of-collection", onchange: change }, names.map((name) => h("option", { value: name, selected: name === this.#collection }, visible(name))));
  }

  #name() {
    const found = collections().find(({ name }) => name === this.#collection);
    fill(this.#allWords, t("reviews.allDocuments", { n: found?.documents ?? 0 }));
  }

  async #show() {
    this.#some.hidden = this.#all.checked;
    if (this.#all.checked || this.#list.children.length) return;
    const collection = this.#collection;
    try {
      for (let after = null; ; ) {
        const page = await call(`/v1/documents?${new URLSearchParams({ collection, limit: AT_ONCE, ...(after && { after }) })}`);
        if (collection !== this.#collection) return;
        this.#list.append(...page.documents.map((document) => this.#tick(document)));
        after = page.next;
        if (after === null) return this.#sift();
      }
    } catch (error) {
      fill(this.#list, h("li", { class: "why" }, explained(error)));
    }
  }

  #tick({ id, path, title }) {
    const change = (event) => (event.target.checked ? this.#chosen.add(id) : this.#chosen.delete(id));
    const words = visible(path) + (title && title !== path ? ` — ${visible(title)}` : "");
    return h("li", { "data-words": words.toLowerCase() }, h("label", { class: "option" }, h("input", { type: "checkbox", onchange: change }), words));
  }

  #sift() {
    const wanted = this.#filter.value.trim().toLowerCase();
    for (const row of this.#list.children) row.hidden = !row.dataset.words?.includes(wanted);
  }
}
