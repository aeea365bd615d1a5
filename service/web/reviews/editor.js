/** The questions of a review that is being written. */

import { call } from "../core/api.js";
import { h } from "../core/dom.js";
import { explained, notice } from "../core/notices.js";
import { t } from "../core/words.js";
import { kindOfPaste, linesOf } from "./pasted.js";

const TYPES = ["text", "yes/no", "date", "amount", "list"];
const FILES = ".yaml,.yml,.csv,.xlsx";

/** Rows that a person writes into; one that stays empty is no question. */
export class QuestionEditor {
  #rows = h("ol", { class: "questions" });

  constructor() {
    this.element = h(
      "fieldset",
      { class: "card" },
      h("legend", {}, t("reviews.questions")),
      this.#rows,
      h("button", { type: "button", onclick: () => this.#add().focus() }, t("reviews.addQuestion")),
      this.#pasting(),
    );
    this.#add();
  }

  /** As the service wants them. @returns {{question: string, type: string, title: string, id?: string}[]} */
  questions() {
    return [...this.#rows.children]
      .map((row) => {
        const [question, title] = row.querySelectorAll("input");
        const written = { question: question.value.trim(), type: row.querySelector("select").value, title: title.value.trim() };
        return row.dataset.id ? { ...written, id: row.dataset.id } : written;
      })
      .filter(({ question }) => question);
  }

  /** @returns {HTMLInputElement} the field of the new row. */
  #add({ question = "", type = "text", title = "", id = "" } = {}) {
    const field = h("input", { value: question, maxlength: 4_000, "aria-label": t("reviews.question"), placeholder: t("reviews.questionHint"), onkeydown: (event) => this.#key(event) });
    const row = h(
      "li",
      { "data-id": id || null },
      field,
      h("select", { "aria-label": t("reviews.type") }, TYPES.map((each) => h("option", { value: each, selected: each === type }, t(`reviews.type.${each}`)))),
      h("input", { value: title, maxlength: 200, "aria-label": t("reviews.columnTitle"), placeholder: t("reviews.columnTitle") }),
      h("button", { type: "button", class: "bare", "aria-label": t("reviews.removeQuestion"), onclick: () => this.#remove(row) }, "✕"),
    );
    this.#rows.append(row);
    return field;
  }

  /** Enter goes on to the next question, where a form would be sent half written. */
  #key(event) {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    const next = event.target.closest("li").nextElementSibling;
    (next ? next.querySelector("input") : this.#add()).focus();
  }

  #remove(row) {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (near ? near.querySelector("input") : this.#add()).focus();
  }

  #pasting() {
    const text = h("textarea", { rows: 5, id: "pasted" });
    const field = h("input", { type: "file", accept: FILES, hidden: true, onchange: () => this.#load(field) });
    const take = async () => {
      if (await this.#paste(text.value)) text.value = "";
    };
    return h(
      "details",
      {},
      h("summary", {}, t("reviews.paste")),
      h("label", { for: "pasted", class: "hint" }, t("reviews.pasteWhy")),
      text,
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", onclick: take }, t("reviews.pasteAdd")),
        h("button", { type: "button", onclick: () => field.click() }, t("reviews.loadFile")),
        field,
      ),
    );
  }

  async #paste(text) {
    const kind = kindOfPaste(text);
    if (kind !== "lines") return this.#read(`questions.${kind}`, new Blob([text]));
    this.#take(linesOf(text).map((question) => ({ question })));
    return true;
  }

  async #load(field) {
    const [file] = field.files;
    field.value = "";
    if (file) await this.#read(file.name, file);
  }

  /** Whether the server could read it; else what is wrong is said. */
  async #read(name, content) {
    try {
      const { questions } = await call(`/v1/reviews/questions?${new URLSearchParams({ name })}`, { body: content, method: "POST" });
      this.#take(questions.map((each) => ({ ...each, id: /^q\d+$/.test(each.id) ? "" : each.id })));
      return true;
    } catch (error) {
      notice(explained(error), "bad");
      return false;
    }
  }

  #take(questions) {
    const empty = [...this.#rows.children].filter((row) => !row.querySelector("input").value.trim());
    for (const row of empty) row.remove();
    for (const question of questions) this.#add(question);
    if (!this.#rows.children.length) this.#add();
    notice(t("reviews.taken", { n: questions.length }));
  }
}
