/** The API did not do what it was asked for; `message` is for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Where the API is: this file lies in `assets/<edition>/act` below it. */
const BASE = new URL('../../../', import.meta.url);

/** The admin API, as the page asks it. Everything throws `Refusal`. */
export const api = {
  address(path: string): string {
    return new URL(path, BASE).href;
  },

  async get<T>(path: string): Promise<T> {
    return (await answered(path, { headers: { accept: 'application/json' } })) as T;
  },

  async post(path: string, body: object): Promise<unknown> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    return answered(path, { method: 'POST', headers, body: JSON.stringify(body) });
  },
};

async function answered(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(api.address(path), { ...init, cache: 'no-store' }).catch(() => undefined);
  if (response === undefined) throw new Refusal(0, 'The application does not answer.');
  const text = await response.text();
  const value = parsed(text);
  if (!response.ok) throw new Refusal(response.status, said(value) ?? `It answered ${response.status}.`);
  if (text !== '' && value === undefined) throw new Refusal(response.status, 'It answered something else than JSON.');
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function said(value: unknown): string | undefined {
  const message = typeof value === 'object' && value !== null && 'message' in value ? value.message : undefined;
  return typeof message === 'string' ? message : undefined;
}
