/** The place for sources: beside the chat, or over it where the screen is narrow. */

import { fill, h } from "../core/dom.js";
import { failure } from "../core/notices.js";
import { t } from "../core/words.js";

/** As in `chat.css`: below it, the pane covers the chat. */
const narrow = matchMedia("(max-width: 64rem)");

export class SourcePane {
  #column;
  #viewer = null;
  #mark = null;
  #onnarrow = () => this.#cover();
  /** Whether a step back in the browser would close the pane, as one expects of what covers all. */
  #isStep = false;
  #onback = () => {
    this.#isStep = false;
    this.close();
  };
  element = h("aside", { class: "pane", "aria-label": t("source.pane"), hidden: true, onkeydown: (event) => this.#key(event) });

  /** @param {HTMLElement} column what the pane stands beside. */
  constructor(column) {
    this.#column = column;
    narrow.addEventListener("change", this.#onnarrow);
    addEventListener("popstate", this.#onback);
  }

  /**
   * Show a citation; the viewer's arrows lead to the others.
   *
   * @param {object[]} citations of one answer, in order.
   * @param {number} index of the one to show.
   * @param {HTMLElement} mark gets the focus back.
   */
  async open(citations, index, mark) {
    this.#mark = mark;
    this.#point(index);
    if (this.element.hidden && narrow.matches) {
      history.pushState(null, "", location.href);
      this.#isStep = true;
    }
    this.element.hidden = false;
    this.#cover();
    try {
      this.#viewer ??= await this.#load();
    } catch (error) {
      fill(this.element, failure(error, () => this.open(citations, index, mark)));
      return;
    }
    const at = citations.findIndex((citation) => citation.index === index);
    const step = (by) => citations[at + by] && (() => this.#step(citations, citations[at + by].index, mark, by));
    const { document_id: id, number, start_char: start, end_char: end } = citations[at];
    this.#viewer.show({ id, number, start, end }, { at: at + 1, of: citations.length, previous: step(-1), next: step(1) });
    if (!this.element.contains(document.activeElement)) this.#viewer.focus();
  }

  close() {
    if (this.element.hidden) return;
    const held = this.element.contains(document.activeElement);
    this.element.hidden = true;
    this.#cover();
    this.#point(null);
    if (held) this.#mark?.focus();
    this.#mark = null;
    if (this.#isStep) history.back();
    this.#isStep = false;
  }

  end() {
    narrow.removeEventListener("change", this.#onnarrow);
    removeEventListener("popstate", this.#onback);
    document.getElementById("bar").inert = false;
    this.#viewer?.end();
  }

  async #step(citations, index, mark, by) {
    await this.open(citations, index, mark);
    this.#viewer.focusStep(by);
  }

  async #load() {
    const [{ Viewer }, { loadStyle }] = await Promise.all([import("../viewer/viewer.js"), import("../core/styles.js")]);
    await loadStyle("/web/viewer/viewer.css");
    const viewer = new Viewer({ close: () => this.close() });
    fill(this.element, viewer.element);
    return viewer;
  }

  /** What is covered cannot be reached by the keyboard either. */
  #cover() {
    const covered = narrow.matches && !this.element.hidden;
    this.#column.inert = document.getElementById("bar").inert = covered;
  }

  /** Which marks of the answer the source belongs to. */
  #point(index) {
    for (const mark of this.#column.querySelectorAll("[aria-current]")) mark.removeAttribute("aria-current");
    const answer = this.#mark?.closest(".turn");
    for (const mark of answer?.querySelectorAll(`a[data-citation="${index}"]`) ?? []) mark.setAttribute("aria-current", "true");
  }

  #key(event) {
    if (event.key === "Escape") this.close();
  }
}
