// The worker that lays flows out, from a file of its own. A recording, which is one file, has another one.
export function layoutWorker(): Worker {
  return new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
}
