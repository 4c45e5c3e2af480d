// Lays flows out beside the page, which a large one would stop for seconds.
import type { FlowDefinition } from "../live/protocol.ts";
import { layOut } from "./lay-out.ts";

self.onmessage = ({ data }: MessageEvent<{ call: number; flow: FlowDefinition }>) => {
  self.postMessage({ call: data.call, layout: layOut(data.flow) });
};
