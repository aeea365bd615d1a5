/** Where files are dropped or chosen, and what is on its way to the server. */

import { ApiError, call, upload } from "../core/api.js";
import { h } from "../core/dom.js";
import { explained, notice } from "../core/notices.js";
import { visible } from "../core/text.js";
import { bytes, percent, t } from "../core/words.js";
import { batches, chosenFiles, droppedFiles } from "./files.js";

/** Takes files for a collection; the whole view is a place to drop them. */
export class Uploader {
  #collection;
  #onJob;
  #leaving = new AbortController();
  #sending = h("div", { class: "sending" });
  #zone;

  /**
   * @param {string} collection
   * @param {HTMLElement} target where files may be dropped.
   * @param {(job: object) => void} onJob gets each job that begins.
   */
  constructor(collection, target, onJob) {
    this.#collection = collection;
    this.#onJob = onJob;
    this.#zone = h(
      "div",
      { class: "zone" },
      h(
        "div",
        { class: "row" },
        h("p", { class: "invitation" }, t("documents.drop")),
        this.#chooser("files", { multiple: true }),
        this.#chooser("folder", { webkitdirectory: true }),
      ),
      h("p", { class: "hint" }, t("documents.dropWhy")),
    );
    this.element = h("section", { class: "upload", "aria-label": t("documents.upload") }, this.#zone, this.#sending);
    this.#listen(target);
  }

  /** Stop what is being sent. */
  end() {
    this.#leaving.abort();
  }

  /** A button that opens a field: fields for files cannot be made to look like the rest. */
  #chooser(kind, attributes) {
    const field = h("input", {
      ...attributes,
      type: "file",
      hidden: true,
      "data-kind": kind,
      onchange: () => {
        const files = chosenFiles(field.files);
        field.value = "";
        this.#take(files);
      },
    });
    const text = t(kind === "files" ? "documents.chooseFiles" : "documents.chooseFolder");
    return [h("button", { type: "button", class: kind === "files" ? "primary" : null, onclick: () => field.click() }, text), field];
  }

  #listen(target) {
    let inside = 0;
    const mark = (change) => {
      inside = Math.max(0, inside + change);
      this.#zone.classList.toggle("over", inside > 0);
    };
    const holdsFiles = (event) => [...event.dataTransfer.types].includes("Files");
    const { signal } = this.#leaving;
    target.addEventListener("dragenter", (event) => holdsFiles(event) && mark(1), { signal });
    target.addEventListener("dragleave", (event) => holdsFiles(event) && mark(-1), { signal });
    target.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault(), { signal });
    target.addEventListener(
      "drop",
      async (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        mark(-Infinity);
        const { files, unread } = await droppedFiles(event.dataTransfer);
        for (const path of unread) notice(t("documents.unreadHere", { path: visible(path) }), "bad");
        await this.#take(files);
      },
      { signal },
    );
  }

  async #take(files) {
    if (!files.length) return notice(t("documents.nothingToSend"));
    for (const batch of batches(files)) if (!(await this.#send(batch))) return;
  }

  /** Whether the files have arrived. */
  async #send(files) {
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    const stopping = new AbortController();
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("documents.sendingBar") });
    const share = h("span", { class: "hint" });
    const item = h(
      "div",
      { class: "card job" },
      h("p", { class: "state" }, t("documents.sending", { n: files.length, size: bytes(size) }), " ", share),
      bar,
      h("div", { class: "row end" }, h("button", { type: "button", onclick: () => stopping.abort() }, t("documents.stop"))),
    );
    const leave = () => stopping.abort();
    this.#leaving.signal.addEventListener("abort", leave);
    this.#sending.append(item);
    try {
      const form = formOf(files, this.#collection);
      const progress = (done) => {
        bar.value = done;
        share.textContent = percent(done);
      };
      this.#onJob(await upload("/v1/documents", form, progress, stopping.signal));
      item.remove();
      return true;
    } catch (error) {
      if (error?.name === "AbortError") item.remove();
      else item.replaceWith(refused(await inWords(error, size), () => this.#take(files)));
      return false;
    } finally {
      this.#leaving.signal.removeEventListener("abort", leave);
    }
  }
}

function formOf(files, collection) {
  const form = new FormData();
  form.append("collection", collection);
  for (const { path, file } of files) {
    form.append("path", path);
    form.append("file", file, file.name);
  }
  return form;
}

function refused(reason, again) {
  const card = h(
    "div",
    { class: "failure", role: "alert" },
    h("p", {}, reason),
    h(
      "div",
      { class: "row" },
      h("button", { type: "button", onclick: () => (card.remove(), again()) }, t("error.again")),
      h("button", { type: "button", class: "bare", onclick: () => card.remove() }, t("documents.close")),
    ),
  );
  return card;
}

/**
 * A server that refuses a large body does not read it to its end: the browser then knows nothing but that the
 * connection broke. Whether the server still answers tells the one from the other.
 */
async function inWords(error, size) {
  if (!(error instanceof ApiError)) return explained(error);
  if (error.status === 413) return t("documents.tooLarge", { size: bytes(size), detail: explained(error) });
  if (error.status === 507) return t("documents.diskFull");
  if (error.status !== 0) return explained(error);
  try {
    await call("/healthz");
    return t("documents.brokeOff", { size: bytes(size) });
  } catch {
    return explained(error);
  }
}
