/** Short words that come and go, and what is said of an error. */

import { h } from "./dom.js";
import { t } from "./words.js";

const SHOWN_MILLISECONDS = 6_000;

/** Say something in passing; read aloud too. @param {"plain" | "bad"} kind */
export function notice(text, kind = "plain") {
  const shown = h("p", { class: `notice ${kind}` }, text);
  document.getElementById("notices").append(shown);
  setTimeout(() => shown.remove(), SHOWN_MILLISECONDS);
}

/** An error in a person's words. @param {unknown} error */
export function explained(error) {
  if (error?.name === "AbortError") return t("error.stopped");
  if (error?.status === 0) return t("error.unreachable");
  if (error?.status === 401) return t("error.key");
  if (error?.status === 403) return t("error.forbidden");
  if (error?.status === 429) return t(error.code === "insufficient_quota" ? "error.budget" : "error.limit");
  return error?.message || t("error.unknown");
}

/** An error in the place of what could not be shown, with a way to try again. */
export function failure(error, again) {
  return h(
    "div",
    { class: "failure", role: "alert" },
    h("p", {}, explained(error)),
    again && h("button", { type: "button", onclick: again }, t("error.again")),
  );
}
