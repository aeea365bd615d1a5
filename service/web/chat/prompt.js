/** What the prompt was made of, from what stays to what is fresh; what the cache served, and what it cost. */

import { h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { dollars, duration, number, percent, t } from "../core/words.js";

/** @returns {HTMLElement | null} a bar and its numbers; null where no model read anything. */
export function promptDetails({ whole }) {
  const { plan, usage, cost } = whole;
  if (!plan.segments.length) return null;
  return h(
    "details",
    { class: "prompt" },
    h("summary", {}, h("span", { class: "prompt-line" }, summary(usage, cost)), bar(plan.segments)),
    h("p", { class: "hint" }, t("ask.prompt.legend")),
    table(plan.segments),
    h("dl", { class: "figures" }, figures(whole)),
    plan.left_out.length > 0 && h("p", { class: "hint" }, t("ask.prompt.left", { what: visible(plan.left_out.join(", ")) })),
  );
}

/** What should have helped and failed. @returns {HTMLElement | null} */
export function warningList({ plan }) {
  if (!plan?.warnings?.length) return null;
  return h("ul", { class: "warnings" }, plan.warnings.map((warning) => h("li", {}, visible(warning))));
}

function summary(usage, cost) {
  return [
    t("ask.prompt.tokens", { n: usage.prompt_tokens }),
    t("ask.prompt.cached", { share: percent(cost.cached_ratio) }),
    cost.usd !== null && t("ask.prompt.cost", { usd: dollars(cost.usd) }),
    cost.saved_usd > 0 && t("ask.prompt.saved", { usd: dollars(cost.saved_usd) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** For the eye; the table says the same. */
function bar(segments) {
  const pieces = segments.map((segment) => {
    const cached = h("span", { class: "cached" });
    cached.style.width = `${share(segment) * 100}%`;
    const piece = h("span", { class: `segment stays-${segment.stability}`, title: `${named(segment)}: ${number(segment.tokens)}` }, cached);
    piece.style.flexGrow = Math.max(segment.tokens, 1);
    return piece;
  });
  return h("span", { class: "prompt-bar", "aria-hidden": "true" }, pieces);
}

function table(segments) {
  const rows = segments.map((segment) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, named(segment)),
      h("td", {}, t(`ask.stability.${segment.stability}`)),
      h("td", { class: "figure" }, number(segment.tokens)),
      h("td", { class: "figure" }, percent(share(segment))),
    ),
  );
  const heads = ["block", "stays", "tokens", "cached"].map((key, column) =>
    h("th", { scope: "col", class: column > 1 ? "figure" : null }, t(`ask.prompt.head.${key}`)),
  );
  const scroll = { class: "scroll", tabindex: 0, role: "region", "aria-label": t("ask.prompt.legend") };
  return h("div", scroll, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)));
}

function figures({ usage, cost, plan, timings_ms: timings, model }) {
  const side = plan.side_calls.length;
  const others = Object.entries(cost.alternatives).map(([mode, usd]) => `${t(`ask.mode.${mode}`)} ${dollars(usd)}`);
  return [
    figure("ask.figure.model", model && visible(model)),
    figure("ask.figure.written", number(usage.completion_tokens)),
    figure("ask.figure.thought", usage.reasoning_tokens > 0 && number(usage.reasoning_tokens)),
    figure("ask.figure.calls", side > 0 && number(side)),
    figure("ask.figure.others", others.join(" · ")),
    figure("ask.figure.time", timings.total && duration(timings.total)),
  ];
}

const figure = (key, value) => (value ? [h("dt", {}, t(key)), h("dd", {}, value)] : null);
const share = ({ tokens, cached_tokens: cached }) => (tokens ? Math.min(1, cached / tokens) : 0);

const BLOCKS = new Set([
  "rules", "tools", "label", "documents", "pinned_documents", "card", "shared_passages", "turn", "answer",
  "passages", "findings", "part", "question",
]);

/** The service names blocks in its own words, some with a number: `shared passages`, `turn 2`. */
function named({ name }) {
  const [, kind, count] = /^(.*?)(?: (\d+))?$/s.exec(name);
  const key = kind.replaceAll(" ", "_");
  return BLOCKS.has(key) ? [t(`ask.block.${key}`), count].filter(Boolean).join(" ") : visible(name);
}
