// The ninth promise for the workflows: a proof for each row of each option table, and a look that none is missing.

import { Inject, Injectable, Module } from '@nestjs/common';
import { ConfigurationError } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import {
  accept,
  type Decision,
  Effects,
  EventUnreadableError,
  Projection,
  type ProjectedEvent,
  type ProjectionHandler,
  type ProjectionOptions,
  Workflow,
  type WorkflowDefinition,
  type WorkflowOptions,
  Workflows,
} from '@nestjs-workers/workflows';
import { describe, expect, it } from 'vitest';
import { type Asked, application, compiled } from '../../libs/workflows/src/fixtures/application.js';
import { workflowStoreOn } from '../../libs/workflows/src/workflows.stores.js';

/** For each option of a table: what it does, as a fact, and the test that shows it. */
type Proofs = Readonly<Record<string, readonly [fact: string, proof: () => Promise<void>]>>;

type Ring = 'set' | 'ring' | 'fail';

/** A bell that is set, rings a moment later and is completed then. */
function bell(options: WorkflowOptions = {}) {
  @Workflow('bell', options)
  class Bell implements WorkflowDefinition<number, Ring, Ring, Ring> {
    initial(): number {
      return 0;
    }
    evolve(state: number, _event: Ring): number {
      return state + 1;
    }
    decide(_state: number, input: Ring): Decision<Ring, Ring, Ring> {
      if (input === 'fail') throw new Error('it is cracked');
      return input === 'set' ? accept(input).effect(input).timer('bell', 1, 'ring') : accept(input).complete();
    }
  }
  return Bell;
}

/** Shown what it is asked to show. */
function listener(options: ProjectionOptions) {
  const batches: ProjectedEvent[][] = [];
  @Projection('listener', options)
  class Listener implements ProjectionHandler {
    project(events: readonly ProjectedEvent[]): void {
      batches.push([...events]);
    }
  }
  return { Listener, batches };
}

/** An application that only gives inputs, and a second store on the same data. */
async function quiet(...workflows: Asked['workflows']) {
  const store = memoryStore();
  const idle = await application({ store, workflows, autoStart: false });
  return { workflows: idle.workflows, other: store.another() };
}

/** What lies in the store of `workflows`. */
const looked = async (store: Asked['store']) => workflowStoreOn(store as NonNullable<Asked['store']>);

const moduleOptions: Proofs = {
  timerInterval: [
    'is how often it is looked for timers that another host set',
    async () => {
      const Bell = bell();
      const { workflows, other } = await quiet(Bell);
      const { decided } = await application({ store: other, workflows: [Bell], options: { timerInterval: 10 } });
      await workflows.execute(Bell, '1', 'set');
      await until(() => decided.some(({ from }) => from === 'timer'));
    },
  ],
  timerBatch: [
    'is how many timers become inputs at a time; what is due beside is not forgotten',
    async () => {
      const Bell = bell();
      const { workflows, other } = await quiet(Bell);
      for (const id of ['1', '2', '3']) await workflows.execute(Bell, id, 'set');
      const batches: number[] = [];
      const append = other.append.bind(other);
      other.append = (messages, within) => {
        if (messages[0]?.channel === 'bell.inputs') batches.push(messages.length);
        return append(messages, within);
      };
      await new Promise((resolve) => setTimeout(resolve, 5));
      await application({ store: other, workflows: [Bell], options: { timerBatch: 2, timerInterval: '1m' } });
      await until(async () => (await workflows.list({ state: 'completed' })).length === 3);
      expect(batches).toEqual([2, 1]);
    },
  ],
  projectionInterval: [
    'is how often projections look for what another host committed',
    async () => {
      const Bell = bell();
      const { Listener, batches } = listener({ workflows: [Bell] });
      const { workflows, other } = await quiet(Bell);
      const options = { projectionInterval: 10 };
      await application({ store: other, workflows: [Bell], options, providers: [Listener] });
      await workflows.execute(Bell, '1', 'set');
      await until(() => batches.length > 0);
    },
  ],
};

