/** The one place where a string becomes HTML: what the server has rendered and sanitised. */

const policy = globalThis.trustedTypes?.createPolicy("lectern", { createHTML: (html) => html });

/**
 * @param {string} html from a field of the service that says it is sanitised HTML, and nowhere else.
 * @returns {DocumentFragment}
 */
export function sanitised(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}
