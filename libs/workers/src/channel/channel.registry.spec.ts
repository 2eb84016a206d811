import { describe, expect, it } from 'vitest';
import { Announcer } from '../observe/announcer.js';
import { HeldClock } from '../testing/held.clock.js';
import { channel } from './channel.declaration.js';
import { getChannelToken } from './channel.decorator.js';
import { ChannelUnknownError } from './channel.errors.js';
import { ChannelRegistry } from './channel.registry.js';

const Emails = channel<string>('email', { buffer: 2 });
const Audit = channel('audit');

function registered(...declarations: unknown[]): { registry: ChannelRegistry; problems: string[] } {
  const registry = new ChannelRegistry(new HeldClock(), new Announcer());
  const problems: string[] = [];
  registry.declare(declarations, problems);
  return { registry, problems };
}

describe('a channel registry', () => {
  it('opens what is declared, and finds it by its constant and by its name', () => {
    const { registry, problems } = registered(Emails, Audit);
    expect(problems).toEqual([]);
    expect(registry.get(Emails)).toBe(registry.get('email'));
    expect(registry.get(Emails).options.buffer).toBe(2);
    expect([...registry].map(({ name }) => name)).toEqual(['email', 'audit']);
    expect(Object.keys(registry.all())).toEqual(['email', 'audit']);
  });

  it('opens the same constant once, however often it is declared', () => {
    const { registry, problems } = registered(Emails, Emails);
    const first = registry.get(Emails);
    registry.declare([Emails], problems);
    expect([problems, registry.get(Emails)]).toEqual([[], first]);
  });

  it('gives two applications that share a constant a channel each', () => {
    expect(registered(Emails).registry.get(Emails)).not.toBe(registered(Emails).registry.get(Emails));
  });

  it('refuses twins', () => {
    const { problems } = registered(Emails, channel('email'));
    expect(problems).toEqual([
      'channels.email: two channels have this name. Declare it once as a constant and use that, or rename one.',
    ]);
  });

  it.each([[{ name: 'email' }], ['email'], [undefined], [channel('')], [{ name: 1, options: {} }]])(
    'refuses %o, which channel() does not make',
    (declaration) => {
      const { problems } = registered(declaration);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain("channels: expected what channel('name', { ... }) returns, got ");
    },
  );

  it('lists what is wrong with the options of every channel', () => {
    const { problems } = registered(channel('a', { buffer: -1 }), channel('b', { putMode: 'wait' as 'block' }));
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(['channels.a.buffer', 'channels.b.putMode']);
  });

  it('suggests the near name for an unknown one', () => {
    const { registry, problems } = registered(Emails, Audit);
    expect(() => registry.get('emial')).toThrow(ChannelUnknownError);
    expect(() => registry.get('emial')).toThrow(
      'Channel "emial" was asked for and is not declared. Known: "email", "audit". Did you mean "email"? ' +
        'Declare it in forRoot({ channels: [...] }) or forFeature.',
    );
    expect(registry.lookUp('workers.Mailer.in', channel('emial'), problems)).toBeUndefined();
    expect(problems[0]).toContain('workers.Mailer.in: Channel "emial" was asked for');
    expect(registry.lookUp('workers.Mailer.out', undefined, problems)).toBeUndefined();
    expect(problems).toHaveLength(1);
  });

  it('says so when none is declared', () => {
    expect(() => registered().registry.get('email')).toThrow('None is known.');
  });
});

describe('the injection token of a channel', () => {
  it('is the same for the constant and for its name', () => {
    expect(getChannelToken(Emails)).toBe(getChannelToken('email'));
    expect(getChannelToken(Emails)).not.toBe(getChannelToken(Audit));
  });
});
