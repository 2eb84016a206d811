import { showIsolate } from './desk.js';
import { at, count } from './element.js';
import { clearOrders, showOrder } from './orders.js';
import { addPictures, clearPictures } from './pictures.js';
import { stageView } from './stage.js';

let stages = [];

connect();

function connect() {
  const feed = new EventSource('/feed');
  const hear = (event, listener) => feed.addEventListener(event, ({ data }) => listener(JSON.parse(data)));
  hear('opening', open);
  hear('pulse', beat);
  hear('news', addPictures);
  hear('isolate', showIsolate);
  hear('order', showOrder);
  feed.addEventListener('error', () => {
    showState('reconnecting');
    // Some browsers give up for good when nobody listens at the other end.
    if (feed.readyState === EventSource.CLOSED) setTimeout(connect, 2_000);
  });
}

/** All there is; also after a reconnect, and then perhaps of another run. */
function open({ stages: given, thumbnails, refusals }) {
  stages = given.map(stageView);
  at('stages').replaceChildren(...stages.map(({ card }) => card));
  clearPictures();
  addPictures({ thumbnails, refusals });
  clearOrders();
}

function beat({ stats, counts, sheet }) {
  showState(stats.state);
  showCounts(counts);
  showSheet(sheet);
  for (const stage of stages) stage.show(stats);
  at('pulse').textContent = `Pulse, the ticker behind this page: ${count(stats.tickers.Pulse.ticks)} ticks`;
}

function showState(state) {
  at('state').dataset.state = state;
  if (at('state').textContent !== state) at('state').textContent = state;
}

function showCounts({ expected, hung, refused }) {
  at('hung').textContent = count(hung);
  at('awaited').textContent = count(expected - hung - refused);
  at('refused').textContent = count(refused);
  at('refused').toggleAttribute('data-zero', refused === 0);
  at('progress').value = expected === 0 ? 0 : (hung + refused) / expected;
}

function showSheet(sheet) {
  const link = at('sheet');
  link.hidden = sheet === undefined;
  if (sheet === undefined || link.dataset.edition === String(sheet.edition)) return;
  link.dataset.edition = sheet.edition;
  link.querySelector('img').src = `/contact-sheet?edition=${sheet.edition}`;
  link.querySelector('span').textContent = `Contact sheet, ${count(sheet.pictures)} pictures`;
}
