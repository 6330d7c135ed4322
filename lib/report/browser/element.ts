/// <reference lib="dom" />

/** The first element of a kind inside `node`. */
export function part<K extends keyof HTMLElementTagNameMap>(node: Element, tag: K): HTMLElementTagNameMap[K] {
  const found = node.querySelector(tag);
  if (!found) throw new Error(`there is no ${tag} in figure ${node.id}`);
  return found;
}

/** A new element with text in it. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
