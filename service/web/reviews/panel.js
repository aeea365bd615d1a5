/** One cell in full: its value, the answer, and every place that it rests on. */

import { fill, h } from "../core/dom.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { dollars, percent, t } from "../core/words.js";
import { valueWords } from "./cell.js";

const MARK = /\[(\d+)\]/;

/** Beside the grid, or over it where there is no room. */
export class CellPanel {
  #questions;
  #cell = null;

  /** @param {object[]} questions @param {() => void} close is called when the reader is done with it. */
  constructor(questions, close) {
    this.#questions = new Map(questions.map((question) => [question.id, question]));
    this.element = h("aside", { class: "panel card", tabindex: -1, hidden: true, "aria-label": t("reviews.panel"), onkeydown: (event) => event.key === "Escape" && close() });
    this.close = close;
  }

  get isOpen() {
    return !this.element.hidden;
  }

  hide() {
    this.element.hidden = true;
  }

  /** @param {object} cell */
  show(cell) {
    this.element.hidden = false;
    if (cell === this.#cell) return;
    this.#cell = cell;
    const question = this.#questions.get(cell.question_id);
    fill(
      this.element,
      h("button", { type: "button", class: "bare shut", "aria-label": t("documents.close"), onclick: () => this.close() }, "✕"),
      h("p", { class: "file-path" }, visible(cell.path)),
      h("h2", {}, visible(question.question)),
      content(cell),
      facts(cell),
    );
    this.element.scrollTop = 0;
  }

  focus() {
    this.element.focus();
  }
}

function content(cell) {
  const { state, value, supported, reason, answer, marks, citations } = cell;
  if (state === "pending") return h("p", { class: "faint" }, t("reviews.pendingWhy"));
  if (state === "failed") return [h("p", { class: "word wrong" }, t("reviews.cell.failed")), h("p", {}, visible(reason))];
  return [
    state === "stale" && h("p", { class: "word doubt" }, t("reviews.staleWhy")),
    state === "absent" ? h("p", { class: "value faint" }, t("reviews.cell.absent")) : value && h("p", { class: "value" }, valueWords(value)),
    state !== "absent" && h("p", { class: `word ${supported ? "right" : "doubt"}` }, t(supported ? "reviews.proven" : "reviews.unproven")),
    value?.readings.length > 1 && h("p", { class: "hint" }, t("reviews.readings", { readings: value.readings.map(visible).join(" · ") })),
    marks.length > 0 && h("ul", { class: "marks" }, marks.map((mark) => h("li", {}, visible(mark)))),
    answer && [h("h3", {}, t("reviews.answer")), h("p", { class: "in-full" }, withLinks(cell))],
    citations.length > 0 && [h("h3", {}, t("reviews.sources")), citations.map((source) => quotation(cell, source))],
  ];
}

const sourceAddress = (cell, { start, end }) => address("document", cell.document_id, cell.number, `${start}-${end}`);

/** The answer, its marks leading to what they name. */
function withLinks(cell) {
  const sources = new Map(cell.citations.map((source) => [String(source.index), source]));
  return cell.answer.split(MARK).map((piece, place) => {
    if (place % 2 === 0) return visible(piece);
    const source = sources.get(piece);
    return source ? h("a", { class: "leads", href: sourceAddress(cell, source) }, piece) : `[${piece}]`;
  });
}

function quotation(cell, source) {
  return h(
    "figure",
    { class: "quotation" },
    h("blockquote", {}, visible(source.text)),
    h(
      "figcaption",
      {},
      h("span", { class: "hint" }, `[${source.index}] `, placeWords(source)),
      " ",
      h("a", { href: sourceAddress(cell, source) }, t("reviews.openSource")),
    ),
  );
}

function placeWords({ page_start: first, page_end: last, line_start: line, section }) {
  const place = first === null ? t("reviews.line", { n: line }) : last === null || last === first ? t("reviews.page", { n: first }) : t("reviews.pages", { first, last });
  return [place, ...section.map(visible)].join(" › ");
}

function facts({ model, prompt_tokens: read, cached_tokens: cached, usd, read: by }) {
  if (!model) return null;
  const said = [visible(model), t("reviews.cellTokens", { n: read, share: percent(read ? cached / read : 0) })];
  if (usd !== null) said.push(dollars(usd));
  if (by === "passages") said.push(t("reviews.byPassages"));
  return h("p", { class: "hint facts" }, said.join(" · "));
}
