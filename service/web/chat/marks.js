/** Pointing at citations and opening them: by pointer, by finger, by keyboard. */

const MARKS = "a[data-citation]";

/**
 * @param {HTMLElement} region that holds the marks, now or later.
 * @param {import("./card.js").Card} card
 * @param {{citation: (mark: HTMLElement) => object | undefined, open: (mark: HTMLElement) => void}} acts
 * @param {AbortSignal} signal ends the watch.
 */
export function watchMarks(region, card, { citation, open }, signal) {
  let touched = false;
  const show = (mark) => {
    const found = citation(mark);
    if (found) card.show(mark, found);
  };
  const over = (event) => event.target.closest?.(MARKS);

  region.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"));
  region.addEventListener("pointerover", (event) => event.pointerType !== "touch" && over(event) && show(over(event)));
  region.addEventListener("pointerout", (event) => event.pointerType !== "touch" && over(event) && card.hideSoon());
  region.addEventListener("focusin", (event) => !touched && over(event) && show(over(event)));
  region.addEventListener("focusout", (event) => over(event) && card.hideSoon());
  region.addEventListener("scroll", () => card.follow(region.getBoundingClientRect()), { passive: true });
  addEventListener("keydown", (event) => {
    touched = false;
    if (event.key === "Escape") card.hide();
  }, { signal });
  region.addEventListener("click", (event) => {
    const mark = over(event);
    if (!mark || event.ctrlKey || event.metaKey || event.shiftKey || !citation(mark)) return;
    event.preventDefault();
    // A finger cannot hover: its first tap shows the card, its second one opens the source.
    if (touched && event.detail && mark.matches(".citation") && card.mark !== mark) show(mark);
    else open(mark);
  });
}
