/** Who took what: a table for each way of telling calls apart. */

import { h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { dollars, number, percent, t } from "../core/words.js";

const COLUMNS = ["answers", "calls", "read", "cachedShare", "written", "dollars", "saved"];

/** @param {"collection" | "model" | "key"} by @param {{rows: object[], total: object}} used */
export function usageTable(by, { rows, total }) {
  const heading = t(`usage.by.${by}`);
  const heads = COLUMNS.map((name) => h("th", { scope: "col", class: "figure" }, t(`usage.${name}`)));
  return h(
    "section",
    { class: "split" },
    h("h2", {}, heading),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": heading },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t(`usage.name.${by}`)), heads)),
        h("tbody", {}, rows.map((each) => row(visible(each[by] ?? "") || t(`usage.unnamed.${by}`), each))),
        rows.length > 1 && h("tfoot", {}, row(t("usage.inAll"), total)),
      ),
    ),
  );
}

function row(name, used) {
  const figures = [
    number(used.answers),
    number(used.calls),
    number(used.prompt_tokens),
    percent(used.cached_ratio),
    number(used.completion_tokens),
    used.usd === null ? t("usage.unknown") : dollars(used.usd),
    used.saved_usd === null ? t("usage.unknown") : dollars(used.saved_usd),
  ];
  return h("tr", {}, h("th", { scope: "row" }, name), figures.map((figure) => h("td", { class: "figure" }, figure)));
}
