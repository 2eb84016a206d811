import { describe, expect, it } from 'vitest';
import { ClaimLostError } from '../channel/channel.errors.js';
import { DurableReply } from './durable.reply.js';
import { Caller } from './fixtures/caller.js';

describe('the caller of a durable request', () => {
  it('is answered once where it waits here', () => {
    const caller = new Caller();
    const reply = new DurableReply(caller);
    reply.progress('half');
    expect([reply.answer('early'), reply.answer('late'), reply.early]).toEqual([true, false, { value: 'early' }]);
    expect(caller.heard).toEqual(['half', 'early']);
  });

  it('is answered from the record where it waits elsewhere: the first answer is kept', () => {
    const reply = new DurableReply(undefined);
    expect([reply.answer('early'), reply.answer('late'), reply.early]).toEqual([true, false, { value: 'early' }]);
    expect([reply.isHere, reply.refuse(new Error('no'))]).toEqual([false, false]);
  });

  it('is not told of a failure that will be tried again', () => {
    const caller = new Caller();
    const reply = new DurableReply(caller);
    reply.isFinal = false;
    expect([reply.refuse(new Error('no')), caller.state]).toEqual([false, 'waiting']);
    reply.isFinal = true;
    expect([reply.refuse(new Error('no')), caller.state]).toEqual([true, 'refused']);
  });

  it('is not told of a claim that was lost, unless the outcome may have been recorded without an answer', () => {
    const caller = new Caller();
    const reply = new DurableReply(caller);
    expect(reply.refuse(new ClaimLostError('a', '1'))).toBe(false);
    expect(reply.refuse(new ClaimLostError('a', '1', { mayBeRecorded: true }))).toBe(true);
  });

  it('may leave without stopping the work', () => {
    const reply = new DurableReply(new Caller());
    expect([reply.state, reply.onLeave]).toEqual(['waiting', undefined]);
  });
});
