// Feeds one store from the socket: subscribes, takes frames in order, asks for a keyframe after a gap, acknowledges.
import type { Socket } from "socket.io-client";

import type { JobsStore } from "./jobs-store.ts";
import type { Heard } from "./link.ts";
import type { Ack, Dropped, Frame, Jobs, Keyframe, LiveError, Subscribe } from "./protocol.ts";
import type { JobStore } from "./store.ts";

/** What the socket needs to know of one subscription. */
export interface Subscription {
  /** (Re)subscribes: after connecting, and after a gap. */
  subscribe(): void;
  received(name: "keyframe" | "frame" | "jobs" | "dropped", message: unknown): void;
  heard(heard: Heard): void;
}

/** So long after a failed subscription (but for an unknown job) the next one is tried, ms. */
const AGAIN_MS = 2000;

export function jobSubscription(socket: Socket, store: JobStore): Subscription {
  let asked = false; // a keyframe is on its way: frames of before it are of no use
  const acknowledge = acknowledgeShown(socket, store);
  const subscribe = (): void => {
    asked = true;
    const query: Subscribe = { job_id: store.jobId, since: store.state?.seq ?? 0 };
    socket.emit("subscribe", query, (error: LiveError | null) => error && refused(error));
  };
  const refused = (error: LiveError): void => {
    asked = false;
    store.takeProblem(error);
    if (error.status !== 404) setTimeout(subscribe, AGAIN_MS);
  };
  const takeKeyframe = (keyframe: Keyframe): void => {
    asked = false;
    store.takeKeyframe(keyframe);
    acknowledge({ job_id: store.jobId, frame: keyframe.frame });
  };
  const takeFrame = (frame: Frame): void => {
    if (asked) return;
    if (store.takeFrame(frame)) return acknowledge({ job_id: store.jobId, frame: frame.frame });
    store.takeGap();
    subscribe();
  };
  return {
    subscribe,
    received(name, message) {
      if ((message as { job_id?: string }).job_id !== store.jobId) return;
      if (name === "keyframe") takeKeyframe(message as Keyframe);
      if (name === "frame") takeFrame(message as Frame);
      if (name === "dropped") store.takeProblem(message as Dropped);
    },
    heard: (heard) => store.takeHeard(heard),
  };
}

export function jobsSubscription(socket: Socket, store: JobsStore): Subscription {
  let taken = 0;
  const acknowledge = acknowledgeShown(socket, store);
  const subscribe = (): void => {
    const query: Subscribe = { jobs: true };
    socket.emit("subscribe", query, (error: LiveError | null) => error && refused(error));
  };
  const refused = (error: LiveError): void => {
    store.takeProblem(error);
    setTimeout(subscribe, AGAIN_MS);
  };
  return {
    subscribe,
    received(name, message) {
      if (name !== "jobs") return;
      if (store.takeJobs(message as Jobs)) acknowledge({ job_id: "jobs", frame: ++taken });
      else subscribe();
    },
    heard: (heard) => store.takeHeard(heard),
  };
}

/** Acknowledges the newest frame once it has been shown; at once in a hidden tab, which shows nothing. */
function acknowledgeShown(socket: Socket, store: EventTarget): (ack: Ack) => void {
  let newest: Ack | null = null;
  const send = (): void => {
    if (newest) socket.emit("ack", newest);
    newest = null;
  };
  store.addEventListener("change", send);
  return (ack) => {
    newest = ack;
    if (document.hidden) send();
  };
}
