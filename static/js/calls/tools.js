// @ts-check
/** What a call can do beside seeing and hearing: share a screen, a small window, sound only, a blurred background. */
import { must, qs } from "../core/dom.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { chooseSpeaker } from "../interviews/choices.js";
import { canShareScreen } from "../media/devices.js";
import { ScreenShare } from "../stage/screen.js";

/**
 * @typedef {object} Parts
 * @property {string} url of the interview
 * @property {import("../interviews/own.js").Own} own
 * @property {import("../media/viewer.js").WhepPlayer} player
 * @property {HTMLVideoElement} remote
 * @property {(selector: string, pressed: boolean, label: string, symbol: string) => void} press
 */

/** @param {Parts} parts */
export function tools({ url, own, player, remote, press }) {
  const share = new ScreenShare(`${url}/whip?screen=1`, () => press("#share", share.on, t(share.on ? "js-calls-screen-stop" : "js-calls-screen"), "screen"));
  must("#share").hidden = !canShareScreen();
  must("#share").addEventListener("click", () => void share.toggle());
  addEventListener("call-out", () => share.stop());
  addEventListener("pagehide", () => share.stop());

  void chooseSpeaker(remote);
  player.addEventListener("tracks", () => player.more?.each((sound) => void chooseSpeaker(sound)));

  const small = must("#pip");
  small.hidden = !document.pictureInPictureEnabled;
  small.addEventListener("click", () => {
    const done = document.pictureInPictureElement ? document.exitPictureInPicture() : remote.requestPictureInPicture();
    done.catch((error) => toast(error.message, { kind: "error" }));
  });

  const sound = must("#sound-only");
  sound.addEventListener("click", () => {
    const audioOnly = !player.view.audioOnly;
    sound.setAttribute("aria-pressed", String(audioOnly));
    void player.setView({ audioOnly });
  });

  const blur = must("#blur");
  blur.addEventListener("click", () => {
    const on = blur.getAttribute("aria-pressed") !== "true";
    own.blur(on).then(() => blur.setAttribute("aria-pressed", String(on)), (error) => toast(error.message, { kind: "error" }));
  });
  const colleagues = qs("#colleagues");
  colleagues?.addEventListener("click", () => void import("./colleagues.js").then(({ show }) => show(url)));
  for (const button of [small, sound, blur, ...(colleagues ? [colleagues] : [])]) button.addEventListener("click", () => qs("#call-more")?.removeAttribute("open"));
}
