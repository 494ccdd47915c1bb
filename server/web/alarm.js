// Tells whoever asked for it that the turn has come, by a sound and a notification.
import { t } from "./i18n.js";

const NOTES = [
  [659, 0],
  [784, 0.18],
  [1047, 0.36],
];

let wanted = null; // an AudioContext, made by the press of a key: browsers are silent without

function play(audio) {
  for (const [pitch, after] of NOTES) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const start = audio.currentTime + after;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.2, start);
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.6);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.6);
  }
}

export class Alarm {
  #title;

  constructor(title) {
    this.#title = title;
  }

  get is_wanted() {
    return wanted !== null;
  }

  want(is_wanted) {
    wanted?.close();
    wanted = is_wanted ? new AudioContext() : null;
    if (is_wanted && globalThis.Notification?.permission === "default") {
      Notification.requestPermission();
    }
  }

  ring() {
    if (!wanted) return;
    play(wanted);
    if (globalThis.Notification?.permission === "granted") {
      new Notification(t("line.title.turn"), { body: this.#title, tag: "turn" });
    }
    // Once; another line is asked for again.
    setTimeout(() => this.want(false), 2_000);
  }
}
