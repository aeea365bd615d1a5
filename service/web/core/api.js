/** The service's HTTP, as the page uses it. */

import { forTab } from "./store.js";

const accessKey = forTab("key");
let askForKey = async () => "";
let asking = null;

/** An answer that is a problem document, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(status, detail, errors = [], code = null) {
    super(detail);
    this.status = status;
    this.errors = errors;
    this.code = code;
  }
}

/** @param {(wrong: boolean) => Promise<string>} ask called where the service wants its key. */
export function onKeyWanted(ask) {
  askForKey = ask;
}

/**
 * The JSON of an answer; null where it has none.
 *
 * @param {string} path below the service's address, with its query.
 * @param {{method?: string, body?: unknown, signal?: AbortSignal}} [options] a body is sent as JSON, a form
 *   or a file as it is.
 * @throws {ApiError}
 */
export async function call(path, options = {}) {
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/** The bytes of an answer, to be shown or saved. @returns {Promise<Blob>} */
export async function blob(path, options = {}) {
  return (await request(path, options)).blob();
}

/**
 * Server-sent events as `[name, body]`, until the service ends them; an `error` event is thrown.
 *
 * @throws {ApiError}
 */
export async function* events(path, options = {}) {
  const response = await request(path, options);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const frames = (rest + value).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const event = parse(frame);
        if (event === null) continue;
        if (event[0] === "error") throw new ApiError(event[1].status, event[1].detail, event[1].errors, event[1].code);
        yield event;
      }
    }
  } catch (error) {
    throw asApiError(error);
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Send a form and hear how much of it has gone: `fetch` cannot tell. */
export function upload(path, form, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", path);
    if (accessKey.get()) sending.setRequestHeader("Authorization", `Bearer ${accessKey.get()}`);
    sending.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    sending.onload = () => {
      const body = parsed(sending.responseText);
      if (sending.status < 400 && body !== null) resolve(body);
      else reject(new ApiError(sending.status, body?.detail ?? sending.statusText, body?.errors, body?.code));
    };
    sending.onerror = () => reject(new ApiError(0, ""));
    sending.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal?.addEventListener("abort", () => sending.abort());
    sending.send(form);
  });
}

async function request(path, { method, body, signal } = {}) {
  for (let wrong = false; ; wrong = true) {
    const key = accessKey.get();
    const headers = key ? { Authorization: `Bearer ${key}` } : {};
    const isJson = body !== undefined && !(body instanceof FormData || body instanceof Blob);
    if (isJson) headers["Content-Type"] = "application/json";
    const sent = isJson ? JSON.stringify(body) : body;
    let response;
    try {
      response = await fetch(path, { method: method ?? (body === undefined ? "GET" : "POST"), body: sent, headers, signal });
    } catch (error) {
      throw asApiError(error);
    }
    if (response.ok) return response;
    if (response.status !== 401) throw await problemOf(response);
    if (key === accessKey.get()) await newKey(wrong || key !== "");
    if (!accessKey.get()) throw await problemOf(response);
  }
}

/** Requests that are refused at the same time ask once. */
async function newKey(wrong) {
  asking ??= askForKey(wrong).finally(() => (asking = null));
  accessKey.set(await asking);
}

async function problemOf(response) {
  const body = parsed(await response.text());
  return new ApiError(response.status, body?.detail ?? response.statusText, body?.errors, body?.code);
}

function asApiError(error) {
  const known = error instanceof ApiError || error?.name === "AbortError";
  return known ? error : new ApiError(0, "");
}

function parse(frame) {
  let name = "";
  for (const line of frame.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) return [name, JSON.parse(line.slice(6))];
  }
  return null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
