/** The documents that every question of a collection begins with, and what that costs. */

import { call } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explained, notice } from "../core/notices.js";
import { visible } from "../core/text.js";
import { dollars, t } from "../core/words.js";

/** The section of pinned documents; empty where there are none. */
export class Pinned {
  #path;
  #change;
  #price = h("p", { class: "hint" });
  #warm;
  #drawn = "";

  /** @param {string} collection @param {(ids: string[]) => Promise<void>} change pins these and no others. */
  constructor(collection, change) {
    this.#path = `/v1/collections/${encodeURIComponent(collection)}/warm`;
    this.#change = change;
    this.#warm = h("button", { type: "button", onclick: () => this.#send() }, t("documents.warm"));
    this.element = h("section", { class: "pinned", hidden: true });
  }

  /** @param {{id: string, path: string, title: string}[]} pinned */
  draw(pinned) {
    const ids = pinned.map(({ id }) => id);
    this.element.hidden = !ids.length;
    if (this.#drawn === ids.join()) return;
    this.#drawn = ids.join();
    fill(
      this.element,
      h("h2", {}, t("documents.pinned")),
      h("p", { class: "hint" }, t("documents.pinnedWhy")),
      h("ul", { class: "pins" }, pinned.map((each) => this.#pin(each, ids))),
      h("div", { class: "row" }, this.#price, this.#warm),
    );
    if (ids.length) this.#sayPrice();
  }

  #pin({ id, path, title }, ids) {
    const name = visible(title || path);
    const unpin = () => this.#change(ids.filter((other) => other !== id));
    return h(
      "li",
      {},
      name,
      h("button", { type: "button", class: "bare", "aria-label": t("documents.unpinNamed", { name }), onclick: unpin }, t("documents.unpin")),
    );
  }

  async #sayPrice() {
    fill(this.#price);
    this.#warm.disabled = true;
    try {
      const plan = await call(this.#path, { body: { estimate_only: true } });
      fill(this.#price, priceWords(plan));
      this.#warm.disabled = false;
    } catch (error) {
      fill(this.#price, explained(error));
    }
  }

  async #send() {
    this.#warm.disabled = true;
    try {
      const warmed = await call(this.#path, { body: {} });
      notice(
        warmed.usd === null
          ? t("documents.warmedUnpriced", { n: warmed.tokens })
          : t("documents.warmed", { n: warmed.tokens, usd: dollars(warmed.usd) }),
      );
      await this.#sayPrice();
    } catch (error) {
      notice(explained(error), "bad");
      this.#warm.disabled = false;
    }
  }
}

function priceWords({ tokens, cached_tokens: cached, expected_usd: usd }) {
  const said = [t("documents.pinTokens", { n: tokens })];
  if (cached) said.push(t("documents.pinCached", { n: cached }));
  if (usd !== null) said.push(t("documents.pinPrice", { usd: dollars(usd) }));
  return said.join(" ");
}
