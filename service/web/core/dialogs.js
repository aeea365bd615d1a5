/** Questions that the page cannot go on without. */

import { h } from "./dom.js";
import { t } from "./words.js";

/**
 * Ask whether something that cannot be taken back is meant.
 *
 * @param {"danger" | "primary"} kind whether it destroys, or only costs.
 * @returns {Promise<boolean>}
 */
export function confirmed(text, verb, kind = "danger") {
  const buttons = [
    cancel(),
    h("button", { type: "submit", value: "yes", class: kind }, verb),
  ];
  return open(h("p", {}, text), buttons).then((answer) => answer === "yes");
}

/** Ask for the access key; empty where none was given. @returns {Promise<string>} */
export function askForKey(wrong) {
  const field = h("input", { type: "password", name: "key", autocomplete: "current-password", required: true, id: "key" });
  const content = [
    h("label", { for: "key" }, t("key.label")),
    h("p", { class: "hint" }, t(wrong ? "key.wrong" : "key.why")),
    field,
  ];
  const buttons = [
    cancel(),
    h("button", { type: "submit", value: "yes", class: "primary" }, t("key.use")),
  ];
  return open(content, buttons).then((answer) => (answer === "yes" ? field.value.trim() : ""));
}

/** No submit button: Enter in a field presses the first one that there is. */
function cancel() {
  return h("button", { type: "button", onclick: (event) => event.target.closest("dialog").close("") }, t("dialog.cancel"));
}

function open(content, buttons) {
  const dialog = h("dialog", { class: "dialog" }, h("form", { method: "dialog" }, content, h("div", { class: "row end" }, buttons)));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
