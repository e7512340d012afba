// @ts-check
/** The tracks of a panel beside the first sound and picture. The sounds play by themselves; the pictures are for the page to show. */
import { preferredCodecs } from "./codecs.js";

/** With the first ones as many as the server sends: four sounds; and as many small pictures as fit beside a large one on a phone. */
const SOUNDS = 3;
const PICTURES = 4;

export class MoreTracks {
  /** @type {RTCRtpTransceiver[]} */
  pictures = [];
  /** One element for each: browsers need not play more than one sound of a stream. @type {HTMLAudioElement[]} */
  #sounds = [];

  /** @param {RTCPeerConnection} pc */
  constructor(pc) {
    for (let n = 0; n < SOUNDS; n += 1) {
      const sound = new Audio();
      sound.srcObject = new MediaStream([pc.addTransceiver("audio", { direction: "recvonly" }).receiver.track]);
      this.#sounds.push(sound);
    }
    for (let n = 0; n < PICTURES; n += 1) {
      const transceiver = pc.addTransceiver("video", { direction: "recvonly" });
      transceiver.setCodecPreferences?.(preferredCodecs("video"));
      this.pictures.push(transceiver);
    }
  }

  /** @param {boolean} on */
  setSound(on) {
    for (const sound of this.#sounds) {
      sound.muted = !on;
      if (on) void sound.play().catch(() => {});
    }
  }

  /** @param {(element: HTMLMediaElement) => void} tell */
  each(tell) {
    for (const sound of this.#sounds) tell(sound);
  }

  stop() {
    for (const sound of this.#sounds) sound.srcObject = null;
  }
}
