import { afterEach, describe, expect, it, vi } from 'vitest';
import { until } from './until.js';

describe('until', () => {
  afterEach(() => void vi.useRealTimers());

  it('resolves as soon as the condition holds', async () => {
    let looks = 0;
    await until(() => ++looks === 3);
    expect(looks).toBe(3);
  });

  it('asks a condition that answers later', async () => {
    let looks = 0;
    await until(async () => Promise.resolve(++looks === 150));
    expect(looks).toBe(150);
  });

  it('shows the condition when the limit is over', async () => {
    const isRich = false;
    await expect(until(() => isRich, 10)).rejects.toThrow('Waited 10 ms for () => isRich');
    await expect(
      until(
        () => isRich,
        '10ms',
        () => 'money',
      ),
    ).rejects.toMatchObject({ code: 'WAITED_TOO_LONG', limitMs: 10, message: 'Waited 10 ms for money' });
  });

  it('passes on what the condition throws', async () => {
    const broken = (): boolean => {
      throw new Error('no stats');
    };
    await expect(until(broken)).rejects.toThrow('no stats');
  });

  it('refuses a limit that is no duration', async () => {
    await expect(until(() => true, 'a while' as never)).rejects.toThrow(
      "limit: expected a duration such as 250 or '4s', got a while (string).",
    );
  });

  it('is not held by the fake timers of a test runner', async () => {
    vi.useFakeTimers();
    let looks = 0;
    await until(() => ++looks === 150);
    await expect(until(() => false, 5)).rejects.toThrow('Waited 5 ms');
  });
});
