// @ts-check
/**
 * The peer of `bin/bench chat`: npm `ws` sends each line of its input to all its sockets.
 *
 *     node peer-ws.mjs
 */
import { createInterface } from 'node:readline';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(/** @type {import('node:net').AddressInfo} */ (server.address()).port));
createInterface({ input: process.stdin }).on('line', (line) => {
  const frame = Buffer.from(line);
  for (const socket of server.clients) socket.send(frame, { binary: false });
});
