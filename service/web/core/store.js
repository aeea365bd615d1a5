/** What the browser keeps: for the tab (the access key, conversations) or for good (language, theme). */

/** A value that the browser may forget at any time, or refuse to keep. */
class Kept {
  #name;
  #storage;

  constructor(name, storage) {
    this.#name = `lectern.${name}`;
    this.#storage = storage;
  }

  get() {
    try {
      return this.#storage().getItem(this.#name) ?? "";
    } catch {
      return "";
    }
  }

  set(value) {
    try {
      if (value) this.#storage().setItem(this.#name, value);
      else this.#storage().removeItem(this.#name);
    } catch {
      // Full, or forbidden: the page works without.
    }
  }
}

/** @param {string} name */
export const forTab = (name) => new Kept(name, () => sessionStorage);

/** @param {string} name */
export const forGood = (name) => new Kept(name, () => localStorage);
