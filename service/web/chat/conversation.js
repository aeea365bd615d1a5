/** A conversation about a collection: it goes on while its reader looks at another view, and outlives a reload. */

import { explained } from "../core/notices.js";
import { forTab } from "../core/store.js";
import { answer, newTurn } from "./asking.js";

const TURNS_KEPT = 30;
/** UTF-16 units; a browser keeps about five million of them for all tabs of a site. */
const UNITS_KEPT = 1_500_000;
const SAVED_AT = new Set(["plan", "block"]);

const open = new Map();

/** The conversation of a collection. @returns {Conversation} */
export function conversation(collection) {
  if (!open.has(collection)) open.set(collection, new Conversation(collection));
  return open.get(collection);
}

class Conversation {
  #kept;
  #collection;
  #session = null;
  #running = null;
  /** @type {import("./asking.js").Turn[]} */
  turns = [];
  /** Called with the turn and the name of what has come; `turns` where turns came or went. */
  onchange = () => {};

  constructor(collection) {
    this.#collection = collection;
    this.#kept = forTab(`chat.${collection}`);
    this.#restore();
  }

  get isRunning() {
    return this.#running !== null;
  }

  async ask(question, options) {
    if (this.#running) return;
    const turn = newTurn(question, options);
    this.turns.push(turn);
    this.onchange(turn, "turns");
    await this.#run(turn);
  }

  stop() {
    this.#running?.abort();
  }

  /** Ask the last question again; `fresh` leaves the earlier ones out, where the server has forgotten them. */
  async retry({ fresh = false } = {}) {
    const last = this.turns.pop();
    if (fresh) this.forget();
    await this.ask(last.question, last.options);
  }

  /** Begin anew. */
  forget() {
    this.stop();
    this.#running = null;
    this.turns = [];
    this.#session = null;
    this.#kept.set("");
    this.onchange(null, "turns");
  }

  async #run(turn) {
    const running = (this.#running = new AbortController());
    const said = (name) => this.turns.includes(turn) && this.onchange(turn, name);
    const body = { question: turn.question, collection: this.#collection, session_id: this.#session, ...turn.options };
    try {
      await answer(turn, body, running.signal, (name) => {
        if (SAVED_AT.has(name)) this.#save();
        said(name);
      });
      turn.state = "done";
      // Only an answer that is whole has become a turn of the server's session.
      if (this.turns.includes(turn)) this.#session = turn.whole.session_id;
    } catch (error) {
      turn.state = error?.name === "AbortError" ? "stopped" : "failed";
      if (turn.state === "failed") turn.error = { status: error?.status, text: explained(error) };
      if (error?.status === undefined && turn.state === "failed") console.error(error);
    }
    if (this.#running === running) this.#running = null;
    this.#save();
    said("end");
  }

  #save() {
    let turns = this.turns.slice(-TURNS_KEPT);
    let text = JSON.stringify({ session: this.#session, turns });
    while (text.length > UNITS_KEPT && turns.length > 1) {
      turns = turns.slice(1);
      text = JSON.stringify({ session: this.#session, turns });
    }
    this.#kept.set(turns.length ? text : "");
  }

  #restore() {
    try {
      const { session, turns } = JSON.parse(this.#kept.get());
      // What was still being written when the tab was reloaded has nobody who listens to it any more.
      this.turns = turns.map((turn) => ({ ...turn, state: turn.state === "running" ? "stopped" : turn.state }));
      this.#session = session;
    } catch {
      this.turns = [];
    }
  }
}
