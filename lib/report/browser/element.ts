/// <reference lib="dom" />

/** The first element inside `node` that `selector` finds. Throws Error where there is none. */
export function part<E extends HTMLElement>(node: Element, selector: string): E {
  const found = node.querySelector<E>(selector);
  if (!found) throw new Error(`there is no ${selector} in ${node.id || node.className}`);
  return found;
}

/** A new element with text in it. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
