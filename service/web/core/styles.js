/** Style sheets that only some views need. */

const loaded = new Map();

/** Load a style sheet once; settles when it is in force, or cannot be had. @param {string} href */
export function loadStyle(href) {
  if (!loaded.has(href)) loaded.set(href, linked(href));
  return loaded.get(href);
}

function linked(href) {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href, onload: resolve, onerror: resolve });
    document.head.append(link);
  });
}
