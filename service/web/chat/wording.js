/** Verdicts and places in words: colour is never the only sign. */

import { visible } from "../core/text.js";
import { number, t } from "../core/words.js";

/** The least support of a claim that counts as supported. */
const SUPPORTED = 0.5;
/** What a claim may lack that has a sentence of its own; whatever else the service names is shown as it says it. */
const MISSING = new Set([
  "number", "amount", "date", "name", "currency", "section", "word", "role", "duty", "right",
  "citation", "quote", "words", "negation", "limit", "opposite",
]);

/** What an unsupported claim lacks. @param {{missing: string[]}} claim */
export function lacking(claim) {
  const said = claim.missing.map((missing) => {
    const [kind, ...rest] = missing.split(" ");
    if (!MISSING.has(kind)) return visible(missing);
    return t(`ask.missing.${kind}`, { what: visible(rest.join(" ")) });
  });
  return said.join("; ");
}

/** `4.2 Fees · page 3`: as a person would look it up. */
export function whereabouts(citation) {
  return [citation.section.map(visible).join(" › "), position(citation)].filter(Boolean).join(" · ");
}

/** The page, or the lines where there are no pages. */
export function position({ page_start: page, page_end: last, line_start: line, line_end: end }) {
  if (page) return page === last ? t("ask.page", { page: number(page) }) : t("ask.pages", { first: number(page), last: number(last) });
  return line === end ? t("ask.line", { line: number(line) }) : t("ask.lines", { first: number(line), last: number(end) });
}

/** Whether the quoted words were found. */
export const quotedWords = (citation) => t(`ask.quoted.${citation.quoted}`);

/** Whether they carry what they are cited for. */
export const supportWords = (citation) => t(citation.support >= SUPPORTED ? "ask.supports" : "ask.supports.not");

/** A citation that proves nothing. */
export const isWeak = (citation) => citation.quoted === "not_found" || citation.support < SUPPORTED;

/** Why it proves nothing. */
export const weakness = (citation) => (citation.quoted === "not_found" ? quotedWords : supportWords)(citation);

/** A document as a person calls it. */
export const called = ({ title, path }) => visible(title || path);