const workflowOptions: Proofs = {
  version: [
    'is written with each event, and an older one is upcast or refused',
    async () => {
      const { workflows, other } = await quiet(bell({ version: 2 }));
      await workflows.execute('bell', '1', 'set');
      const [event] = await (await looked(other)).history({ workflow: 'bell', id: '1' }, { after: 0, limit: 1 });
      expect(event?.schema).toBe(2);
      const newer = await application({ store: other, workflows: [bell({ version: 3 })], autoStart: false });
      await expect(newer.workflows.state('bell', '1')).rejects.toThrow(EventUnreadableError);
    },
  ],
  snapshotEvery: [
    'is after how many events a snapshot is kept, and false is never',
    async () => {
      for (const [snapshotEvery, version] of [
        [2, 2],
        [false, undefined],
      ] as const) {
        const { workflows, other } = await quiet(bell({ snapshotEvery }));
        for (let n = 0; n < 3; n++) await workflows.execute('bell', '1', 'set');
        const { snapshot } = await (await looked(other)).load({ workflow: 'bell', id: '1' }, 1);
        expect(snapshot?.version).toBe(version);
      }
    },
  ],
  snapshotVersion: [
    'passes snapshots of another version over',
    async () => {
      const { workflows, other } = await quiet(bell({ snapshotEvery: 1, snapshotVersion: 4 }));
      await workflows.execute('bell', '1', 'set');
      const store = await looked(other);
      expect((await store.load({ workflow: 'bell', id: '1' }, 4)).snapshot?.version).toBe(1);
      const newer = await application({
        store: other,
        workflows: [bell({ snapshotEvery: 1, snapshotVersion: 5 })],
        autoStart: false,
      });
      await newer.workflows.execute('bell', '1', 'set');
      expect((await store.load({ workflow: 'bell', id: '1' }, 5)).snapshot?.version).toBe(2);
    },
  ],
  effects: [
    'says how effects are tried again',
    async () => {
      const Bell = bell({ effects: { retry: 1 } });
      let tries = 0;
      @Effects(Bell)
      class Hands {
        handle(): Ring {
          tries++;
          throw new Error('no hands');
        }
      }
      const { workflows, dead } = await application({ workflows: [Bell], providers: [Hands] });
      await workflows.execute(Bell, '1', 'set');
      await until(async () => (await dead.count({ channel: 'bell.effects' })) === 1);
      expect(tries).toBe(1);
    },
  ],
  inputs: [
    'says how inputs are tried again',
    async () => {
      const Bell = bell({ inputs: { retry: { attempts: 3, backoff: { delay: 1 } } } });
      const { workflows, dead } = await application({ workflows: [Bell] });
      await workflows.send(Bell, '1', 'fail');
      await until(async () => (await dead.count({ channel: 'bell.inputs' })) === 1);
      expect((await dead.find())[0]?.history).toHaveLength(3);
    },
  ],
};

const projectionOptions: Proofs = {
  workflows: [
    'are those whose events it is shown',
    async () => {
      @Workflow('horn')
      class Horn extends bell() {}
      const { Listener, batches } = listener({ workflows: [Horn] });
      const asked = { workflows: [bell(), Horn], providers: [Listener] };
      const { workflows } = await application(asked);
      await workflows.execute('bell', '1', 'set');
      await workflows.execute(Horn, '2', 'set');
      await until(() => batches.length > 0);
      expect(batches.flat().every(({ workflow }) => workflow === 'horn')).toBe(true);
    },
  ],
  batch: [
    'is how many events it is shown at a time',
    async () => {
      const Bell = bell();
      const { workflows, other } = await quiet(Bell);
      for (let n = 0; n < 5; n++) await workflows.execute(Bell, `${n}`, 'set');
      const { Listener, batches } = listener({ workflows: [Bell], batch: 2 });
      await application({ store: other, workflows: [Bell], providers: [Listener], autoStart: true });
      await until(() => batches.flat().length >= 5);
      expect(Math.max(...batches.map(({ length }) => length))).toBe(2);
    },
  ],
};

const tables = [
  { table: 'workflows', proofs: moduleOptions, stray: (options: object) => ({ workflows: [], options }) },
  { table: 'workflow', proofs: workflowOptions, stray: (options: object) => ({ workflows: [bell(options)] }) },
  {
    table: 'projection',
    proofs: projectionOptions,
    stray: (options: object) => {
      const Bell = bell();
      const { Listener } = listener({ workflows: [Bell], ...options });
      return { workflows: [Bell], providers: [Listener] };
    },
  },
];

describe.each(tables)('every $table option has an effect', ({ table, proofs, stray }) => {
  for (const [option, [fact, proof]] of Object.entries(proofs)) it(`${table}.${option} ${fact}`, proof);

  it('each of them, the whole table', async () => {
    const error: unknown = await application(stray({ zzzzzzzzzzzz: 1 })).catch((failed: unknown) => failed);
    expect(error).toBeInstanceOf(ConfigurationError);
    const [problem = ''] = (error as ConfigurationError).problems;
    const [, known] = /zzzzzzzzzzzz: unknown option\. Known(?: options)?: (.*)\.$/.exec(problem) ?? [];
    expect(Object.keys(proofs).toSorted()).toEqual(known?.replaceAll('"', '').split(', ').toSorted());
  });
});

describe('so has what stands beside the options', () => {
  it('workflows: they exist, and no others', async () => {
    const { workflows } = await application({ workflows: [bell()] });
    expect(await workflows.state('bell', '1')).toBe(undefined);
    await expect(workflows.state('horn', '1')).rejects.toMatchObject({ code: 'WORKFLOW_UNKNOWN' });
  });

  it('isGlobal: the service can be injected everywhere, or only where the module is imported', async () => {
    @Injectable()
    class Controller {
      constructor(@Inject(Workflows) readonly workflows: Workflows) {}
    }
    @Module({ providers: [Controller] })
    class FeatureModule {}
    const asked = { workflows: [bell()], imports: [{ module: FeatureModule }] };
    const { app } = await compiled(asked);
    expect(app.get(Controller, { strict: false }).workflows).toBeInstanceOf(Workflows);
    await expect(compiled({ ...asked, isGlobal: false })).rejects.toThrow('Workflows');
  });
});
