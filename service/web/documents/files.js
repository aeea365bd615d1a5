/** Files that a person chose or dropped, with the paths that they keep. */

const UNWANTED = new Set(["Thumbs.db", "desktop.ini", "__MACOSX", "node_modules"]);
/** One form holds so many: a folder of ten thousand files arrives in pieces that can each be told apart. */
const FILES_AT_ONCE = 500;
const BYTES_AT_ONCE = 256_000_000;

/**
 * The files of what was dropped, folders with all that lies in them.
 *
 * @param {DataTransfer} transfer to be read at once: the browser empties it when the event is over.
 * @returns {Promise<{files: {path: string, file: File}[], unread: string[]}>}
 */
export function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  return walk(items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter((each) => each !== null));
}

/** The same of a field: a folder's files know their paths below it. @param {FileList} list */
export function chosenFiles(list) {
  const files = [...list].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  return files.filter(({ path }) => !path.split("/").some(isUnwanted));
}

/** @param {(FileSystemEntry | File)[]} entries */
export async function walk(entries) {
  const found = { files: [], unread: [] };
  for (const entry of entries) await visit(entry, found);
  return found;
}

/** In forms that a server takes, in order. @param {{file: {size: number}}[]} files */
export function batches(files, { most = FILES_AT_ONCE, bytes = BYTES_AT_ONCE } = {}) {
  const made = [];
  let size = Infinity;
  for (const each of files) {
    if (size + each.file.size > bytes || made.at(-1).length >= most) {
      made.push([]);
      size = 0;
    }
    made.at(-1).push(each);
    size += each.file.size;
  }
  return made;
}

async function visit(entry, found) {
  if (isUnwanted(entry.name)) return;
  const path = (entry.fullPath ?? entry.name).replace(/^\//, "");
  try {
    if (entry.isDirectory) for (const inside of await listed(entry)) await visit(inside, found);
    else found.files.push({ path, file: entry.isFile ? await opened(entry) : entry });
  } catch {
    found.unread.push(path);
  }
}

const opened = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** A browser hands out a folder in pieces, until one is empty. */
async function listed(folder) {
  const reader = folder.createReader();
  const entries = [];
  for (;;) {
    const piece = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!piece.length) return entries;
    entries.push(...piece);
  }
}

const isUnwanted = (name) => name.startsWith(".") || UNWANTED.has(name);
