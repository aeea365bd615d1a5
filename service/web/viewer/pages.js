/** Pages as images, one below the other; only those near to what is seen are there. */

import { blob } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { explained } from "../core/notices.js";
import { number, t } from "../core/words.js";

/** Of the window's height: pages so near are fetched already. */
const NEAR = "75% 0px";
/** Widths are rounded up to these steps of pixels, so that a window that changes a little asks for nothing new. */
const WIDTH_STEP = 200;
const WIDEST = 2_000;
/** Of the window's height, above the marked lines. */
const ABOVE = 0.3;

export class PageImages {
  #scroller;
  #source;
  #onpage;
  #sheets = new Map();
  #fetched = new Map();
  #observer = null;
  element = h("div", { class: "sheets" });

  /**
   * @param {HTMLElement} scroller
   * @param {{id: string, number: number, pages: {page: number, width: number, height: number}[]}} source sizes in points.
   * @param {(page: number) => void} onpage hears which page is being looked at.
   */
  constructor(scroller, source, onpage) {
    this.#scroller = scroller;
    this.#source = source;
    this.#onpage = onpage;
    for (const page of source.pages) this.#sheets.set(page.page, sheet(page));
    fill(this.element, [...this.#sheets.values()]);
  }

  /** Fetch what is seen, from now on; the element must be in its place. */
  begin() {
    this.#observer = new IntersectionObserver((seen) => seen.forEach((entry) => this.#seen(entry)), {
      root: this.#scroller,
      rootMargin: NEAR,
    });
    for (const element of this.#sheets.values()) this.#observer.observe(element);
    this.#scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    this.#scrolled();
  }

  /** Mark lines and go to the first of them. @param {{page: number, x0: number, top: number, x1: number, bottom: number}[]} boxes */
  mark(boxes) {
    for (const old of this.element.querySelectorAll(".lines")) old.remove();
    for (const box of boxes) {
      const page = this.#source.pages.find((each) => each.page === box.page);
      if (page) this.#sheets.get(box.page).append(rectangle(box, page));
    }
    const first = this.element.querySelector(".lines");
    if (first) {
      this.#to(first, this.#scroller.clientHeight * ABOVE);
      // Before its neighbours: the server draws one page at a time.
      this.#fetch(Number(first.parentElement.dataset.page), first.parentElement);
    }
    this.#scrolled();
  }

  goTo(page) {
    const element = this.#sheets.get(page);
    if (element) this.#to(element, 8);
  }

  end() {
    this.#observer?.disconnect();
    this.#scroller.removeEventListener("scroll", this.#scrolled);
    for (const page of [...this.#fetched.keys()]) this.#release(page);
  }

  #to(element, above) {
    const distance = element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
    this.#scroller.scrollTop += distance - above;
  }

  #scrolled = () => {
    const middle = this.#scroller.scrollTop + this.#scroller.clientHeight / 3;
    let at = this.#source.pages[0]?.page ?? 1;
    for (const [page, element] of this.#sheets) {
      if (element.offsetTop > middle) break;
      at = page;
    }
    this.#onpage(at);
  };

  #seen({ target, isIntersecting }) {
    const page = Number(target.dataset.page);
    if (isIntersecting) this.#fetch(page, target);
    else this.#release(page);
  }

  async #fetch(page, element) {
    if (this.#fetched.has(page)) return;
    const stopping = new AbortController();
    const held = { stopping, url: "" };
    this.#fetched.set(page, held);
    const { id, number: version } = this.#source;
    const width = Math.min(WIDEST, Math.ceil((element.clientWidth * devicePixelRatio) / WIDTH_STEP) * WIDTH_STEP);
    const path = `/v1/documents/${encodeURIComponent(id)}/pages/${page}/image?number=${version}&width=${width}`;
    const image = element.querySelector("img");
    try {
      // An image that the browser fetches by itself would come without the access key.
      const bytes = await blob(path, { signal: stopping.signal });
      if (stopping.signal.aborted) return;
      held.url = URL.createObjectURL(bytes);
      image.src = held.url;
      await image.decode();
      image.hidden = stopping.signal.aborted;
    } catch (error) {
      if (stopping.signal.aborted) return;
      fill(element.querySelector(".sheet-note"), explained(error));
    }
  }

  #release(page) {
    const held = this.#fetched.get(page);
    if (!held) return;
    this.#fetched.delete(page);
    held.stopping.abort();
    const image = this.#sheets.get(page).querySelector("img");
    image.hidden = true;
    image.removeAttribute("src");
    if (held.url) URL.revokeObjectURL(held.url);
  }
}

function sheet({ page, width, height }) {
  const image = h("img", { alt: t("source.page.image", { page: number(page) }), hidden: true, draggable: false });
  const element = h("div", { class: "sheet", "data-page": page }, h("p", { class: "sheet-note" }, number(page)), image);
  element.style.aspectRatio = `${width} / ${height}`;
  return element;
}

/** Points of the page become shares of the image: right at any size. */
function rectangle({ x0, top, x1, bottom }, { width, height }) {
  const element = h("div", { class: "lines" });
  Object.assign(element.style, {
    left: `${(100 * x0) / width}%`,
    top: `${(100 * top) / height}%`,
    width: `${(100 * (x1 - x0)) / width}%`,
    height: `${(100 * (bottom - top)) / height}%`,
  });
  return element;
}
