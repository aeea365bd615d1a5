/** A job of reading: how far it is, and what became of its files. */

import { call } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explained, notice } from "../core/notices.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { failedFile } from "./reasons.js";

const FINISHED = new Set(["done", "failed", "cancelled"]);
const SHOWN_FILES = 8;

/** The card of one job. */
export class JobCard {
  #job;
  #acts;
  #failed = new Map();
  #read = new Map();
  #state = h("p", { class: "state" });
  #aside = h("p", { class: "hint" });
  #bar = h("progress", { "aria-label": t("documents.jobBar") });
  #files = h("ul", { class: "outcomes", tabindex: 0, "aria-label": t("documents.outcomes") });
  #buttons = h("div", { class: "row end" });

  /**
   * @param {object} job
   * @param {{close: () => void, again: (job: object) => void}} acts what its buttons ask of the list.
   */
  constructor(job, acts) {
    this.#acts = acts;
    this.element = h("article", { class: "card job", "data-job": job.id }, this.#state, this.#bar, this.#aside, this.#files, this.#buttons);
    this.update(job);
  }

  get finished() {
    return FINISHED.has(this.#job.state);
  }

  /** Its state is another. */
  update(job) {
    this.#job = job;
    this.element.dataset.state = job.state;
    const { files_done: done, files_total: total } = job.progress;
    fill(this.#state, stateWords(job));
    fill(this.#aside, job.report.reason ? visible(job.report.reason) : "");
    this.#bar.hidden = this.finished;
    if (total) {
      this.#bar.max = total;
      this.#bar.value = done;
    } else {
      this.#bar.removeAttribute("value");
    }
    this.#drawButtons();
  }

  /** A file is finished. Those of a stream that was begun anew are told once more. */
  file(file) {
    const held = file.outcome === "failed" ? this.#failed : this.#read;
    held.set(file.path, file);
    const shown = [...this.#read.values()].slice(-SHOWN_FILES).reverse();
    const rest = this.#read.size - shown.length;
    fill(
      this.#files,
      [...this.#failed.values()].map(failedFile),
      shown.map(readFile),
      rest > 0 && h("li", { class: "hint" }, t("documents.andMore", { n: rest })),
    );
  }

  /** The server cannot be heard. */
  lost() {
    fill(this.#aside, t("documents.lost"));
  }

  #drawButtons() {
    const { state, cancelling, report } = this.#job;
    const again = state === "failed" || state === "cancelled" || report.failed > 0;
    fill(
      this.#buttons,
      !this.finished && h("button", { type: "button", disabled: cancelling, onclick: () => this.#ask("cancel") }, t("documents.stop")),
      this.finished && again && h("button", { type: "button", onclick: () => this.#ask("retry") }, t("documents.retry")),
      this.finished && h("button", { type: "button", class: "bare", onclick: () => this.#acts.close() }, t("documents.close")),
    );
  }

  async #ask(what) {
    try {
      const job = await call(`/v1/jobs/${encodeURIComponent(this.#job.id)}/${what}`, { method: "POST" });
      if (what === "retry") {
        this.#failed.clear();
        this.#read.clear();
        fill(this.#files);
        this.#acts.again(job);
      }
      this.update(job);
    } catch (error) {
      notice(explained(error), "bad");
    }
  }
}

function readFile({ path, outcome }) {
  return h("li", {}, h("span", { class: "file-path" }, visible(path)), " ", h("span", { class: "hint" }, t(`documents.outcome.${outcome}`)));
}

/** What a job is at, in a sentence. */
export function stateWords(job) {
  const { files_done: done, files_total: total } = job.progress;
  if (job.cancelling && !FINISHED.has(job.state)) return t("documents.job.cancelling");
  if (job.state === "running" && total) return t("documents.job.reading", { done, n: total });
  if (job.state === "done") return doneWords(job.report);
  return t(`documents.job.${job.state}`);
}

function doneWords({ indexed, unchanged, failed }) {
  const parts = [t("documents.job.indexed", { n: indexed })];
  if (unchanged) parts.push(t("documents.job.unchanged", { n: unchanged }));
  if (failed) parts.push(t("documents.job.unread", { n: failed }));
  return parts.join(" · ");
}
