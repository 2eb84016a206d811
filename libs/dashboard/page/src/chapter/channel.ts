import { api } from '../act/api.js';
import { PauseControl } from '../act/control.js';
import { button, perform } from '../act/deed.js';
import { dropsOf, waitingIn } from '../feed/point.js';
import type { ChannelFigures, House, Waiting } from '../feed/wire.js';
import { h, hide } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { section } from '../view/section.js';
import { count, duration, rate, shownJson } from '../view/words.js';
import type { Chapter, Now } from './chapter.js';
import { flowCurves } from './curves.js';
import { type Figure, Figures } from './figures.js';
import { lossesIn, lossesTable } from './losses.js';
import { neighbours } from './neighbours.js';

/** One channel. */
export function channelChapter(house: House, name: string): Chapter {
  const figures = new Figures();
  const curves = flowCurves(({ channels }) => channels[name]);
  const [losses, pause] = [lossesTable(), new PauseControl({ channel: name })];
  const deeds = house.isWritable ? h('div', { class: 'deeds' }, pause.root) : undefined;
  const gone = h('p', { class: 'nothing' }, 'No channel is called that.');
  const body = h(
    'div',
    { class: 'chapter' },
    deeds,
    figures.root,
    h('section', { class: 'curves', 'aria-label': 'The last five minutes' }, ...curves.map((curve) => curve.root)),
    h(
      'div',
      { class: 'columns' },
      section('Where it stands', neighbours(house, name)),
      section('Dropped, by reason', losses.root),
      section('Next in line', ...nextInLine(name)),
    ),
  );
  return {
    title: `Channel ${name}`,
    root: h('div', {}, gone, body),
    show: (now) => {
      const channel = now.snapshot.stats.channels[name];
      hide(gone, channel !== undefined);
      hide(body, channel === undefined);
      if (channel === undefined) return;
      figures.show(figuresOf(name, channel, now));
      pause.show(channel.isPaused);
      for (const curve of curves) curve.show(now.points, now.snapshot.at);
      losses.show(lossesIn(now.snapshot, name));
    },
  };
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
