/** The card of a citation: what a mark rests on, without leaving the answer. */

import { fill, h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { called, isWeak, quotedWords, supportWords, whereabouts } from "./wording.js";

const LONGEST_QUOTE = 420;
const MARGIN = 8;
const LINGER_MILLISECONDS = 150;

/** One card for a whole chat; it shows beside the mark that is pointed at or has the focus. */
export class Card {
  #mark = null;
  #going = 0;
  #open;
  element = h("div", { class: "citation-card", id: "citation-card", role: "tooltip", hidden: true });

  /** @param {(mark: HTMLElement) => void} open called where the card itself is clicked. */
  constructor(open) {
    this.#open = open;
    this.element.addEventListener("pointerenter", () => clearTimeout(this.#going));
    this.element.addEventListener("pointerleave", () => this.hideSoon());
    this.element.addEventListener("click", () => this.#mark && this.#open(this.#mark));
  }

  /** The mark that the card tells of. */
  get mark() {
    return this.#mark;
  }

  show(mark, citation) {
    clearTimeout(this.#going);
    if (this.#mark !== mark) this.hide();
    this.#mark = mark;
    fill(this.element, content(citation));
    this.element.hidden = false;
    mark.setAttribute("aria-describedby", this.element.id);
    this.#place(mark.getBoundingClientRect());
  }

  /** Stay beside the mark while the text moves; without it, go. @param {DOMRect} seen what of the text is seen. */
  follow(seen) {
    const mark = this.#mark?.getBoundingClientRect();
    if (!mark) return;
    if (mark.bottom < seen.top || mark.top > seen.bottom) this.hide();
    else this.#place(mark);
  }

  hide() {
    clearTimeout(this.#going);
    this.#mark?.removeAttribute("aria-describedby");
    this.#mark = null;
    this.element.hidden = true;
  }

  /** The pointer needs a moment on its way from the mark to the card. */
  hideSoon() {
    clearTimeout(this.#going);
    this.#going = setTimeout(() => this.hide(), LINGER_MILLISECONDS);
  }

  #place(mark) {
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const below = mark.bottom + MARGIN + height < innerHeight || mark.top < height + MARGIN;
    style.left = `${Math.max(MARGIN, Math.min(mark.left - 24, innerWidth - width - MARGIN))}px`;
    style.top = `${below ? mark.bottom + MARGIN : mark.top - MARGIN - height}px`;
  }
}

function content(citation) {
  const text = citation.cited_text.replace(/\s+/g, " ").trim();
  const quote = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)} …` : text;
  return [
    h("blockquote", {}, visible(quote)),
    h("p", { class: "card-title" }, called(citation)),
    citation.path !== citation.title && h("p", { class: "path" }, visible(citation.path)),
    h("p", {}, whereabouts(citation)),
    h("p", { class: isWeak(citation) ? "verdict-words weak" : "verdict-words" }, `${quotedWords(citation)}; ${supportWords(citation)}`),
    h("p", { class: "hint" }, t("ask.card.open")),
  ];
}
