/** The documents of a collection as a table that can be filtered. */

import { fill, h } from "../core/dom.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { bytes, day, moment, number, t } from "../core/words.js";
import { kindOf } from "./kinds.js";

/** Draws what it is given; what is done to a document is asked of `acts`. */
export class DocumentTable {
  #acts;
  #rows = [];
  #body = h("tbody");
  #shown = h("p", { class: "hint", role: "status" });
  #more;
  #field = h("input", { type: "search", id: "filter", autocomplete: "off", oninput: () => this.#filter() });
  #total = 0;

  /** @param {{remove: Function, pin: Function, unpin: Function, more: Function}} acts */
  constructor(acts) {
    this.#acts = acts;
    this.#more = h("button", { type: "button", onclick: () => acts.more() }, t("documents.more"));
    const heads = ["name", "kind", "pages", "size", "added"].map((name) =>
      h("th", { scope: "col", class: name === "pages" || name === "size" ? `figure ${name}` : name }, t(`documents.head.${name}`)),
    );
    this.element = h(
      "section",
      { class: "list", "aria-label": t("documents.list") },
      h("div", { class: "row between" }, h("label", { for: "filter", class: "hidden" }, t("documents.filter")), this.#field, this.#shown),
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, heads, h("th", { scope: "col" }, h("span", { class: "hidden" }, t("documents.head.acts"))))),
        this.#body,
      ),
      this.#more,
    );
    this.#field.placeholder = t("documents.filter");
  }

  /** @param {object[]} documents loaded so far. @param {Set<string>} pinned ids. @param {number} total in the collection. */
  draw(documents, pinned, total, hasMore) {
    this.#total = total;
    this.#rows = documents.map((document) => ({
      words: `${document.path}\n${document.title}`.toLowerCase(),
      element: this.#row(document, pinned.has(document.id)),
    }));
    this.#more.hidden = !hasMore;
    const place = placeOfFocus(this.#body);
    fill(this.#body, this.#rows.map(({ element }) => element));
    this.#filter();
    restoreFocus(this.#body, place);
  }

  #filter() {
    const wanted = this.#field.value.trim().toLowerCase();
    let n = 0;
    for (const { words, element } of this.#rows) {
      element.hidden = !words.includes(wanted);
      if (!element.hidden) n += 1;
    }
    fill(this.#shown, wanted || n < this.#total ? t("documents.shown", { n, total: this.#total }) : t("documents.count", { n }));
  }

  #row(document, isPinned) {
    const name = nameOf(document);
    const kind = kindOf(document.path, document.media_type);
    const pages = document.pages ? number(document.pages) : "–";
    const brief = [kind, document.pages && t("documents.pageCount", { n: document.pages }), bytes(document.size), day(document.created_at)];
    const act = isPinned ? "unpin" : "pin";
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row", class: "name" },
        h("a", { href: address("document", document.id) }, name),
        name !== visible(document.path) && h("span", { class: "file-path" }, visible(document.path)),
        h("span", { class: "brief" }, brief.filter(Boolean).join(" · ")),
        warnings(document.warnings),
      ),
      h("td", { class: "kind" }, kind),
      h("td", { class: "figure pages" }, pages),
      h("td", { class: "figure size" }, bytes(document.size)),
      h("td", { class: "added" }, h("time", { datetime: document.created_at, title: moment(document.created_at) }, day(document.created_at))),
      h(
        "td",
        { class: "acts" },
        h(
          "button",
          { type: "button", class: "bare", "aria-label": t(`documents.${act}Named`, { name }), onclick: () => this.#acts[act](document) },
          t(`documents.${act}`),
        ),
        h(
          "button",
          { type: "button", class: "bare", "aria-label": t("documents.deleteNamed", { name }), onclick: () => this.#acts.remove(document) },
          t("documents.delete"),
        ),
      ),
    );
  }
}

/** Its title; one that has none of its own is called by its file's name. */
const nameOf = ({ title, path }) => visible(title && title !== path ? title : path.split("/").at(-1));

/** Which row and which of its buttons has the focus: whoever pins by keyboard stays where they were. */
function placeOfFocus(body) {
  const row = document.activeElement?.closest?.("tr");
  if (!row || !body.contains(row)) return null;
  return { row: [...body.rows].indexOf(row), button: [...row.querySelectorAll("button")].indexOf(document.activeElement) };
}

function restoreFocus(body, place) {
  if (place === null) return;
  const row = body.rows[Math.min(place.row, body.rows.length - 1)];
  (row?.querySelectorAll("button")[place.button] ?? row?.querySelector("a"))?.focus();
}

function warnings(sentences) {
  if (!sentences.length) return null;
  return h(
    "details",
    { class: "remarks" },
    h("summary", {}, t("documents.warnings", { n: sentences.length })),
    h("ul", {}, sentences.map((sentence) => h("li", {}, visible(sentence)))),
  );
}
