import { h, hide, say } from '../view/element.js';
import { api } from './api.js';
import { button, perform } from './deed.js';

/** A button that pauses a worker, ticker or channel, and resumes it when it is paused. */
export class PauseControl {
  readonly root: HTMLButtonElement;
  private isPaused = false;

  /** @param target `{ worker }`, which means a ticker as well, or `{ channel }` */
  constructor(target: { readonly worker: string } | { readonly channel: string }) {
    this.root = button('Pause', async () => {
      const verb = this.isPaused ? 'resume' : 'pause';
      await perform(() => api.post(verb, target), this.isPaused ? 'Resumed.' : 'Paused.');
    });
  }

  show(isPaused: boolean): void {
    this.isPaused = isPaused;
    say(this.root, isPaused ? 'Resume' : 'Pause');
  }
}

/** How many a worker may run at a time, to be changed. What is being typed is left alone. */
export class ConcurrencyControl {
  readonly root: HTMLFormElement;
  private readonly input = h('input', { type: 'number', min: '1', step: '1', required: '', inputmode: 'numeric' });

  constructor(worker: string) {
    const change = h('button', {}, 'Set');
    this.root = h('form', { class: 'concurrency' }, h('label', {}, 'Concurrency ', this.input), change);
    hide(change, true);
    this.input.addEventListener('input', () => hide(change, false));
    this.root.addEventListener('submit', (event) => {
      event.preventDefault();
      const concurrency = this.input.valueAsNumber;
      void perform(() => api.post('concurrency', { worker, concurrency }), `Concurrency is ${concurrency}.`).then(() =>
        hide(change, true),
      );
      this.input.blur();
    });
  }

  show(concurrency: number): void {
    const isTyping = document.activeElement === this.input || this.root.querySelector('button:not([hidden])') !== null;
    if (!isTyping && this.input.value !== String(concurrency)) this.input.value = String(concurrency);
  }
}
