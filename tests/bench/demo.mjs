// @ts-check
/** Reads the `demo.json` that `springbreeze demo` writes, and what of it the benches need. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {{id: string, kind: string, title: string, url: string, whip_url: string, whep_url: string, socket_url: string, live: boolean}} Room
 * @typedef {{role: string, name: string, signin_url: string, token: string, room_id?: string}} Person
 * @typedef {{base_url: string, fair: {id: string, url: string}, rooms: Room[], people: Person[]}} Demo
 */

/** @param {string} path @returns {Demo} */
export function readDemo(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The room where the bundled clip plays. @param {Demo} demo @returns {Room} */
export function liveRoom(demo) {
  const room = demo.rooms.find((candidate) => candidate.live);
  if (!room) throw new Error('no room of the demo is live');
  return room;
}

/** A room with nobody on stage, and somebody who may go there. @param {Demo} demo */
export function freeRoom(demo) {
  for (const person of demo.people.filter((candidate) => candidate.role === 'recruiter')) {
    const room = demo.rooms.find((candidate) => candidate.id === person.room_id && !candidate.live);
    if (room) return { room, person };
  }
  throw new Error('no recruiter of the demo has a room that is not live');
}

/** The value below which the given share of `values` lies. @param {number[]} values @param {number} share */
export function percentile(values, share) {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered.length ? ordered[Math.round((ordered.length - 1) * share)] : NaN;
}

// `node demo.mjs FILE free|live` prints what a shell script needs, tab-separated.
if (import.meta.url === `file://${process.argv[1]}`) {
  const demo = readDemo(process.argv[2]);
  if (process.argv[3] === 'free') {
    const { room, person } = freeRoom(demo);
    console.log([room.id, room.url, room.whip_url, room.whep_url, person.token].join('\t'));
  } else {
    const room = liveRoom(demo);
    console.log([room.id, room.url, room.whip_url, room.whep_url].join('\t'));
  }
}
