/** The bar on top: where one is, where one can go, language and theme. */

import { collections } from "./core/collections.js";
import { fill, h } from "./core/dom.js";
import { address, go } from "./core/router.js";
import { forGood } from "./core/store.js";
import { chooseLanguage, language, LANGUAGES, t } from "./core/words.js";

const theme = forGood("theme");
const THEMES = ["auto", "light", "dark"];
/** A place stays marked while one looks at a piece of it. */
const WITHIN = { document: "documents", review: "reviews" };
const PLACES = [
  ["ask", (name) => address("ask", name)],
  ["documents", (name) => address("documents", name)],
  ["reviews", () => address("reviews")],
  ["usage", () => address("usage")],
];

/** Draw the bar for a view. */
export function drawBar(view, collection) {
  fill(
    document.getElementById("bar"),
    h("a", { class: "brand", href: address("ask", collection) }, "Lectern"),
    h(
      "nav",
      { "aria-label": t("bar.places") },
      PLACES.map(([name, target]) =>
        h("a", { href: target(collection), "aria-current": name === (WITHIN[view] ?? view) ? "page" : null }, t(`bar.${name}`)),
      ),
    ),
    h("div", { class: "tools" }, collectionChoice(view, collection), themeChoice(), languageChoice()),
  );
}

function collectionChoice(view, collection) {
  if (!["ask", "documents"].includes(view)) return null;
  const names = new Set([...collections().map((each) => each.name), collection]);
  return choice(t("bar.collection"), [...names].map((name) => [name, name]), collection, (name) => go(view, name));
}

function themeChoice() {
  const options = THEMES.map((name) => [name, t(`theme.${name}`)]);
  return choice(t("bar.theme"), options, theme.get() || "auto", (name) => {
    theme.set(name === "auto" ? "" : name);
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
  });
}

function languageChoice() {
  return choice(t("bar.language"), Object.entries(LANGUAGES), language, (name) => {
    chooseLanguage(name);
    location.reload();
  });
}

function choice(label, options, value, onchange) {
  return h(
    "select",
    { "aria-label": label, title: label, onchange: (event) => onchange(event.target.value) },
    options.map(([name, text]) => h("option", { value: name, selected: name === value }, text)),
  );
}
