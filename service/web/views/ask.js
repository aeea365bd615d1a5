/** The chat about a collection, with the sources of its answers beside it. */

import { Card } from "../chat/card.js";
import { conversation } from "../chat/conversation.js";
import { followEnd } from "../chat/following.js";
import { QuestionForm } from "../chat/form.js";
import { watchMarks } from "../chat/marks.js";
import { Options } from "../chat/options.js";
import { SourcePane } from "../chat/pane.js";
import { judged } from "../chat/sources.js";
import { TurnView } from "../chat/turn.js";
import { collections } from "../core/collections.js";
import { fill, h } from "../core/dom.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";

/** What is read aloud of a stream: its turns of fate, not its words. */
const SPOKEN = { turns: "ask.status.asked", delta: "ask.status.writing" };

/** @param {HTMLElement} main @param {string[]} parts the collection. */
export function show(main, [collection]) {
  const chat = new Chat(collection);
  main.append(chat.element);
  chat.begin();
  return () => chat.end();
}

class Chat {
  #collection;
  #conversation;
  #views = [];
  #drawing = 0;
  #spoken = "";
  #leaving = new AbortController();
  #heading = h("h1", { class: "hidden" }, t("title.ask"));
  #log = h("div", { class: "log" });
  #status = h("p", { class: "hidden", role: "status", "aria-live": "polite" });
  #anew = h("button", { type: "button", class: "quiet", onclick: () => this.#forget() }, t("ask.new"));
  #form;
  #options;
  #pane;
  #card;
  #following;

  constructor(collection) {
    this.#collection = collection;
    this.#conversation = conversation(collection);
    this.#options = new Options(collection);
    this.#form = new QuestionForm({ ask: (question) => this.#ask(question), stop: () => this.#conversation.stop() });
    this.#card = new Card((mark) => this.#open(mark));
    const reading = h("div", { class: "reading", tabindex: 0, role: "region", "aria-label": t("ask.conversation") }, this.#heading, this.#log);
    const column = h(
      "div",
      { class: "column" },
      reading,
      h("div", { class: "asking" }, this.#form.element, h("div", { class: "below" }, this.#options.element, this.#anew)),
      this.#status,
    );
    this.#pane = new SourcePane(column);
    this.#following = followEnd(reading);
    const acts = { citation: (mark) => this.#citation(mark), open: (mark) => this.#open(mark) };
    watchMarks(reading, this.#card, acts, this.#leaving.signal);
    this.element = h("div", { class: "chat" }, column, this.#pane.element, this.#card.element);
  }

  begin() {
    this.#conversation.onchange = (turn, name) => this.#changed(turn, name);
    this.#draw();
    this.#following.toEnd();
    this.#form.focus();
  }

  end() {
    this.#conversation.onchange = () => {};
    cancelAnimationFrame(this.#drawing);
    this.#leaving.abort();
    this.#card.hide();
    this.#pane.end();
  }

  #ask(question) {
    this.#conversation.ask(question, this.#options.fields);
    this.#options.element.open = false;
    this.#following.toEnd();
  }

  #forget() {
    this.#pane.close();
    this.#conversation.forget();
    this.#form.focus();
  }

  #changed(turn, name) {
    this.#say(turn, name);
    if (name === "turns" || name === "end") this.#draw();
    // A stream may bring many words for each picture that the screen can show.
    else this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    const { turns, isRunning } = this.#conversation;
    if (!turns.length) fill(this.#log, this.#welcome());
    this.#views = turns.map((turn) => this.#views.find((view) => view.turn === turn) ?? this.#viewOf(turn));
    const drawn = this.#views.map((view) => view.element);
    for (const child of [...this.#log.children]) if (turns.length && !drawn.includes(child)) child.remove();
    for (const element of drawn) if (!element.isConnected) this.#log.append(element);
    this.#views.forEach((view, index) => view.update(index === turns.length - 1));
    this.#form.running = isRunning;
    this.#anew.hidden = this.#heading.hidden = !turns.length;
    // What comes under a finished answer must not push away the text that is being read.
    if (turns.at(-1)?.state !== "done") this.#following.follow();
  }

  #viewOf(turn) {
    return new TurnView(turn, (how) => {
      this.#conversation.retry(how);
      this.#form.focus();
    });
  }

  #welcome() {
    const known = collections().find((each) => each.name === this.#collection);
    const n = known?.documents ?? 0;
    return h(
      "div",
      { class: "welcome" },
      h("h1", {}, t("ask.welcome")),
      h("p", {}, n ? t("ask.welcome.documents", { n, collection: visible(this.#collection) }) : t("ask.welcome.empty")),
      !n && h("p", {}, h("a", { class: "button", href: address("documents", this.#collection) }, t("ask.welcome.add"))),
    );
  }

  #say(turn, name) {
    const text = name === "end" ? ending(turn) : SPOKEN[name] && turn ? t(SPOKEN[name]) : "";
    if (!text || text === this.#spoken) return;
    this.#spoken = text;
    fill(this.#status, text);
  }

  #turnOf(mark) {
    return this.#views.find((view) => view.element.contains(mark))?.turn;
  }

  #citation(mark) {
    return this.#turnOf(mark)?.citations[mark.dataset.citation];
  }

  #open(mark) {
    this.#card.hide();
    const turn = this.#turnOf(mark);
    if (turn) this.#pane.open(Object.values(turn.citations), Number(mark.dataset.citation), mark);
  }
}

function ending(turn) {
  if (turn.state === "stopped") return t("ask.stopped");
  if (turn.state === "failed") return ""; // the failure is an alert of its own
  const sources = Object.keys(turn.citations).length;
  return `${t("ask.status.done")} ${judged(turn).text} ${t("ask.status.sources", { n: sources })}`;
}
