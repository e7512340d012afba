// @ts-check
/**
 * Many chat sockets in one room, a few people who write, and how long a message takes to reach everybody.
 *
 *     node chat.mjs DEMO_JSON ROOM_ID SOCKETS SECONDS
 *
 * Every socket is a guest. The demo's seekers write in turn by `POST /rooms/{id}/messages`, slowly enough for the rate limit. A
 * delivery is a frame that carries the message's mark, whatever else is around it.
 */
import WebSocket from 'ws';
import { percentile, readDemo } from './demo.mjs';

const [demoPath, roomId, socketCount, seconds] = [process.argv[2], process.argv[3], Number(process.argv[4] ?? 200), Number(process.argv[5] ?? 20)];
const demo = readDemo(demoPath);
const room = demo.rooms.find((candidate) => candidate.id === roomId);
if (!room) throw new Error(`the demo has no room ${roomId}`);
const writers = demo.people.filter((person) => person.role === 'seeker');
const MARK = /bench-mark-(\d+)-/;
/** One message from each person in this time, to stay clear of the rate limit. */
const PAUSE_PER_PERSON_MS = 3_000;

/** @type {Map<number, number>} */
const sentAt = new Map();
/** @type {number[]} */
const delays = [];
let opened = 0;
let closed = 0;

/** @param {() => void} ready */
function openSocket(ready) {
  const socket = new WebSocket(/** @type {{socket_url: string}} */ (room).socket_url, { headers: { origin: demo.base_url } });
  socket.on('open', () => { opened += 1; socket.send(JSON.stringify({ type: 'hello', since: 0 })); ready(); });
  socket.on('message', (data) => {
    const text = data.toString();
    const mark = MARK.exec(text);
    const sent = mark && sentAt.get(Number(mark[1]));
    if (sent) delays.push(performance.now() - sent);
  });
  socket.on('close', () => { closed += 1; });
  socket.on('error', (error) => { console.error(`socket: ${error.message}`); ready(); });
  return socket;
}

/** @param {number} number */
async function write(number) {
  const person = writers[number % writers.length];
  sentAt.set(number, performance.now());
  const response = await fetch(`${demo.base_url}/rooms/${roomId}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${person.token}`, 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ client_id: crypto.randomUUID(), text: `bench-mark-${number}- 夫妻房还有吗？` }),
  });
  if (!response.ok) {
    sentAt.delete(number);
    console.error(`message ${number}: ${response.status} ${(await response.text()).slice(0, 120)}`);
  }
}

const sockets = [];
for (let index = 0; index < socketCount; index += 1) {
  await new Promise((ready) => sockets.push(openSocket(() => ready(undefined))));
}
const begun = performance.now();
const interval = PAUSE_PER_PERSON_MS / writers.length;
for (let number = 0; performance.now() - begun < seconds * 1_000; number += 1) {
  await write(number);
  await new Promise((next) => setTimeout(next, Math.max(0, begun + (number + 1) * interval - performance.now())));
}
await new Promise((next) => setTimeout(next, 1_500));
const sent = sentAt.size;
const dropped = closed;
for (const socket of sockets) socket.terminate();
const missing = sent * opened - delays.length;
const ms = (/** @type {number} */ value) => `${value.toFixed(1)} ms`;
console.log(`chat sockets           ${opened} of ${socketCount} open, ${dropped} dropped; ${sent} messages, ${delays.length} deliveries, ${missing} missing`);
console.log(`chat delay             median ${ms(percentile(delays, 0.5))}, 99 % within ${ms(percentile(delays, 0.99))}, worst ${ms(delays.reduce((a, b) => Math.max(a, b), 0))}`);
process.exitCode = opened && delays.length ? 0 : 1;
