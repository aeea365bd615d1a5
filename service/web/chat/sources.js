/** What stands under an answer: whether it is proven, what it rests on, a copy of it. */

import { h } from "../core/dom.js";
import { notice } from "../core/notices.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { called, isWeak, weakness, whereabouts } from "./wording.js";

/** Whether the answer is proven, in words. @returns {HTMLElement} */
export function verdict(turn) {
  const { kind, text } = judged(turn);
  const signs = { good: "✓", bad: "!", plain: "–" };
  return h("p", { class: `grounding ${kind}` }, h("span", { class: "sign", "aria-hidden": "true" }, signs[kind]), text);
}

/** The same as a value: `kind` is `good`, `bad` or `plain`. */
export function judged({ whole, claims, citations, plan }) {
  if (plan.mode === "extract" && Object.keys(citations).length) return { kind: "plain", text: quoted(plan) };
  const substantive = claims.filter((claim) => claim.substantive);
  const lost = substantive.filter((claim) => !claim.supported).length;
  if (lost) return { kind: "bad", text: t("ask.ungrounded", { n: lost }) };
  if (!whole.grounded) return { kind: "bad", text: t("ask.incomplete") };
  if (!substantive.length) return { kind: "plain", text: t("ask.claimless") };
  return { kind: "good", text: t("ask.grounded") };
}

/** Why there is no answer of a model, only its sources. */
function quoted({ withheld_from: recipient }) {
  return recipient ? t("ask.withheld", { recipient }) : t("ask.extract");
}

/** The sources by number; each opens like its mark. */
export function sourceList({ citations }) {
  const all = Object.values(citations);
  if (!all.length) return null;
  return h("nav", { class: "sources", "aria-label": t("ask.sources") }, h("h3", {}, t("ask.sources")), h("ol", {}, all.map(source)));
}

function source(citation) {
  const { index, document_id: id, number, start_char: start, end_char: end } = citation;
  return h(
    "li",
    { value: index },
    h(
      "a",
      { href: `#/document/${encodeURIComponent(id)}/${number}/${start}-${end}`, "data-citation": index, class: "source" },
      called(citation),
    ),
    h("span", { class: "hint" }, ` ${[whereabouts(citation), fileName(citation)].filter(Boolean).join(" · ")}`),
    isWeak(citation) && h("span", { class: "weak-words" }, ` · ${weakness(citation)}`),
  );
}

/** Documents of the same title are told apart by their files. */
const fileName = ({ path, title }) => (path === title ? "" : visible(path.split("/").at(-1)));

/** A button that copies the answer with its sources as Markdown. */
export function copyButton(turn) {
  return h("button", { type: "button", class: "quiet", onclick: () => copy(asMarkdown(turn)) }, t("ask.copy"));
}

/** The answer as the model wrote it, its marks, and a list of what they stand for. */
export function asMarkdown({ answer, citations }) {
  const all = Object.values(citations);
  const sources = all.map((citation) => {
    const { index, document_id: id, number, start_char: start, end_char: end } = citation;
    const link = `${location.origin}/#/document/${encodeURIComponent(id)}/${number}/${start}-${end}`;
    const quote = citation.cited_text.replace(/\s+/g, " ").trim();
    return `[${index}] ${called(citation)}, ${whereabouts(citation)}: "${visible(quote)}" <${link}>`;
  });
  return sources.length ? `${answer}\n\n${t("ask.sources")}:\n\n${sources.join("\n\n")}\n` : `${answer}\n`;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyFromField(text);
  }
  notice(t("ask.copied"));
}

/** A page that came over plain HTTP from another machine has no clipboard, but may copy what is selected. */
function copyFromField(text) {
  const field = h("textarea", { class: "hidden", value: text });
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
