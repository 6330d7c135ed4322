/// <reference lib="dom" />

/** The first element inside `node` that `selector` finds. */
export function part<E extends HTMLElement>(node: Element, selector: string): E {
  const found = node.querySelector<E>(selector);
  if (!found) throw new Error(`there is no ${selector} in figure ${node.id}`);
  return found;
}

/** A new element with text in it. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
