// What the graph's layers ask about the job that they show.
import type { ConnectionFigures, RoutineFigures } from "../live/protocol.ts";

export interface Figures {
  routine(id: string): RoutineFigures | undefined;
  connection(id: string): ConnectionFigures | undefined;
  /** The server's clock, epoch ms. */
  now(): number;
}
