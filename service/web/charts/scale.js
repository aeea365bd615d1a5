/** Round numbers for axes. */

const STEPS = [1, 2, 2.5, 5, 10];

/**
 * The marks of an axis from nothing to at least `most`, in steps that people count in.
 *
 * @param {number} most the largest value that is drawn; with nothing to draw there is one step of 1.
 * @param {number} [wanted] about so many steps.
 * @returns {number[]}
 */
export function ticks(most, wanted = 4) {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.find((each) => each * power >= rough * (1 - 1e-9)) * power;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, place) => Number((place * step).toPrecision(12)));
}

/** Which of `count` labels there is room for: every so many, the last one always. @returns {number[]} */
export function labelled(count, room) {
  const stride = Math.max(1, Math.ceil(count / Math.max(1, room)));
  return Array.from({ length: count }, (_, place) => place).filter((place) => (count - 1 - place) % stride === 0);
}
