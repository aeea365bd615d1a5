/** A question and its answer on the page. */

import { fill, h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { AnswerText } from "./answer.js";
import { PlanLine, Progress, Thinking } from "./progress.js";
import { promptDetails, warningList } from "./prompt.js";
import { copyButton, sourceList, verdict } from "./sources.js";

/** Statuses of a conversation that the server does not have any more. */
const FORGOTTEN = new Set([404, 410]);

/** Draws a turn, and draws again what has changed of it. */
export class TurnView {
  #pieces = [new PlanLine(), new Progress(), new Thinking(), new AnswerText()];
  #end = h("footer", { class: "turn-end" });
  #ended = null;
  #retry;

  /** @param {(options: {fresh: boolean}) => void} retry */
  constructor(turn, retry) {
    this.turn = turn;
    this.#retry = retry;
    this.element = h(
      "article",
      { class: "turn" },
      h("h2", { class: "asked" }, visible(turn.question)),
      this.#pieces.map((piece) => piece.element),
      this.#end,
    );
  }

  /** @param {boolean} isLast only the last question can be asked again. */
  update(isLast) {
    const { turn } = this;
    this.element.classList.toggle("extract", turn.plan?.mode === "extract");
    this.element.setAttribute("aria-busy", String(turn.state === "running"));
    for (const piece of this.#pieces) piece.update(turn);
    const ended = `${turn.state} ${isLast}`;
    if (ended === this.#ended) return;
    this.#ended = ended;
    fill(this.#end, this.#conclusion(isLast));
  }

  #conclusion(isLast) {
    const { turn } = this;
    if (turn.state === "running") return null;
    if (turn.state === "done") {
      return [
        verdict(turn),
        warningList(turn),
        sourceList(turn),
        h("div", { class: "row" }, copyButton(turn)),
        promptDetails(turn),
      ];
    }
    const failed = turn.state === "failed";
    const words = failed ? turn.error.text : t("ask.stopped");
    return h(
      "div",
      { class: failed ? "failure" : "stopped-note", role: failed ? "alert" : null },
      h("p", {}, visible(words)),
      isLast && h("div", { class: "row" }, this.#again(failed)),
    );
  }

  #again(failed) {
    const button = (fresh, key) =>
      h("button", { type: "button", class: "again", onclick: () => this.#retry({ fresh }) }, t(key));
    return [button(false, "ask.again"), failed && FORGOTTEN.has(this.turn.error.status) && button(true, "ask.again.fresh")];
  }
}
