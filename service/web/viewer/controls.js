/** The head of a source: what it is, and the ways through it. */

import { fill, h } from "../core/dom.js";
import { number, t } from "../core/words.js";

export class Controls {
  #acts;
  #title = h("h2", { class: "source-title", tabindex: -1 });
  #names = h("div", { class: "names" });
  #previous = h("button", { type: "button", class: "quiet", "aria-label": t("source.previous") }, "‹");
  #next = h("button", { type: "button", class: "quiet", "aria-label": t("source.next") }, "›");
  #position = h("span", { class: "position" });
  #steps = h("div", { class: "row steps", role: "group", "aria-label": t("source.citations"), hidden: true }, this.#previous, this.#position, this.#next);
  #looks = h("div", { class: "row looks" });
  #page = h("input", { type: "number", min: 1, "aria-label": t("source.page"), onchange: (event) => this.#acts.page(Number(event.target.value)) });
  #chosen = { previous: null, next: null };

  /** @param {{close?: () => void, look: (look: "page" | "text") => void, page: (page: number) => void}} acts */
  constructor(acts) {
    this.#acts = acts;
    this.#previous.addEventListener("click", () => this.#chosen.previous?.());
    this.#next.addEventListener("click", () => this.#chosen.next?.());
    const close = acts.close && h("button", { type: "button", class: "quiet close", onclick: acts.close, "aria-label": t("source.close") }, "×");
    this.element = h(
      "header",
      { class: "source-head" },
      h("div", { class: "source-line" }, this.#title, close),
      this.#names,
      h("div", { class: "source-tools" }, this.#steps, this.#looks),
    );
  }

  focus() {
    this.#title.focus({ preventScroll: true });
  }

  focusStep(by) {
    const [wanted, other] = by > 0 ? [this.#next, this.#previous] : [this.#previous, this.#next];
    (wanted.disabled ? other : wanted).focus();
  }

  /** @param {import("./viewer.js").Steps} [steps] */
  steps(steps) {
    this.#steps.hidden = !steps;
    if (!steps) return;
    this.#chosen = steps;
    this.#previous.disabled = !steps.previous;
    this.#next.disabled = !steps.next;
    fill(this.#position, t("source.position", { at: number(steps.at), of: number(steps.of) }));
  }

  /** What the source is. `newer` is the address of its present version, where that is another one. */
  name({ title, path, version, where, cited, newer }) {
    fill(this.#title, title);
    fill(
      this.#names,
      h("p", { class: "path" }, path === title ? version : `${path} · ${version}`),
      where && h("p", { class: "where" }, where),
      // The page's image says nothing to who cannot see it.
      cited && h("p", { class: "hidden" }, t("source.cited", { text: cited })),
      newer && h("p", { class: "newer" }, t("source.newer"), " ", h("a", { href: newer }, t("source.newer.open"))),
    );
  }

  /** The switch between page and text; none where there are no pages to see. */
  looks(look, { pages }) {
    if (!look) {
      fill(this.#looks);
      return;
    }
    const choice = (name) =>
      h("button", { type: "button", class: "quiet", "aria-pressed": String(name === look), onclick: () => this.#acts.look(name) }, t(`source.look.${name}`));
    this.#page.max = pages.length;
    const turner = look === "page" && h("span", { class: "turner" }, this.#page, t("source.of", { n: number(pages.length) }));
    const had = this.#looks.contains(document.activeElement);
    fill(this.#looks, turner, choice("page"), choice("text"));
    if (had) this.#looks.querySelector("[aria-pressed=true]").focus();
  }

  /** The page that is being looked at. */
  at(page) {
    if (document.activeElement !== this.#page) this.#page.value = page;
  }
}
