/** Documents by questions. Only what has changed is drawn anew; arrows go from cell to cell. */

import { fill, h } from "../core/dom.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { cellContent, lookOf } from "./cell.js";

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity], PageUp: [-10, 0], PageDown: [10, 0] };

/** The table of a review. */
export class Grid {
  #questions;
  #acts;
  #body = h("tbody", { onkeydown: (event) => this.#key(event), onclick: (event) => this.#click(event), onfocusin: (event) => this.#focused(event) });
  #rows = new Map();
  #cells = new WeakMap();
  #looks = new WeakMap();
  #reachable = null;

  /**
   * @param {{id: string, question: string, title: string}[]} questions
   * @param {{open: (cell: object) => void, reach: (cell: object) => void}} acts a cell was opened, or is gone to.
   */
  constructor(questions, acts) {
    this.#questions = questions;
    this.#acts = acts;
    const heads = questions.map((each) => h("th", { scope: "col", title: visible(each.question) }, h("span", { class: "clamp" }, visible(each.title || each.question))));
    this.element = h(
      "div",
      { class: "grid scroll" },
      h(
        "table",
        { role: "grid", "aria-label": t("reviews.grid"), "aria-readonly": "true" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col", class: "first" }, t("documents.head.name")), heads)),
        this.#body,
      ),
    );
  }

  /** @param {object[]} cells of all documents, row by row. */
  draw(cells) {
    const rows = new Map();
    for (const cell of cells) {
      if (!rows.has(cell.document_id)) rows.set(cell.document_id, []);
      rows.get(cell.document_id).push(cell);
    }
    for (const [id, row] of this.#rows) if (!rows.has(id)) this.#drop(id, row);
    for (const [id, own] of rows) {
      if (!this.#rows.has(id)) this.#rows.set(id, this.#body.appendChild(this.#row(own[0])));
      own.forEach((cell, place) => this.#update(this.#rows.get(id).cells[place + 1], cell));
    }
    if (!this.#reachable) this.#reach(this.#body.rows[0]?.cells[1]);
  }

  /** Go back to the cell that was opened. */
  focus() {
    this.#reachable?.focus();
  }

  /** Mark the cell that is open; null for none. */
  mark(cell) {
    this.#body.querySelector(".open")?.classList.remove("open");
    if (!cell) return;
    this.#reachable?.classList.add("open");
    this.#reachable?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #drop(id, row) {
    if (row.contains(this.#reachable)) this.#reachable = null;
    row.remove();
    this.#rows.delete(id);
  }

  #row({ document_id: id, path, number }) {
    const parts = visible(path).split("/");
    const name = h("a", { href: address("document", id, number), tabindex: -1 }, parts.pop());
    const folder = parts.length > 0 && h("span", { class: "folder" }, `${parts.join("/")}/`);
    return h("tr", {}, h("th", { scope: "row", class: "first" }, name, folder), this.#questions.map(() => h("td", { tabindex: -1 })));
  }

  #update(element, cell) {
    this.#cells.set(element, cell);
    const look = lookOf(cell);
    if (this.#looks.get(element) === look) return;
    this.#looks.set(element, look);
    element.className = `cell-${cell.state}${cell.state === "answered" && !cell.supported ? " unproven" : ""}${element.classList.contains("open") ? " open" : ""}`;
    fill(element, cellContent(cell));
    if (element.classList.contains("open")) this.#acts.reach(cell);
  }

  /** One cell is in the order of the tab key: the last one that was gone to. */
  #reach(element) {
    this.#reachable?.setAttribute("tabindex", -1);
    this.#reachable = element ?? null;
    element?.setAttribute("tabindex", 0);
  }

  #focused({ target }) {
    const element = target.closest("td");
    if (!element) return;
    this.#reach(element);
    this.#acts.reach(this.#cells.get(element));
  }

  #click({ target }) {
    const element = target.closest("td");
    if (!element) return;
    this.#reach(element);
    this.#acts.open(this.#cells.get(element));
  }

  #key(event) {
    const place = event.target.closest("td, th");
    if (!place || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && place.matches("td")) {
      event.preventDefault();
      return this.#acts.open(this.#cells.get(place));
    }
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const rows = this.#body.rows;
    const row = Math.min(rows.length - 1, Math.max(0, place.parentElement.sectionRowIndex + move[0]));
    const column = Math.min(this.#questions.length, Math.max(0, place.cellIndex + move[1]));
    const next = rows[row].cells[column];
    (column ? next : next.querySelector("a")).focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
