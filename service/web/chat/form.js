/** Where a question is written: Enter sends it, Shift and Enter begin a new line. */

import { fill, h } from "../core/dom.js";
import { t } from "../core/words.js";

const LONGEST_QUESTION = 20_000;

/** @param {{ask: (question: string) => void, stop: () => void}} acts */
export class QuestionForm {
  #field;
  #button = h("button", { class: "primary send" });
  #excess = h("p", { class: "hint", role: "status" });
  #running = false;
  #acts;

  constructor(acts) {
    this.#acts = acts;
    this.#field = h("textarea", {
      id: "question",
      rows: 1,
      placeholder: t("ask.placeholder"),
      "aria-label": t("ask.question"),
      "aria-describedby": "question-keys",
      onkeydown: (event) => this.#key(event),
      oninput: () => this.#tell(),
    });
    this.element = h(
      "form",
      { class: "question-form", onsubmit: (event) => this.#submit(event) },
      h("div", { class: "field" }, this.#field, this.#button),
      this.#excess,
      h("p", { class: "hidden", id: "question-keys" }, t("ask.keys")),
    );
    this.#tell();
  }

  /** Whether an answer is being written: the button then stops it. */
  set running(running) {
    this.#running = running;
    this.#tell();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  #key(event) {
    // A word that is still being composed takes Enter for itself; 229 is how some browsers say so.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.#send();
  }

  #submit(event) {
    event.preventDefault();
    if (this.#running) this.#acts.stop();
    else this.#send();
  }

  #send() {
    const question = this.#field.value.trim();
    if (!question || isTooLong(question) || this.#running) return;
    this.#field.value = "";
    this.#acts.ask(question);
    this.#tell();
  }

  #tell() {
    fill(this.#button, t(this.#running ? "ask.stop" : "ask.send"));
    this.#button.classList.toggle("stop", this.#running);
    const question = this.#field.value.trim();
    const tooLong = isTooLong(question);
    this.#button.disabled = !this.#running && (!question || tooLong);
    fill(this.#excess, tooLong && t("ask.tooLong", { length: lengthOf(question), most: LONGEST_QUESTION }));
  }
}

/** In characters, as the service counts them. */
const lengthOf = (question) => Array.from(question).length;

const isTooLong = (question) => question.length > LONGEST_QUESTION && lengthOf(question) > LONGEST_QUESTION;
