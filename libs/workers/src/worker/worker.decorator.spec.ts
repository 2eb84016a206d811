import { Scope } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { Worker } from './worker.decorator.js';
import { WORKER_METADATA } from './worker.js';

const Numbers = channel<number>('numbers');

describe('@Worker', () => {
  it('leaves a record of what it was given, and changes the class in no other way', () => {
    const options = { in: Numbers, concurrency: 2 };
    class Doubler {
      handle(n: number): number {
        return n * 2;
      }
    }
    const before = Object.getOwnPropertyNames(Doubler.prototype);
    Worker(options)(Doubler);
    expect(Reflect.getOwnMetadata(WORKER_METADATA, Doubler)).toEqual({ options });
    expect(Object.getOwnPropertyNames(Doubler.prototype)).toEqual(before);
  });

  it('keeps a copy: changing the options afterwards changes nothing', () => {
    const options = { in: Numbers, concurrency: 2 };
    @Worker(options)
    class Doubler {
      handle(_n: number): void {}
    }
    options.concurrency = 9;
    const record = Reflect.getOwnMetadata(WORKER_METADATA, Doubler) as { options: object };
    expect(record.options).toEqual({ in: Numbers, concurrency: 2 });
    expect(Object.isFrozen(record.options)).toBe(true);
  });

  it("passes Nest's own options on", () => {
    @Worker({ in: Numbers }, { scope: Scope.REQUEST })
    class Doubler {
      handle(_n: number): void {}
    }
    expect(Reflect.getMetadata(SCOPE_OPTIONS_METADATA, Doubler)).toMatchObject({ scope: Scope.REQUEST });
  });
});
