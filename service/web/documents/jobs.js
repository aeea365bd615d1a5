/** The jobs of a collection that are under way, or have ended since one came here. */

import { call, events } from "../core/api.js";
import { h } from "../core/dom.js";
import { notice } from "../core/notices.js";
import { t } from "../core/words.js";
import { pause } from "../core/waiting.js";
import { JobCard, stateWords } from "./job.js";

const UNFINISHED = new Set(["queued", "running", "interrupted"]);
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;

/** Follows every job until it ends, over restarts of the server. */
export class JobList {
  #collection;
  #onFinished;
  #leaving = new AbortController();
  #cards = new Map();

  /** @param {string} collection @param {() => void} onFinished is called when documents may have changed. */
  constructor(collection, onFinished) {
    this.#collection = collection;
    this.#onFinished = onFinished;
    this.element = h("section", { class: "jobs", "aria-label": t("documents.jobs") });
  }

  /** Show what was under way before the page was opened. */
  async begin() {
    const { jobs } = await call(`/v1/jobs?collection=${encodeURIComponent(this.#collection)}`, this.#leaving);
    for (const job of jobs.filter(({ state }) => UNFINISHED.has(state)).reverse()) this.add(job);
  }

  end() {
    this.#leaving.abort();
  }

  add(job) {
    if (this.#cards.has(job.id)) return;
    const close = () => {
      this.#cards.delete(job.id);
      card.element.remove();
    };
    const card = new JobCard(job, { close, again: () => this.#follow(job.id, card) });
    this.#cards.set(job.id, card);
    this.element.prepend(card.element);
    this.#follow(job.id, card);
  }

  async #follow(id, card) {
    const { signal } = this.#leaving;
    for (let wait = FIRST_WAIT; !signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      try {
        for await (const [name, body] of events(`/v1/jobs/${encodeURIComponent(id)}/events`, { signal })) {
          wait = FIRST_WAIT;
          if (name === "file") card.file(body);
          else card.update(body);
          if (name !== "file" && name !== "progress") return this.#ended(body);
        }
      } catch (error) {
        if (error?.name === "AbortError") return;
        if (error?.status === 404) return card.element.remove();
      }
      card.lost();
      await pause(wait, signal);
    }
  }

  #ended(job) {
    notice(stateWords(job), job.report.failed || job.state === "failed" ? "bad" : "plain");
    this.#onFinished();
  }
}
