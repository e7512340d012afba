// @ts-check
/** Small helpers over the DOM. Text always goes in as text, never as markup. */

/**
 * The first element that matches, or null.
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {E | null}
 */
export const qs = (selector, root = document) => root.querySelector(selector);

/**
 * The first element that matches; throws if the page lacks it.
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {E}
 */
export function must(selector, root = document) {
  const found = /** @type {E | null} */ (root.querySelector(selector));
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

/**
 * @template {Element} [E=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {E[]}
 */
export const qsa = (selector, root = document) => Array.from(/** @type {NodeListOf<E>} */ (root.querySelectorAll(selector)));

/**
 * Listens on `root` for events of elements that match `selector`, present or future.
 * @param {string} type
 * @param {string} selector
 * @param {(element: HTMLElement, event: Event) => void} handle
 * @param {EventTarget} [root]
 */
export function on(type, selector, handle, root = document) {
  root.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element instanceof HTMLElement) handle(element, event);
  });
}

/**
 * Creates an element. Properties that the element has are set (`className`, `textContent`, `hidden`), others become attributes;
 * null and false attributes are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name in element && !name.includes("-")) Reflect.set(element, name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * An icon of the sprite, hidden from assistive technology.
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${document.documentElement.dataset.icons ?? ""}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Waits until the parser has come as far as an element, or to the end.
 * @param {string} selector
 * @returns {Promise<void>}
 */
export function parsed(selector) {
  return new Promise((resolve) => {
    const look = () => {
      if (!qs(selector) && document.readyState === "loading") return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true });
    document.addEventListener("readystatechange", look, { once: true });
    look();
  });
}

/**
 * Says `text` to people who use a screen reader.
 * @param {string} text
 * @param {boolean} [urgent] interrupts what is being read
 */
export function announce(text, urgent = false) {
  const region = qs(urgent ? "#announce-urgent" : "#announce");
  if (!region) return;
  // Emptied first, because a region whose text stays the same is not read again.
  region.textContent = "";
  setTimeout(() => (region.textContent = text), 60);
}

/**
 * Sets an element's text only if it differs: an unchanged page is neither repainted nor read out.
 * @param {Element | null} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/**
 * What few need is loaded when it is needed first, and again if that failed.
 * @template T
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T>}
 */
export function later(load) {
  /** @type {Promise<T> | undefined} */
  let loaded;
  return () =>
    (loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    }));
}
