import { performance } from 'node:perf_hooks';
import { memoryUsage } from 'node:process';
import type { WireVitals } from '../protocol.js';
import type { Link } from './link.js';

/** How fast the pace follows: the latest run counts a quarter. */
const FOLLOW = 0.25;
/** Below this, handlers are as quick as they need be. */
const QUICK_MS = 0.1;
/** How often it says how it fares while it works. */
const VITALS_EVERY_MS = 500;

/** How an isolate fares, as it tells its host: how much memory it holds, and how long its handlers take. */
export class VitalSigns {
  private toldAt = performance.now();
  private paceMs = 0;
  private toldPaceMs = 0;

  constructor(private readonly link: Link) {}

  /** Its context stands. */
  ready(): void {
    this.link.say(['ready', vitals()]);
  }

  /** It was asked. */
  answer(): void {
    this.link.say(['pong', vitals()]);
  }

  /** A handler has come back; what has changed is told between messages, so that the host knows when it has had enough. */
  ran(fromMs: number): void {
    const now = performance.now();
    this.tellPace(now - fromMs);
    if (now - this.toldAt < VITALS_EVERY_MS) return;
    this.toldAt = now;
    this.answer();
  }

  /** How long handlers take, when that has changed: the host sends slow ones fewer messages ahead. */
  private tellPace(ranMs: number): void {
    this.paceMs = this.paceMs === 0 ? ranMs : this.paceMs + (ranMs - this.paceMs) * FOLLOW;
    const pace = Math.max(this.paceMs, QUICK_MS);
    if (pace < this.toldPaceMs * 2 && pace > this.toldPaceMs / 2) return;
    this.toldPaceMs = pace;
    this.link.say(['pace', pace]);
  }
}

function vitals(): WireVitals {
  const { heapUsed, rss } = memoryUsage();
  return [heapUsed / MB, rss / MB];
}

const MB = 1_048_576;
