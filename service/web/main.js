/** The page: one view at a time, chosen by the address. */

import { drawBar } from "./bar.js";
import { onKeyWanted } from "./core/api.js";
import { refreshCollections, rememberCollection, usualCollection } from "./core/collections.js";
import { askForKey } from "./core/dialogs.js";
import { fill, h } from "./core/dom.js";
import { failure } from "./core/notices.js";
import { redirect, route } from "./core/router.js";
import { loadLanguage, t } from "./core/words.js";

/**
 * A view is a module with `show(main, parts)`: it fills `main` and may return a function that ends what it has begun.
 * Each is loaded when it is first asked for.
 */
const VIEWS = {
  ask: () => import("./views/ask.js"),
  documents: () => import("./views/documents.js"),
  document: () => import("./views/document.js"),
  reviews: () => import("./views/reviews.js"),
  review: () => import("./views/review.js"),
  usage: () => import("./views/usage.js"),
};
const OF_A_COLLECTION = new Set(["ask", "documents"]);

let leave = () => {};
let shown = 0;

async function draw() {
  const { view, parts } = route();
  if (!Object.hasOwn(VIEWS, view)) return redirect("ask", usualCollection());
  if (view === "ask" && !parts[0]) return redirect("ask", usualCollection());
  if (OF_A_COLLECTION.has(view) && parts[0]) rememberCollection(parts[0]);
  const turn = (shown += 1);
  leave();
  leave = () => {};
  drawBar(view, (OF_A_COLLECTION.has(view) && parts[0]) || usualCollection());
  document.title = `${t(`title.${view}`)} · Lectern`;
  const main = fill(document.getElementById("main"), h("p", { class: "waiting" }, t("page.loading")));
  main.dataset.view = view;
  try {
    const { show } = await VIEWS[view]();
    if (turn !== shown) return;
    const left = await show(fill(main), parts);
    if (typeof left !== "function") return;
    if (turn === shown) leave = left;
    else left();
  } catch (error) {
    if (turn === shown) fill(main, failure(error, draw));
    if (error?.status === undefined) throw error;
  }
}

async function begin() {
  await loadLanguage();
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  onKeyWanted(askForKey);
  // The view is on its way while the collections are asked for; what it fails of is said when it is drawn.
  VIEWS[route().view || "ask"]?.().catch(() => {});
  try {
    await refreshCollections();
  } catch (error) {
    fill(document.getElementById("main"), failure(error, () => location.reload()));
    drawBar("", "default");
    return;
  }
  addEventListener("hashchange", () => {
    draw();
    document.getElementById("main").focus({ preventScroll: true });
  });
  await draw();
}

begin();
