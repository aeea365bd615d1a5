/** The page's texts in the reader's language, and numbers as that language writes them. */

import { forGood } from "./store.js";

export const LANGUAGES = { en: "English", ru: "Русский", zh: "中文" };

const chosen = forGood("language");
let messages = {};
export let language = "en";

/** Load the reader's language: the one chosen here, else the first that the browser names and we have. */
export async function loadLanguage() {
  const wanted = [chosen.get(), ...navigator.languages.map((name) => name.slice(0, 2).toLowerCase())];
  language = wanted.find((name) => Object.hasOwn(LANGUAGES, name)) ?? "en";
  messages = (await import(`../messages/${language}.js`)).default;
  document.documentElement.lang = language;
}

export function chooseLanguage(name) {
  chosen.set(name);
}

/**
 * A text by its key, with `{name}` replaced; where it differs by number, the form for `values.n`.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const found = messages[key] ?? key;
  const form = typeof found === "string" ? found : (found[new Intl.PluralRules(language).select(values.n)] ?? found.other);
  return form.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? whole);
  });
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

export const percent = (share) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);

/** Dollars: two figures that count, however small. */
export function dollars(usd) {
  const digits = usd >= 1 || usd === 0 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(usd)));
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: Math.min(digits, 2),
    maximumFractionDigits: digits,
  }).format(usd);
}

export function bytes(size) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = size < 1_000 ? 0 : Math.min(3, Math.floor(Math.log10(size) / 3));
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[power],
    unitDisplay: "short",
    maximumFractionDigits: power ? 1 : 0,
  }).format(size / 1_000 ** power);
}

export const day = (date) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(date));

export const moment = (date) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(date));

/** Milliseconds as a person says them. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1_000;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: "second",
    unitDisplay: "short",
    maximumFractionDigits: seconds < 10 ? 1 : 0,
  }).format(seconds);
}
