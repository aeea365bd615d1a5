/** A question and its answer, as far as it has come: plain values, which a reload of the tab survives. */

import { ApiError, events } from "../core/api.js";

/**
 * @typedef {"running" | "done" | "stopped" | "failed"} State
 * @typedef {{question: string, options: object, state: State, plan: object | null, parts: object[], partsOf: number,
 *   steps: object[], reasoning: string, answer: string, blocks: {start: number, end: number, html: string}[],
 *   claims: object[], citations: Record<number, object>, whole: object | null, error: object | null}} Turn
 */

/** @returns {Turn} */
export function newTurn(question, options) {
  return {
    question,
    options,
    state: "running",
    plan: null,
    parts: [],
    partsOf: 0,
    steps: [],
    reasoning: "",
    answer: "",
    blocks: [],
    claims: [],
    citations: {},
    whole: null,
    error: null,
  };
}

/** What each event of the stream adds to a turn. */
const TAKE = {
  plan: (turn, event) => (turn.plan = event.plan),
  part(turn, event) {
    turn.parts.push(event);
    turn.partsOf = event.of;
  },
  step: (turn, event) => turn.steps.push(event),
  reasoning: (turn, event) => (turn.reasoning += event.text),
  delta: (turn, event) => (turn.answer += event.text),
  citation: (turn, event) => (turn.citations[event.index] = slim(event)),
  claim: (turn, event) => turn.claims.push(event),
  block: (turn, event) => turn.blocks.push(event),
  done: (turn, event) => finish(turn, event),
};

/**
 * Ask, and fill the turn while the answer comes.
 *
 * @param {Turn} turn
 * @param {object} body of `POST /v1/query`.
 * @param {AbortSignal} signal
 * @param {(name: string) => void} changed called after each event.
 * @throws {ApiError}
 */
export async function answer(turn, body, signal, changed) {
  for await (const [name, event] of events("/v1/query", { body: { ...body, stream: true, html: true }, signal })) {
    TAKE[name]?.(turn, event);
    changed(name);
  }
  if (turn.whole === null) throw new ApiError(0, "");
}

function finish(turn, { answer: text, claims, citations, html, ...rest }) {
  turn.answer = text;
  turn.claims = claims;
  turn.citations = Object.fromEntries(citations.map((citation) => [citation.index, slim(citation)]));
  if (turn.blocks.map((block) => block.html).join("") !== html) turn.blocks = [{ start: 0, end: Infinity, html }];
  turn.plan = rest.plan;
  turn.whole = rest;
}

/** Where the words stand on the page is the viewer's to ask: kept with each answer it would fill the tab's storage. */
function slim({ boxes, ...citation }) {
  return citation;
}
