/** What no two runs have in common; a simulation lends its own. */
export interface Luck {
  /** From 0 to 1. */
  chance(): number;
  /** Resolves when the event loop has gone round. */
  nextTurn(): Promise<void>;
}

export const REAL_LUCK: Luck = {
  chance: Math.random,
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
};
