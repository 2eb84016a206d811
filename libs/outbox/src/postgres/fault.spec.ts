import { describe, expect, it } from 'vitest';
import { StoreUnreachableError } from '../store/store.errors.js';
import { faultOf } from './fault.js';

const failed = (code: string): Error => Object.assign(new Error('no'), { code });

describe('an error of the server', () => {
  it.each([
    ['a connection that broke', '08006'],
    ['a server that goes down', '57P01'],
    ['a server that only reads', '25006'],
    ['a disk that is full', '53100'],
    ['too many connections', '53300'],
    ['a file that cannot be read', '58030'],
  ])('is one of a store that cannot be reached now, and is asked again: %s', (_what, code) => {
    expect(faultOf(failed(code))).toBeInstanceOf(StoreUnreachableError);
  });

  it.each([
    ['a value that is no text', '22021'],
    ['a row that is there', '23505'],
    ['a statement that took too long', '57014'],
  ])('is itself where asking again does not help: %s', (_what, code) => {
    const error = failed(code);
    expect(faultOf(error)).toBe(error);
  });
});
