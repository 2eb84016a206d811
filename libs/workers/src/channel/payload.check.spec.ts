import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsInt, IsString, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { payloadCheck, PayloadInvalidError } from './payload.check.js';

class Size {
  @IsInt()
  width!: number;
}

class Upload {
  @IsString()
  path!: string;

  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => Size)
  sizes!: Size[];
}

async function refusal(check: (payload: unknown) => unknown, payload: unknown): Promise<PayloadInvalidError> {
  try {
    await check(payload);
  } catch (error) {
    if (error instanceof PayloadInvalidError) return error;
    throw error;
  }
  throw new Error('It passed');
}

describe('a payload that is checked against a class', () => {
  it('becomes an instance, all the way down', async () => {
    const check = await payloadCheck('uploads', Upload);
    const passed = await check({ path: '/a', sizes: [{ width: 1 }] });
    expect(passed).toBeInstanceOf(Upload);
    expect((passed as Upload).sizes[0]).toBeInstanceOf(Size);
  });

  it('is refused when it is an array', async () => {
    const error = await refusal(await payloadCheck('uploads', Upload), [{ path: '/a', sizes: [] }]);
    expect(error.issues).toEqual([{ path: '', message: 'expected a Upload, got an array' }]);
  });

  it('cannot be checked where the class has no decorators, which is said at once', async () => {
    class Bare {}
    await expect(payloadCheck('uploads', Bare)).rejects.toThrow('channels.uploads.payload: Bare has no decorators');
  });

  it('stays the instance it is', async () => {
    const check = await payloadCheck('uploads', Upload);
    const upload = Object.assign(new Upload(), { path: '/a', sizes: [Object.assign(new Size(), { width: 1 })] });
    expect(await check(upload)).toBe(upload);
  });

  it('is refused with everything that is wrong, each with its path', async () => {
    const check = await payloadCheck('uploads', Upload);
    const payload = { path: 1, sizes: [{ width: 1 }, { width: 'wide' }] };
    const error = await refusal(check, payload);
    expect(error).toMatchObject({ code: 'PAYLOAD_INVALID', channel: 'uploads' });
    expect(error.payload).toBe(payload);
    expect(error.issues).toEqual([
      { path: 'path', message: 'path must be a string' },
      { path: 'sizes.1.width', message: 'width must be an integer number' },
    ]);
    expect(error.message).toBe(
      'A payload for channel "uploads" is not what the channel declares:\n' +
        '  - path: path must be a string\n  - sizes.1.width: width must be an integer number',
    );
  });

  it.each([[null], [undefined], ['text'], [1], [Symbol('s')]])('is refused when it is %o', async (payload) => {
    const error = await refusal(await payloadCheck('uploads', Upload), payload);
    expect(error.issues).toEqual([{ path: '', message: `expected a Upload, got ${String(payload)}` }]);
  });
});

describe.each([
  ['zod', z.object({ path: z.string().trim(), sizes: z.array(z.object({ width: z.number() })) })],
  ['valibot', v.object({ path: v.pipe(v.string(), v.trim()), sizes: v.array(v.object({ width: v.number() })) })],
])('a payload that is checked by a schema of %s', (_, schema) => {
  it('becomes what the schema makes of it, without a promise where the schema needs none', async () => {
    const check = await payloadCheck('uploads', schema);
    expect(check({ path: ' /a ', sizes: [], more: 1 })).toEqual({ path: '/a', sizes: [] });
  });

  it('is refused with everything that is wrong, each with its path', async () => {
    const check = await payloadCheck('uploads', schema);
    const error = await refusal(check, { path: 1, sizes: [{ width: 1 }, { width: 'wide' }] });
    expect(error.issues.map(({ path }) => path)).toEqual(['path', 'sizes.1.width']);
  });
});

describe('a payload that is checked by a schema that takes its time', () => {
  const schema = z.string().refine(async (text) => text !== 'taken');

  it('passes or is refused when the schema has answered', async () => {
    const check = await payloadCheck('names', schema);
    await expect(check('free')).resolves.toBe('free');
    expect(await refusal(check, 'taken')).toMatchObject({ issues: [{ path: '' }] });
  });
});
