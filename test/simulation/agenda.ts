/** Something that may happen next, on one host. */
export interface Item {
  readonly host: number;
  readonly what: string;
  readonly happen: () => void;
}

/** Everything that may happen next. Whoever asks says which, and by that how long everything takes. */
export class Agenda {
  private items: Item[] = [];

  /** @param canHappen whether anything happens on a host now; what does not happen now is kept */
  constructor(private readonly canHappen: (host: number) => boolean) {}

  add(host: number, what: string, happen: () => void): void {
    this.items.push({ host, what, happen });
  }

  /** What may happen now, the oldest first. */
  get possible(): readonly Item[] {
    return this.items.filter(({ host }) => this.canHappen(host));
  }

  take(item: Item): void {
    this.items.splice(this.items.indexOf(item), 1);
  }

  /** Nothing of `host` ever happens any more. */
  forget(host: number): void {
    this.items = this.items.filter((item) => item.host !== host);
  }
}
