// Every element of the page is made here, from names that stand in our source; what comes from outside becomes text and nothing else.

export type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | undefined>>;

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(name), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Writes `text` if it is another; what does not change costs no layout. */
export function say(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets `data-<name>` if it is another; undefined takes it away. */
export function mark(node: HTMLElement | SVGElement, name: string, value: string | undefined): void {
  if (node.dataset[name] === value) return;
  if (value === undefined) delete node.dataset[name];
  else node.dataset[name] = value;
}

export function set(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function hide(node: HTMLElement, isHidden: boolean): void {
  if (node.hidden !== isHidden) node.hidden = isHidden;
}
