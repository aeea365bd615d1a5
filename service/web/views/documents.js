/** Collections, or the documents of one. */

import { loadStyle } from "../core/styles.js";
import { CollectionPage } from "../documents/collection.js";
import { showCollections } from "../documents/collections.js";

/** @param {HTMLElement} main @param {string[]} parts the collection, or none for the list of all. */
export async function show(main, [name]) {
  await loadStyle("/web/documents/documents.css");
  if (!name) return showCollections(main);
  const page = new CollectionPage(name);
  main.append(page.element);
  await page.begin();
  return () => page.end();
}
