/** What calls of models took: in words, by day, by whom. */

import { call } from "../core/api.js";
import { collections } from "../core/collections.js";
import { fill, h } from "../core/dom.js";
import { failure } from "../core/notices.js";
import { address } from "../core/router.js";
import { loadStyle } from "../core/styles.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { chartsOf } from "../usage/charts.js";
import { lastDays } from "../usage/figures.js";
import { usageTable } from "../usage/tables.js";
import { totalsInWords } from "../usage/words.js";

const RANGES = [7, 30, 90];
const USUAL = 30;
const SPLITS = ["collection", "model", "key"];

/** @param {HTMLElement} main @param {string[]} parts how many days, and a collection where only one is meant. */
export async function show(main, [days, collection = ""]) {
  await Promise.all([loadStyle("/web/usage/usage.css"), loadStyle("/web/charts/charts.css")]);
  const page = new UsagePage(RANGES.includes(Number(days)) ? Number(days) : USUAL, collection);
  main.append(page.element);
  await page.load();
  return () => page.end();
}

class UsagePage {
  #days;
  #collection;
  #charts = [];
  #loading = 0;
  #content = h("div", { class: "used" });

  constructor(days, collection) {
    this.#days = days;
    this.#collection = collection;
    this.element = h(
      "div",
      { class: "page usage" },
      h("header", { class: "row between" }, h("h1", {}, t("title.usage")), h("div", { class: "row" }, this.#range(), this.#choice())),
      this.#content,
    );
  }

  end() {
    this.#loading += 1;
    for (const chart of this.#charts) chart.end();
  }

  async load() {
    const turn = (this.#loading += 1);
    this.#content.setAttribute("aria-busy", "true");
    try {
      const days = lastDays(this.#days);
      const [byDay, ...splits] = await Promise.all(["day", ...SPLITS].map((by) => this.#used(by, days)));
      if (turn === this.#loading) this.#draw(days, byDay, splits);
    } catch (error) {
      if (turn === this.#loading) fill(this.#content, failure(error, () => this.load()));
    }
    this.#content.removeAttribute("aria-busy");
  }

  #used(by, days) {
    const asked = new URLSearchParams({ by, from: days[0], to: days.at(-1) });
    if (this.#collection) asked.set("collection", this.#collection);
    return call(`/v1/usage?${asked}`);
  }

  #draw(days, byDay, splits) {
    for (const chart of this.#charts) chart.end();
    this.#charts = chartsOf(days, byDay);
    fill(
      this.#content,
      totalsInWords(byDay.total, days.length),
      byDay.total.calls > 0 && [
        h("div", { class: "charts" }, this.#charts.map(({ element }) => element)),
        splits.map((used, place) => usageTable(SPLITS[place], used)),
      ],
    );
  }

  #range() {
    const options = RANGES.map((days) => h("option", { value: days, selected: days === this.#days }, t("usage.last", { n: days })));
    return h("select", { "aria-label": t("usage.range"), onchange: (event) => this.#choose(Number(event.target.value), this.#collection) }, options);
  }

  #choice() {
    const names = new Set([...collections().map(({ name }) => name), this.#collection].filter(Boolean));
    const options = [["", t("usage.allCollections")], ...[...names].map((name) => [name, visible(name)])];
    return h(
      "select",
      { "aria-label": t("usage.collection"), onchange: (event) => this.#choose(this.#days, event.target.value) },
      options.map(([value, text]) => h("option", { value, selected: value === this.#collection }, text)),
    );
  }

  /** The address follows, without a step back for every choice. */
  #choose(days, collection) {
    [this.#days, this.#collection] = [days, collection];
    history.replaceState(null, "", address("usage", days, ...(collection ? [collection] : [])));
    this.load();
  }
}
