/** Files that the browser saves. */

import { blob } from "../core/api.js";

const FORBIDDEN = /[^\p{L}\p{N}._ -]+/gu;

/** A name that every file system takes. */
export function fileName(name, ending) {
  const plain = name.replace(FORBIDDEN, "-").replace(/^[. -]+|[. -]+$/g, "").slice(0, 80);
  return `${plain || "review"}.${ending}`;
}

/** Fetch with the key, which a link could not send, then save. */
export async function save(path, name) {
  const url = URL.createObjectURL(await blob(path));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
