/** One collection: what is in it, what is on its way into it. */

import { call } from "../core/api.js";
import { refreshCollections } from "../core/collections.js";
import { confirmed } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explained, failure, notice } from "../core/notices.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { pause } from "../core/waiting.js";
import { t } from "../core/words.js";
import { factsOf } from "./collections.js";
import { JobList } from "./jobs.js";
import { Pinned } from "./pinned.js";
import { failures } from "./reasons.js";
import { DocumentTable } from "./table.js";
import { Uploader } from "./uploading.js";

const AT_ONCE = 100;
const MOST_AT_ONCE = 1_000;
const AGAIN_MILLISECONDS = 2_000;
/** A collection comes into being with its first document: before, it is asked for nothing. */
const NOTHING = { documents: [], next: null };

/** The view of a collection; one that is not there yet is empty. */
export class CollectionPage {
  #name;
  #path;
  #collection = null;
  #documents = [];
  #next = null;
  #loading = 0;
  #leaving = new AbortController();
  #facts = h("p", { class: "hint" });
  #unread = h("div");
  #empty = h("div", { class: "empty", hidden: true }, h("p", {}, t("documents.empty")));
  #jobs;
  #pinned;
  #table;
  #uploader;

  constructor(name) {
    this.#name = name;
    this.#path = `/v1/collections/${encodeURIComponent(name)}`;
    this.#jobs = new JobList(name, () => this.#refresh());
    this.#pinned = new Pinned(name, (ids) => this.#pin(ids));
    this.#table = new DocumentTable({
      remove: (document) => this.#remove(document),
      pin: ({ id }) => this.#pin([...this.#pinnedIds(), id]),
      unpin: ({ id }) => this.#pin(this.#pinnedIds().filter((other) => other !== id)),
      more: () => this.#more(),
    });
    this.element = h("div", { class: "page documents" });
    this.#uploader = new Uploader(name, this.element, (job) => this.#jobs.add(job));
    fill(
      this.element,
      h("nav", { class: "crumb", "aria-label": t("documents.collections") }, h("a", { href: address("documents") }, t("documents.collections"))),
      h(
        "header",
        { class: "row between" },
        h("div", {}, h("h1", {}, visible(name)), this.#facts),
        h("a", { class: "button", href: address("ask", name) }, t("documents.ask")),
      ),
      this.#uploader.element,
      this.#jobs.element,
      this.#pinned.element,
      this.#unread,
      this.#empty,
      this.#table.element,
    );
    this.#table.element.hidden = true;
  }

  async begin() {
    await this.#load();
    await this.#jobs.begin();
  }

  end() {
    this.#leaving.abort();
    this.#jobs.end();
    this.#uploader.end();
  }

  #pinnedIds() {
    return this.#collection?.pinned.map(({ id }) => id) ?? [];
  }

  /** Anew, as far as the list was loaded before. */
  async #load() {
    const turn = (this.#loading += 1);
    const limit = Math.min(Math.max(AT_ONCE, this.#documents.length), MOST_AT_ONCE);
    const collection = (await refreshCollections()).find(({ name }) => name === this.#name) ?? null;
    const page = collection ? await call(this.#listed(limit)) : NOTHING;
    if (turn !== this.#loading) return;
    this.#collection = collection;
    this.#documents = page.documents;
    this.#next = page.next;
    this.#draw();
  }

  /** Documents have come or gone. A server that restarts just now is asked until it answers. */
  async #refresh() {
    const { signal } = this.#leaving;
    while (!signal.aborted) {
      try {
        return await this.#load();
      } catch (error) {
        fill(this.#unread, failure(error, () => this.#refresh()));
        if (error?.status !== 0) return undefined;
      }
      await pause(AGAIN_MILLISECONDS, signal);
    }
    return undefined;
  }

  #listed(limit, after = null) {
    const asked = new URLSearchParams({ collection: this.#name, limit });
    if (after !== null) asked.set("after", after);
    return `/v1/documents?${asked}`;
  }

  async #more() {
    try {
      const page = await call(this.#listed(AT_ONCE, this.#next));
      this.#documents.push(...page.documents);
      this.#next = page.next;
      this.#draw();
    } catch (error) {
      notice(explained(error), "bad");
    }
  }

  #draw() {
    const there = this.#collection;
    const some = this.#documents.length > 0;
    fill(this.#facts, there ? factsOf(there).join(" · ") : t("documents.notYet"));
    fill(this.#unread, failures(there?.failures ?? []));
    this.#pinned.draw(there?.pinned ?? []);
    this.#empty.hidden = some;
    this.#table.element.hidden = !some;
    this.#table.draw(this.#documents, new Set(this.#pinnedIds()), there?.documents ?? 0, this.#next !== null);
  }

  async #pin(documents) {
    await this.#change(async () => {
      this.#collection = await call(`${this.#path}/pinned`, { method: "PUT", body: { documents } });
      this.#draw();
    });
  }

  async #remove({ id, title, path }) {
    const name = visible(title || path);
    if (!(await confirmed(t("documents.deleteAsk", { name }), t("documents.delete")))) return;
    await this.#change(async () => {
      await call(`/v1/documents/${encodeURIComponent(id)}`, { method: "DELETE" });
      notice(t("documents.deleted", { name }));
      await this.#refresh();
    });
  }

  async #change(act) {
    try {
      await act();
    } catch (error) {
      notice(explained(error), "bad");
    }
  }
}
