/// <reference types="node" />
/** A small real server for tests: node's own, with `ws` for sockets. It answers what the test says, and notes what it heard. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { WebSocket as WsSocket, WebSocketServer } from "ws";

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface SmallServer {
  readonly base: string;
  readonly port: number;
  readonly requests: Heard[];
  /** The addresses that sockets came with, and those that are open. */
  readonly came: string[];
  readonly sockets: Set<WsSocket>;
  readonly close: () => Promise<void>;
}

export type Answering = (heard: Heard, response: ServerResponse) => void;

/** A server at a free port, or at that one. */
export async function smallServer(answer: Answering, port = 0): Promise<SmallServer> {
  const requests: Heard[] = [];
  const came: string[] = [];
  const sockets = new Set<WsSocket>();
  const http = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const heard = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      };
      requests.push(heard);
      answer(heard, response);
    });
  });
  new WebSocketServer({ server: http }).on("connection", (socket, request) => {
    came.push(request.url ?? "");
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((done) => http.listen(port, "127.0.0.1", done));
  const bound = (http.address() as AddressInfo).port;
  return {
    base: `http://127.0.0.1:${bound}/`,
    port: bound,
    requests,
    came,
    sockets,
    close: () => {
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      return new Promise((done) =>
        http.close(() => {
          done();
        }),
      );
    },
  };
}

/** A socket of `ws` where the browser's is expected. */
export function openSocket(address: string): WebSocket {
  return new WsSocket(address) as unknown as WebSocket;
}

/** Wait until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 5));
}
