// A running demo fair, and people in browsers who fail the test when a page reports an error.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const HERE = dirname(fileURLToPath(import.meta.url));
const BINARY = process.env.SPRINGBREEZE_BINARY ?? join(HERE, "../../target/debug/springbreeze");
export const SHOTS = join(HERE, "../shots");
export const PHONE = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
export const DESK = { viewport: { width: 1280, height: 800 } };
/** Machines that run tests are slow at times; what never comes is a failure all the same. */
export const PATIENCE = 30_000;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Of this machine, beside loopback: Firefox takes media from nowhere else. */
export const ownAddresses = () => Object.values(networkInterfaces()).flat().filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address);

/** Asks again and again until `look` gives something true, and gives that. */
export async function until(look, what, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) assert.fail(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** `springbreeze demo` on free ports and a data folder of its own. */
export class Demo {
  #child = null;

  /** `flags`: more settings of the program. @param {string[]} [flags] @param {import("./cable.mjs").Cable | null} [cable] on which it stands */
  static async start(flags = [], cable = null) {
    const demo = new Demo();
    Object.assign(demo, { flags, cable });
    demo.folder = mkdtempSync(join(tmpdir(), "springbreeze-"));
    demo.ports = [await freePort(), await freePort()];
    await demo.run();
    return demo;
  }

  /** Starts the program, again after a `kill`, on the same data. */
  async run() {
    const [http, media] = this.ports;
    const data = join(this.folder, "data");
    this.logFile = join(this.folder, "log");
    const log = openSync(this.logFile, "a");
    const addresses = ["127.0.0.1", ...(this.cable ? [this.cable.address] : ownAddresses())];
    const listen = this.cable ? "0.0.0.0" : "127.0.0.1";
    const flags = ["--data", data, "--listen", `${listen}:${http}`, "--media-udp", String(media), "--media-web", String(http), "--public-ip", addresses.join(","), ...this.flags];
    this.#child = spawn(this.cable?.inside("server", BINARY) ?? BINARY, ["demo", ...flags], { stdio: ["ignore", log, log] });
    const started = Date.now();
    const file = join(data, "demo.json");
    await until(() => {
      assert.equal(this.#child.exitCode, null, `the program ended:\n${this.log()}`);
      return (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= started - 1000;
    }, "demo.json");
    Object.assign(this, JSON.parse(readFileSync(file, "utf8")));
  }

  log() {
    return readFileSync(this.logFile, "utf8");
  }

  /** Ends the program as a power cut would. */
  async kill() {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
    rmSync(join(this.folder, "data/demo.json"));
  }

  async stop() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill("SIGTERM");
      await once(this.#child, "exit");
    }
    const log = this.log();
    rmSync(this.folder, { recursive: true });
    assert.doesNotMatch(log, /panicked/, "the server's log");
  }

  /** The nth person of a role. */
  person(role, n = 0) {
    return this.people.filter((person) => person.role === role)[n];
  }

  /** The room where the demo's own stream runs, and the nth booth with nobody on stage together with its recruiter. */
  liveRoom() {
    return this.rooms.find((room) => room.live);
  }

  freeBooth(n = 0) {
    const room = this.rooms.filter(({ kind, live }) => kind === "booth" && !live)[n];
    return { room, host: this.people.find((person) => person.room_id === room.id) };
  }
}

const CHROMIUM = "/usr/bin/chromium";

/** Debian's Chromium with a fake camera and microphone. @param {{cable?: import("./cable.mjs").Cable, side?: "server" | "browser"}} [at] a side of a cable, where
 * `localhost` is the server: pages need a name for which browsers open cameras. */
export function launch({ cable, side = "browser" } = {}) {
  return chromium.launch({
    executablePath: cable?.inside(side, CHROMIUM) ?? CHROMIUM,
    args: [
      ...(cable && side === "browser" ? [`--host-resolver-rules=MAP localhost ${cable.address}`] : []),
      "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
      "--mute-audio",
    ],
  });
}

/** A page's script, for `addInitScript`: it can do no H.264. */
export const withoutH264 = () => {
  for (const side of [RTCRtpSender, RTCRtpReceiver]) {
    const all = side.getCapabilities.bind(side);
    side.getCapabilities = (kind) => ({ ...all(kind), codecs: all(kind).codecs.filter(({ mimeType }) => !/h264/i.test(mimeType)) });
  }
};

/** A page's script, for `addInitScript`: its connections are in `pcs`. */
export const keepConnections = () => {
  const Whole = globalThis.RTCPeerConnection;
  globalThis.pcs = [];
  globalThis.RTCPeerConnection = class extends Whole {
    constructor(...all) {
      super(...all);
      globalThis.pcs.push(this);
    }
  };
};

/** A person at a page of a fresh browser context. Errors of the page are kept; `calm` says that there were none. */
export class Visitor {
  errors = [];

  /** @param {{person?: {signin_url: string}, lang?: string} & import("playwright-core").BrowserContextOptions} [options] */
  static async enter(browser, options = {}) {
    const { person, ...settings } = { ...DESK, locale: "zh-CN", timezoneId: "Asia/Shanghai", ...options };
    const visitor = new Visitor();
    visitor.context = await browser.newContext({ permissions: ["camera", "microphone"], ...settings });
    visitor.context.setDefaultTimeout(PATIENCE);
    visitor.page = await visitor.context.newPage();
    visitor.page.on("pageerror", (error) => visitor.errors.push(String(error)));
    visitor.page.on("console", (message) => message.type() === "error" && visitor.errors.push(message.text()));
    if (person) await visitor.page.goto(person.signin_url);
    return visitor;
  }

  calm() {
    assert.deepEqual(this.errors, [], "errors of the page");
  }

  async leave() {
    await this.context.close();
  }

  /** Waits until `count` more frames of a video were decoded. */
  async watches(selector = "#video", count = 30, patience = PATIENCE) {
    // Who is shown where changes with who speaks: for a moment nothing may be there.
    const frames = () => this.page.evaluate((at) => document.querySelector(at)?.getVideoPlaybackQuality().totalVideoFrames ?? 0, selector);
    const before = await frames();
    await until(async () => {
      const now = await frames();
      // A new connection counts from the beginning.
      return now >= before + count || (now < before && now >= count);
    }, `${count} more frames in ${selector} (${before} so far)`, patience);
  }

  async says(text) {
    await this.page.fill("[data-chat-composer] textarea", text);
    await this.page.press("[data-chat-composer] textarea", "Enter");
  }

  /** A line of the chat with this text. */
  line(text) {
    return this.page.locator(".msg", { hasText: text });
  }

  async hears(text) {
    await this.line(text).first().waitFor();
  }

  /** Keeps a picture of the page in tests/shots, for people to look at. */
  async shot(name) {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }

  /** Fits its screen and is accessible; wants a context that lets scripts in (`bypassCSP`). */
  async isFit(name) {
    await this.shot(name);
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    assert.equal(wide, false, `${name} scrolls sideways`);
    await this.page.addScriptTag({ path: AXE });
    const { violations } = await this.page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(grave.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))]), [], name);
  }
}
