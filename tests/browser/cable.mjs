// A real network: two namespaces of the kernel with a cable between them, the server on one side and a browser on the other. Needs root,
// iproute2 and nftables. Packets are lost by nftables as they come in, on either side: few kernels come with netem.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const NO_CABLE = "network namespaces need root, iproute2 and nftables";

const run = (program, words, input) => spawnSync(program, words, { input, encoding: "utf8" });

/** `ip` with these words; whether it worked. */
function ip(words) {
  return run("ip", words.split(" ")).status === 0;
}

export class Cable {
  /** The server's address on it. */
  address = "10.87.1.1";

  /** Null where it may not be laid. */
  static lay() {
    const cable = new Cable();
    const id = `sb${process.pid}`;
    Object.assign(cable, { server: `${id}s`, browser: `${id}b` });
    if (process.getuid?.() !== 0 || !ip(`netns add ${cable.server}`)) return null;
    cable.folder = mkdtempSync(join(tmpdir(), "springbreeze-cable-"));
    const steps = [`netns add ${cable.browser}`, `link add cable netns ${cable.server} type veth peer name cable netns ${cable.browser}`];
    for (const [side, address] of [[cable.server, cable.address], [cable.browser, "10.87.1.2"]]) {
      steps.push(`-n ${side} addr add ${address}/24 dev cable`, `-n ${side} link set cable up`, `-n ${side} link set lo up`);
    }
    if (steps.every(ip) && cable.#filter("udp dport 9")) return cable;
    cable.cut();
    return null;
  }

  /** What comes in by the cable and matches is dropped, on both sides. @param {string} match as nftables says it; empty for nothing */
  loses(match) {
    assert.ok(this.#filter(match), `nftables: ${match}`);
  }

  #filter(match) {
    const rules = match && `table inet cable { chain in { type filter hook input priority 0; iifname "cable" ${match} drop; }; }`;
    const text = `table inet cable\ndelete table inet cable\n${rules}\n`;
    return [this.server, this.browser].every((side) => run("ip", ["netns", "exec", side, "nft", "-f", "-"], text).status === 0);
  }

  /** Pulls the plug, or puts it in. @param {boolean} up */
  plug(up) {
    assert.ok(ip(`-n ${this.browser} link set cable ${up ? "up" : "down"}`));
  }

  /** A program that starts another one on a side, for those who take no more than one name. @param {"server" | "browser"} side @param {string} program */
  inside(side, program) {
    const file = join(this.folder, `${side}-${program.split("/").at(-1)}`);
    writeFileSync(file, `#!/bin/sh\nexec ip netns exec ${this[side]} "${program}" "$@"\n`, { mode: 0o755 });
    return file;
  }

  cut() {
    for (const side of [this.browser, this.server]) ip(`netns del ${side}`);
    rmSync(this.folder, { recursive: true });
  }
}
