/** A part of a text around its marked words; more of it is drawn when it is asked for. */

import { fill, h } from "../core/dom.js";
import { slice, visible } from "../core/text.js";
import { t } from "../core/words.js";

/** UTF-16 units that are drawn before and behind the marked words, and added by "show more". */
const BEFORE = 3_000;
const AFTER = 6_000;
const MORE = 12_000;
/** A line border is looked for so far, before a line is cut. */
const LONGEST_LINE = 2_000;
/** Of the window's height, above the marked words. */
const ABOVE = 0.3;

export class TextWindow {
  #scroller;
  #text;
  #isCode;
  #marked;
  #from;
  #to;
  element = h("div", { class: "text" });

  /**
   * @param {HTMLElement} scroller
   * @param {string} text of the whole document.
   * @param {{start_char: number, end_char: number} | null} place code points.
   * @param {boolean} isCode its lines are numbered and never broken.
   */
  constructor(scroller, text, place, isCode) {
    this.#scroller = scroller;
    this.#text = text;
    this.#isCode = isCode;
    const start = slice(text, 0, place?.start_char ?? 0).length;
    const end = start + slice(text.slice(start), 0, (place?.end_char ?? 0) - (place?.start_char ?? 0)).length;
    this.#marked = { start, end };
    this.#from = lineBefore(text, start - BEFORE);
    this.#to = lineAfter(text, end + AFTER);
    this.#draw();
  }

  /** Scroll so that the marked words are seen, with what stands before them. */
  toMark() {
    const mark = this.element.querySelector("mark");
    const distance = mark && mark.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    this.#scroller.scrollTop = mark ? this.#scroller.scrollTop + distance - this.#scroller.clientHeight * ABOVE : 0;
    this.#scroller.scrollLeft = 0;
  }

  #draw() {
    const { start, end } = this.#marked;
    const shown = (from, to) => visible(this.#text.slice(from, to));
    const words = h("div", { class: "words" }, shown(this.#from, start), end > start && h("mark", {}, shown(start, end)), shown(end, this.#to));
    fill(
      this.element,
      this.#from > 0 && h("button", { type: "button", class: "more", onclick: () => this.#above() }, t("source.above")),
      this.#isCode ? h("div", { class: "program" }, this.#numbers(), words) : h("div", { class: "prose" }, words),
      this.#to < this.#text.length && h("button", { type: "button", class: "more", onclick: () => this.#below() }, t("source.below")),
    );
  }

  /** What is read keeps its place while more comes above it. */
  #above() {
    this.#from = lineBefore(this.#text, this.#from - MORE);
    const height = this.#scroller.scrollHeight;
    this.#draw();
    this.#scroller.scrollTop += this.#scroller.scrollHeight - height;
    this.#scroller.focus({ preventScroll: true });
  }

  #below() {
    this.#to = lineAfter(this.#text, this.#to + MORE);
    const top = this.#scroller.scrollTop;
    this.#draw();
    this.#scroller.scrollTop = top;
    this.#scroller.focus({ preventScroll: true });
  }

  #numbers() {
    const first = 1 + newlines(this.#text, 0, this.#from);
    const count = newlines(this.#text, this.#from, this.#to) + 1;
    const numbers = Array.from({ length: count }, (_, index) => first + index).join("\n");
    return h("div", { class: "numbers", "aria-hidden": "true" }, numbers);
  }
}

function newlines(text, from, to) {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

function lineBefore(text, unit) {
  if (unit <= 0) return 0;
  const border = text.lastIndexOf("\n", unit) + 1;
  return unit - border > LONGEST_LINE ? whole(text, unit) : border;
}

function lineAfter(text, unit) {
  if (unit >= text.length) return text.length;
  const border = text.indexOf("\n", unit) + 1 || text.length;
  return border - unit > LONGEST_LINE ? whole(text, unit) : border;
}

/** A place that does not lie inside of a character. */
function whole(text, unit) {
  return text.codePointAt(unit - 1) > 0xffff ? unit + 1 : unit;
}
