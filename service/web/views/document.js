import { h } from "../core/dom.js";
import { t } from "../core/words.js";

/** To be written. */
export function show(main) {
  main.append(h("h1", {}, t("title.document")));
}
