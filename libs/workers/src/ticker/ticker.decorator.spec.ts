import { Injectable, Scope } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import type { TickContext } from './tick.context.js';
import { Ticker } from './ticker.decorator.js';
import { TICKER_METADATA, type TickHandler } from './ticker.js';

const Ticks = channel<number>('ticks');

@Ticker({ every: '1s', out: Ticks }, { scope: Scope.REQUEST })
class Clock implements TickHandler<number> {
  tick(context: TickContext) {
    return context.sequence;
  }
}

@Injectable({ scope: Scope.REQUEST })
class Plain {}

describe('@Ticker', () => {
  it('leaves its options on the class, frozen, and makes it injectable', () => {
    const record = Reflect.getOwnMetadata(TICKER_METADATA, Clock) as { options: object };
    expect(record.options).toEqual({ every: '1s', out: Ticks });
    expect(Object.isFrozen(record.options)).toBe(true);
    for (const key of Reflect.getMetadataKeys(Plain).filter((key) => key !== 'design:paramtypes')) {
      expect(Reflect.getMetadata(key, Clock)).toEqual(Reflect.getMetadata(key, Plain));
    }
  });

  it('takes only classes whose tick fits the output', () => {
    // @ts-expect-error -- the output takes numbers
    @Ticker({ every: '1s', out: Ticks })
    class Words {
      tick() {
        return 'one';
      }
    }
    // @ts-expect-error -- there is no tick
    @Ticker({ every: '1s' })
    class Mute {}
    @Ticker({ every: '1s', out: Ticks })
    class Seldom {
      async tick({ sequence }: TickContext) {
        return sequence % 2 === 0 ? sequence : undefined;
      }
    }
    @Ticker({ cron: '0 3 * * *', out: 'ticks' })
    class Free {
      tick() {
        return 'anything';
      }
    }
    expect([Words, Mute, Seldom, Free].every((type) => Reflect.hasOwnMetadata(TICKER_METADATA, type))).toBe(true);
  });
});
