// @ts-check
/** How loud a microphone is, from 0 to 100. */

const EVERY_MS = 100;
/** A quiet room is about -60 dB below full scale. */
const SILENCE_DB = -60;

/**
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} tell
 * @returns {() => void} stops listening
 */
export function watchLevel(track, tell) {
  if (!("AudioContext" in globalThis)) return () => {};
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (context.state === "suspended") void context.resume().catch(() => {});
    analyser.getFloatTimeDomainData(samples);
    tell(track.enabled ? levelOf(samples) : 0);
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** @param {Float32Array} samples from -1 to 1 */
export function levelOf(samples) {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const db = 10 * Math.log10(power || 1e-12);
  return Math.round(Math.min(100, Math.max(0, (1 - db / SILENCE_DB) * 100)));
}
