/** How far a review is, in words and as a bar. */

import { h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { dollars, percent, t } from "../core/words.js";

const PARTS = ["answered", "absent", "failed", "stale", "pending"];

/** @param {{state: string, cancelling: boolean}} review */
export const isUnderWay = ({ state }) => state === "queued" || state === "running" || state === "interrupted";

/** What people call it: its name, else its first question. */
export const nameOf = (review) => visible(review.name || review.questions[0].title || review.questions[0].question);

export function stateWords(review) {
  const state = review.cancelling && isUnderWay(review) ? "cancelling" : review.state;
  return h("span", { class: `state ${state}` }, t(`reviews.state.${state}`));
}

/** Cells done of all, and what became of them. */
export function progress(review) {
  const { cells, pending } = review.progress;
  const said = PARTS.filter((part) => review.progress[part]).map((part) => t(`reviews.cells.${part}`, { n: review.progress[part] }));
  return h(
    "div",
    { class: "standing" },
    h("progress", { max: cells || 1, value: cells - pending, "aria-label": t("reviews.progressBar") }),
    h("p", { class: "hint" }, said.join(" · ")),
  );
}

/** What it has cost so far. */
export function cost({ spent }) {
  if (!spent.calls) return t("reviews.noCost");
  const said = [t("reviews.cost", { usd: dollars(spent.usd), share: percent(spent.cached_ratio), saved: dollars(spent.saved_usd) })];
  if (spent.unpriced) said.push(t("reviews.unpriced", { n: spent.unpriced }));
  return said.join(" ");
}
