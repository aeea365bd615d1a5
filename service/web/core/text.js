/** Offsets of the service count code points; JavaScript's strings count UTF-16 units. */

/** The text between two code points, the end exclusive; beyond its end there is nothing. */
export function slice(text, start, end = Infinity) {
  let unit = 0;
  let point = 0;
  const forward = (until) => {
    while (point < until && unit < text.length) {
      unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
      point += 1;
    }
    return unit;
  };
  const first = forward(start);
  return text.slice(first, forward(end));
}

/** How many code points a text has. */
export function length(text) {
  let surplus = 0;
  for (let unit = 0; unit < text.length; unit += 1) {
    if (text.codePointAt(unit) > 0xffff) {
      surplus += 1;
      unit += 1;
    }
  }
  return text.length - surplus;
}

const DIRECTIONS = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g;

/** Characters that turn the direction of writing become visible: nobody reads a text in another order than it has. */
export function visible(text) {
  return text.replace(DIRECTIONS, (character) => `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);
}
