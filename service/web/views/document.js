/** A source by its address: `#/document/ID/NUMBER/START-END`, or a whole document: `#/document/ID`. */

import { h } from "../core/dom.js";
import { loadStyle } from "../core/styles.js";
import { t } from "../core/words.js";
import { Viewer } from "../viewer/viewer.js";

/** @param {HTMLElement} main @param {string[]} parts document, number of its version, code points. */
export async function show(main, [id, number, range]) {
  await loadStyle("/web/viewer/viewer.css");
  const viewer = new Viewer({});
  main.append(h("h1", { class: "hidden" }, t("title.document")), viewer.element);
  const [, start, end] = /^(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  // A range without characters, such as 0-0, is no place: the document is shown from its beginning.
  const place = Number(start) < Number(end) ? { start: Number(start), end: Number(end) } : {};
  viewer.show({ id, number: Number(number) || undefined, ...place });
  return () => viewer.end();
}
