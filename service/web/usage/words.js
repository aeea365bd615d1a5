/** What calls took, in sentences. */

import { h } from "../core/dom.js";
import { dollars, percent, t } from "../core/words.js";

/** @param {object} total @param {number} days */
export function totalsInWords(total, days) {
  if (!total.calls) return h("p", { class: "totals" }, t("usage.nothing", { n: days }));
  const cost = total.usd === null ? t("usage.unpricedAll") : dollars(total.usd);
  const asides = [
    total.failed && t("usage.failedCalls", { n: total.failed }),
    total.unpriced && total.usd !== null && t("usage.unpricedCalls", { n: total.unpriced }),
  ].filter(Boolean);
  return h(
    "div",
    { class: "totals" },
    h("p", {}, t("usage.spent", { n: total.answers, usd: cost, days: t("usage.days", { n: days }) })),
    h("p", {}, t("usage.savedWords", { share: percent(total.cached_ratio), usd: dollars(total.saved_usd ?? 0) })),
    asides.length > 0 && h("p", { class: "hint" }, asides.join(" ")),
  );
}
