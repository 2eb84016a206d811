/** What one process of the recovery table is started for. */
export interface Errand {
  readonly peer: string;
  readonly jobs: number;
  /** Where it writes what it starts and ends. */
  readonly log: string;
  /** Whether it puts the jobs there first. */
  readonly isFilling: boolean;
}
