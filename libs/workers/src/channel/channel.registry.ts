import type { Clock } from '../lifecycle/clock.js';
import type { Announcer } from '../observe/announcer.js';
import { shown } from '../workers.error.js';
import { Channel } from './channel.js';
import { type ChannelDeclaration, type ChannelSite, isChannelDeclaration } from './channel.declaration.js';
import { ChannelUnknownError } from './channel.errors.js';
import { resolveChannelOptions } from './channel.options.js';

/** Every channel of one application, by name. Twins and unknown names are refused. */
export class ChannelRegistry {
  private readonly channels = new Map<string, Channel>();
  private readonly declared = new Map<string, ChannelDeclaration>();

  constructor(
    private readonly clock: Clock,
    private readonly announcer: Announcer,
  ) {}

  /** Opens the channels that `declarations` name; what is wrong with them is added to `problems`. */
  declare(declarations: readonly unknown[], problems: string[]): void {
    for (const declaration of declarations) this.open(declaration, problems);
  }

  /** Every channel, as a plain record. */
  all(): Readonly<Record<string, Channel>> {
    return Object.fromEntries(this.channels);
  }

  [Symbol.iterator](): Iterator<Channel> {
    return this.channels.values();
  }

  /** @throws ChannelUnknownError */
  get<T>(named: ChannelDeclaration<T> | string): Channel<T> {
    const found = this.find(named);
    if (found === undefined) throw new ChannelUnknownError(nameOf(named), [...this.channels.keys()]);
    return found;
  }

  /** The same, for the checks at bootstrap: an unknown name is added to `problems`, with what to do about it. */
  lookUp<T>(
    where: string,
    named: ChannelDeclaration<T> | string | undefined,
    problems: string[],
    remedy?: string,
  ): Channel<T> | undefined {
    if (named === undefined) return undefined;
    const found = this.find(named);
    if (found === undefined)
      problems.push(`${where}: ${new ChannelUnknownError(nameOf(named), [...this.channels.keys()], remedy).message}`);
    return found;
  }

  private find<T>(named: ChannelDeclaration<T> | string): Channel<T> | undefined {
    // A channel's type parameter is the declaration's: the registry is where the two were paired.
    return this.channels.get(nameOf(named)) as Channel<T> | undefined;
  }

  private open(declaration: unknown, problems: string[]): void {
    if (!isChannelDeclaration(declaration) || declaration.name === '') {
      problems.push(`channels: expected what channel('name', { ... }) returns, got ${shown(declaration)}.`);
      return;
    }
    const { name, options } = declaration;
    if (this.declared.get(name) === declaration) return;
    if (this.declared.has(name)) {
      problems.push(
        `channels.${name}: two channels have this name. Declare it once as a constant and use that, or rename one.`,
      );
      return;
    }
    this.declared.set(name, declaration);
    const { clock, announcer } = this;
    const open = declaration.open ?? openInMemory;
    this.channels.set(name, open(name, options, { clock, announcer }, problems));
  }
}

function openInMemory(name: string, options: object, { clock, announcer }: ChannelSite, problems: string[]): Channel {
  return new Channel(name, resolveChannelOptions(name, options, problems), clock, announcer);
}

function nameOf(named: ChannelDeclaration | string): string {
  return typeof named === 'string' ? named : named.name;
}
