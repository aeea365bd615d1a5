/** One review: its grid, which fills while it runs. */

import { loadStyle } from "../core/styles.js";
import { ReviewPage } from "../reviews/page.js";

/** @param {HTMLElement} main @param {string[]} parts the review's id. */
export async function show(main, [id = ""]) {
  await loadStyle("/web/reviews/reviews.css");
  const page = new ReviewPage(id);
  main.append(page.element);
  await page.begin();
  return () => page.end();
}
