/* global document, EventSource, history, location, setInterval, URLSearchParams */

const byId = (id) => document.getElementById(id);
const [form, prompt, problem, send, count] = ['form', 'prompt', 'problem', 'send', 'count'].map(byId);
const [list, empty, live, template] = ['tasks', 'empty', 'live', 'task'].map(byId);

/** How far the server's clock is ahead of ours, in ms. */
let aheadMs = 0;
const now = () => Date.now() + aheadMs;

// What the server says

/** Follows a stream for as long as the page is open; where the browser gives up, it is asked again. */
function follow(path, listeners, changed = () => {}) {
  const source = new EventSource(path);
  for (const [name, listen] of Object.entries(listeners)) {
    source.addEventListener(name, ({ data }) => listen(JSON.parse(data)));
  }
  source.addEventListener('open', () => changed('live'));
  source.addEventListener('error', () => {
    changed('lost');
    if (source.readyState !== EventSource.CLOSED) return;
    // A server that knows us no more, because its data has gone say, knows us again once it has been asked who we are.
    setTimeout(() => call('GET', '/api/me').then(() => follow(path, listeners, changed)), 3_000);
  });
}

/** What the server says of a call, or in our own words that it says nothing. */
async function call(method, path, body) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    const answer = await fetch(path, { method, headers, body: JSON.stringify(body) });
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    return { ok: answer.ok, ...(isJson && (await answer.json())) };
  } catch {
    return { ok: false, message: 'The server cannot be reached. What you wrote is still here; try again in a moment.' };
  }
}

const linkWords = { live: 'Live', lost: 'Connection lost, trying again', connecting: 'Connecting' };

function showLink(state) {
  byId('link').dataset.state = state;
  byId('link-text').textContent = linkWords[state];
}

// The list

/** What is shown, by the id of its task: the newest view, and the elements that show it. */
const cards = new Map();
let untold = new Set();

