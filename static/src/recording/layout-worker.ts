// The worker that lays flows out, from text inside the page: takes the place of graph/layout-worker.ts in a recording.
import LayoutWorker from "../graph/layout.worker.ts?worker&inline";

export function layoutWorker(): Worker {
  return new LayoutWorker();
}
