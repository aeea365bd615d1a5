/** What kind of file a document was, in a word. */

const LONGEST = 6;

/** The ending of its name where it has a plain one, else what its media type says. */
export function kindOf(path, mediaType) {
  const name = path.split("/").at(-1);
  const ending = name.includes(".") ? name.split(".").at(-1) : "";
  if (/^[A-Za-z0-9]+$/.test(ending) && ending.length <= LONGEST) return ending.toUpperCase();
  return mediaType.split("/").at(-1).replace(/^x-/, "");
}
