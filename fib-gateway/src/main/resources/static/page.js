'use strict';

// Makes calls and draws their messages. fib(n) stays a string throughout: it does not fit a Number.

const AT_ONCE = 6; // as many connections as browsers open to one host
const BURST = 50;
const KEPT = 20;
const POLL_MS = 2000;
const SHORT = 96; // digits that are shown in full
const SERVERS_SHOWN = 4;
const GIVEN_UP = 8; // replies of others after which a server that may be gone is
const GAP_MS = 100; // between two messages that leave
const LATE_MS = 300; // that a message makes up for
const PIXELS_PER_MS = 0.36;

/** Of each problem: the leg of the way that is broken, and what to do. */
const PROBLEMS = {
  'invalid-n': ['publish', 'Enter a whole number within the limit. Nothing was sent to the queue.'],
  'overloaded': ['publish', 'Call again in a second. If it stays, start more servers.'],
  'broker-unavailable': ['publish', 'Start RabbitMQ, or see its log for an alarm. The gateway connects again by itself.'],
  'no-server': ['deliver', 'Start a server. The next call then succeeds; the gateway needs no restart.'],
  'deadline-exceeded': ['answer', 'Call again. If it stays, the servers hang or are too few for the load.'],
  'server-error': ['answer', 'Look into the log of the servers for the time of this call.'],
};
const UNREACHABLE = {
  leg: 'request',
  title: 'The gateway cannot be reached',
  detail: 'The browser has no answer to its request.',
  advice: 'Start the gateway. This page asks for it every two seconds.',
};

const calm = matchMedia('(prefers-reduced-motion: reduce)');
const servers = new Map(); // name to what is known of it, in the order they were seen
let made = 0;
let waiting = 0;
let bursting = false;
let records = [];
let brokenByCall = null;
let brokenByHealth = null;
let consumers = null;

// ---- small helpers ---------------------------------------------------------------------------------------------------

const byId = id => document.getElementById(id);
const sleep = ms => new Promise(done => setTimeout(done, ms));
const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

