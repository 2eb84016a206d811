import { dialog, notices, onDone } from './act/deed.js';
import type { Chapter, Now } from './chapter/chapter.js';
import { channelChapter } from './chapter/channel.js';
import { happeningsChapter } from './chapter/happenings.js';
import { letterChapter } from './chapter/letter.js';
import { lettersChapter } from './chapter/letters.js';
import { overview } from './chapter/overview.js';
import { tickerChapter, workerChapter } from './chapter/worker.js';
import { instanceChapter, workflowChapter } from './chapter/workflow.js';
import { Feed } from './feed/feed.js';
import type { House } from './feed/wire.js';
import { h, say } from './view/element.js';
import { type Route, routeOf } from './view/route.js';
import { Head } from './head.js';

/** How long after it was last seen it lets go of its connection. */
const REST_AFTER_MS = 30_000;

/**
 * The page: a head that stays, and the chapter that its address names.
 *
 * Whatever comes, it draws once for a frame at most. While it is held still it shows the instant at which it was held, in every chapter, and
 * asks for nothing more; what comes meanwhile is in the curves when it goes on. A deed that was done lets it go on, so that its effect is seen.
 * When nobody has looked at it for a while, it lets go of its connection until somebody does.
 */
const main = h('main', { id: 'main', tabindex: '-1' });
const feed = new Feed(drawSoon);
const head = new Head(() => hold());
let chapter: Chapter | undefined;
let drawnFor: House | undefined;
let held: Now | undefined;
/** The chapter that was drawn since the picture is held. */
let drawnStill: Chapter | undefined;
let falling: ReturnType<typeof setTimeout> | undefined;
let isAwaitingFrame = false;

document.body.replaceChildren(
  h('a', { class: 'skip', href: '#main' }, 'Skip to the content'),
  head.root,
  main,
  notices,
  dialog,
);
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => {
  open();
  main.focus();
  scrollTo(0, 0);
});
onDone(() => {
  held = undefined;
  return feed.refresh().catch(() => {});
});
document.addEventListener('visibilitychange', () => {
  clearTimeout(falling);
  if (document.hidden) falling = setTimeout(() => feed.rest(), REST_AFTER_MS);
  else feed.wake();
});
drawSoon();
void feed.connect();

function drawSoon(): void {
  if (isAwaitingFrame) return;
  isAwaitingFrame = true;
  requestAnimationFrame(() => {
    isAwaitingFrame = false;
    draw();
  });
}

function draw(): void {
  const now = held ?? current();
  head.show(feed.state, now, held !== undefined);
  if (now === undefined) return showAbsence();
  if (chapter === undefined || drawnFor !== now.house) open();
  if (held !== undefined && drawnStill === chapter) return;
  drawnStill = held === undefined ? undefined : chapter;
  chapter?.show(now);
}

/** Before the first snapshot there is nothing to show but why. */
function showAbsence(): void {
  const words = {
    connecting: 'Connecting to the application.',
    live: 'Connecting to the application.',
    lost: 'The application does not answer. It is tried again every two seconds.',
    refused: 'You may not look at this. Log in, and come back.',
    stopped: 'The workers have stopped. It is looked now and again whether others came.',
    resting: 'Connecting to the application.',
  };
  if (main.childElementCount === 0) main.append(h('p', { class: 'absence', role: 'status' }));
  if (chapter === undefined && main.firstElementChild !== null) say(main.firstElementChild, words[feed.state]);
}

function current(): Now | undefined {
  const { house, snapshot, history, happenings } = feed;
  if (house === undefined || snapshot === undefined) return undefined;
  return { house, snapshot, points: history.points, point: history.latest, happenings };
}

/** Goes where the address says. */
function open(): void {
  const now = held ?? current();
  if (now === undefined) return;
  const route = routeOf(location.hash);
  chapter = chapterOf(route, now.house);
  drawnFor = now.house;
  document.title = `${chapter.title} · Workers`;
  main.replaceChildren(
    h('h1', { class: route.chapter === 'overview' ? 'quiet' : undefined }, chapter.title),
    chapter.root,
  );
  head.mark(route);
  drawSoon();
}

function chapterOf(route: Route, house: House): Chapter {
  switch (route.chapter) {
    case 'happenings':
      return happeningsChapter();
    case 'channel':
      return channelChapter(house, route.name);
    case 'worker':
      return workerChapter(house, route.name);
    case 'ticker':
      return tickerChapter(house, route.name);
    case 'letters':
      return lettersChapter(house, route.channel);
    case 'letter':
      return letterChapter(house, route.name);
    case 'workflow':
      return workflowChapter(route.name);
    case 'instance':
      return instanceChapter(route.name, route.id);
    default:
      return overview(house);
  }
}

/** Holds the picture still, or lets it go on. */
function hold(): void {
  const now = current();
  drawnStill = undefined;
  held =
    held !== undefined || now === undefined
      ? undefined
      : { ...now, points: [...now.points], happenings: [...now.happenings] };
  drawSoon();
}
