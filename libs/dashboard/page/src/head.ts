import type { Now } from './chapter/chapter.js';
import type { FeedState } from './feed/feed.js';
import { deadIn } from './feed/point.js';
import type { House } from './feed/wire.js';
import { h, hide, mark, say, set } from './view/element.js';
import { hashOf, type Route } from './view/route.js';
import { count, duration } from './view/words.js';

const CONNECTION = {
  connecting: 'connecting',
  live: 'live',
  lost: 'looking for it',
  refused: 'refused',
  stopped: 'looking for the next',
  resting: 'at rest',
} as const;

/** What stays on top: where to go, of which process all this is, whether it is well, and the button that holds the picture still. */
export class Head {
  readonly root: HTMLElement;
  private readonly nav = h('nav', { 'aria-label': 'Chapters' });
  private readonly host = h('p', { class: 'host' });
  private readonly state = h('span', { class: 'pill' });
  private readonly connection = h('span', { class: 'pill', role: 'status' });
  private readonly dead = h('span', { class: 'count' });
  private readonly still = h('button', { type: 'button', class: 'still', 'aria-pressed': 'false' }, 'Hold');
  private house: House | undefined;
  private route: Route = { chapter: 'overview' };

  constructor(hold: () => void) {
    this.still.addEventListener('click', hold);
    const home = h('a', { class: 'home', href: '#/' }, 'Workers');
    const states = h('div', { class: 'states' }, this.state, this.connection, this.still);
    this.root = h('header', {}, home, this.nav, this.host, states);
  }

  show(connection: FeedState, now: Now | undefined, isStill: boolean): void {
    mark(this.connection, 'state', isStill ? 'still' : connection);
    say(this.connection, isStill ? 'held still' : CONNECTION[connection]);
    set(this.still, 'aria-pressed', String(isStill));
    say(this.still, isStill ? 'Go on' : 'Hold');
    hide(this.state, now === undefined);
    if (now === undefined) return;
    const { house, snapshot } = now;
    if (house !== this.house) this.build(house);
    const { name, pid, uptimeSeconds } = snapshot.host;
    say(this.host, `${name} · ${pid} · up ${duration(uptimeSeconds * 1_000)}`);
    say(this.state, snapshot.stats.state);
    mark(this.state, 'state', snapshot.stats.state);
    const dead = deadIn(snapshot.stats);
    say(this.dead, dead === 0 ? '' : count(dead));
  }

  /** Marks the chapter that is open. */
  mark(route: Route): void {
    this.route = route;
    const open = new Set([hashOf(route), upOf(route)]);
    for (const link of this.nav.querySelectorAll('a')) {
      if (open.has(link.getAttribute('href') ?? '')) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  private build(house: House): void {
    this.house = house;
    const letters = h('a', { href: '#/letters' }, 'Dead letters', this.dead);
    const workflows = house.workflows.map((name) =>
      h('a', { href: hashOf({ chapter: 'workflow', name }), title: `Workflow ${name}` }, name),
    );
    this.nav.replaceChildren(
      h('a', { href: '#/' }, 'Overview'),
      ...(house.hasDeadLetters ? [letters] : []),
      ...workflows,
      h('a', { href: '#/happenings' }, 'Happenings'),
    );
    this.mark(this.route);
  }
}

/** The chapter that another one belongs to. */
function upOf(route: Route): string {
  if (route.chapter === 'letter' || route.chapter === 'letters') return '#/letters';
  if (route.chapter === 'instance') return hashOf({ chapter: 'workflow', name: route.name });
  return route.chapter === 'happenings' || route.chapter === 'workflow' ? hashOf(route) : '#/';
}
