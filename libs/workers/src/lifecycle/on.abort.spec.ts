import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from './on.abort.js';

function watched() {
  const controller = new AbortController();
  const called: string[] = [];
  return {
    called,
    on: (name: string, then = (): void => {}) =>
      onAbort(controller.signal, () => {
        called.push(name);
        then();
      }),
    abort: () => controller.abort(),
    listeners: () => getEventListeners(controller.signal, 'abort').length,
  };
}

describe('many who wait for one signal', () => {
  it('are called once each, in their order, through one listener', () => {
    const signal = watched();
    for (const name of ['first', 'second', 'third']) signal.on(name);
    expect(signal.listeners()).toBe(1);
    signal.abort();
    signal.abort();
    expect([signal.called, signal.listeners()]).toEqual([['first', 'second', 'third'], 0]);
  });

  it('leave no listener when they have taken themselves back', () => {
    const signal = watched();
    const [first, second] = [signal.on('first'), signal.on('second')];
    first();
    expect(signal.listeners()).toBe(1);
    second();
    second();
    expect(signal.listeners()).toBe(0);
    signal.on('third');
    second();
    signal.abort();
    expect(signal.called).toEqual(['third']);
  });

  it('are not called when they are taken back while others are', () => {
    const signal = watched();
    let takeBack = (): void => {};
    signal.on('first', () => takeBack());
    takeBack = signal.on('second');
    signal.abort();
    expect(signal.called).toEqual(['first']);
  });
});
