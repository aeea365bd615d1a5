/** What kind of list of questions a person has pasted. */

const MARKS = /^\s*(?:[-*•]|\d{1,3}[.)])\s+/;

/**
 * Lines are read here; what has columns or keys is for the server, which reads files of questions anyway.
 *
 * @returns {"lines" | "csv" | "yaml"}
 */
export function kindOfPaste(text) {
  const first = text.trimStart().split("\n")[0].trim();
  const names = first.split(/[,;\t]/).map((name) => name.trim().replace(/^"|"$/g, "").toLowerCase());
  if (names.includes("question") && names.length > 1) return "csv";
  if (/^(?:-\s*)?\{?\s*"?(?:question|id|type|title)"?\s*:/.test(first)) return "yaml";
  return "lines";
}

/** A question for each line, without the marks of a list. @returns {string[]} */
export function linesOf(text) {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(MARKS, "").trim())
    .filter(Boolean);
}