const words = {
  waiting: 'Waiting',
  starting: 'Starting',
  running: 'Being made',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

function show(task) {
  untold.delete(task.id);
  const card = cards.get(task.id) ?? newCard(task);
  const before = card.task?.phase;
  card.task = task;
  const { element, chip, line, bar, button } = card;
  element.dataset.phase = task.phase;
  chip.textContent = words[task.phase];
  bar.hidden = task.phase !== 'starting' && task.phase !== 'running';
  const isEnded = ['done', 'failed', 'cancelled'].includes(task.phase);
  button.hidden = !isEnded && task.phase !== 'waiting';
  button.textContent = isEnded ? 'Remove' : 'Cancel';
  button.setAttribute('aria-label', `${button.textContent}: ${short(task.prompt)}`);
  if (task.video !== undefined && card.video === undefined) card.video = playerBefore(line, task);
  refresh(card);
  if (before !== undefined && before !== task.phase) announce(`${words[task.phase]}: ${short(task.prompt)}`);
  empty.hidden = true;
}

function newCard(task) {
  const element = template.content.firstElementChild.cloneNode(true);
  const find = (selector) => element.querySelector(selector);
  const card = {
    ...{ element, chip: find('.chip-text'), line: find('.task-line'), bar: find('progress'), button: find('button') },
    when: find('.when'),
  };
  find('.task-prompt').textContent = task.prompt;
  find('.task-prompt').title = task.prompt;
  card.bar.setAttribute('aria-label', `Progress of ${short(task.prompt)}`);
  card.button.addEventListener('click', () => remove(card));
  cards.set(task.id, card);
  const older = [...cards.values()].filter((other) => other.task?.submittedAtMs < task.submittedAtMs);
  const next = older.reduce((a, b) => (a?.task.submittedAtMs > b.task.submittedAtMs ? a : b), undefined);
  list.insertBefore(element, next?.element ?? null);
  return card;
}

function playerBefore(line, { video, prompt: text }) {
  const player = document.createElement('video');
  Object.assign(player, {
    src: video,
    controls: true,
    preload: 'metadata',
    playsInline: true,
    loop: true,
    muted: true,
  });
  player.setAttribute('aria-label', `Video: ${short(text)}`);
  line.before(player);
  return player;
}

/** What changes by time passing alone. */
function refresh({ task, line, bar, when }) {
  when.textContent = ago(now() - task.submittedAtMs);
  line.textContent = lineOf(task);
  if (task.startedAtMs === undefined || task.expectedAtMs === undefined) return;
  // Towards the end it slows down: what is expected need not come true.
  const share = (now() - task.startedAtMs) / (task.expectedAtMs - task.startedAtMs);
  bar.value = Math.round(100 * (share < 0.8 ? share : 1 - 0.2 * Math.exp(-(share - 0.8) / 0.2)));
}

function lineOf({ phase, note, ahead, startsAtMs, expectedAtMs, startedAtMs, endedAtMs }) {
  if (note !== undefined) return note;
  switch (phase) {
    case 'waiting':
      if (ahead === undefined) return 'Joining the queue';
      return `${ahead === 0 ? 'Next in line' : `${ahead} ahead of it`} · starts ${inAbout(startsAtMs - now())}`;
    case 'starting':
    case 'running':
      return `Ready ${inAbout(expectedAtMs - now())}`;
    case 'done':
      return startedAtMs === undefined ? '' : `Made in ${span(endedAtMs - startedAtMs)}`;
    default:
      return '';
  }
}

function inAbout(ms) {
  return ms < 1_500 ? 'any moment now' : `in about ${span(ms)}`;
}

function span(ms) {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function ago(ms) {
  return ms < 10_000 ? 'just now' : `${span(ms)} ago`;
}

function short(text) {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** All there is follows: what is not among it is gone, and the rest stays where it is, focus and playback included. */
function reset() {
  untold = new Set(cards.keys());
  setTimeout(() => untold.forEach(forget), 1_000);
}

/** Said by a screen reader when it has nothing else to say. */
function announce(text) {
  live.textContent = text;
}

function forget(id) {
  const card = cards.get(id);
  if (card === undefined) return;
  const hadFocus = card.element.contains(document.activeElement);
  const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
  card.element.remove();
  cards.delete(id);
  empty.hidden = cards.size > 0;
  if (hadFocus) (next?.querySelector('button:not([hidden])') ?? byId('videos')).focus();
}

async function remove({ task, line }) {
  const { ok, message } = await call('DELETE', `/api/tasks/${task.id}`);
  if (!ok) line.textContent = message;
}

// The form

async function submit() {
  if (send.getAttribute('aria-disabled') === 'true') return;
  const written = prompt.value;
  const text = written.trim();
  if (text === '') return complain('Write a few words about the scene first.');
  send.setAttribute('aria-disabled', 'true');
  const { ok, message, ...task } = await call('POST', '/api/tasks', { prompt: text });
  send.setAttribute('aria-disabled', 'false');
  if (!ok) return complain(message ?? 'Something went wrong. Try again in a moment.');
  problem.hidden = true;
  prompt.removeAttribute('aria-invalid');
  // Whoever is on to something else by now goes on with it.
  if (prompt.value === written) prompt.value = '';
  if (form.contains(document.activeElement)) prompt.focus();
  countUp();
  if (!cards.has(task.id)) show(task);
  announce(`Sent: ${short(text)}`);
}

function complain(text) {
  problem.textContent = text;
  problem.hidden = false;
  prompt.setAttribute('aria-invalid', 'true');
  prompt.focus();
}

function countUp() {
  count.textContent = `${prompt.value.length} / 2500`;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
prompt.addEventListener('input', countUp);
prompt.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// The operator's panel

const limitNames = {
  tasks: 'Task slots',
  'tasks per key': 'Slots of the busiest person',
  requests: 'Requests a minute',
};

function showPanel({ limits, running, waiting, coolDownMs, refusals, people, streams, typicalMs, spanMs, spans }) {
  const figures = { Running: running, Waiting: waiting, People: people, 'Open pages': streams, Refusals: refusals };
  fill(byId('figures'), Object.entries({ ...figures, 'A video takes': span(typicalMs) }), ([name, value]) => {
    const row = document.createElement('div');
    row.append(element('dt', '', name), element('dd', '', String(value)));
    return row;
  });
  fill(byId('limits'), limits, ({ name, used, capacity, percent }) => {
    const row = document.createElement('li');
    const head = element('p', 'limit-row', limitNames[name] ?? name);
    head.append(element('span', 'quiet', `${used} of ${capacity}`));
    const bar = element('progress', 'bar', '');
    Object.assign(bar, { max: 100, value: percent });
    bar.setAttribute('aria-label', limitNames[name] ?? name);
    row.append(head, bar);
    return row;
  });
  byId('cool').dataset.on = String(coolDownMs > 0);
  byId('cool').textContent =
    coolDownMs > 0 ? `Cooling down: nothing is sent for another ${span(coolDownMs)}.` : 'No cool-down.';
  drawChart(spans, spanMs);
}

const [width, height, left, floor] = [600, 190, 34, 160];

function drawChart(spans, spanMs) {
  const top = Math.max(4, ...spans.map(({ done, failed }) => done + failed));
  const y = (value) => floor - (value / top) * (floor - 12);
  const step = (width - left) / spans.length;
  const marks = [0, top / 2, top].filter(Number.isInteger);
  const parts = marks.flatMap((value) => [
    shape('line', { class: 'chart-line', x1: left, x2: width, y1: y(value), y2: y(value) }),
    shape('text', { class: 'chart-label', x: left - 8, y: y(value) + 5, 'text-anchor': 'end' }, String(value)),
  ]);
  spans.forEach(({ done, failed }, i) => {
    const at = { x: left + i * step + 1, width: step - 2, rx: 1.5 };
    if (done > 0) parts.push(shape('rect', { ...at, class: 'chart-done', y: y(done), height: floor - y(done) }));
    if (failed === 0) return;
    parts.push(
      shape('rect', { ...at, class: 'chart-failed', y: y(done + failed), height: y(done) - y(done + failed) }),
    );
  });
  const minutes = (spans.length * spanMs) / 60_000;
  parts.push(shape('text', { class: 'chart-label', x: left, y: height - 6 }, `${minutes} min ago`));
  parts.push(shape('text', { class: 'chart-label', x: width, y: height - 6, 'text-anchor': 'end' }, 'now'));
  byId('chart').replaceChildren(...parts);
  const [done, failed] = ['done', 'failed'].map((name) => spans.reduce((sum, it) => sum + it[name], 0));
  byId('chart-text').textContent = `${done} made and ${failed} failed, at most ${Math.max(
    ...spans.map((it) => it.done + it.failed),
  )} in ${spanMs / 1_000} s.`;
}

function shape(name, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

function element(name, className, text) {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

function fill(parent, items, make) {
  parent.replaceChildren(...items.map(make));
}

// The beginning

/** The token stands behind the #, which is sent to nobody; it is handed in once, for a cookie. */
async function admitOperator() {
  const token = new URLSearchParams(location.hash.slice(1)).get('operator');
  if (token === null) return;
  history.replaceState(null, '', location.pathname);
  await call('POST', '/api/operator', { token });
}

async function begin() {
  await admitOperator();
  const me = await call('GET', '/api/me');
  if (!me.ok) {
    showLink('lost');
    setTimeout(begin, 3_000);
    return;
  }
  aheadMs = me.nowAtMs - Date.now();
  byId('rules').textContent = `${me.tasksEach} of yours can be made at once, ${me.waitingEach} more can wait.`;
  follow('/api/events', { state: show, gone: ({ key }) => forget(key), reset }, showLink);
  if (!me.isOperator) return;
  byId('panel').hidden = false;
  follow('/api/operator/events', { state: showPanel });
}

setInterval(() => cards.forEach(refresh), 500);
void begin();
