/** The collections of the server, and the one that the reader is at. */

import { call } from "./api.js";
import { forTab } from "./store.js";

const last = forTab("collection");
let known = [];

/** Ask the server anew. @returns {Promise<{name: string, documents: number}[]>} */
export async function refreshCollections() {
  known = (await call("/v1/collections")).collections;
  return known;
}

export const collections = () => known;

/** The collection where none is named: the last one, else the first that there is, else `default`. */
export function usualCollection() {
  const names = known.map((collection) => collection.name);
  return [last.get(), "default"].find((name) => names.includes(name)) ?? names[0] ?? "default";
}

export const rememberCollection = (name) => last.set(name);
