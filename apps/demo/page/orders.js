import { post } from './desk.js';
import { at, count, duration, element } from './element.js';

const MOST_ORDERS = 24;

const cards = new Map();

let suggested = 0;
suggestId();

at('order').addEventListener('submit', (submitted) => {
  submitted.preventDefault();
  const given = (name) => at('order').elements.namedItem(name).value;
  const [id, card] = [given('id'), given('card')];
  const order = { id, card, prints: Number(given('prints')), payWithinSeconds: Number(given('payWithinSeconds')) };
  void post(`order ${id}`, '/orders', JSON.stringify(order));
  suggestId();
});

export function clearOrders() {
  cards.clear();
  at('orders').replaceChildren();
  at('no-orders').hidden = false;
}

/** Shows an order as it stands; one that is shown already keeps its place, and its diagram stays open. */
export function showOrder(order) {
  const shown = cards.get(order.id);
  const isOpen = shown?.querySelector('details').open === true;
  const card = orderView(order, isOpen);
  cards.set(order.id, card);
  if (shown === undefined) at('orders').prepend(card);
  else shown.replaceWith(card);
  at('no-orders').hidden = true;
  while (at('orders').children.length > MOST_ORDERS) at('orders').lastElementChild.remove();
  for (const [id, { isConnected }] of cards) if (!isConnected) cards.delete(id);
}

function orderView({ id, status, prints, story, timers, diagram }, isOpen) {
  const name = element('strong', { className: 'order-id', textContent: id });
  const state = element('span', { className: 'order-state', textContent: status });
  const size = element('span', { className: 'order-size', textContent: `${count(prints)} prints` });
  const head = element('div', { className: 'order-head' }, name, size, state);
  const steps = element('ol', { className: 'order-story' }, ...story.map((line) => stepView(line, story[0])));
  const waiting = timers.map(({ key, dueAt }) =>
    element('li', { textContent: `timer ${key}, due at ${new Date(dueAt).toLocaleTimeString()}` }),
  );
  const drawn = element(
    'details',
    { open: isOpen },
    element('summary', { textContent: 'Mermaid' }),
    element('pre', { textContent: diagram }),
  );
  const timersList = element('ul', { className: 'order-timers' }, ...waiting);
  const card = element('li', { className: 'order-card' }, head, steps, timersList, drawn);
  card.dataset.status = status;
  return card;
}

/** An event: when it came, who brought it about, what happened, and what it asked for. */
function stepView({ at: when, by, event, text, effect, timer }, first) {
  const parts = [
    element('code', { textContent: `+${duration(Date.parse(when) - Date.parse(first.at))}` }),
    element('b', { textContent: event, title: `brought by ${by === 'customer' ? 'the customer' : `an ${by}`}` }),
    element('span', { textContent: text }),
  ];
  if (effect !== undefined) parts.push(element('i', { className: 'asked', textContent: `effect ${effect}` }));
  if (timer !== undefined) parts.push(element('i', { className: 'asked', textContent: `timer ${timer}` }));
  const step = element('li', {}, ...parts);
  step.dataset.by = by;
  return step;
}

/** What nobody else is called, most likely; the customer may change it. */
function suggestId() {
  suggested++;
  at('order').elements.namedItem('id').value = `print-${Date.now().toString(36).slice(-5)}-${suggested}`;
}
