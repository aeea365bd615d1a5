/** What is drawn of usage. */

import * as bars from "../charts/bars.js";
import { Chart } from "../charts/chart.js";
import * as lines from "../charts/lines.js";
import { day, dollars, duration, language, number, percent, t } from "../core/words.js";
import { byDay } from "./figures.js";

/** @param {string[]} days @param {{rows: object[], total: object}} used by day. @returns {Chart[]} */
export function chartsOf(days, { rows, total }) {
  const short = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" });
  const shared = { days: days.map((each) => short.format(new Date(each))), longDays: days.map(day) };
  const series = (name, colour, value) => ({ name: t(`usage.${name}`), colour, values: byDay(days, rows, value) });
  return [
    {
      title: t("usage.cost"),
      summary: t("usage.costSummary", { usd: dollars(total.usd ?? 0) }),
      series: [series("dollars", 1, (row) => row.usd)],
      marks: bars,
      format: dollars,
    },
    {
      title: t("usage.share"),
      summary: t("usage.shareSummary", { share: percent(total.cached_ratio) }),
      series: [series("cachedShare", 1, (row) => (row.prompt_tokens ? row.cached_ratio : null))],
      marks: lines,
      format: percent,
      highest: 1,
    },
    {
      title: t("usage.latency"),
      summary: latencySummary(total),
      series: [series("median", 1, seconds("median_milliseconds")), series("slow", 4, seconds("slow_milliseconds"))],
      marks: lines,
      format: (value) => duration(value * 1_000),
      axis: (value) => duration(value * 1_000),
    },
    {
      title: t("usage.tokens"),
      summary: t("usage.tokensSummary", { n: total.prompt_tokens }),
      series: [
        series("cached", 1, (row) => row.cached_tokens),
        series("fresh", 2, (row) => row.prompt_tokens - row.cached_tokens),
      ],
      marks: bars,
      format: number,
      axis: (value) => new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value),
    },
  ].map((about) => new Chart({ ...shared, ...about }));
}

/** Seconds, so that the axis has round ones. */
const seconds = (name) => (row) => (row[name] === null ? null : row[name] / 1_000);

function latencySummary({ median_milliseconds: median, slow_milliseconds: slow }) {
  if (median === null) return t("usage.latencyNone");
  return t("usage.latencySummary", { median: duration(median), slow: duration(slow) });
}
