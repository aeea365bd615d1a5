/** Scrolling after a text that grows, while its reader is at its end. */

const AT_END_PIXELS = 48;

/**
 * @param {HTMLElement} region that scrolls.
 * @returns {{follow: () => void, toEnd: () => void}} `follow` after the text has grown; `toEnd` in any case.
 */
export function followEnd(region) {
  let isAtEnd = true;
  const toEnd = () => {
    isAtEnd = true;
    region.scrollTop = region.scrollHeight;
  };
  region.addEventListener("scroll", () => {
    isAtEnd = region.scrollHeight - region.scrollTop - region.clientHeight < AT_END_PIXELS;
  });
  return { toEnd, follow: () => isAtEnd && toEnd() };
}
