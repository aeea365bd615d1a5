/** The text of an answer: finished blocks as the server has rendered them, and what is still being written. */

import { fill, h } from "../core/dom.js";
import { slice, visible } from "../core/text.js";
import { sanitised } from "../core/trusted.js";
import { t } from "../core/words.js";
import { called, isWeak, lacking, position } from "./wording.js";

/** Shows `turn.blocks` and, behind them, the rest of `turn.answer` as plain text. */
export class AnswerText {
  #pending = h("p", { class: "pending" });
  #shown = [];
  element = h("div", { class: "answer" }, this.#pending);

  update(turn) {
    const kept = this.#shown.every((block, index) => block === turn.blocks[index]);
    if (!kept) {
      fill(this.element, this.#pending);
      this.#shown = [];
    }
    for (const block of turn.blocks.slice(this.#shown.length)) {
      this.#pending.before(sanitised(block.html));
      this.#shown.push(block);
    }
    const end = this.#shown.at(-1)?.end ?? 0;
    fill(this.#pending, turn.whole ? "" : pieces(turn, end));
    this.#pending.classList.toggle("coming", turn.state === "running");
    this.#pending.hidden = !this.#pending.firstChild;
    dress(this.element, turn);
  }
}

/** Give names to marks, and words to verdicts. */
function dress(element, turn) {
  // What may be wider than the answer scrolls, by keyboard too.
  for (const wide of element.querySelectorAll(":is(pre, table):not([tabindex])")) wide.tabIndex = 0;
  for (const mark of element.querySelectorAll("a.citation")) name(mark, turn.citations[mark.dataset.citation]);
  for (const verdict of element.querySelectorAll(".verdict:empty")) {
    const claim = turn.claims[verdict.dataset.claim];
    if (claim) fill(verdict, `${t("ask.unsupported")}: ${lacking(claim) || t("ask.missing.words")}`);
  }
  for (const mark of element.querySelectorAll(".unresolved:not([data-told])")) {
    mark.dataset.told = "";
    fill(mark, `[?] ${t("ask.unresolved")}`);
  }
}

function name(mark, citation) {
  if (!citation) return;
  mark.setAttribute("aria-label", `${citation.index}: ${called(citation)}, ${position(citation)}`);
  // Before its claim is judged, a citation's support is only what is known so far.
  mark.classList.toggle("weak", isWeak(citation) && !mark.closest(".pending"));
}

/** The text from a place on, without the empty lines that it begins with, cut where claims and marks begin and end. */
function pieces(turn, from) {
  const rest = slice(turn.answer, from);
  if (!rest.trim()) return "";
  const start = from + /^\s*/.exec(rest)[0].length;
  const cuts = [...marks(turn, start), ...claims(turn, start)].sort((one, other) => one.start - other.start || other.end - one.end);
  return nested(turn.answer, start, Infinity, cuts);
}

function nested(text, start, end, cuts) {
  const shown = [];
  let at = start;
  while (cuts.length && cuts[0].start < end) {
    const cut = cuts.shift();
    if (cut.start < at) continue;
    shown.push(visible(slice(text, at, cut.start)), cut.element(nested(text, cut.start, cut.end, cuts)));
    at = cut.end;
  }
  return [...shown, visible(slice(text, at, end))];
}

function marks(turn, from) {
  return Object.values(turn.citations).flatMap((citation) =>
    citation.answer_spans
      .filter((span) => span.start >= from)
      .map(({ start, end }) => ({ start, end, element: () => mark(citation) })),
  );
}

/** As the server writes it into finished blocks. */
function mark(citation) {
  const { index, document_id: id, number, start_char: start, end_char: end } = citation;
  const href = `#/document/${encodeURIComponent(id)}/${number}/${start}-${end}`;
  return h("a", { class: "citation", "data-citation": index, href }, index);
}

function claims(turn, from) {
  return turn.claims
    .map((claim, index) => ({ ...claim, index }))
    .filter((claim) => claim.start >= from)
    .map(({ start, end, index, substantive, supported }) => {
      const verdict = substantive ? (supported ? "supported" : "unsupported") : "plain";
      const attributes = { class: `claim judged ${verdict}`, "data-claim": index };
      const told = verdict === "unsupported" && h("span", { class: "verdict", "data-claim": index });
      return { start, end, element: (inner) => [h("span", attributes, inner), told] };
    });
}
