/** The ear at the server: one socket that comes back by itself, and asks for what it missed. */

import { frameIn, type Frame } from "./frames";
import { messageIn, type Message } from "./messages";

export interface Ear {
  readonly onMessage: (message: Message) => void;
  readonly onFrame: (frame: Frame) => void;
  readonly onConnection: (state: "open" | "lost") => void;
  /** The last thing heard of a run that is not over, as "RUN:ATTEMPT.NUMBER": what lies behind it is asked for. */
  readonly heardLast: () => string | null;
}

/** What of the browser is needed; `ws` has the same. */
export interface Sockets {
  readonly open: (address: string) => WebSocket;
  /** 0 to 1: clients that lost the same server do not all come back in the same moment. */
  readonly random: () => number;
}

export interface Listening {
  readonly close: () => void;
  /** Connect now, whether or not there is a connection, asking for what lies behind a place. */
  readonly again: (after?: string) => void;
}

const FIRST_PAUSE = 250; // milliseconds
const LONGEST_PAUSE = 8000;

/** How long to wait before the attempt of that number, counted from 0. */
export function pauseBefore(attempt: number, random: number): number {
  return Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE) * (0.75 + random / 2);
}

/** Listen until closed. `address` is that of /ws, with the client's id in its query. */
export function listen(address: string, ear: Ear, sockets: Sockets): Listening {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let closed = false;

  const connect = (after: string | null) => {
    clearTimeout(timer);
    const mine = sockets.open(after === null ? address : `${address}&after=${encodeURIComponent(after)}`);
    socket = mine;
    mine.binaryType = "arraybuffer";
    mine.onopen = () => {
      mine.send(JSON.stringify({ type: "feature_flags", data: { supports_preview_metadata: true } }));
      attempt = 0;
      ear.onConnection("open");
    };
    mine.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (socket === mine) hear(ear, data);
    };
    mine.onerror = () => undefined; // `onclose` follows, and says all there is to say
    mine.onclose = () => {
      if (closed || socket !== mine) return;
      socket = null;
      ear.onConnection("lost");
      timer = setTimeout(
        () => {
          connect(ear.heardLast());
        },
        pauseBefore(attempt, sockets.random()),
      );
      attempt += 1;
    };
  };

  const end = () => {
    clearTimeout(timer);
    const last = socket;
    socket = null;
    last?.close();
  };

  connect(ear.heardLast());
  return {
    close: () => {
      closed = true;
      end();
    },
    again: (after) => {
      if (closed) return;
      end();
      connect(after ?? ear.heardLast());
    },
  };
}

function hear(ear: Ear, data: unknown): void {
  if (typeof data === "string") {
    const message = messageIn(data);
    if (message) ear.onMessage(message);
  } else if (data instanceof ArrayBuffer) {
    const frame = frameIn(data);
    if (frame) ear.onFrame(frame);
  }
}
