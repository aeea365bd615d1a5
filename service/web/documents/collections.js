/** The list of all collections. */

import { call } from "../core/api.js";
import { collections, refreshCollections } from "../core/collections.js";
import { confirmed } from "../core/dialogs.js";
import { fill, h } from "../core/dom.js";
import { explained, notice } from "../core/notices.js";
import { address, go } from "../core/router.js";
import { visible } from "../core/text.js";
import { day, t } from "../core/words.js";

/** @param {HTMLElement} main */
export async function showCollections(main) {
  const list = h("ul", { class: "shelf" });
  main.append(
    h(
      "div",
      { class: "page documents" },
      h("h1", {}, t("documents.collections")),
      h("p", { class: "hint lead" }, t("documents.collectionsWhy")),
      list,
      creation(),
    ),
  );
  await refreshCollections();
  draw(list);
}

function draw(list) {
  const known = collections();
  if (known.length) fill(list, known.map((each) => entry(each, list)));
  else fill(list, h("li", { class: "empty" }, t("documents.noCollections")));
}

function entry(collection, list) {
  const name = visible(collection.name);
  return h(
    "li",
    { class: "card" },
    h(
      "div",
      { class: "named" },
      h("a", { class: "title", href: address("documents", collection.name) }, name),
      h("p", { class: "hint" }, factsOf(collection).join(" · ")),
    ),
    h("a", { class: "button", href: address("ask", collection.name) }, t("documents.ask")),
    h(
      "button",
      { type: "button", class: "bare", "aria-label": t("documents.deleteNamed", { name }), onclick: () => remove(collection, list) },
      t("documents.delete"),
    ),
  );
}

/** What is said of a collection in one line. @returns {string[]} */
export function factsOf(collection) {
  const facts = [t("documents.count", { n: collection.documents })];
  if (collection.failures.length) facts.push(t("documents.failureCount", { n: collection.failures.length }));
  if (collection.pinned.length) facts.push(t("documents.pinnedCount", { n: collection.pinned.length }));
  if (collection.egress && collection.egress !== "any") facts.push(egressOf(collection.egress));
  facts.push(t("documents.since", { day: day(collection.created_at) }));
  return facts;
}

/** Who may be shown a collection that not everybody may. */
function egressOf(egress) {
  return egress === "none" ? t("documents.egressNone") : t("documents.egressOnly", { names: visible(egress) });
}

async function remove(collection, list) {
  const values = { name: visible(collection.name), n: collection.documents };
  if (!(await confirmed(t("documents.deleteCollectionAsk", values), t("documents.deleteAll")))) return;
  try {
    await call(`/v1/collections/${encodeURIComponent(collection.name)}`, { method: "DELETE" });
    notice(t("documents.deleted", values));
    await refreshCollections();
  } catch (error) {
    notice(explained(error), "bad");
  }
  draw(list);
}

/** A collection comes into being with its first document: all that is wanted here is its name. */
function creation() {
  const field = h("input", { id: "new-collection", name: "name", required: true, maxlength: 200, autocomplete: "off" });
  const begin = (event) => {
    event.preventDefault();
    if (field.value.trim()) go("documents", field.value.trim());
  };
  return h(
    "form",
    { class: "creation", onsubmit: begin },
    h("label", { for: "new-collection" }, t("documents.newName")),
    h("div", { class: "row" }, field, h("button", { type: "submit" }, t("documents.create"))),
    h("p", { class: "hint" }, t("documents.newWhy")),
  );
}