function element(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function drawn(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function shortened(text, ends) {
  return text.length <= 2 * ends + 1 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;
}

function milliseconds(value) {
  return `${value < 0.995 ? value.toFixed(2) : value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

// ---- calls -----------------------------------------------------------------------------------------------------------

/** One real call. Resolves to its record, whatever came of it. */
async function call(n, burst = false) {
  const record = { number: ++made, n, burst };
  record.answered = answer(record);
  travel(record);
  await record.answered;
  records = [record, ...records].slice(0, KEPT);
  listCalls();
  return record;
}

async function answer(record) {
  const start = performance.now();
  try {
    // no-store: fib(n) is cacheable for ever, and then this would be no call.
    const response = await fetch(`fib/${encodeURIComponent(record.n)}`, { cache: 'no-store' });
    const body = await response.text();
    record.total = performance.now() - start;
    record.server = response.headers.get('X-Fib-Server');
    record.id = response.headers.get('X-Correlation-Id');
    record.times = times(record.total, response.headers.get('Server-Timing') ?? '');
    if (response.ok && /^[0-9]+$/.test(body)) {
      record.value = body;
    } else {
      record.problem = problem(response, body);
    }
  } catch {
    record.total = performance.now() - start;
    record.problem = UNREACHABLE;
  }
  record.done = true;
  if (record.value) {
    seen(record);
  }
}

/** Where the time went: HTTP is what the browser waited beyond the RPC, and RPC what the gateway did beyond computing. */
function times(total, header) {
  const duration = name => Number(header.match(new RegExp(`(?:^|,)\\s*${name};dur=([0-9.]+)`))?.[1] ?? 0);
  const rpc = Math.min(duration('rpc'), total);
  const compute = Math.min(duration('compute'), rpc);
  return { HTTP: total - rpc, RPC: rpc - compute, Compute: compute };
}

function problem(response, body) {
  let told = {};
  try {
    told = JSON.parse(body);
  } catch {
    // Not the gateway's own answer: its status has to do.
  }
  // A path of this site, whatever the gateway is mounted at.
  const [type = null, slug] = /^(?:\/[\w.~-]+)*\/problems\/([a-z-]+)$/.exec(told.type) ?? [];
  const [leg, advice] = PROBLEMS[slug] ?? ['response', 'Check what was asked for.'];
  return {
    leg,
    advice,
    type,
    status: response.status,
    title: String(told.title ?? 'This is not an answer of the gateway'),
    detail: String(told.detail ?? ''),
    trace: told.traceId,
  };
}

async function compute() {
  const n = byId('n').value.trim();
  const number = made + 1;
  const record = await call(n);
  // A later call's outcome is not to be replaced by an earlier one's.
  if (record.number === number && !bursting) {
    show(record.problem ? failure(record) : success(record));
  }
}

async function burst() {
  const n = byId('n').value.trim();
  if (bursting || !byId('form').reportValidity()) {
    return;
  }
  bursting = true;
  byId('burst').setAttribute('aria-disabled', 'true');
  const all = [];
  let left = BURST;
  const caller = async () => {
    while (left-- > 0) {
      all.push(await call(n, true));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  bursting = false;
  byId('burst').removeAttribute('aria-disabled');
  show(summary(n, all));
}

// ---- what came of it -------------------------------------------------------------------------------------------------

function show(parts) {
  byId('outcome').replaceChildren(...parts);
}

function success(record) {
  const { value } = record;
  const parts = [element('p', { className: 'formula' }, `fib(${shortened(record.n, 12)}) =`)];
  const digits = element('p', { className: value.length > 24 ? 'value long' : 'value' });
  digits.append(value.length <= SHORT ? value : `${value.slice(0, 40)} … ${value.slice(-40)}`);
  parts.push(digits);
  if (value.length > SHORT) {
    const tools = element('p', { className: 'tools' }, `${plural(value.length, 'digit')} `);
    if (navigator.clipboard) { // only where the page comes over HTTPS or from this machine
      const copy = element('button', { type: 'button', className: 'text' }, 'Copy all');
      copy.addEventListener('click', async () => {
        await navigator.clipboard.writeText(value).then(
          () => copy.replaceChildren('Copied'),
          () => copy.replaceChildren('The browser does not allow it'));
      });
      tools.append(copy);
    }
    parts.push(tools);
  }
  parts.push(split(record.times), legend(record.times), served(record));
  return parts;
}

function served(record) {
  const line = element('p', { className: 'served' }, 'Served by ');
  line.append(element('strong', {}, record.server ?? 'a server that gives no name'));
  if (record.id) {
    line.append(' · correlation id ', element('code', {}, record.id));
  }
  return line;
}

function split(times) {
  const bar = element('div', { className: 'split', ariaHidden: 'true' });
  for (const [name, value] of Object.entries(times)) {
    const part = element('span', { className: name.toLowerCase() });
    part.style.flexGrow = value;
    bar.append(part);
  }
  return bar;
}

function legend(times) {
  const list = element('dl', { className: 'legend' });
  for (const [name, value] of Object.entries(times)) {
    list.append(element('div', { className: name.toLowerCase() },
      element('dt', {}, name), element('dd', {}, milliseconds(value))));
  }
  return list;
}

function failure(record) {
  const { problem } = record;
  const parts = [
    element('p', { className: 'formula bad' }, problem.status ? `fib(${shortened(record.n, 12)}): ${problem.status}` : 'No answer'),
    element('p', { className: 'title' }, problem.title),
    element('p', {}, problem.detail),
    element('p', { className: 'advice' }, element('strong', {}, 'What to do: '), problem.advice),
  ];
  if (problem.type) {
    parts.at(-1).append(' ', element('a', { href: problem.type }, 'Cause and cure'));
  }
  if (problem.trace) {
    parts.push(element('p', { className: 'served' }, 'Trace ', element('code', {}, problem.trace)));
  }
  return parts;
}

function summary(n, all) {
  const good = all.filter(record => record.value);
  const totals = all.map(record => record.total).sort((a, b) => a - b);
  const parts = [
    element('p', { className: 'formula' }, `fib(${shortened(n, 12)}), ${plural(all.length, 'call')}, ${AT_ONCE} at a time`),
    element('p', { className: 'value' }, `${good.length} answered`),
  ];
  const tally = element('ul', { className: 'tally' });
  for (const [name, count] of counted(good, record => record.server ?? 'a server that gives no name')) {
    tally.append(element('li', {}, element('strong', {}, String(count)), ` by ${name}`));
  }
  for (const [title, count] of counted(all.filter(record => record.problem), record => record.problem.title)) {
    tally.append(element('li', { className: 'bad' }, element('strong', {}, String(count)), ` failed: ${title}`));
  }
  parts.push(tally);
  parts.push(element('p', { className: 'served' },
    `Half of them within ${milliseconds(totals[totals.length >> 1])}, all within ${milliseconds(totals.at(-1))}.`));
  const failed = all.find(record => record.problem);
  if (failed) {
    parts.push(element('p', { className: 'advice' }, element('strong', {}, 'What to do: '), failed.problem.advice));
  }
  return parts;
}

function counted(items, key) {
  const counts = new Map();
  items.forEach(item => counts.set(key(item), (counts.get(key(item)) ?? 0) + 1));
  return [...counts].sort();
}

function listCalls() {
  byId('calls').replaceChildren(...records.map(record => {
    const { problem } = record;
    const result = problem
      ? element('td', { className: 'bad' }, problem.status ? `${problem.status} ` : '', problem.title)
      : element('td', { className: 'digits' }, shortened(record.value, 10));
    const time = element('td', { className: 'number' }, milliseconds(record.total));
    if (record.value) {
      time.append(split(record.times));
    }
    return element('tr', {},
      element('td', { className: 'quiet' }, String(record.number)),
      element('td', { className: 'digits' }, shortened(record.n, 6)),
      result,
      element('td', {}, record.server ?? '–'),
      element('td', {}, element('code', {}, record.id ?? problem?.trace ?? '–')),
      time);
  }));
}

// ---- the drawing: servers and broken arrows --------------------------------------------------------------------------

function seen(record) {
  const name = record.server ?? 'a server';
  const server = servers.get(name) ?? { calls: 0, busy: 0 };
  server.calls++;
  server.gone = 0;
  servers.delete(name);
  servers.set(name, server);
  for (const [other, { gone }] of servers) {
    if (gone && servers.get(other).gone++ > GIVEN_UP) {
      servers.delete(other);
    }
  }
  if (servers.size > SERVERS_SHOWN) {
    servers.delete(servers.keys().next().value); // the one that was not seen for longest
  }
  drawServers();
}

/** Boxes keep their places: by name, as the order of being seen changes with every call. */
function drawServers() {
  const names = [...servers.keys()].sort();
  const count = Math.max(names.length, 1);
  const boxes = [];
  const paths = [];
  for (let i = 0; i < count; i++) {
    const y = 204 - (count * 64 + (count - 1) * 16) / 2 + i * 80;
    const name = names[i];
    const server = servers.get(name);
    const state = !server ? 'unknown' : server.gone ? 'gone' : '';
    const box = drawn('g', { class: `node server ${state}`, transform: `translate(852 ${y})` },
      drawn('rect', { width: 216, height: 64, rx: 14 }),
      drawn('text', { class: 'name', x: 108, y: 28 }, name ? shortened(name, 11) : 'Servers'),
      drawn('text', { class: 'small', x: 108, y: 49 }, described(server)));
    if (server) {
      server.box = box;
      box.classList.toggle('busy', server.busy > 0);
    }
    boxes.push(box);
    paths.push(
      drawn('path', { class: 'path', 'data-leg': 'deliver', d: `M746 140 C816 140 786 ${y + 20} 848 ${y + 20}` }),
      drawn('path', { class: 'path', 'data-leg': 'answer', d: `M852 ${y + 44} C786 ${y + 44} 816 290 750 290` }));
    if (server) {
      [server.deliver, server.answer] = paths.slice(-2);
    }
  }
  byId('servers').replaceChildren(...boxes);
  byId('server-paths').replaceChildren(...paths);
  drawBroken();
}

function described(server) {
  if (!server) {
    return consumers === 0 ? 'none is there' : 'named by their first reply';
  }
  if (server.gone) {
    return consumers ? 'may be gone; a reply will tell' : 'gone';
  }
  return `${plural(server.calls, 'call')} answered`;
}

function drawBroken() {
  const broken = new Set([brokenByHealth, brokenByCall]);
  byId('crosses').replaceChildren();
  for (const path of byId('paths').querySelectorAll('.path')) {
    const is = broken.has(path.dataset.leg);
    path.classList.toggle('broken', is);
    path.setAttribute('marker-end', is ? 'url(#head-broken)' : 'url(#head)');
    if (is) {
      const { x, y } = path.getPointAtLength(path.getTotalLength() / 2);
      byId('crosses').append(drawn('path', { class: 'cross', transform: `translate(${x} ${y})`, d: 'M-7-7 7 7M7-7-7 7' }));
    }
  }
}

// ---- the drawing: messages -------------------------------------------------------------------------------------------

/** Messages leave one after the other, or those of a burst would lie on each other. */
let nextDeparture = 0;

async function travel(record) {
  if (calm.matches || document.hidden) {
    await record.answered;
    breakOrMend(record);
    return;
  }
  const now = performance.now();
  const departure = Math.max(now, nextDeparture);
  nextDeparture = departure + GAP_MS;
  await sleep(departure - now);
  const message = draw(String(record.number));
  message.until = departure;
  const way = path => along(message, path, record.burst);
  await way(byId('request'));
  // What is refused before it is published has been refused by now, and goes no further than to the gateway.
  await Promise.race([record.answered, sleep(80)]);
  let back = message;
  if (record.problem?.leg !== 'request') {
    count(1);
    await there(record, message, way);
    count(-1);
    if (record.problem) {
      message.remove(); // it is lost there; what goes back is the gateway's own
      back = draw(String(record.problem.status ?? ''), 'bad');
    }
  }
  breakOrMend(record);
  if (record.problem?.leg !== 'request') {
    await along(back, byId('response'), record.burst);
  }
  back.remove();
}

/** From the gateway to a server and back, or as far as the message comes. */
async function there(record, message, way) {
  if (record.problem) {
    await sleep(200);
    return;
  }
  if (record.id && !record.burst) {
    message.append(drawn('text', { class: 'tag', y: 28 }, record.id.slice(0, 8)));
  }
  await way(byId('publish'));
  await way(byId('enqueue'));
  await record.answered;
  if (record.value) {
    await serve(record, message, way);
  }
}

async function serve(record, message, way) {
  const server = servers.get(record.server ?? 'a server');
  if (server) {
    await way(server.deliver);
    busy(server, 1);
    await sleep(record.burst ? 60 : 260);
    busy(server, -1);
    message.classList.add('reply');
    await way(server.answer);
  }
  await way(byId('pass'));
  await way(byId('reply'));
}

function busy(server, change) {
  server.busy += change;
  server.box.classList.toggle('busy', server.busy > 0);
}

function count(change) {
  waiting += change;
  byId('waiting').textContent = waiting === 0 ? 'no call waits' : `${plural(waiting, 'call')} wait${waiting === 1 ? 's' : ''}`;
}

function breakOrMend(record) {
  brokenByCall = record.problem?.leg ?? null;
  drawBroken();
}

function draw(label, kind = '') {
  const width = 14 + label.length * 8;
  const message = drawn('g', { class: `message ${kind}` },
    drawn('rect', { x: -width / 2, y: -12, width, height: 24, rx: 12 }),
    drawn('text', { y: 4.5 }, label));
  byId('messages').append(message);
  return message;
}

async function along(message, path, steadily) {
  const length = path.getTotalLength();
  const frames = Array.from({ length: 17 }, (_, i) => {
    const { x, y } = path.getPointAtLength(length * i / 16);
    return { transform: `translate(${x}px, ${y}px)` };
  });
  // Steadily in a burst, or they would crowd where they slow down.
  const easing = steadily ? 'linear' : 'ease-in-out';
  const duration = length / PIXELS_PER_MS * (steadily ? 1 : 1.5);
  const motion = message.animate(frames, { duration, easing, fill: 'forwards' });
  if (steadily && message.until > document.timeline.currentTime - LATE_MS) {
    motion.startTime = message.until; // not when a busy browser came to it: messages would close up
  }
  await motion.finished;
  message.until = motion.startTime + duration;
}

// ---- broker and servers, from the gateway's health -------------------------------------------------------------------

async function poll() {
  if (document.hidden) {
    return;
  }
  try {
    const response = await fetch('actuator/health', { cache: 'no-store', signal: AbortSignal.timeout(POLL_MS) });
    const { components } = await response.json();
    tell(components.broker, components.rpc);
  } catch {
    tell(null, null);
  }
}

function tell(broker, rpc) {
  const up = broker?.status === 'UP';
  const before = consumers;
  const queue = Object.values(rpc?.details ?? {})[0]; // there is one
  consumers = up ? queue?.consumers ?? null : null;
  let leg = null;
  let says = 'The broker is up and servers take requests.';
  if (!broker) {
    leg = 'request';
    says = 'The gateway cannot be reached.';
  } else if (!up) {
    leg = 'publish';
    says = `${broker.details?.reason ?? 'The broker does not answer'}.`;
  } else if (!consumers) {
    leg = 'deliver';
    says = 'The broker is up, but no server takes requests.';
  }
  if (byId('health').textContent !== says) { // or a screen reader repeats it every two seconds
    byId('health').textContent = says;
    byId('health').className = leg ? 'bad' : 'good';
  }
  byId('broker').classList.toggle('down', Boolean(broker) && !up);
  byId('broker-state').textContent = !broker ? '' : up ? 'up' : 'down';
  byId('consumers').textContent = consumers === null ? ''
    : `${plural(consumers, 'consumer')}, ${plural(queue.depth, 'message')} ready`;
  if (!leg && brokenByHealth) {
    brokenByCall = null; // what had failed is mended, by what health says
  }
  brokenByHealth = leg;
  if (before !== consumers) {
    // Which server went is not told: one that stays is back with its next reply.
    if (consumers !== null && (consumers === 0 || consumers < before)) {
      servers.forEach(server => { server.gone = 1; });
    }
    drawServers();
  }
  drawBroken();
}

// ---- start -----------------------------------------------------------------------------------------------------------

byId('form').addEventListener('submit', event => {
  event.preventDefault();
  compute();
});
byId('burst').addEventListener('click', burst);
document.addEventListener('visibilitychange', poll);
setInterval(poll, POLL_MS);
// Only what scrolls is a stop for the keyboard.
for (const scroller of document.querySelectorAll('.scroll')) {
  new ResizeObserver(() => {
    scroller.tabIndex = scroller.scrollWidth > scroller.clientWidth ? 0 : -1;
  }).observe(scroller);
}
drawServers();
poll();
