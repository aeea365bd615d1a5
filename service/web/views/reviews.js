/** The list of reviews, or the form that begins one. */

import { loadStyle } from "../core/styles.js";
import { ReviewForm } from "../reviews/form.js";
import { ReviewList } from "../reviews/list.js";

export const NEW = "new";

/** @param {HTMLElement} main @param {string[]} parts `new` for the form. */
export async function show(main, [part]) {
  await loadStyle("/web/reviews/reviews.css");
  const page = part === NEW ? new ReviewForm() : new ReviewList();
  main.append(page.element);
  await page.begin();
  return () => page.end();
}
