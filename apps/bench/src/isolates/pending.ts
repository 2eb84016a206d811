/** Requests that are under way, for peers that are made of nothing but a way there and a way back. */
export class Pending {
  private readonly waiting = new Map<number, (answer: unknown) => void>();
  private lastId = 0;

  ask(send: (id: number) => void): Promise<unknown> {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      send(id);
    });
  }

  readonly settle = ({ id, answer }: Reply): void => {
    this.waiting.get(id)?.(answer);
    this.waiting.delete(id);
  };
}

export interface Request {
  readonly id: number;
  readonly payload: unknown;
}

export interface Reply {
  readonly id: number;
  readonly answer: unknown;
}

/** The members in turn. */
export function inTurn<T>(members: readonly T[]): () => T {
  let turn = 0;
  return () => members[turn++ % members.length]!;
}
