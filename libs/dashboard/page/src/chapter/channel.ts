import { api } from '../act/api.js';
import { button, perform } from '../act/deed.js';
import { dropsOf, waitingIn } from '../feed/point.js';
import type { ChannelFigures, House, Waiting } from '../feed/wire.js';
import { h } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { section } from '../view/section.js';
import { count, duration, rate, shownJson } from '../view/words.js';
import type { Chapter, Now } from './chapter.js';
import { flowCurves } from './curves.js';
import type { Figure } from './figures.js';
import { portrait } from './portrait.js';

/** One channel. */
export function channelChapter(house: House, name: string): Chapter {
  return portrait(house, {
    kind: 'Channel',
    name,
    isHere: true,
    controls: [],
    curves: flowCurves(({ channels }) => channels[name]),
    losses: 'Dropped, by reason',
    sections: [section('Next in line', ...nextInLine(name))],
    look: (now) => {
      const channel = now.snapshot.stats.channels[name];
      return channel && { figures: figuresOf(name, channel, now), isPaused: channel.isPaused };
    },
  });
}

function figuresOf(name: string, channel: ChannelFigures, { point }: Now): Figure[] {
  const flow = point?.channels[name];
  const { stored, isPaused, isSaturated } = channel;
  const dropped = dropsOf(channel);
  const state = isPaused ? 'paused' : isSaturated ? 'nearly full' : 'open';
  const bound =
    channel.capacity === 0 ? 'no buffer' : `${count(channel.depth)} of ${count(channel.capacity)} in the buffer`;
  const room = channel.capacity < Number.MAX_SAFE_INTEGER ? bound : 'without a bound';
  const own: Figure[] =
    stored === undefined
      ? [{ title: 'Puts that wait', value: count(channel.pendingPuts), note: `of ${count(channel.maxPendingPuts)}` }]
      : [
          { title: 'Claimed', value: count(stored['claimed'] ?? 0), note: 'over all hosts' },
          {
            title: 'Dead letters',
            value: count(stored['dead'] ?? 0),
            tone: (stored['dead'] ?? 0) > 0 ? 'bad' : undefined,
            href: hashOf({ chapter: 'letters', channel: name }),
          },
        ];
  return [
    { title: 'State', value: state, tone: state === 'open' ? undefined : 'warn' },
    {
      title: 'Waiting',
      value: count(waitingIn(channel)),
      note: stored === undefined ? room : `${count(stored['delayed'] ?? 0)} delayed`,
    },
    ...own,
    { title: 'Accepted', value: count(channel.accepted), note: rate(flow?.inPerSecond ?? 0) },
    { title: 'Taken', value: count(channel.taken), note: rate(flow?.outPerSecond ?? 0) },
    { title: 'Refused', value: count(channel.refused), tone: channel.refused > 0 ? 'warn' : undefined },
    { title: 'Dropped', value: count(dropped), tone: dropped > 0 ? 'bad' : undefined },
    { title: stored === undefined ? 'Oldest' : 'Lag', value: duration(channel.oldestAgeMs) },
  ];
}

/** The messages that wait, shown when they are asked for: a look at payloads is told with the name of who looked. */
function nextInLine(channel: string): HTMLElement[] {
  const list = h('ol', { class: 'letters' });
  const look = button('Look', () =>
    perform(async () => {
      const found = await api.get<Waiting[]>(`channels/${encodeURIComponent(channel)}/messages?limit=20`);
      list.replaceChildren(
        ...(found.length === 0 ? [h('li', { class: 'nothing' }, 'Nothing waits.')] : found.map(waitingLine)),
      );
    }, 'Looked.'),
  );
  return [look, list];
}

function waitingLine({ id, attempt, waitedMs, headers, payload, unreadable }: Waiting): HTMLElement {
  return h(
    'li',
    {},
    h('p', {}, h('code', {}, id), ` attempt ${attempt}, waits for ${duration(waitedMs)}`),
    headers === undefined || Object.keys(headers).length === 0 ? undefined : h('pre', {}, shownJson(headers)),
    payload === undefined ? undefined : h('pre', {}, shownJson(payload)),
    unreadable === undefined ? undefined : h('p', { class: 'nothing' }, unreadable),
  );
}
