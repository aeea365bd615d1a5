/** How a question is to be answered; folded away, because the defaults are meant to be right. */

import { call } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explained } from "../core/notices.js";
import { forTab } from "../core/store.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";

const MODES = ["auto", "pin", "retrieve", "map", "agent"];
const ACCURACIES = ["low", "normal", "high"];
const THINKING = ["", "yes", "no"];
const MOST_DOCUMENTS = 1_000;

/** The options of a collection's questions; they are kept for the tab. */
export class Options {
  #kept;
  #collection;
  #chosen;
  #listed = false;
  #documents = h("div", { class: "choices" });
  #summary = h("span", { class: "chosen" });

  constructor(collection) {
    this.#collection = collection;
    this.#kept = forTab(`options.${collection}`);
    this.#chosen = { mode: "auto", accuracy: "normal", thinking: "", documents: [], ...parsed(this.#kept.get()) };
    this.element = h(
      "details",
      { class: "options", ontoggle: (event) => event.target.open && this.#list() },
      h("summary", {}, t("ask.options"), " ", this.#summary),
      h(
        "div",
        { class: "card" },
        h(
          "div",
          { class: "row" },
          this.#choice("mode", MODES),
          this.#choice("accuracy", ACCURACIES),
          this.#choice("thinking", THINKING),
        ),
        h("fieldset", {}, h("legend", {}, t("ask.only")), this.#documents),
      ),
    );
    this.#tell();
  }

  /** As fields of the request: only what differs from the server's own choice. */
  get fields() {
    const { mode, accuracy, thinking, documents } = this.#chosen;
    return {
      ...(mode !== "auto" && { mode }),
      ...(accuracy !== "normal" && { accuracy }),
      ...(thinking && { thinking: thinking === "yes" }),
      ...(documents.length && { documents }),
    };
  }

  #choice(name, values) {
    const options = values.map((value) =>
      h("option", { value, selected: value === this.#chosen[name] }, t(`ask.${name}.${value || "auto"}`)),
    );
    const onchange = (event) => this.#choose({ [name]: event.target.value });
    return h("label", {}, h("span", {}, t(`ask.${name}`)), h("select", { onchange }, options));
  }

  #choose(change) {
    Object.assign(this.#chosen, change);
    this.#kept.set(JSON.stringify(this.#chosen));
    this.#tell();
  }

  #tell() {
    const { mode, accuracy, thinking, documents } = this.#chosen;
    const said = [
      mode !== "auto" && t(`ask.mode.${mode}`),
      accuracy !== "normal" && t(`ask.accuracy.${accuracy}`),
      thinking && t(`ask.thinking.${thinking}`),
      documents.length && t("ask.only.n", { n: documents.length }),
    ];
    fill(this.#summary, said.filter(Boolean).join(" · "));
  }

  async #list() {
    if (this.#listed) return;
    this.#listed = true;
    try {
      const query = new URLSearchParams({ collection: this.#collection, limit: MOST_DOCUMENTS });
      const { documents } = await call(`/v1/documents?${query}`);
      const known = new Set(documents.map((each) => each.id));
      this.#choose({ documents: this.#chosen.documents.filter((id) => known.has(id)) });
      fill(this.#documents, documents.length ? documents.map((each) => this.#box(each)) : t("ask.only.none"));
    } catch (error) {
      this.#listed = false;
      fill(this.#documents, explained(error));
    }
  }

  #box({ id, path, title }) {
    const onchange = (event) => {
      const others = this.#chosen.documents.filter((each) => each !== id);
      this.#choose({ documents: event.target.checked ? [...others, id] : others });
    };
    const box = h("input", { type: "checkbox", checked: this.#chosen.documents.includes(id), onchange });
    const place = title && title !== path && h("span", { class: "path" }, ` ${visible(path)}`);
    return h("label", { class: "check" }, box, h("span", {}, visible(title || path), place));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
