/** Which view the address asks for: `#/ask/contracts` is the view `ask` with the part `contracts`. */

/** @returns {{view: string, parts: string[]}} */
export function route(hash = location.hash) {
  const [view = "", ...parts] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  return { view, parts };
}

/** An address of the page. */
export const address = (view, ...parts) => `#/${[view, ...parts].map(encodeURIComponent).join("/")}`;

export function go(...place) {
  location.hash = address(...place);
}

/** Another address in the place of this one: going back skips it. */
export function redirect(...place) {
  location.replace(address(...place));
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
