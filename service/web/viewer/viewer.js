/** A source: the page as an image with the cited lines marked, or the text with the cited words marked. */

import { call } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explained, failure } from "../core/notices.js";
import { address } from "../core/router.js";
import { visible } from "../core/text.js";
import { t } from "../core/words.js";
import { whereabouts } from "../chat/wording.js";
import { PageImages } from "./pages.js";
import { Controls } from "./controls.js";
import { TextWindow } from "./window.js";

const GONE = new Set([404, 410]);
/** Types whose lines have numbers: programs, and data that programs read. */
const CODE = /^text\/(x-(?!rst\b)|javascript|typescript|tsx|css)|^application\/(x-sh|x-fish|sql|graphql|json|jsonl|yaml|toml|xml)/;

/**
 * @typedef {{id: string, number?: number, start?: number, end?: number}} Place code points; without a range, the beginning.
 * @typedef {{at: number, of: number, previous?: () => void, next?: () => void}} Steps
 */

export class Viewer {
  #controls;
  #shown = null;
  #loading = null;
  #look = null;
  #body = h("div", { class: "source-body", tabindex: 0, role: "region", "aria-label": t("source.body") });
  element;

  /** @param {{close?: () => void}} acts */
  constructor({ close }) {
    this.#controls = new Controls({ close, look: (look) => this.#turn(look), page: (page) => this.#shown?.images?.goTo(page) });
    this.element = h("section", { class: "source", "aria-label": t("title.document") }, this.#controls.element, this.#body);
  }

  /** @param {Place} place @param {Steps} [steps] to other citations of the same answer. */
  async show(place, steps) {
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#controls.steps(steps);
    try {
      const version = await this.#version(place, signal);
      const placed = await placeOf(version, place, signal);
      if (!signal.aborted) this.#draw(version, placed);
    } catch (error) {
      if (error?.name === "AbortError" || signal.aborted) return;
      this.#drop();
      if (GONE.has(error?.status)) fill(this.#body, h("p", { class: "gone", role: "alert" }, t("source.gone"), " ", visible(explained(error))));
      else fill(this.#body, failure(error, () => this.show(place, steps)));
    }
  }

  focus() {
    this.#controls.focus();
  }

  /** Keep the focus on the arrow that was used, or on its opposite at the last citation. */
  focusStep(by) {
    this.#controls.focusStep(by);
  }

  end() {
    this.#loading?.abort();
    this.#drop();
  }

  /** The version that a place is in; the one that is shown where it is the same. */
  async #version({ id, number }, signal) {
    const known = this.#shown;
    if (known?.id === id && known.asked === number) return known;
    const current = await call(`/v1/documents/${encodeURIComponent(id)}`, { signal });
    const own = number ?? current.number;
    const { pages, images, reason } = await call(`/v1/documents/${encodeURIComponent(id)}/pages?number=${own}`, { signal });
    return { id, asked: number, number: own, current, pages, hasImages: images && pages.length > 0, reason, text: null, images: null };
  }

  #draw(version, placed) {
    if (this.#shown !== version) {
      this.#drop();
      this.#shown = version;
      this.#look = null;
    }
    version.placed = placed;
    const { current } = version;
    this.#controls.name({
      title: visible(placed?.title || current.title || current.path),
      path: visible(placed?.path ?? current.path),
      version: t("source.version", { n: placed?.version ?? current.version }),
      where: placed ? whereabouts(placed) : "",
      cited: placed ? visible(placed.cited_text) : "",
      newer: current.number !== version.number && address("document", version.id),
    });
    const marked = version.hasImages && (!placed || placed.boxes.length > 0);
    return this.#turn(this.#look ?? (marked ? "page" : "text"));
  }

  /** Show the version as pages or as text. */
  async #turn(look) {
    const version = this.#shown;
    if (!version) return;
    this.#look = version.hasImages ? look : "text";
    this.#controls.looks(version.hasImages ? this.#look : null, version);
    if (this.#look === "page") this.#showPages(version);
    else await this.#showText(version);
  }

  #showPages(version) {
    if (!version.images) {
      version.images = new PageImages(this.#body, version, (page) => this.#controls.at(page));
      fill(this.#body, version.images.element);
      version.images.begin();
    }
    version.images.mark(version.placed?.boxes ?? []);
  }

  async #showText(version) {
    version.images?.end();
    version.images = null;
    const { signal } = this.#loading;
    try {
      version.text ??= (await call(`/v1/documents/${encodeURIComponent(version.id)}/text?number=${version.number}`, { signal })).text;
    } catch (error) {
      if (error?.name !== "AbortError") fill(this.#body, failure(error, () => this.#turn("text")));
      return;
    }
    if (signal.aborted || this.#look !== "text") return;
    const isCode = CODE.test(version.current.media_type);
    const shown = new TextWindow(this.#body, version.text, version.placed, isCode);
    const reason = version.pages.length > 0 && !version.hasImages && version.reason;
    fill(this.#body, reason && h("p", { class: "hint" }, visible(reason)), shown.element);
    shown.toMark();
  }

  #drop() {
    this.#shown?.images?.end();
    this.#shown = null;
    fill(this.#body);
  }
}

/** Where the cited words stand; null where a whole document is looked at. */
async function placeOf({ id, number }, { start, end }, signal) {
  if (start === undefined) return null;
  return call(`/v1/documents/${encodeURIComponent(id)}/place?number=${number}&start=${start}&end=${end}`, { signal });
}
