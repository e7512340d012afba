// @ts-check
/** STUN and TURN servers that a server names in `Link` headers (RFC 9725, section 4.6). Pure. */

const LINK = /<([^>]*)>((?:\s*;\s*[\w-]+(?:=(?:"[^"]*"|[^\s",;]+))?)*)/g;
const PARAMETER = /;\s*([\w-]+)=(?:"([^"]*)"|([^\s",;]+))/g;

/**
 * @param {string | null} header all `Link` headers of an answer, joined by commas as `fetch` does
 * @returns {RTCIceServer[]}
 */
export function iceServers(header) {
  /** @type {RTCIceServer[]} */
  const servers = [];
  for (const [, urls = "", parameters = ""] of (header ?? "").matchAll(LINK)) {
    const pairs = [...parameters.matchAll(PARAMETER)].map(([, name = "", quoted, bare]) => [name.toLowerCase(), quoted ?? bare]);
    const { rel, username, credential } = Object.fromEntries(pairs);
    // What a browser does not know it would refuse together with all others.
    if (rel !== "ice-server" || !/^(stun|turn)s?:\S+$/.test(urls)) continue;
    if (urls.startsWith("stun")) servers.push({ urls });
    else if (username && credential) servers.push({ urls, username, credential });
  }
  return servers;
}
