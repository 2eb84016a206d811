import { describe, expect, it } from 'vitest';
import { ClaimLostError } from '../channel/channel.errors.js';
import { DurableReply } from './durable.reply.js';
import { Caller } from './fixtures/caller.js';

const replyTo = (
  here: Caller | undefined,
  { wantsResult = true, isAskedFor = (): boolean => false } = {},
): DurableReply => new DurableReply(wantsResult, isAskedFor, here);

describe('the caller of a durable request', () => {
  it('is answered once where it waits here', () => {
    const caller = new Caller();
    const reply = replyTo(caller);
    reply.progress('half');
    expect([reply.answer('early'), reply.answer('late'), reply.early]).toEqual([true, false, { value: 'early' }]);
    expect([caller.heard, reply.isAwaitedElsewhere]).toEqual([['half', 'early'], false]);
  });

  it('is answered from the record where it waits elsewhere: the first answer is kept', () => {
    const reply = replyTo(undefined);
    expect([reply.answer('early'), reply.answer('late'), reply.early]).toEqual([true, false, { value: 'early' }]);
    expect([reply.isAwaitedElsewhere, reply.state, reply.refuse(new Error('no'))]).toEqual([true, 'waiting', false]);
  });

  it('is not told of a failure that will be tried again', () => {
    const caller = new Caller();
    const reply = replyTo(caller);
    reply.isFinal = false;
    expect([reply.refuse(new Error('no')), caller.state]).toEqual([false, 'waiting']);
    reply.isFinal = true;
    expect([reply.refuse(new Error('no')), caller.state]).toEqual([true, 'refused']);
  });

  it('is not told of a claim that was lost, unless the outcome may have been recorded without an answer', () => {
    const reply = replyTo(new Caller());
    expect(reply.refuse(new ClaimLostError('a', '1'))).toBe(false);
    expect(reply.refuse(new ClaimLostError('a', '1', { mayBeRecorded: true }))).toBe(true);
  });

  it('may leave without stopping the work', () => {
    const reply = replyTo(new Caller());
    expect([reply.state, reply.onLeave]).toEqual(['waiting', undefined]);
  });

  it('waits no more once it is answered', () => {
    const reply = replyTo(new Caller());
    reply.answer('early');
    expect(reply.state).toBe('answered');
  });
});

describe('a durable command', () => {
  it('keeps the first answer for whoever asks later, and is never late', () => {
    const reply = replyTo(undefined, { wantsResult: false });
    expect([reply.answer('early'), reply.answer('again'), reply.early]).toEqual([true, true, { value: 'early' }]);
    expect([reply.isAwaitedElsewhere, reply.state]).toEqual([false, 'left']);
  });

  it('has a caller as soon as somebody asks for it', () => {
    let isAsked = false;
    const reply = replyTo(undefined, { wantsResult: false, isAskedFor: () => isAsked });
    isAsked = true;
    expect([reply.isAwaitedElsewhere, reply.state]).toEqual([true, 'waiting']);
    expect([reply.answer('early'), reply.answer('late')]).toEqual([true, false]);
  });
});
