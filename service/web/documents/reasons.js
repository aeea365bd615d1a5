/** Why a file is not in a collection, in a person's words. */

import { h } from "../core/dom.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";

/** A file with its reason; what the reader says of it besides stands behind. */
export function failedFile({ path, reason, detail }) {
  return h(
    "li",
    { class: "failed" },
    h("span", { class: "file-path" }, visible(path)),
    " ",
    h("span", { class: "why" }, t(`documents.reason.${reason ?? "unreadable"}`)),
    detail && h("span", { class: "hint" }, " ", visible(detail)),
  );
}

/** The files of a collection that could not be read; empty where there are none. */
export function failures(files) {
  if (!files.length) return null;
  return h(
    "details",
    { class: "failures" },
    h("summary", {}, t("documents.failureCount", { n: files.length })),
    h("p", { class: "hint" }, t("documents.failuresWhy")),
    h("ul", { class: "outcomes", tabindex: 0, "aria-label": t("documents.outcomes") }, files.map(failedFile)),
  );
}
