// @ts-check
/** The invitation onto the stage: who asks, a look into the mirror, yes or no before the minute is over. */
import { announce, el, icon, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { FACE, fill, open, reasonOf } from "../media/devices.js";
import { watchLevel } from "../media/level.js";
import { hush, ring } from "../queue/ring.js";

/** @typedef {import("./hand.js").OwnGuest} OwnGuest */
/** @typedef {{accept: (stream: MediaStream) => Promise<boolean>, decline: () => void, gone: () => void}} Handlers */

/** What a person can do about a device that does not open. @param {unknown} error */
function words(error) {
  const reason = reasonOf(error);
  if (reason === "denied") return t("js-guests-denied");
  if (reason === "busy") return t("js-guests-busy");
  return t(reason === "insecure" ? "js-guests-insecure" : "js-guests-missing");
}

export class Mirror {
  #handlers;
  #invitation;
  #ends;
  /** @type {MediaStream | null} */
  #stream = null;
  #kept = false;
  /** How often devices were asked for: who chooses another one meanwhile gets that one alone. */
  #opening = 0;
  #unwatch = () => {};
  #timer;
  #video = el("video", { className: "mirror", playsInline: true, muted: true, autoplay: true });
  #camera = el("select", { id: "mirror-camera" });
  #microphone = el("select", { id: "mirror-microphone" });
  #level = el("meter", { min: 0, max: 100, low: 5, high: 85, optimum: 50, value: 0 });
  #problem = el("p", { className: "field-error", role: "alert", hidden: true });
  #left = el("p", { className: "strong num" });
  #accept = el("button", { className: "btn btn-primary", type: "button", id: "mirror-accept", disabled: true }, icon("live"), t("js-guests-accept"));
  #dialog;

  /** Camera and microphone as they were chosen. @param {boolean} video @returns {Promise<{stream?: MediaStream, problem?: string}>} */
  static async devices(video, camera = localStorage.getItem("camera") ?? undefined, microphone = localStorage.getItem("microphone") ?? undefined) {
    try {
      // Somebody beside the host needs no picture of the largest size.
      return { stream: await open({ camera, microphone, audioOnly: !video, picture: FACE }) };
    } catch (error) {
      return { problem: words(error) };
    }
  }

  /** @param {OwnGuest} invitation @param {Handlers} handlers */
  constructor(invitation, handlers) {
    this.#invitation = invitation;
    this.#handlers = handlers;
    this.#ends = Date.now() + invitation.answer_in * 1000;
    this.#dialog = this.#build();
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    // First of all they read what it is about.
    this.#dialog.querySelector("h2")?.focus();
    announce(this.#title(), true);
    ring(this.#title());
    this.#timer = setInterval(() => this.#count(), 1000);
    this.#count();
    void this.#open();
  }

  #title() {
    return t(this.#invitation.video ? "js-guests-asked-video" : "js-guests-asked-voice", { name: this.#invitation.by });
  }

  #build() {
    const { video } = this.#invitation;
    const decline = el("button", { className: "btn", type: "button", id: "mirror-decline", textContent: t("js-guests-decline") });
    const field = (/** @type {string} */ label, /** @type {HTMLElement} */ input) => el("div", { className: "field" }, el("label", { className: "label", htmlFor: input.id, textContent: label }), input);
    this.#level.setAttribute("aria-label", t("js-guests-level"));
    const dialog = el(
      "dialog",
      { className: "dialog mirror-dialog", "aria-labelledby": "mirror-title" },
      el(
        "div",
        { className: "stack stack-s" },
        el("h2", { id: "mirror-title", tabIndex: -1, textContent: this.#title() }),
        el("p", { textContent: t(video ? "js-guests-asked-text-video" : "js-guests-asked-text-voice") }),
        this.#left,
        video && el("div", { className: "mirror-frame" }, this.#video),
        this.#problem,
        video && field(t("js-guests-camera"), this.#camera),
        field(t("js-guests-microphone"), this.#microphone),
        el("div", { className: "level" }, icon("mic"), this.#level),
        el("p", { className: "hint", textContent: t("js-guests-level-hint") }),
        el("div", { className: "dialog-actions" }, decline, this.#accept),
      ),
    );
    decline.addEventListener("click", () => {
      this.#handlers.decline();
      this.close();
    });
    // The escape key must not answer for anybody.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.#accept.addEventListener("click", () => void this.#go());
    for (const select of [this.#camera, this.#microphone]) {
      select.addEventListener("change", () => {
        localStorage.setItem(select === this.#camera ? "camera" : "microphone", select.value);
        void this.#open();
      });
    }
    return dialog;
  }

  async #open() {
    if (this.#kept) return;
    const mine = (this.#opening += 1);
    this.#stop();
    setText(this.#problem, "");
    this.#problem.hidden = true;
    const { stream, problem } = await Mirror.devices(this.#invitation.video);
    if (!this.#dialog.isConnected || mine !== this.#opening) return stream?.getTracks().forEach((track) => track.stop());
    this.#accept.disabled = !stream;
    if (!stream) {
      const again = el("button", { className: "btn btn-small", type: "button", textContent: t("js-guests-retry") });
      again.addEventListener("click", () => void this.#open());
      this.#problem.replaceChildren(icon("warning"), el("span", { textContent: problem ?? "" }), again);
      this.#problem.hidden = false;
      return;
    }
    this.#stream = stream;
    this.#video.srcObject = stream;
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    if (sound) this.#unwatch = watchLevel(sound, (level) => (this.#level.value = level));
    await fill(this.#camera, "videoinput", picture?.getSettings().deviceId, (n) => t("js-guests-camera-n", { n }));
    await fill(this.#microphone, "audioinput", sound?.getSettings().deviceId, (n) => t("js-guests-microphone-n", { n }));
  }

  async #go() {
    if (!this.#stream || this.#kept) return;
    this.#opening += 1;
    this.#accept.disabled = true;
    this.#accept.setAttribute("aria-busy", "true");
    this.#kept = true;
    if (await this.#handlers.accept(this.#stream)) return this.close();
    this.#kept = false;
    this.close();
  }

  #count() {
    const left = Math.max(0, Math.ceil((this.#ends - Date.now()) / 1000));
    setText(this.#left, t("js-guests-answer-in", { n: left }));
    if (left > 0 || this.#kept) return;
    this.end(true);
  }

  /** It is over, without an answer. @param {boolean} late or else taken back */
  end(late = this.#ends - Date.now() < 2000) {
    const word = t(late ? "js-guests-lapsed" : "js-guests-withdrawn");
    toast(word);
    announce(word, true);
    this.close();
  }

  #stop() {
    this.#unwatch();
    this.#unwatch = () => {};
    if (!this.#kept) this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
  }

  close() {
    clearInterval(this.#timer);
    hush();
    this.#stop();
    this.#dialog.remove();
    this.#handlers.gone();
  }
}
