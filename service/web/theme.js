// Before the first paint: a page that turns dark only after its modules have loaded would flash.
"use strict";
{
  let chosen = "";
  try {
    chosen = localStorage.getItem("lectern.theme") ?? "";
  } catch {
    // Storage may be forbidden; the system's own theme is then as good as any.
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
