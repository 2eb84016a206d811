import { h, say } from '../view/element.js';
import { Refusal } from './api.js';

/** What came of a deed, said where a screen reader hears it; it goes by itself. */
export const notices = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });

const SHOWN_MS = 6_000;

export function notice(text: string, tone: 'good' | 'bad'): void {
  const made = h('p', { class: 'notice', 'data-tone': tone }, text);
  notices.append(made);
  setTimeout(() => made.remove(), SHOWN_MS);
}

/** Told after each deed that was done, so that the page can look what came of it. */
let afterwards: () => unknown = () => {};

export function onDone(then: () => unknown): void {
  afterwards = then;
}

/** Does it, and says what came of it; true when it was done. */
export async function perform(deed: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await deed();
    notice(done, 'good');
    afterwards();
    return true;
  } catch (error) {
    notice(said(error), 'bad');
    return false;
  }
}

function said(error: unknown): string {
  return error instanceof Refusal ? error.message : String(error);
}

/** A button that does something once at a time; what that throws is said. */
export function button(label: string, press: () => Promise<unknown>, tone?: 'danger' | 'main'): HTMLButtonElement {
  const made = h('button', { type: 'button', 'data-tone': tone }, label);
  made.addEventListener('click', () => {
    if (made.getAttribute('aria-busy') === 'true') return;
    made.setAttribute('aria-busy', 'true');
    press()
      .catch((error: unknown) => notice(said(error), 'bad'))
      .finally(() => made.removeAttribute('aria-busy'));
  });
  return made;
}

const [question, yes, no] = [
  h('p'),
  h('button', { value: 'yes', 'data-tone': 'danger' }),
  h('button', { value: 'no' }, 'Cancel'),
];
const form = h('form', { method: 'dialog' }, question, h('div', { class: 'deeds' }, no, yes));

/** Where it is asked whether something is meant that cannot be undone. */
export const dialog = h('dialog', { 'aria-label': 'Confirm' }, form);

/** Whether it is meant. Escape says no. */
export function confirmed(asked: string, deed: string): Promise<boolean> {
  say(question, asked);
  say(yes, deed);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
