import { WorkersModule } from '@nestjs-workers/core';
import { Test } from '@nestjs/testing';
import { expect, it, onTestFinished } from 'vitest';
import { freshSchema } from '../../../../test/support/postgres.js';
import { DeadLetters, DeadLetterUnknownError, OutboxModule } from '../index.js';
import { postgresStore } from '../postgres/index.js';

it('an id that is none is that of no dead letter, also where the database would refuse it', async () => {
  const { connectionString, schema, drop } = freshSchema();
  const store = postgresStore({ connectionString, schema });
  const app = await Test.createTestingModule({
    imports: [WorkersModule.forRoot({ guard: 'off' }), OutboxModule.forRoot({ store })],
  }).compile();
  await app.init();
  onTestFinished(async () => {
    await app.close();
    await drop();
  });
  const letters = app.get(DeadLetters);
  for (const id of ['x7', '1.5', '99999999999999999999']) {
    await expect(letters.retry(id)).rejects.toThrow(DeadLetterUnknownError);
    await expect(letters.retryWith(id, {})).rejects.toThrow(DeadLetterUnknownError);
    await expect(letters.discard(id)).rejects.toThrow(DeadLetterUnknownError);
    expect(await letters.find({ ids: [id] }, { before: id })).toEqual([]);
  }
});
