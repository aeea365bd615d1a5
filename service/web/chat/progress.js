/** What happens before an answer: the plan, the parts of a map, an agent's steps, the model's thinking. */

import { fill, h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { number, percent, t } from "../core/words.js";

/** A line that says what is read and why. */
export class PlanLine {
  #told = null;
  element = h("p", { class: "plan-line" }, t("ask.searching"));

  update({ plan, state }) {
    if (plan === this.#told) {
      if (!plan && state !== "running") fill(this.element);
      return;
    }
    this.#told = plan;
    const { mode, reason, tokens, cached_tokens: cached, searched } = plan;
    fill(
      this.element,
      h("strong", {}, t(`ask.plan.${mode}`)),
      tokens > 0 && ` · ${t("ask.plan.tokens", { n: tokens })}`,
      cached > 0 && ` · ${t("ask.plan.cached", { share: percent(cached / tokens) })}`,
      h("span", { class: "reason" }, visible(reason)),
      searched && h("span", { class: "reason" }, t("ask.plan.searched", { text: visible(searched) })),
    );
  }
}

/** Parts of a map as a bar, steps of an agent as a list. */
export class Progress {
  #seen = "";
  element = h("div", { class: "progress" });

  update({ parts, partsOf, steps }) {
    const seen = `${parts.length} ${steps.length}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    fill(this.element, partsOf > 0 && readParts(parts, partsOf), steps.length > 0 && takenSteps(steps));
  }
}

function readParts(parts, of) {
  const label = t("ask.parts", { read: number(parts.length), of: number(of) });
  const found = parts.filter((part) => part.outcome === "found").length;
  const failed = parts.filter((part) => part.outcome === "failed");
  return [
    h("progress", { max: of, value: parts.length, "aria-label": label }),
    h("p", { class: "hint" }, `${label}; ${t("ask.parts.found", { n: found })}`),
    failed.map((part) => h("p", { class: "hint bad" }, t("ask.parts.failed", { part: number(part.number), why: visible(part.detail) }))),
  ];
}

function takenSteps(steps) {
  const lines = steps.map(({ tool, arguments: given, results, error }) =>
    h(
      "li",
      { class: error ? "bad" : null },
      h("span", {}, t(`ask.step.${tool}`)),
      " ",
      h("code", {}, visible(given)),
      " ",
      error ? `${t("ask.step.failed")}: ${visible(error)}` : t("ask.step.results", { n: results }),
    ),
  );
  return h("ol", { class: "steps" }, lines);
}

/** The model's thinking, folded away; its title shows that it comes. */
export class Thinking {
  #length = 0;
  #title = h("span");
  #text = h("div", { class: "thought", tabindex: 0, role: "region", "aria-label": t("ask.thinking") });
  element = h("details", { class: "thinking", hidden: true }, h("summary", {}, this.#title), this.#text);

  update({ reasoning, answer, state }) {
    this.element.hidden = !reasoning;
    const coming = state === "running" && !answer;
    this.element.classList.toggle("coming", coming);
    fill(this.#title, t(coming ? "ask.thinking.coming" : "ask.thinking.over", { n: reasoning.length }));
    if (reasoning.length < this.#length) fill(this.#text);
    const from = Math.min(this.#length, reasoning.length);
    if (reasoning.length > from) this.#text.append(visible(reasoning.slice(from)));
    this.#length = reasoning.length;
  }
}
