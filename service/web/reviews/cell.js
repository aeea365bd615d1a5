/** What a cell of the grid shows: a value, and in words whatever a reader must know of it. */

import { h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";

/** Equal for cells that look the same. */
export const lookOf = ({ state, value, supported, reason, number }) => JSON.stringify([state, value?.shown, supported, reason, number]);

/** @returns {(Node | null)[]} */
export function cellContent(cell) {
  const { state, value, supported, reason } = cell;
  if (state === "pending") return [h("span", { class: "faint" }, t("reviews.cell.pending"))];
  if (state === "failed") return [h("span", { class: "word wrong" }, t("reviews.cell.failed")), h("span", { class: "faint clamp" }, visible(reason))];
  if (state === "absent") return [h("span", { class: "faint absent" }, t("reviews.cell.absent"))];
  return [
    value && h("span", { class: "clamp" }, valueWords(value)),
    state === "stale" && h("span", { class: "word doubt" }, t("reviews.cell.stale")),
    !supported && h("span", { class: "word doubt" }, t("reviews.cell.unproven")),
  ];
}

/** A typed value as a person reads it. */
export function valueWords(value) {
  if (value.verdict) return h("strong", {}, t(`reviews.verdict.${value.verdict}`));
  if (value.items.length > 1) return h("span", { class: "items" }, value.items.map((item) => h("span", {}, visible(item))));
  return visible(value.shown);
}
