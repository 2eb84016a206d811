import { at, element } from './element.js';

const UPLOADS_AT_A_TIME = 3;
const MOST_ANSWERS = 6;

at('draw').addEventListener('click', () => void post('24 drawings', '/drawings', JSON.stringify({ count: 24 })));
at('renew').addEventListener('click', () => void post('the contact sheet', '/contact-sheet'));
at('kill').addEventListener('click', () => void send('the kill', '/contact-sheet/process', { method: 'DELETE' }));
at('files').addEventListener('change', ({ target }) => {
  void upload([...target.files]);
  target.value = '';
});

for (const event of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  document.addEventListener(event, (dragged) => {
    dragged.preventDefault();
    document.body.toggleAttribute('data-dragging', event === 'dragenter' || event === 'dragover');
    if (event === 'drop') void upload([...dragged.dataTransfer.files]);
  });
}

/** One request for each file, so that each gets an answer of its own, and three at a time: the server answers when it has room. */
async function upload(files) {
  const sendNext = async () => {
    for (let file = files.shift(); file !== undefined; file = files.shift()) {
      const form = new FormData();
      form.append('pictures', file, file.name);
      await post(file.name, '/pictures', form);
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, sendNext));
}

export function post(what, address, body) {
  const headers = typeof body === 'string' ? { 'Content-Type': 'application/json' } : {};
  return send(what, address, { method: 'POST', body, headers });
}

async function send(what, address, request) {
  try {
    const response = await fetch(address, request);
    const answer = await response.json();
    showAnswer(response.status, `${what}: ${response.ok ? response.statusText.toLowerCase() : refusal(answer)}`);
  } catch {
    showAnswer('---', `${what}: could not be sent`);
  }
}

function refusal({ code, message, issues = [] }) {
  const why = issues.length > 0 ? issues.map((issue) => issue.message).join('; ') : [message].flat().join('; ');
  return code === undefined ? why : `${code}, ${why}`;
}

/** A thread or process that is ready, or has ended, is news like an answer. */
export function showIsolate({ name, isolate, kind, why, isCrash }) {
  const [sign, text] =
    name === 'workers.isolate-ready'
      ? ['up', `${kind} ${isolate} is ready`]
      : [isCrash ? 'died' : 'down', `${kind} ${isolate}: ${why}`];
  addLine(sign, text, isCrash === true);
}

function showAnswer(status, text) {
  addLine(status, text, !(status >= 200 && status < 300));
}

function addLine(sign, text, isBad) {
  const line = element('li', {}, element('code', { textContent: sign }), element('span', { textContent: text }));
  line.toggleAttribute('data-refused', isBad);
  at('answers').prepend(line);
  while (at('answers').children.length > MOST_ANSWERS) at('answers').lastElementChild.remove();
}
