import { Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { boot, compile } from '../testing/fixtures/boot.js';
import { workersTesting } from '../testing/testing.js';
import { Worker } from './worker.decorator.js';

const Numbers = channel<number>('numbers', { buffer: 4 });

@Injectable()
class Factor {
  readonly factor: number = 3;
}

@Worker({ in: Numbers })
class Multiplier {
  constructor(private readonly by: Factor) {}

  handle(n: number): number {
    return n * this.by.factor;
  }
}

@Module({ providers: [Factor, Multiplier] })
class DeepModule {}

@Module({ imports: [DeepModule] })
class FeatureModule {}

describe('a worker is found', () => {
  it('in any module, with the dependencies of its own', async () => {
    const { workers } = await boot({ channels: [Numbers], imports: [FeatureModule] });
    expect(await workers.perform(Multiplier, 2)).toBe(6);
  });

  it.each([
    ['a factory', { provide: Multiplier, useFactory: () => new Multiplier({ factor: 10 }) }],
    ['a value', { provide: 'a multiplier', useValue: new Multiplier({ factor: 10 }) }],
    ['another token', { provide: 'a multiplier', useClass: Multiplier }],
  ])('behind %s', async (_what, provider) => {
    const providers = [{ provide: Factor, useValue: { factor: 10 } }, provider];
    const { workers } = await boot({ channels: [Numbers], providers });
    expect(await workers.perform('Multiplier', 2)).toBe(20);
  });

  it('once, though another token names it too', async () => {
    const providers = [Factor, Multiplier, { provide: 'alias', useExisting: Multiplier }];
    const { gateway } = await boot({ channels: [Numbers], providers });
    expect(Object.keys(gateway.stats().workers)).toEqual(['Multiplier']);
  });

  it('only where the decorator stands: a subclass is no worker until it is decorated too', async () => {
    @Injectable()
    class Quiet extends Multiplier {}
    @Worker({ in: Numbers, name: 'Loud' })
    class Loud extends Multiplier {}
    const { gateway } = await boot({ channels: [Numbers], providers: [Factor, Quiet, Loud] });
    expect(Object.keys(gateway.stats().workers)).toEqual(['Loud']);
  });
});

describe('a worker provided by two modules', () => {
  it('would be two instances that compete, and is refused', async () => {
    @Module({ providers: [Factor, Multiplier] })
    class OtherModule {}
    const moduleRef = await compile({ channels: [Numbers], imports: [DeepModule, OtherModule] });
    expect(() => workersTesting(moduleRef)).toThrow(
      'Multiplier: provided twice, by DeepModule and OtherModule, which makes two instances. Provide it in one module and export it from there.',
    );
  });
});
